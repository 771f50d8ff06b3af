"""Write docs/cli.md from the help of the commands themselves.

Run as ``python tools/write_cli_docs.py`` (``make docs``); with ``--check`` nothing is written, and
the exit code is 1 if the page is not what the commands say.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner

from odm_shiny.cli.main import app

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
WIDTH = "100"

HEAD = """\
# Commands

Written by `make docs` from the help of the commands themselves.

Every command prints its answer on standard output and all else on standard error. `--json` prints
the answer as JSON. It ends with 0, with 1 if it failed (one line says why; `ODM_SHINY_DEBUG=1`
shows the traceback), or with 2 if it was called wrongly.

Which ODM a command talks to: `--url` or `--store` if given, else `ODM_URL` with `ODM_TOKEN`, else
`ODM_SHINY_STORE`, else the saved login, else the embedded ODM in your data folder.
"""


def page() -> str:
    """Return the whole page."""
    os.environ["COLUMNS"] = WIDTH
    return HEAD + "".join(_section(words) for words in sorted(_commands(get_command(app), [])))


def _commands(command: Any, words: list[str]) -> Iterator[list[str]]:
    """Name every command that does something, as the words after ``odm-shiny``."""
    children = getattr(command, "commands", None)
    if children is None:
        yield words
        return
    for name, child in children.items():
        if not child.hidden:
            yield from _commands(child, [*words, name])


def _section(words: list[str]) -> str:
    asked = [*words, "--help"]
    shown = CliRunner().invoke(app, asked, prog_name="odm-shiny", terminal_width=int(WIDTH))
    text = "\n".join(line.rstrip() for line in shown.output.strip().splitlines())
    return f"\n## odm-shiny {' '.join(words)}\n\n```text\n{text}\n```\n"


def main(arguments: list[str]) -> int:
    """Write the page, or with ``--check`` compare it."""
    wanted = page()
    if "--check" not in arguments:
        PAGE.write_text(wanted, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == wanted:
        return 0
    print("docs/cli.md is not what the commands say: make docs")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
