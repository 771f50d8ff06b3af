"""Which request of ODM answers a query, with which parameters: the one place that knows.

The client sends what stands here, curl lines are printed from it, tests compare it with the table
of operations. A condition that no request can carry is an error, never dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from odm_shiny.errors import QueryError
from odm_shiny.query.data_query import render_data_query
from odm_shiny.query.filter_text import render_filter
from odm_shiny.query.full_text import parse_text, render_text
from odm_shiny.query.nodes import And, DataCompare, Expr, Or, all_of, any_of
from odm_shiny.query.words import check_word

if TYPE_CHECKING:
    from odm_shiny.query.query import Query

ROLES = ("user", "curator")
RECORD_KINDS = ("study", "sample", "library", "preparation")

MAX_QUERY_BYTES = 8_000
"""Longest encoded query string that is sent in one piece where it can be split."""

ROUND_DIGITS = 20
"""Digits after the point that are asked for in streamed data: nothing above 0.001 in size loses
any."""

METADATA_FIELDS = {
    "all": "original_data_included",
    "template": "extended_data_included",
    "default": "minimal_data",
}

LABELS = {
    **{f"{kind}_filter": f"a {kind} filter" for kind in RECORD_KINDS},
    **{f"{kind}_text": f"a {kind} text" for kind in RECORD_KINDS},
    "expression_filter": "a filter on data files",
    "data_query": "a data query",
    "use_versions": "versions",
    "group": "a matrix",
    "sort": "an order",
    "search_specific_terms": "narrower terms",
    "response_terms": "term identifiers",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """A request as it will be sent, without host, credentials and page.

    Attributes
    ----------
    method
        HTTP method.
    path
        Path without host, such as ``/api/v1/as-user/samples``.
    parameters
        Names and values in order, not encoded.
    paging
        ``"offset"`` (``pageOffset`` and ``pageLimit``), ``"cursor"`` (``cursor`` and ``pageLimit``)
        or ``"stream"`` (one CSV body).
    limit
        Most rows that are wanted; ``None`` = all. It is no parameter: whoever pages stops there.
    """

    method: str
    path: str
    parameters: tuple[tuple[str, str], ...]
    paging: str
    limit: int | None = None

    @property
    def query_string(self) -> str:
        """The encoded parameters."""
        return urlencode(self.parameters, quote_via=quote)

    def url(self, base_url: str = "") -> str:
        """Give the whole URL below `base_url`."""
        text = self.query_string
        return f"{base_url.rstrip('/')}{self.path}{'?' if text else ''}{text}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A search of ODM: its path below the role, and the parameter that carries each condition."""

    path: str
    parameters: Mapping[str, str]
    paging: str
    requires: str | None = None
    fixed: tuple[tuple[str, str], ...] = ()


def plan_request(query: Query, role: str = "user") -> Plan:
    """Find the request that answers a query.

    Parameters
    ----------
    query
        What is asked.
    role
        ``"user"`` or ``"curator"``.

    Raises
    ------
    QueryError
        No single request of ODM can carry all its conditions; the message says which and what to
        do.
    """
    check_word("role", role, ROLES)
    endpoint = _endpoint(query)
    parameters = [
        (name, text)
        for slot, name in endpoint.parameters.items()
        if (text := _wire_text(query, slot)) is not None
    ]
    return Plan(
        method="GET",
        path=f"/api/v1/as-{role}{endpoint.path}",
        parameters=(*parameters, *endpoint.fixed),
        paging=endpoint.paging,
        limit=query.limit,
    )


def plan_requests(
    query: Query, role: str = "user", max_bytes: int = MAX_QUERY_BYTES
) -> tuple[Plan, ...]:
    """Find the requests that answer a query, with long lists of alternatives split.

    Parameters
    ----------
    query
        What is asked.
    role
        ``"user"`` or ``"curator"``.
    max_bytes
        A longer query string is split where it holds alternatives, else it stays long.

    Returns
    -------
    Requests whose answers, united in this order, are the answer. Something that matches several
    alternatives may come more than once.
    """
    if max_bytes < 1:
        raise QueryError(f"max_bytes is a number of bytes, not {max_bytes!r}")
    plan = plan_request(query, role)
    size = len(plan.query_string)
    parts = _split(query, max_bytes) if size > max_bytes else []
    if not parts:
        return (plan,)
    return tuple(found for part in parts for found in plan_requests(part, role, max_bytes))


def _own(kind: str) -> dict[str, str]:
    return {f"{kind}_filter": "filter", f"{kind}_text": "query"}


_DETAIL = {
    "search_specific_terms": "searchSpecificTerms",
    "response_terms": "responseFormat",
    "metadata_level": "returnedMetadataFields",
}
_RECORDS = {
    f"{kind}_{slot}": f"{kind}{name}"
    for kind in RECORD_KINDS
    for slot, name in (("filter", "Filter"), ("text", "Query"))
}
_OMICS = {
    **_RECORDS,
    "data_query": "exQuery",
    "expression_filter": "exFilter",
    "use_versions": "useVersions",
    **_DETAIL,
}
_COLUMNS = {name: wire for name, wire in _RECORDS.items() if not name.startswith("study")}


def _listing(path: str, kind: str) -> Endpoint:
    return Endpoint(path, {**_own(kind), **_DETAIL, "sort": "sort"}, "offset")


def _linked(path: str, kind: str) -> Endpoint:
    return Endpoint(f"/integration/link/{path}", {**_own(kind), **_DETAIL}, "offset")


