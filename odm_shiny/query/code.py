"""A query as code that anybody can run: Python, and lines for a shell."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from odm_shiny.errors import QueryError
from odm_shiny.query.expr_code import (
    PYTHON,
    call,
    in_parentheses_if_broken,
    literal,
    render_expr,
)
from odm_shiny.query.layout import SOFT, Broken, Doc, Fill, Line, enclosed, joined, lay_out
from odm_shiny.query.nodes import And, DataCompare, Expr
from odm_shiny.query.plan import RECORD_KINDS, Plan, plan_requests
from odm_shiny.query.shape import leaves

if TYPE_CHECKING:
    from odm_shiny.query.query import Query

WIDTH = 100
CREDENTIALS = '"Genestack-API-Token: $ODM_TOKEN"'
MAX_PAGE = 2_000


def to_python(query: Query, *, url: str | None = None, run: bool | None = None) -> str:
    """Write a query as a Python script.

    Parameters
    ----------
    query
        What is asked.
    url
        Address of the ODM. A token is never part of the script: ``connect`` reads ``ODM_TOKEN``.
    run
        Whether the script also asks; if not said, it does where `url` is given.

    Returns
    -------
    Lines of at most 100 characters that assign a query equal to this one to ``query``, and the
    answer to ``result``.
    """
    asks = url is not None if run is None else run
    named: list[Doc] = []
    calls, names = _calls(query, named), _names(query)
    chain = joined(["Query()", *calls], (SOFT,))
    statements: list[Doc] = [*named, ("query = ", in_parentheses_if_broken(chain))]
    if asks:
        names = {*names, "connect"}
        opened = "connect()" if url is None else call("connect", _checked_url(url))
        statements = [("client = ", opened), *statements, "result = client.run(query)"]
    start = f"from odm_shiny import {', '.join(sorted(names, key=_import_order))}"
    return "\n".join([start, "", *(lay_out(one, WIDTH) for one in statements), ""])


def to_curl(query: Query, base_url: str, role: str = "user") -> str:
    """Write a query as curl lines for a POSIX shell.

    Parameters
    ----------
    query
        What is asked; its first page where there are several.
    base_url
        Address of the ODM.
    role
        ``"user"`` or ``"curator"``.

    Returns
    -------
    One command a request; the token is read from the variable ``ODM_TOKEN``.

    Raises
    ------
    QueryError
        No single request of ODM carries all conditions, or `base_url` is no address.
    """
    address = _checked_url(base_url)
    plans = plan_requests(query, role)
    commands = [_curl(plan, address) for plan in plans]
    if len(plans) > 1:
        commands = [
            f"# request {number} of {len(plans)}\n{command}"
            for number, command in enumerate(commands, 1)
        ]
    return "\n".join(commands)


def _curl(plan: Plan, base_url: str) -> str:
    parameters = list(plan.parameters)
    if plan.limit is not None and plan.paging != "stream":
        parameters.append(("pageLimit", str(min(plan.limit, MAX_PAGE))))
    accept = "text/csv" if plan.paging == "stream" else "application/json"
    lines = [
        f"curl --get {quote(base_url.rstrip('/') + plan.path)}",
        f"--header {CREDENTIALS}",
        f"--header {quote(f'Accept: {accept}')}",
        *(f"--data-urlencode {quote(f'{name}={text}')}" for name, text in parameters),
    ]
    return " \\\n  ".join(lines) + "\n"


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise QueryError(f"{url!r} is no address of an ODM: write https://HOST")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise QueryError("the address of an ODM holds no password, query or fragment: https://HOST")
    return url


def _import_order(name: str) -> tuple[bool, str]:
    return name[0].islower(), name


def _names(query: Query) -> set[str]:
    """The names of `odm_shiny` that the code of a query needs."""
    found = {"Query"}
    for kind in (*RECORD_KINDS, "expression"):
        if getattr(query, f"{kind}_filter") is not None:
            found.add("field")
    if query.data_query is not None and _genes_and_least(query.data_query) is None:
        for leaf in leaves(query.data_query):
            assert isinstance(leaf, DataCompare)
            found.add(leaf.target)
    return found


def _calls(query: Query, named: list[Doc]) -> list[Doc]:
    calls: list[Doc] = []
    if query.group is not None:
        calls.append(call(".matrix", query.group))
    if query.group is None or query.kind != "expression":
        calls.append(f".{query.kind}()")
    filters = {kind: getattr(query, f"{kind}_filter") for kind in (*RECORD_KINDS, "expression")}
    texts = {kind: getattr(query, f"{kind}_text") for kind in RECORD_KINDS}
    calls += _keywords(
        ".where",
        {kind: _condition(one, named) for kind, one in filters.items() if one is not None},
    )
    calls += _keywords(
        ".text", {kind: literal(one) for kind, one in texts.items() if one is not None}
    )
    if query.data_query is not None:
        calls += _data_calls(query.data_query, named)
    if query.use_versions is not None:
        calls.append(call(".versions", query.use_versions))
    if query.metadata_level != "all":
        calls.append(call(".metadata", query.metadata_level))
    calls += [".specific_terms()"] if query.search_specific_terms else []
    calls += [".terms()"] if query.response_terms else []
    calls += [call(".sorted_by", query.sort)] if query.sort is not None else []
    calls += [f".limited_to({query.limit})"] if query.limit is not None else []
    return calls


def _keywords(name: str, arguments: dict[str, Doc]) -> list[Doc]:
    if not arguments:
        return []
    pairs: list[Doc] = [(f"{kind}=", value) for kind, value in arguments.items()]
    return [enclosed(f"{name}(", (*joined(pairs, (",", Line())), Broken(",")), ")")]


def _condition(expr: Expr, named: list[Doc]) -> Doc:
    return in_parentheses_if_broken(render_expr(expr, PYTHON, named))


def _data_calls(expr: Expr, named: list[Doc]) -> list[Doc]:
    short = _genes_and_least(expr)
    if short is None:
        return [enclosed(".data(", render_expr(expr, PYTHON, named), ")")]
    genes, least = short
    names = Fill(tuple(literal(name) for name in genes))
    calls: list[Doc] = [enclosed(".genes(", (names, Broken(",")), ")")]
    return [*calls, f".at_least({least})"] if least else calls


def _genes_and_least(expr: Expr) -> tuple[tuple[str, ...], str | None] | None:
    """Read ``feature=A,B`` or ``feature=A,B AND value>=x``, which have methods of their own."""
    items = expr.items if isinstance(expr, And) else (expr,)
    genes, *rest = items
    if not isinstance(genes, DataCompare) or not _is_plain(genes, "feature", "="):
        return None
    names = tuple(name for name in genes.values if name is not None)
    if len(names) != len(genes.values) or len(rest) > 1:
        return None
    if not rest:
        return names, None
    least = rest[0]
    if not isinstance(least, DataCompare) or not _is_plain(least, "value", ">="):
        return None
    number = PYTHON.number(least.values[0] or "")
    return (names, number) if isinstance(number, str) else None


def _is_plain(leaf: DataCompare, target: str, op: str) -> bool:
    return (leaf.target, leaf.name, leaf.op) == (target, None, op)
