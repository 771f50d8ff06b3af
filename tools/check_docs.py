"""Check the documents: what they point to is there, and what they show can be run.

Run as ``python tools/check_docs.py``; exits 1 and prints one line for each problem:

- a relative link, or a link to a heading, that leads nowhere;
- a page of docs/ that no other page leads to;
- Python in a document that does not compile;
- an ``odm-shiny`` or ``make`` command in a document that does not exist;
- a CHANGELOG.md without an Unreleased part.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


def documents(root: Path) -> list[Path]:
    """List every Markdown page of the project: at the root, and in the folders that people read."""
    folders = ["docs", "apps", "examples", "benchmarks", "r"]
    return [
        *sorted(root.glob("*.md")),
        *(path for folder in folders for path in sorted((root / folder).rglob("*.md"))),
    ]


@cache
def anchors(path: Path) -> frozenset[str]:
    """Give the anchors of the headings of a page, made as code hosts make them."""
    headings = HEADING.findall(FENCE.sub("", path.read_text(encoding="utf-8")))
    return frozenset(re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings)


def links(path: Path) -> Iterator[tuple[str, Path, str]]:
    """Give each relative link of a page as it is written, the file it means, and its anchor."""
    for target in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8"))):
        if not re.match(r"[a-z]+:", target):
            name, _, anchor = target.partition("#")
            yield target, (path.parent / name).resolve() if name else path, anchor


def dead_links(path: Path) -> Iterator[str]:
    """Name the links of a page that lead nowhere."""
    for target, file, anchor in links(path):
        if not file.exists():
            yield f"link to {target}: no such file"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file):
            yield f"link to {target}: no such heading"


def broken_python(path: Path) -> Iterator[str]:
    """Name the Python blocks of a page that do not compile."""
    for language, code in FENCE.findall(path.read_text(encoding="utf-8")):
        if language == "python" and ">>>" not in code:
            try:
                compile(code, str(path), "exec")
            except SyntaxError as error:
                yield f"Python that does not compile: {error.msg}: {(error.text or '').strip()}"


@cache
def commands() -> frozenset[str]:
    """Give the names of the commands of ``odm-shiny``."""
    from typer.main import get_command

    from odm_shiny.cli.main import app

    return frozenset(getattr(get_command(app), "commands", {}))


@cache
def make_targets() -> frozenset[str]:
    """Give the targets of the Makefile."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^([a-z-]+):", text, re.MULTILINE))


def unknown_commands(path: Path) -> Iterator[str]:
    """Name the commands in the shell blocks of a page that do not exist."""
    for language, code in FENCE.findall(path.read_text(encoding="utf-8")):
        if language not in ("sh", "bash", "console"):
            continue
        for program, word in re.findall(r"^(?:\$ )?(odm-shiny|make) ([a-z-]+)", code, re.MULTILINE):
            known = commands() if program == "odm-shiny" else make_targets()
            if not word.startswith("-") and word not in known:
                yield f"`{program} {word}`: no such command"


def lonely_pages(pages: list[Path], root: Path) -> Iterator[str]:
    """Name the pages of docs/ that no other page leads to."""
    reached = {file for page in pages for _, file, _ in links(page) if file != page}
    for page in pages:
        if page.is_relative_to(root / "docs") and page not in reached:
            yield f"{page.relative_to(root)}: no page leads here"


def problems(root: Path) -> list[str]:
    """List what is wrong with the documents below `root`, one line each."""
    pages = documents(root)
    found = [
        f"{page.relative_to(root)}: {problem}"
        for page in pages
        for check in (dead_links, broken_python, unknown_commands)
        for problem in check(page)
    ]
    found += lonely_pages(pages, root)
    changelog = root / "CHANGELOG.md"
    if not changelog.exists() or "## [Unreleased]" not in changelog.read_text(encoding="utf-8"):
        found.append("CHANGELOG.md: has no part '## [Unreleased]'")
    return found


def main() -> int:
    """Print the problems; 1 if there are any."""
    found = problems(ROOT)
    for line in found:
        print(line)
    if not found:
        print(f"documents: {len(documents(ROOT))} pages in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