_MATRIX = Endpoint(
    "/omics/expression/streamed-data",
    {
        "group": "groupAccession",
        **_COLUMNS,
        "search_specific_terms": "searchSpecificTerms",
        "data_query": "exQuery",
    },
    "stream",
    requires="group",
    fixed=(("roundDigits", str(ROUND_DIGITS)),),
)
# In order of preference: the first one that carries all conditions answers.
_ENDPOINTS: Mapping[str, tuple[Endpoint, ...]] = {
    "studies": (
        _listing("/studies", "study"),
        _linked("studies/by/samples", "sample"),
        _linked("studies/by/libraries", "library"),
        _linked("studies/by/preparations", "preparation"),
    ),
    "samples": (_listing("/samples", "sample"), Endpoint("/omics/samples", _OMICS, "cursor")),
    "libraries": (
        _listing("/libraries", "library"),
        _linked("libraries/by/samples", "sample"),
    ),
    "preparations": (
        _listing("/preparations", "preparation"),
        _linked("preparations/by/samples", "sample"),
    ),
    "expression": (
        Endpoint("/omics/expression/data", _OMICS, "cursor", requires="data_query"),
        _MATRIX,
    ),
    "expression_groups": (Endpoint("/omics/expression/group", _OMICS, "cursor"),),
}
KINDS = tuple(_ENDPOINTS)

_CURES = {
    "studies": "find the samples, .samples(), which takes conditions of every kind, and then the "
    "studies of these samples",
    "samples": "an order goes with conditions on samples alone, and a matrix with .expression()",
    "libraries": "find the samples, .samples(), which takes conditions of every kind, and then the "
    "libraries of these samples",
    "preparations": "find the samples, .samples(), which takes conditions of every kind, and then "
    "the preparations of these samples",
    "expression": "a matrix is chosen by its accession alone: leave out what chooses studies, "
    "files or versions; items of data come without an order",
    "expression_groups": "data files come without an order, and a matrix is one of them already",
}


def _endpoint(query: Query) -> Endpoint:
    used = [slot for slot in LABELS if _is_used(getattr(query, slot))]
    candidates = _ENDPOINTS[query.kind]
    for endpoint in candidates:
        if endpoint.requires is not None and endpoint.requires not in used:
            continue
        if all(slot in endpoint.parameters for slot in used):
            return endpoint
    if query.kind == "expression" and "group" not in used and "data_query" not in used:
        raise QueryError(
            "expression data are found by feature or value: add .genes('TP53') or "
            ".data('value>=4'), read a whole file with .matrix(ACCESSION), or list the files "
            "with .expression_groups()"
        )
    raise QueryError(_refusal(query.kind, used, candidates))


def _refusal(kind: str, used: list[str], candidates: tuple[Endpoint, ...]) -> str:
    named = {"expression": "expression data", "expression_groups": "data files"}.get(kind, kind)
    *most, last = (LABELS[slot] for slot in used)
    what = f"{', '.join(most)} and {last}" if most else last
    paths = " or ".join(f"GET {endpoint.path}" for endpoint in candidates)
    return (
        f"ODM cannot find {named} by {what} in one request ({paths}): {_CURES[kind]}; "
        f"or take a condition back, .without({used[-1]!r})"
    )


def _is_used(value: object) -> bool:
    return value is not None and value is not False


_WRITERS: Mapping[str, Callable[[Any], str]] = {
    **{f"{kind}_filter": render_filter for kind in (*RECORD_KINDS, "expression")},
    "data_query": render_data_query,
    "metadata_level": METADATA_FIELDS.__getitem__,
    "search_specific_terms": lambda _: "true",
    "response_terms": lambda _: "term_id",
}


def _wire_text(query: Query, slot: str) -> str | None:
    value = getattr(query, slot)
    return _WRITERS.get(slot, str)(value) if _is_used(value) else None


def _split(query: Query, max_bytes: int) -> list[Query]:
    """Cut the longest list of alternatives; nothing where no list is long."""
    found = [
        (size, slot, at)
        for slot in LABELS
        if slot.endswith(("_filter", "_text", "_query"))
        for size, at in _choices(query, slot)
    ]
    size, slot, at = max(found, default=(0, "", 0))
    # Cutting short lists would make many requests and none of them short.
    if size <= max_bytes // 8:
        return []
    items = _items(query, slot)
    pieces = _pieces(items[at], 2 + size // max_bytes)
    exprs = [all_of([*items[:at], piece, *items[at + 1 :]]) for piece in pieces]
    is_text = slot.endswith("_text")
    values: list[Any] = [render_text(expr) if is_text else expr for expr in exprs]
    return [replace(query, **{slot: value}) for value in values]


def _items(query: Query, slot: str) -> tuple[Expr, ...]:
    """Conditions of a slot that must all hold."""
    value = getattr(query, slot)
    if value is None:
        return ()
    expr = parse_text(value) if isinstance(value, str) else value
    return expr.items if isinstance(expr, And) else (expr,)


def _choices(query: Query, slot: str) -> list[tuple[int, int]]:
    """Encoded length and place of each list of alternatives in a slot."""
    write = render_text if slot.endswith("_text") else _WRITERS[slot]
    return [
        (len(quote(write(item))), at)
        for at, item in enumerate(_items(query, slot))
        if isinstance(item, Or)
        or (isinstance(item, DataCompare) and item.op == "=" and len(item.values) > 1)
    ]


def _pieces(choice: Expr, parts: int) -> list[Expr]:
    if isinstance(choice, DataCompare):
        return [replace(choice, values=chunk) for chunk in _chunks(choice.values, parts)]
    assert isinstance(choice, Or)
    return [any_of(chunk) for chunk in _chunks(choice.items, parts)]


def _chunks(items: tuple[Any, ...], parts: int) -> list[tuple[Any, ...]]:
    width = -(-len(items) // min(parts, len(items)))
    return [items[start : start + width] for start in range(0, len(items), width)]
