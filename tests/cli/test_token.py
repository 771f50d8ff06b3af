"""Tokens are made, listed and revoked; only making one shows it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from odm_shiny.store import tokens
from odm_shiny.store.store import Store

Command = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "odm"


def user_of(folder: Path, token: str) -> Any:
    with Store.open(folder) as store, store.read() as tx:
        return tokens.user_by_token(tx, token)


def test_a_token_stands_alone_on_standard_output(command: Command, folder: Path) -> None:
    made = command("token", "create", "--store", folder, "--user", "ann@example.org", "--curator")
    assert made.code == 0
    assert made.out.count("\n") == 1
    user = user_of(folder, made.out.strip())
    assert (user.email, user.is_curator, user.is_admin) == ("ann@example.org", True, False)


@pytest.mark.parametrize(
    ("flags", "rights"),
    [
        pytest.param([], (False, False), id="none"),
        pytest.param(["--curator"], (True, False), id="curator"),
        pytest.param(["--admin"], (True, True), id="admin is a curator too"),
    ],
)
def test_rights_are_those_of_the_flags(
    command: Command, folder: Path, flags: list[str], rights: tuple[bool, bool]
) -> None:
    made = command("token", "create", "--store", folder, "--user", "b@x.org", "--json", *flags)
    said = json.loads(made.out)
    assert (said["curator"], said["admin"]) == rights
    assert user_of(folder, said["token"]).email == "b@x.org"


def test_a_list_shows_whose_and_what_but_no_token(command: Command, folder: Path) -> None:
    made = [
        command(
            "token", "create", "--store", folder, "--user", f"{name}@example.org", "--name", name
        ).out.strip()
        for name in ("ann", "zoë")
    ]
    listed = command("token", "list", "--store", folder)
    header, *rows = listed.out.splitlines()
    assert header.split("\t")[:2] == ["id", "user"]
    assert [row.split("\t")[1] for row in rows] == ["ann@example.org", "zoë@example.org"]
    assert not any(token in listed.out for token in made)
    of_one = command("token", "list", "--store", folder, "--user", "zoë@example.org", "--json")
    assert [row["name"] for row in json.loads(of_one.out)] == ["zoë"]


@pytest.mark.parametrize("which", [["1"], ["--name", "laptop"]], ids=["by number", "by name"])
def test_a_revoked_token_is_worth_nothing(command: Command, folder: Path, which: list[str]) -> None:
    user = ("--store", folder, "--user", "ann@example.org")
    laptop = command("token", "create", *user, "--name", "laptop").out.strip()
    other = command("token", "create", *user, "--name", "other").out.strip()
    assert command("token", "revoke", *which, *user).code == 0
    assert user_of(folder, laptop) is None
    assert user_of(folder, other) is not None


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        pytest.param(["revoke", "7"], "has no token 7", id="no such token"),
        pytest.param(["revoke", "--name", "x"], "no token called 'x'", id="no such name"),
        pytest.param(["revoke"], "say which token", id="neither"),
        pytest.param(["create", "--name", ""], "a token needs a name", id="no name"),
    ],
)
def test_what_cannot_be_is_one_line_on_standard_error(
    command: Command, folder: Path, words: list[str], problem: str
) -> None:
    user = ("--store", folder, "--user", "ann@example.org")
    command("token", "create", *user)
    failed = command("token", *words, *user)
    assert failed.code == 1
    assert failed.out == ""
    assert failed.err.count("\n") == 1
    assert problem in failed.err


def test_a_store_in_a_folder_that_is_not_there_is_a_typing_error(
    command: Command, tmp_path: Path
) -> None:
    place = tmp_path / "tpyo" / "odm"
    failed = command("token", "create", "--store", place, "--user", "a@example.org")
    assert failed.code == 1
    assert "the folder above it does not exist" in failed.err
    assert not place.parent.exists()
