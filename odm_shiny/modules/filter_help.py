"""What to say about a filter while it is typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from odm_shiny.errors import QuerySyntaxError
from odm_shiny.query.filter_text import parse_filter
from odm_shiny.query.nodes import And, Compare, Expr, Not, Or

_AROUND = 30


@dataclass(frozen=True)
class FilterCheck:
    """A typed filter, checked.

    Attributes
    ----------
    text
        As typed, without blanks around it.
    condition
        What it means; ``None`` where it is empty or wrong.
    message
        What is wrong; empty where nothing is.
    pointer
        Two lines, the text and a mark under the place where it stops making sense.
    """

    text: str
    condition: Expr | None = None
    message: str = ""
    pointer: str = ""

    @property
    def is_valid(self) -> bool:
        """Whether it is empty or a filter."""
        return not self.message


def check_filter(text: str) -> FilterCheck:
    """Parse a filter as it stands; an error is told, not raised."""
    stripped = text.strip()
    if not stripped:
        return FilterCheck("")
    try:
        return FilterCheck(stripped, parse_filter(stripped))
    except QuerySyntaxError as exc:
        return FilterCheck(
            stripped,
            message=str(exc).split("\n")[0],
            pointer=point_at(stripped, min(exc.position, len(stripped))),
        )


def point_at(text: str, position: int) -> str:
    """Write the text around a position, and under it a mark at that position."""
    start, end = max(0, position - _AROUND), min(len(text), position + _AROUND)
    shown = "".join(" " if char.isspace() else char for char in text[start:end])
    before = "…" if start else ""
    after = "…" if end < len(text) else ""
    return f"{before}{shown}{after}\n{' ' * (len(before) + position - start)}^"


def unknown_names(condition: Expr | None, known: Sequence[str]) -> list[str]:
    """Say which attributes of a condition no sample has, each with the nearest that there is."""
    told = []
    for name in dict.fromkeys(_names(condition)):
        if name in known or name.startswith("genestack:"):
            continue
        near = get_close_matches(name, known, n=1) or [
            one for one in known if one.casefold() == name.casefold()
        ]
        hint = f": did you mean “{near[0]}”?" if near else "."
        told.append(f"No sample shown has an attribute “{name}”{hint}")
    return told


def _names(condition: Expr | None) -> list[str]:
    # With a list instead of recursion: conditions come nested as deep as a person wants.
    found, rest = [], [condition]
    while rest:
        one = rest.pop()
        if isinstance(one, Compare):
            found.append(one.field)
        elif isinstance(one, And | Or):
            rest.extend(reversed(one.items))
        elif isinstance(one, Not):
            rest.append(one.item)
    return found
