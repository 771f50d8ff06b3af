"""Features of a file by name: suggestions while one types, and the one that was meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, cast

from odm_shiny.modules.matrix import DataFile
from odm_shiny.query.expr import feature
from odm_shiny.query.nodes import Expr
from odm_shiny.query.query import Query

if TYPE_CHECKING:
    from odm_shiny.client.client import Client
    from odm_shiny.client.results import ExpressionTable

N_SUGGESTED = 12
_PROSE = re.compile("desc|title|comment|note|summary", re.IGNORECASE)
# Names of columns that hold what people call a gene, best first.
_SYMBOL_COLUMNS = ("gene", "symbol", "gene symbol", "gene name", "hgnc symbol", "hugo symbol")


@dataclass(frozen=True)
class Suggestion:
    """A feature to choose.

    Attributes
    ----------
    value
        Its name.
    column
        Column it stands in; ``None`` for the first one, which identifies features.
    """

    value: str
    column: str | None


@dataclass(frozen=True)
class Found:
    """What was typed, looked up in a file.

    Attributes
    ----------
    text
        What was typed.
    match
        The feature of that name; ``None`` if there is none.
    near
        Names like it.
    """

    text: str
    match: Suggestion | None
    near: tuple[str, ...] = ()


def searched_columns(file: DataFile) -> tuple[str | None, ...]:
    """Columns to look a name up in: of gene symbols, the first one, then others with names."""
    plain = {re.sub(r"[_-]", " ", name.casefold()): name for name in file.text_columns}
    symbols = [plain[name] for name in _SYMBOL_COLUMNS if name in plain][:1]
    # Which column is the first is not known, so that it may be looked up twice.
    names = [one for one in file.text_columns if one not in symbols and not _PROSE.search(one)]
    return (*symbols, None, *names)


def suggest(
    client: Client, file: DataFile, text: str, limit: int = N_SUGGESTED
) -> list[Suggestion]:
    """Suggest features whose name begins with a text, gene symbols before identifiers."""
    found: dict[str, Suggestion] = {}
    for column in searched_columns(file):
        names = client.suggest_features([file.accession], text, limit=limit, column=column)
        for name in names:
            found.setdefault(name, Suggestion(name, column))
    return list(found.values())[:limit]


def look_up(client: Client, file: DataFile, text: str) -> Found:
    """Find the feature of that name, in other case if need be; without one, names like it."""
    # One item is asked for: an ODM without gene search would have to list all features.
    for column in searched_columns(file):
        match = Suggestion(text, column)
        asked = file.narrow(Query()).data(condition_on(match)).expression()
        if cast("ExpressionTable", client.run(asked.limited_to(1))):
            return Found(text, match)
    found = suggest(client, file, text)
    alike = [one for one in found if one.value.casefold() == text.casefold()]
    if alike:
        return Found(text, alike[0])
    shorter = found or suggest(client, file, text[:2], limit=200)
    names = [one.value for one in shorter]
    near = get_close_matches(text.upper(), names, n=3, cutoff=0.5) or names[:3]
    return Found(text, None, tuple(near))


def condition_on(match: Suggestion) -> Expr:
    """Return the condition on rows of data that finds a feature."""
    return feature(match.column) == match.value


def missing_text(found: Found, file: DataFile) -> str:
    """Say that a file has no such feature, and name those like it; empty if it has."""
    if found.match is not None:
        return ""
    near = f" Near it: {', '.join(found.near)}." if found.near else ""
    return f"“{found.text}” is not in “{file.name}” {file.version_label}.{near}"
