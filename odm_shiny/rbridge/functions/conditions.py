"""Conditions that R has translated from its expressions: trees of plain lists.

An inner node is ``{"op": "and", "items": [...]}``, or ``"or"``, or ``"not"``; ODM's own text is
``{"op": "text", "text": ...}``. A leaf has ``op`` (``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=``,
``in``, ``notin``, ``is.na``, ``not.na``, ``contains``), ``name`` and, on rows of data, ``target``.
Its ``values`` are texts, and ``null`` is the place of NA among them, from 1, or 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from odm_shiny.errors import QueryError
from odm_shiny.query.data_query import parse_data_query
from odm_shiny.query.expr import DataField, RecordField, feature, field, value
from odm_shiny.query.filter_text import parse_filter
from odm_shiny.query.nodes import And, Expr, Not, Or
from odm_shiny.rbridge.functions.arguments import items, single, text, texts, whole_or_none


def condition(tree: Mapping[str, Any], *, data: bool = False) -> Expr:
    """Make the condition of a tree.

    Parameters
    ----------
    tree
        As above.
    data
        It is about rows of data.

    Raises
    ------
    QueryError
        A text that does not parse, or a comparison that ODM does not have.
    """
    op = text(tree["op"])
    if op == "text":
        written = text(tree["text"])
        return parse_data_query(written) if data else parse_filter(written)
    if op in ("and", "or", "not"):
        parts = tuple(condition(item, data=data) for item in items(tree["items"]))
        if op == "not":
            return Not(parts[0])
        return And(parts) if op == "and" else Or(parts)
    return _leaf(op, _subject(tree, data=data), tree)


def _subject(tree: Mapping[str, Any], *, data: bool) -> RecordField | DataField:
    name = tree.get("name")
    if not data:
        return field(text(name))
    make = {"feature": feature, "value": value}[text(tree["target"])]
    return make(None if name is None else text(name))


def _leaf(op: str, subject: RecordField | DataField, tree: Mapping[str, Any]) -> Expr:
    if op == "is.na":
        return subject.is_null()
    if op == "not.na":
        return subject.not_null()
    values = _values(tree)
    if op == "in":
        return subject.is_in(values)
    if op == "notin":
        return subject.not_in(values)
    one = single(values)
    if op == "contains":
        return cast("DataField", subject).contains(one)
    comparisons: Mapping[str, Any] = {
        "==": subject.__eq__,
        "!=": subject.__ne__,
        "<": subject.__lt__,
        "<=": subject.__le__,
        ">": subject.__gt__,
        ">=": subject.__ge__,
    }
    if op not in comparisons:
        raise QueryError(f"ODM has no comparison {op!r}")
    found: Expr = comparisons[op](one)
    return found


def _values(tree: Mapping[str, Any]) -> list[str | None]:
    values: list[str | None] = [*texts(tree.get("values"))]
    place = whole_or_none(tree.get("null")) or 0
    if place:
        values.insert(place - 1, None)
    return values
