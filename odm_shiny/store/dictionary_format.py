"""Dictionary files: CSV and JSON texts to terms."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from odm_shiny.store.refusals import BadTemplate

_LABEL, _SYNONYMS = "label", "synonyms"
_HEADERS: Final = (["label"], ["name", "label"], ["label", "synonyms"])


class Term(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry of a dictionary.

    Attributes
    ----------
    label
        The preferred name, which metadata should use.
    id
        Its id in the ontology it comes from, e.g. ``"UBERON:0002107"``.
    exact, related
        Synonyms.
    parents
        Labels or ids of broader terms in the same dictionary.
    """

    label: str
    id: str | None = None
    exact: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()


def parse_csv(text: str) -> list[Term]:
    """Terms of a CSV file: ``label``, ``name,label`` or ``Label,Synonyms`` (comma-separated).

    Raises
    ------
    BadTemplate
        Another header, or a row without a label.
    """
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    if header not in _HEADERS:
        raise BadTemplate(
            "a dictionary file begins with one of the headers "
            + "; ".join(",".join(names) for names in _HEADERS)
            + f", not with {','.join(header)!r}"
        )
    terms = []
    for line, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        if not cells.get(_LABEL):
            raise BadTemplate(f"line {line} of the dictionary has no label")
        synonyms = _clean(cells.get(_SYNONYMS, "").split(","))
        terms.append(Term(cells[_LABEL], cells.get("name") or None, synonyms))
    return terms


def parse_terms(items: Any) -> list[Term]:
    """Terms of decoded JSON: an array of objects with the fields of `Term`."""
    try:
        terms = msgspec.convert(items, list[Term])
    except msgspec.ValidationError as error:
        raise BadTemplate(f"this is no dictionary: {error}") from error
    if not all(term.label.strip() for term in terms):
        raise BadTemplate("a term of the dictionary has no label")
    return terms


def _clean(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
