"""How a query looks to a person: one line, or a small table in a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from odm_shiny.query.data_query import render_data_query
from odm_shiny.query.filter_text import render_filter

if TYPE_CHECKING:
    from odm_shiny.query.query import Query

_LABELS = {
    "study_filter": "study",
    "study_text": "study text",
    "sample_filter": "sample",
    "sample_text": "sample text",
    "library_filter": "library",
    "library_text": "library text",
    "preparation_filter": "preparation",
    "preparation_text": "preparation text",
    "expression_filter": "data file",
    "data_query": "data",
    "group": "matrix",
    "use_versions": "versions",
    "metadata_level": "metadata",
    "search_specific_terms": "narrower terms",
    "response_terms": "term identifiers",
    "sort": "sorted by",
    "limit": "at most",
}
_LINE_CHARS = 80
_TABLE_CHARS = 2_000


def described(query: Query, defaults: Query) -> list[tuple[str, str]]:
    """Label and text of all that differs from `defaults`, in the order in which it is asked."""
    return [
        (label, _text(attribute, value))
        for attribute, label in _LABELS.items()
        if (value := getattr(query, attribute)) != getattr(defaults, attribute)
    ]


def one_line(query: Query, defaults: Query) -> str:
    """Write ``<Query samples: sample Tissue=liver; at most 10>``."""
    rows = described(query, defaults)
    parts = "; ".join(f"{label} {_short(_one_line(text), _LINE_CHARS)}" for label, text in rows)
    return f"<Query {query.kind}{': ' if parts else ''}{parts}>"


def html_table(query: Query, defaults: Query) -> str:
    """Write a table for a notebook; all text is escaped."""
    rows = [("find", query.kind.replace("_", " ")), *described(query, defaults)]
    cells = "".join(
        f'<tr><th style="text-align:left">{escape(label)}</th>'
        f'<td style="text-align:left"><code>{escape(_short(text, _TABLE_CHARS))}</code></td></tr>'
        for label, text in rows
    )
    return f"<table><caption>Query</caption><tbody>{cells}</tbody></table>"


def _text(attribute: str, value: object) -> str:
    if attribute.endswith("_filter"):
        return render_filter(value)  # type: ignore[arg-type]
    if attribute == "data_query":
        return render_data_query(value)  # type: ignore[arg-type]
    return "yes" if value is True else str(value)


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
