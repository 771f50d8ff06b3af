"""Questions: R keeps the verbs that made a query, and the same is done here to Python's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from odm_shiny.errors import QueryError
from odm_shiny.query.code import to_curl, to_python
from odm_shiny.query.code_r import to_r
from odm_shiny.query.plan import KINDS
from odm_shiny.query.query import Query
from odm_shiny.rbridge.functions.arguments import items, named, single, text, texts, whole
from odm_shiny.rbridge.functions.conditions import condition

Arguments = Mapping[str, Any]


def build(steps: Any) -> Query:
    """Make the query that verbs make, in their order.

    Parameters
    ----------
    steps
        Each with ``verb``, the name of a method of `Query`, and ``arguments`` by name.

    Raises
    ------
    QueryError
        Whatever the methods refuse.
    """
    query = Query()
    for step in items(steps):
        verb = text(step["verb"])
        if verb not in _VERBS:
            raise QueryError(f"a query has no verb {verb!r}")
        query = _VERBS[verb](query, named(step.get("arguments")))
    return query


def describe(steps: Any) -> dict[str, str]:
    """Look at a question: the kind of its answer, and the question in a line."""
    query = build(steps)
    line = repr(query).removeprefix("<Query ").removesuffix(">")
    return {"kind": query.kind, "text": line}


def code(steps: Any, language: Any, url: Any = None, role: Any = "user", bound: Any = True) -> str:
    """Write a question as code in ``"R"``, ``"Python"`` or ``"curl"``.

    Parameters
    ----------
    url
        Address of the ODM; none for an embedded one.
    bound
        Whether the code also asks.
    """
    query = build(steps)
    address = None if url is None else text(url)
    asks = address is not None or bool(single(bound))
    match text(language):
        case "R":
            return to_r(query, url=address, run=asks)
        case "Python":
            return to_python(query, url=address, run=asks)
        case "curl":
            if address is None:
                raise QueryError(
                    'curl needs an address: odm_code(query, "curl", url = "https://HOST")'
                )
            return to_curl(query, address, text(role))
        case other:
            raise QueryError(f"code is written in R, Python or curl, not in {other}")


def _where(query: Query, arguments: Arguments) -> Query:
    conditions: dict[str, Any] = {kind: condition(tree) for kind, tree in arguments.items()}
    return query.where(**conditions)


def _text(query: Query, arguments: Arguments) -> Query:
    words: dict[str, Any] = {kind: text(one) for kind, one in arguments.items()}
    return query.text(**words)


def _at_least(query: Query, arguments: Arguments) -> Query:
    # As text: R has written the number the way ODM compares it.
    threshold: Any = text(arguments["threshold"])
    return query.at_least(threshold)


def _sorted_by(query: Query, arguments: Arguments) -> Query:
    return query.sorted_by(
        text(arguments["key"]), descending=bool(single(arguments.get("descending", False)))
    )


def _kind(name: str) -> Callable[[Query, Arguments], Query]:
    def find(query: Query, arguments: Arguments) -> Query:
        found: Query = getattr(query, name)()
        return found

    return find


_VERBS: Mapping[str, Callable[[Query, Arguments], Query]] = {
    **{name: _kind(name) for name in KINDS},
    "matrix": lambda query, said: query.matrix(text(said["accession"])),
    "where": _where,
    "text": _text,
    "genes": lambda query, said: query.genes(texts(said["names"])),
    "at_least": _at_least,
    "data": lambda query, said: query.data(condition(said["condition"], data=True)),
    "versions": lambda query, said: query.versions(text(said["text"])),
    "metadata": lambda query, said: query.metadata(text(said["level"])),
    "specific_terms": lambda query, said: query.specific_terms(bool(single(said["on"]))),
    "terms": lambda query, said: query.terms(bool(single(said["on"]))),
    "sorted_by": _sorted_by,
    "limited_to": lambda query, said: query.limited_to(whole(said["n"])),
    "without": lambda query, said: query.without(*texts(said["names"])),
}
