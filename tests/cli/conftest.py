"""Run a command as a person does, and see what it printed and how it ended."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from odm_shiny.cli.main import main


@dataclass(frozen=True)
class Ended:
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Call the command line in this process."""

    def call(*words: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["odm-shiny", *map(str, words)])
        capsys.readouterr()
        code = 0
        with warnings.catch_warnings():
            try:
                main()
            except SystemExit as exit_:
                code = exit_.code if isinstance(exit_.code, int) else 1
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return call
