"""How commands end, and what they say when they fail."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import odm_shiny
from odm_shiny.errors import FileError

Command = Callable[..., Any]


def test_the_version_is_that_of_the_package(command: Command) -> None:
    assert command("--version").out == f"odm-shiny {odm_shiny.__version__}\n"


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["token", "create", "-h"]], ids=" ".join)
def test_help_is_an_answer(command: Command, words: list[str]) -> None:
    ended = command(*words)
    assert ended.code == 0
    assert ended.out.startswith("Usage: odm-shiny")


def test_help_has_examples_as_they_are_typed(command: Command) -> None:
    lines = command("serve", "--help").out.splitlines()
    assert "    odm-shiny serve --store ./my-odm --port 8080" in lines


@pytest.mark.parametrize(
    "words",
    [["sing"], ["token", "sing"], ["serve", "--prot", "1"], ["serve", "--port", "70000"], ["new"]],
    ids=" ".join,
)
def test_wrong_use_ends_with_2(command: Command, words: list[str]) -> None:
    ended = command(*words)
    assert ended.code == 2
    assert ended.out == ""
    assert "Error" in ended.err


def test_a_failure_is_one_line_and_ends_with_1(command: Command, tmp_path: Path) -> None:
    ended = command("run", tmp_path / "nowhere", "--no-browser")
    assert ended.code == 1
    assert ended.out == ""
    assert ended.err.startswith("odm-shiny: ")
    assert ended.err.count("\n") == 1


def test_with_debugging_the_failure_is_raised(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ODM_SHINY_DEBUG", "1")
    with pytest.raises(FileError):
        command("run", tmp_path / "nowhere", "--no-browser")


def test_a_reader_that_leaves_early_gets_no_traceback(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "odm_shiny.cli.main", "doctor"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_DATA_HOME": str(tmp_path)},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=120) == 1
    assert said == ""
