"""The first screen of the README runs as it is shown, and prints what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from odm_shiny.cli.demo import prepare

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST_SCREEN = 45


def block(language: str) -> str:
    """Return the first block of a language."""
    found = re.search(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def test_the_first_example_prints_what_is_shown_below_it(tmp_path: Path) -> None:
    prepare(tmp_path / "odm")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block("python")],
        env={**os.environ, "ODM_SHINY_STORE": str(tmp_path / "odm")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert lines(done.stdout) == lines(block("text"))


def test_the_example_fits_on_a_screen() -> None:
    code = lines(block("python"))
    assert len([line for line in code if line]) <= 10
    assert max(map(len, code)) <= 100


def test_the_first_screen_has_the_two_commands_the_example_and_a_picture() -> None:
    screen = "\n".join(README.splitlines()[:FIRST_SCREEN])
    commands = re.findall(r"^make ([a-z-]+)", block("sh"), re.MULTILINE)
    assert commands == ["demo", "test"]
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(commands) <= set(targets)
    assert all(block(language) in screen for language in ("sh", "python", "text"))
    picture = re.search(r"!\[[^\]]+\]\(([^)]+)\)", screen)
    assert picture is not None
    assert (ROOT / picture[1]).is_file()
