"""Conditions as parameters of a request, and long ones cut into several requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

from odm_shiny.errors import QueryError
from odm_shiny.query.data_query import parse_data_query, render_data_query
from odm_shiny.query.filter_text import parse_filter, render_filter
from odm_shiny.query.full_text import render_text
from odm_shiny.query.nodes import And, Compare, DataCompare, Expr, Or, all_of, any_of

LONGEST_CONDITION = 8_000
"""Longest text of one condition in a request; proxies in front of an ODM often take 8 kB."""

Condition = Expr | str
"""A condition in Python, or in the text that ODM takes."""

_RENDER = {"filter": render_filter, "data": render_data_query, "text": render_text}
_PARSE = {"filter": parse_filter, "data": parse_data_query}


def condition_text(condition: Condition, parameter: str) -> str:
    """Write a condition as the text that `parameter` takes.

    Text passes as it is: an ODM may know more than is known here, and answers 400 otherwise.

    Raises
    ------
    QueryError
        The condition is of another language than the parameter.
    """
    if isinstance(condition, str):
        return condition
    if not isinstance(condition, Expr):
        raise QueryError(f"{parameter}: {condition!r} is no condition: compare it, or give text")
    language = _language(parameter)
    if language != condition.language:
        raise QueryError(
            f"{parameter} takes {language or 'text as ODM defines it'}, not a condition of the "
            f"{condition.language} language: filters take field(...), exQuery takes feature(...) "
            "and value(...), the other queries take words"
        )
    return _RENDER[language](condition)


def pairs(parameters: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Turn parameters into the pairs of a query string.

    ``None`` and empty text are left out, a list is repeated, booleans are ``true`` and ``false``,
    conditions are written as text.
    """
    return tuple(
        (name, _text(name, value))
        for name, values in parameters.items()
        for value in (values if isinstance(values, list | tuple) else [values])
        if value is not None and not (isinstance(value, str) and value == "")
    )


def split(parameters: Mapping[str, Any], longest: int = LONGEST_CONDITION) -> list[dict[str, Any]]:
    """Cut parameters whose conditions are too long into several sets with shorter ones.

    Only alternatives can be cut: ``A=1 OR A=2 OR ...`` and ``feature=A,B,C``, alone or as one part
    of an AND. The results of the sets, one after the other and without duplicates, are the result
    of the whole. A long condition of another form stays as it is.

    Parameters
    ----------
    longest
        Characters that one condition may have.
    """
    names = list(parameters)
    choices = [_shorter(name, parameters[name], longest) for name in names]
    return [dict(zip(names, chosen, strict=True)) for chosen in product(*choices)]


def _shorter(name: str, condition: Any, longest: int) -> list[Any]:
    language = _language(name)
    if not isinstance(condition, Expr | str) or language not in _PARSE:
        return [condition]
    if len(condition_text(condition, name)) <= longest:
        return [condition]
    if isinstance(condition, str):
        try:
            condition = _PARSE[language](condition)
        except QueryError:
            return [condition]
    items = list(condition.items) if isinstance(condition, And) else [condition]
    sizes = [
        (len(condition_text(item, name)), n) for n, item in enumerate(items) if _is_choice(item)
    ]
    if not sizes:
        return [condition]
    size, chosen = max(sizes)
    rest = [item for n, item in enumerate(items) if n != chosen]
    room = longest - sum(len(condition_text(item, name)) + len(" AND ()") for item in rest)
    before, after = items[:chosen], items[chosen + 1 :]
    parts = _parts(items[chosen], size, max(room, longest // 8))
    return [all_of([*before, part, *after]) for part in parts]


def _is_choice(expr: Expr) -> bool:
    if isinstance(expr, DataCompare):
        return expr.op == "=" and len(expr.values) > 1
    return isinstance(expr, Or) and all(
        isinstance(item, Compare | DataCompare) and item.op == "=" for item in expr.items
    )


def _parts(choice: Expr, size: int, room: int) -> Iterable[Expr]:
    alternatives: tuple[Any, ...]
    if isinstance(choice, DataCompare):
        alternatives = choice.values
    else:
        assert isinstance(choice, Or)
        alternatives = tuple(dict.fromkeys(choice.items))
    # Alternatives of one list are about equally long; half the room covers those that are not.
    n_parts = -(-size * 2 // room)
    step = max(1, -(-len(alternatives) // n_parts))
    for start in range(0, len(alternatives), step):
        part = alternatives[start : start + step]
        if isinstance(choice, DataCompare):
            yield DataCompare(choice.target, choice.name, choice.op, part)
        else:
            yield any_of(iter(part))


def _language(parameter: str) -> str:
    lowered = parameter.lower()
    if lowered.endswith("filter"):
        return "filter"
    if parameter == "exQuery":
        return "data"
    if lowered.endswith("query") and not parameter.startswith(("vx", "fx", "cell")):
        return "text"
    return ""


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return condition_text(value, name) if isinstance(value, Expr) or _language(name) else str(value)
