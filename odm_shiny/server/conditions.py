"""The conditions of one request, parsed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from odm_shiny.query.data_query import parse_data_query
from odm_shiny.query.expr import Expr
from odm_shiny.query.filter_text import parse_filter
from odm_shiny.query.full_text import parse_text
from odm_shiny.query.versions import Versions, parse_versions
from odm_shiny.server.wire import Problem

T = TypeVar("T")

RECORD_KINDS = ("study", "sample", "library", "preparation")


@dataclass(frozen=True)
class KindCondition:
    """What one kind of object has to fulfil.

    Attributes
    ----------
    filter
        Metadata filter.
    text
        Full-text query.
    """

    filter: Expr | None = None
    text: Expr | None = None

    def __bool__(self) -> bool:
        return self.filter is not None or self.text is not None


@dataclass(frozen=True)
class Conditions:
    """All conditions of a request.

    Attributes
    ----------
    kinds
        Condition by kind; a kind without one is absent.
    data
        exQuery.
    groups
        exFilter: metadata of the file or run.
    versions
        useVersions; ``None`` takes unchained files and the active one of each chain.
    narrower
        searchSpecificTerms: full-text terms stand for their narrower terms too.
    """

    kinds: Mapping[str, KindCondition] = field(default_factory=dict)
    data: Expr | None = None
    groups: KindCondition = field(default_factory=KindCondition)
    versions: Versions | None = None
    narrower: bool = False

    def of(self, kind: str) -> KindCondition:
        """Condition of a kind, empty if there is none."""
        return self.kinds.get(kind, KindCondition())

    @property
    def on_data(self) -> bool:
        """Whether the data itself or its file is asked about."""
        return self.data is not None or bool(self.groups) or self.versions is not None


def omics_conditions(query: Mapping[str, Any]) -> Conditions:
    """Read the parameters of the omics endpoints.

    Raises
    ------
    Problem
        400: a variant or flow-cytometry condition, which this server does not search yet.
    QuerySyntaxError
        A text does not parse.
    """
    for name in ("vxQuery", "vxFilter", "fxQuery", "fxFilter"):
        if query.get(name):
            raise Problem(501, f"{name}: this server holds no variant or flow-cytometry data yet")
    kinds = {kind: _kind_condition(query, f"{kind}Filter", f"{kind}Query") for kind in RECORD_KINDS}
    return Conditions(
        kinds={kind: condition for kind, condition in kinds.items() if condition},
        data=_parsed(parse_data_query, query.get("exQuery")),
        groups=KindCondition(_parsed(parse_filter, query.get("exFilter"))),
        versions=_parsed(parse_versions, query.get("useVersions")),
        narrower=bool(query.get("searchSpecificTerms")),
    )


def listing_conditions(kind: str, query: Mapping[str, Any]) -> Conditions:
    """Read ``filter`` and ``query`` as conditions on `kind`."""
    condition = _kind_condition(query, "filter", "query")
    return Conditions(
        kinds={kind: condition} if condition else {},
        narrower=bool(query.get("searchSpecificTerms")),
    )


def group_conditions(query: Mapping[str, Any]) -> Conditions:
    """Read ``filter``, ``query`` and ``useVersions`` as conditions on files of data."""
    return Conditions(
        groups=_kind_condition(query, "filter", "query"),
        versions=_parsed(parse_versions, query.get("useVersions")),
        narrower=bool(query.get("searchSpecificTerms")),
    )


def _kind_condition(query: Mapping[str, Any], filter_name: str, text_name: str) -> KindCondition:
    return KindCondition(
        _parsed(parse_filter, query.get(filter_name)), _parsed(parse_text, query.get(text_name))
    )


def _parsed(parse: Callable[[str], T], text: str | None) -> T | None:
    return None if text is None or not text.strip() else parse(text)
