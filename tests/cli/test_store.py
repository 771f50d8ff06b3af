"""A store is checked and copied; damage ends with 1."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from odm_shiny.store import people, tokens
from odm_shiny.store.store import Store

Command = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Store.open(tmp_path / "odm") as store, store.write() as tx:
        tokens.create_token(tx, people.ensure_user(tx, "zoë@example.org"))
    return tmp_path / "odm"


def test_a_whole_store_is_called_whole(command: Command, folder: Path) -> None:
    ended = command("store", "check", "--store", folder)
    assert ended.code == 0
    assert ended.out.endswith(": whole\n")


def test_damage_is_named_and_ends_with_1(command: Command, folder: Path) -> None:
    with sqlite3.connect(folder / "metadata.sqlite") as database:
        database.execute("PRAGMA foreign_keys = off")
        database.execute("DELETE FROM users")
    ended = command("store", "check", "--store", folder)
    assert ended.code == 1
    assert ended.out.startswith("damage: ")
    as_json = json.loads(command("store", "check", "--store", folder, "--json").out)
    assert as_json[0]["is_harmless"] is False


def test_a_leftover_is_named_and_no_damage(command: Command, folder: Path) -> None:
    (folder / "matrices" / "deadbeef").mkdir(parents=True)
    ended = command("store", "check", "--store", folder, "--clean")
    assert ended.code == 0
    assert "removed" in ended.err


def test_a_copy_is_a_store_with_the_same_people(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    ended = command("store", "backup", tmp_path / "copy", "--store", folder)
    assert ended.out == f"{tmp_path / 'copy'}\n"
    with Store.open(tmp_path / "copy") as copy, copy.read() as tx:
        assert people.find_user(tx, "zoë@example.org") is not None


@pytest.mark.parametrize("words", [["check"], ["backup", "copy"]], ids=["check", "backup"])
def test_looking_makes_no_store(command: Command, tmp_path: Path, words: list[str]) -> None:
    ended = command("store", *words, "--store", tmp_path / "nowhere")
    assert ended.code == 1
    assert "there is no store here" in ended.err
    assert not (tmp_path / "nowhere").exists()


def test_the_doctor_looks_at_the_store_too(command: Command, folder: Path) -> None:
    findings = json.loads(command("doctor", "--store", folder, "--json").out)
    assert findings[-1] == {"what": "store", "state": "ok", "detail": str(folder)}
