"""Answers read the same by people, by pipes and by programs."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest

from odm_shiny.cli.output import answer_table, as_cell, progress

ROWS = [
    {
        "accession": "GSF000001",
        "Sample Name": "Lunge größe [bold]7[/bold]",
        "Age": 52,
        "extra": [1],
    },
    {"accession": "GSF000002", "Sample Name": None, "Age": "33.9"},
]
COLUMNS = ("accession", "Sample Name", "Age")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_pipe_gets_a_header_and_tab_separated_rows(capsys: pytest.CaptureFixture[str]) -> None:
    answer_table(ROWS, COLUMNS, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "accession\tSample Name\tAge",
        "GSF000001\tLunge größe [bold]7[/bold]\t52",
        "GSF000002\t\t33.9",
    ]


def test_json_holds_every_key_and_type(capsys: pytest.CaptureFixture[str]) -> None:
    answer_table(ROWS, COLUMNS, as_json=True)
    assert json.loads(capsys.readouterr().out) == ROWS


def test_a_terminal_shows_markup_of_metadata_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "120")
    answer_table(ROWS, COLUMNS, as_json=False)
    assert "Lunge größe [bold]7[/bold]" in terminal.getvalue()


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        pytest.param(None, "", id="none"),
        pytest.param(True, "yes", id="true"),
        pytest.param(0, "0", id="zero is a value"),
        pytest.param(["a", None, 2.5], "a||2.5", id="several"),
        pytest.param("two\tcells\nno", "two cells no", id="tabs and line ends"),
    ],
)
def test_a_value_is_one_cell(value: Any, cell: str) -> None:
    assert as_cell(value) == cell


def test_progress_outside_a_terminal_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("import samples") as step:
        step(1, 3)
        step(3)
    captured = capsys.readouterr()
    assert captured.err == "import samples: done\n"
    assert captured.out == ""


def test_progress_of_work_that_fails_does_not_say_done(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError), progress("import samples"):
        raise RuntimeError
    assert capsys.readouterr().err == ""
