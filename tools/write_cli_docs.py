"""Write docs/cli.md from the commands themselves.

Run as ``python tools/write_cli_docs.py`` (``make docs``); with ``--check`` nothing is written, and
the exit code is 1 if the page is not what the commands say.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from odm_shiny.cli.main import app

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"

HEAD = """\
# Commands

Written by `make docs` from the commands themselves.

Every command prints its answer on standard output and all else on standard error. `--json` prints
the answer as JSON. It ends with 0, with 1 if it failed (one line says why; `ODM_SHINY_DEBUG=1`
shows the traceback), or with 2 if it was called wrongly.

Which ODM a command talks to: `--url` or `--store` if given, else `ODM_URL` with `ODM_TOKEN`, else
`ODM_SHINY_STORE`, else the saved login, else the embedded ODM in your data folder.
"""


def page() -> str:
    """Return the whole page."""
    return HEAD + "".join(f"\n{section}" for section in _sections(get_command(app), "odm-shiny"))


def _sections(command: Any, name: str) -> Iterator[str]:
    children = getattr(command, "commands", {})
    if not children:
        yield _section(command, name)
    for child in sorted(children):
        if not children[child].hidden:
            yield from _sections(children[child], f"{name} {child}")


def _section(command: Any, name: str) -> str:
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [
        param
        for param in command.params
        if param.param_type_name == "option" and param.name != "help" and not param.hidden
    ]
    usage = " ".join([name, *(_shown(argument) for argument in arguments)])
    parts = [f"## `{usage}`\n", f"{_prose(command.help)}\n"]
    if arguments or options:
        rows = [f"| `{_shown(one)}` | {_cell(one.help)} |" for one in arguments]
        rows += [f"| `{_flags(one)}` | {_cell(one.help)}{_default(one)} |" for one in options]
        parts.append(
            "\n".join(["| argument or option | what it does |", "|---|---|", *rows]) + "\n"
        )
    if command.epilog:
        lines = command.epilog.splitlines()[2:]
        parts.append("```sh\n" + "\n".join(line.strip() for line in lines) + "\n```\n")
    return "\n".join(parts)


def _prose(text: str | None) -> str:
    paragraphs = (text or "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _shown(argument: Any) -> str:
    word = (argument.metavar or argument.name.upper()).strip("[]")
    word += "..." if argument.nargs == -1 else ""
    return word if argument.required else f"[{word}]"


def _flags(option: Any) -> str:
    flags = ", ".join(option.opts)
    if option.is_flag:
        return flags
    kind = option.metavar or option.type.name.upper()
    return f"{flags} {kind}".replace("|", "\\|")


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|")


def _default(option: Any) -> str:
    if option.is_flag or option.required or option.default in (None, (), []):
        return ""
    return f" Default: `{option.default}`."


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
