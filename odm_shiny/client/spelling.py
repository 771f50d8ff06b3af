"""Conditions on attributes that nobody has: most often a typing error, and never an error to ODM.

A filter on ``Tisue`` is answered with no rows. Whether any record has the attribute is asked only
when a result turned out to be empty, or when a query is explained.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from odm_shiny.client import decode
from odm_shiny.client.extensions import ask_extension
from odm_shiny.client.resource import Resource
from odm_shiny.client.steps import Steps
from odm_shiny.errors import StatusError
from odm_shiny.frames.names import did_you_mean
from odm_shiny.query.filter_text import parse_filter, render_filter
from odm_shiny.query.nodes import Compare, Expr, Not
from odm_shiny.query.shape import fields_of

PLURAL = {
    "study": "studies",
    "sample": "samples",
    "library": "libraries",
    "preparation": "preparations",
}
_LOOKED_AT = 200


class UnknownAttributeWarning(UserWarning):
    """A condition is on an attribute that no record of its kind has, and nothing was found."""


def warn_if_unknown(
    resource: Resource, filters: Mapping[str, Expr | str | None]
) -> Callable[[], Steps[None]] | None:
    """Return what is to be done when a result is empty; ``None`` if there are no conditions.

    Parameters
    ----------
    filters
        By kind of record: ``"sample"`` ...
    """
    given = {
        kind: one
        for kind, one in filters.items()
        if isinstance(one, Expr) or (isinstance(one, str) and one.strip())
    }

    def look() -> Steps[None]:
        for sentence in (yield from unknown_attributes(resource, given)):
            warnings.warn(f"nothing was found: {sentence}", UnknownAttributeWarning, stacklevel=2)

    return look if given else None


def unknown_attributes(
    resource: Resource, filters: Mapping[str, Expr | str | None]
) -> Steps[list[str]]:
    """Name the attributes in conditions that no record of the kind has, with the nearest one."""
    sentences = []
    for kind, condition in filters.items():
        if condition is None:
            continue
        expr = parse_filter(condition) if isinstance(condition, str) else condition
        for name in sorted(fields_of(expr)):
            if (yield from _is_unknown(resource, kind, name)):
                hint = did_you_mean(name, (yield from _known(resource, kind)))
                sentences.append(f"no {kind} has an attribute {name!r}{f': {hint}' * bool(hint)}")
    return sentences


def _is_unknown(resource: Resource, kind: str, name: str) -> Steps[bool]:
    is_set = Not(Compare(name, "=", None))
    asked = {"filter": render_filter(is_set), "pageLimit": 0}
    try:
        page = yield from resource.session.get(f"/{PLURAL[kind]}", decode.page, parameters=asked)
    except StatusError:
        return False  # the result stands; this was only a courtesy
    return page.pagination.total == 0


def _known(resource: Resource, kind: str) -> Steps[list[str]]:
    """Return the attributes that records of a kind have: all, or those of the first records."""
    answer = yield from ask_extension(resource.session, "/facets", {"kind": kind, "limit": 1})
    if answer is not None:
        facets: Mapping[str, Any] = answer.get("facets") or {}
        return list(facets)
    asked = {"pageLimit": _LOOKED_AT}
    page = yield from resource.session.get(f"/{PLURAL[kind]}", decode.page, parameters=asked)
    return list(dict.fromkeys(name for record in page.data for name in record))
