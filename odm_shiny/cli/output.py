"""What commands print: answers on stdout, all else on stderr.

On a terminal an answer is a table for people; into a pipe it is tab-separated text; with ``--json``
it is JSON in both.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol


def say(text: str) -> None:
    """Tell the person something that is not the answer."""
    print(text, file=sys.stderr, flush=True)


def answer(text: str) -> None:
    """Print a line of the answer, at once: another program may be waiting for it."""
    print(text, flush=True)


def answer_json(value: Any) -> None:
    """Print the answer as JSON."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str), flush=True)


def answer_table(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool
) -> None:
    """Print rows: as JSON, for a terminal, or tab-separated with a header.

    Parameters
    ----------
    rows
        One mapping a row; JSON holds all of it, a table only `columns`.
    columns
        Keys of the columns, which are their headings too.
    """
    if as_json:
        answer_json(list(rows))
    elif sys.stdout.isatty():
        _print_for_terminal(rows, columns)
    else:
        print("\t".join(columns))
        for row in rows:
            print("\t".join(as_cell(row.get(column)) for column in columns))


def as_cell(value: Any) -> str:
    """Write a value as one cell: empty for none, ``|`` between several, no tabs and line ends."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return "|".join(as_cell(item) for item in value)
    return " ".join(str(value).split())


def _print_for_terminal(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column)
    for row in rows:
        # Text, not str: markup in metadata is shown, not obeyed.
        table.add_row(*(Text(as_cell(row.get(column))) for column in columns))
    Console().print(table)


class Step(Protocol):
    """Tells how far a piece of work is."""

    def __call__(self, done: float, total: float | None = None) -> None:
        """Take how much is done, and of how much."""


@contextmanager
def progress(title: str) -> Iterator[Step]:
    """Show a piece of work while it goes on: a bar on a terminal, else a line when it is done.

    Yields
    ------
    A function to call with how much is done, and of how much once that is known.
    """
    if not sys.stderr.isatty():
        yield lambda done, total=None: None
        say(f"{title}: done")
        return

    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total=None: bar.update(task, completed=done, total=total)
        bar.update(task, total=1, completed=1)


@contextmanager
def narrated() -> Iterator[Callable[[str], None]]:
    """Tell what a long piece of work is doing, sentence by sentence, with a spinner on a terminal.

    Yields
    ------
    A function to call with each sentence.
    """
    if not sys.stderr.isatty():
        yield say
        return

    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True)
    with console.status("working") as status:

        def tell(sentence: str) -> None:
            console.print(sentence, markup=False, highlight=False)
            status.update(escape(sentence))

        yield tell
