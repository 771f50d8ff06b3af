"""Every example runs as it is, without a word of warning, and prints what its docstring says."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(FOLDER.glob("*.py"))


def docstring(example: Path) -> str:
    found = ast.get_docstring(ast.parse(example.read_text(encoding="utf-8")))
    assert found, f"{example.name} does not say what it shows"
    return found


def said(example: Path) -> str:
    """Return what stands below ``Prints::``; an example without it prints nothing."""
    return dedent(docstring(example).partition("Prints::\n")[2])


def lines(text: str) -> list[str]:
    """Compare line by line; accessions by which is which, as another store counts otherwise."""
    numbers: dict[str, str] = {}
    stable = re.sub(
        r"\bGS[A-Z]+\d{6,}",
        lambda found: numbers.setdefault(found[0], f"accession {len(numbers) + 1}"),
        text,
    )
    return [line.rstrip() for line in stable.strip("\n").splitlines()]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example_prints_what_it_says(example: Path, run: Run) -> None:
    done = run(example)
    assert (done.returncode, done.stderr) == (0, "")
    assert lines(done.stdout) == lines(said(example))


def test_every_example_is_listed_for_its_readers() -> None:
    listed = re.findall(r"\]\((\w+\.py)\)", (FOLDER / "README.md").read_text(encoding="utf-8"))
    assert sorted(listed) == [example.name for example in EXAMPLES]
