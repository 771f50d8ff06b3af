"""Check the parameters of a request against the operations table, and give them their types.

A bad parameter is a 400 that names it, shows its value (shortened) and says what is allowed. A
parameter that the operation does not know is one too, unless the service is lenient.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cache
from typing import Any
from uuid import UUID

from odm_shiny.contract.operations import Operation, Parameter
from odm_shiny.server.wire import Problem

# Above what a filter may have, so that a long filter is refused with the reason.
MAX_QUERY_CHARS = 2 << 20
MAX_SHOWN = 60

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def check_query(
    operation: Operation, pairs: Iterable[tuple[str, str]], *, lenient: bool = False
) -> dict[str, Any]:
    """Type the query of a request.

    Parameters
    ----------
    operation
        What is asked.
    pairs
        Decoded names and values, in the order in which they arrived.
    lenient
        Ignore names that the operation does not know. Everything else is checked as ever.

    Returns
    -------
    By name: `int`, `float`, `bool`, `str`, or a list of these for a list parameter; `datetime`
    (UTC) for a time. Missing ones have their default, or are absent if there is none; an empty text
    counts as missing.

    Raises
    ------
    Problem
        400, or 414 for a query of more than two million characters.
    """
    known, defaults = _query_table(operation)
    given: dict[str, list[str]] = {}
    size = 0
    for name, value in pairs:
        size += len(name) + len(value)
        if name in known:
            given.setdefault(name, []).append(value)
        elif not lenient:
            raise _unknown(name, known, "query parameter", f"query.{shorten(name)}")
    if size > MAX_QUERY_CHARS:
        raise Problem(414, f"the query has {size} characters; at most {MAX_QUERY_CHARS} are read")
    found = dict(defaults)
    for name, values in given.items():
        typed = _typed_values(known[name], values)
        if typed is not None:
            found[name] = typed
    for name, parameter in known.items():
        if parameter.required and name not in found:
            raise Problem(400, f"parameter {name} must be given", location=f"query.{name}")
    return found


def check_path(operation: Operation, values: Mapping[str, str]) -> None:
    """Check the path parameters of a request.

    Raises
    ------
    Problem
        400: a number is expected and something else stands there.
    """
    for parameter in operation.parameters_in("path"):
        _typed(parameter, values[parameter.name])


def check_names(known: Sequence[Parameter], names: Iterable[str], *, lenient: bool = False) -> None:
    """Check the names of the parts of a form: each known, each once, all required ones there.

    Raises
    ------
    Problem
        400
    """
    table = {parameter.name: parameter for parameter in known}
    seen: set[str] = set()
    for name in names:
        if name not in table and not lenient:
            raise _unknown(name, table, "form field", f"form.{shorten(name)}")
        if name in seen:
            raise Problem(400, f"form field {shorten(name)} is given twice")
        seen.add(name)
    for parameter in known:
        if parameter.required and parameter.name not in seen:
            name = parameter.name
            raise Problem(400, f"form field {name} must be given", location=f"form.{name}")


def check_text(parameter: Parameter, text: str) -> Any:
    """Type one value of `parameter`.

    Raises
    ------
    Problem
        400
    """
    return _typed(parameter, text)


def shorten(text: str) -> str:
    """Make `text` fit into a message, without control characters."""
    shown = text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in shown)


@cache
def _query_table(operation: Operation) -> tuple[Mapping[str, Parameter], Mapping[str, Any]]:
    known = {parameter.name: parameter for parameter in operation.parameters_in("query")}
    return known, {n: p.default for n, p in known.items() if p.default is not None}


def _typed_values(parameter: Parameter, values: list[str]) -> Any:
    """Value of a parameter, given once or more; ``None`` if all it holds is empty text."""
    if parameter.is_list:
        if parameter.separator:
            values = [part.strip() for value in values for part in value.split(parameter.separator)]
        return [_typed(parameter, value) for value in values if value] or None
    if len(values) > 1:
        raise _refused(parameter, f"is given {len(values)} times; once is allowed")
    if not values[0] and parameter.type == "string" and not parameter.enum:
        return None
    return _typed(parameter, values[0])


def _typed(parameter: Parameter, text: str) -> Any:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _refused(parameter, "is not valid Unicode text") from None
    if "\0" in text:
        raise _refused(parameter, "holds a NUL character")
    if parameter.enum:
        return _one_of(parameter, text)
    if parameter.type == "integer":
        return _integer(parameter, text)
    if parameter.type == "number":
        return _number(parameter, text)
    if parameter.type == "boolean":
        return _boolean(parameter, text)
    if parameter.format:
        return _formatted(parameter, text)
    return text


def _one_of(parameter: Parameter, text: str) -> str:
    allowed = parameter.enum or ()
    # A plus that was not percent-encoded arrives as a blank.
    if text.startswith(" ") and f"+{text[1:]}" in allowed:
        text = f"+{text[1:]}"
    if text not in allowed:
        raise _not_allowed(parameter, text, f"one of {', '.join(allowed)}")
    return text


def _integer(parameter: Parameter, text: str) -> int:
    low, high = parameter.low, parameter.high
    if not _INTEGER.fullmatch(text) or not low <= int(text) <= high:
        raise _not_allowed(parameter, text, f"a whole number from {low} to {high}")
    return int(text)


def _number(parameter: Parameter, text: str) -> float:
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise _not_allowed(parameter, text, "a number such as 1.5")
    return float(text)


def _boolean(parameter: Parameter, text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise _not_allowed(parameter, text, "true or false")
    return text.lower() == "true"


def _formatted(parameter: Parameter, text: str) -> str | datetime:
    try:
        if parameter.format == "date-time":
            moment = datetime.fromisoformat(text)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return str(UUID(text)) if parameter.format == "uuid" else text
    except (ValueError, OverflowError):
        allowed = "a time such as 2026-01-05T10:00:00" if parameter.format == "date-time" else None
        raise _not_allowed(parameter, text, allowed or "a UUID") from None


def _unknown(name: str, known: Iterable[str], what: str, location: str) -> Problem:
    names = list(known)
    near = get_close_matches(name[:MAX_SHOWN], names, n=1) or [
        one for one in names if one.lower() == name.lower()
    ]
    if near:
        hint = f"the nearest known one is {near[0]}"
    else:
        hint = f"known are {', '.join(names)}" if names else "this operation takes none"
    return Problem(400, f"unknown {what} {shorten(name)!r}; {hint}", location=location)


def _not_allowed(parameter: Parameter, text: str, allowed: str) -> Problem:
    return _refused(parameter, f"is {shorten(text)!r}; it must be {allowed}")


def _refused(parameter: Parameter, fault: str) -> Problem:
    return Problem(
        400,
        f"parameter {parameter.name} {fault}",
        location=f"{parameter.where}.{parameter.name}",
    )
