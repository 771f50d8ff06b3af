"""What a single metadata value means: its text, its number, its moment.

Filters compare text, and numbers where both sides are numbers. These three functions are the one
place that says how a value is written and when text counts as a number or as a date.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite

from odm_shiny.errors import QueryError

# ASCII digits on purpose: float() also reads "1_000", "nan", "infinity" and other scripts' digits,
# none of which a metadata table means as a number.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}"
    r"(?:-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
    r")?\Z"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def value_text(value: object) -> str:
    """Write a Python value as the text that filters compare.

    Parameters
    ----------
    value
        Text, integer, float, boolean, ``Decimal``, date, datetime or a numpy scalar of these.

    Returns
    -------
    Text as it is, ``true`` / ``false``, numbers as JSON prints them (``52``, ``52.0``, ``12.5``),
    dates in ISO 8601.

    Raises
    ------
    QueryError
        ``None``, NaN, an infinity, a list, bytes, or anything else that has no such text.
    """
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return _finite(value, repr(float(value)))
    if isinstance(value, Decimal):
        return _finite(value, str(value))
    if isinstance(value, date):  # a datetime is a date
        return value.isoformat()
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", None) == 0:
        return value_text(item())
    raise QueryError(_no_value(value))


def number_of(text: str) -> float | None:
    """Read text as a decimal number; ``None`` where it is none (``NaN`` and ``Inf`` are none)."""
    if _NUMBER.match(text) is None:
        return None
    number = float(text)
    return number if isfinite(number) else None


def moment_of(text: str) -> float | None:
    """Read an ISO 8601 month, date or date-time as seconds since 1970-01-01 UTC.

    A month or a date is its first instant; a time without offset is taken as UTC. A bare year is a
    number, not a date. ``None`` where the text is no such thing.
    """
    if _MOMENT.match(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(f"{text}-01" if len(text) == 7 else text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - _EPOCH).total_seconds()
    except (ValueError, OverflowError):
        return None


def order_of(text: str) -> tuple[str, float] | None:
    """Say what ``<`` and ``>`` compare: ``("number", x)``, ``("date", seconds)`` or nothing."""
    number = number_of(text)
    if number is not None:
        return "number", number
    moment = moment_of(text)
    return None if moment is None else ("date", moment)


def same_text_or_number(left: str, right: str) -> bool:
    """Compare as ``=`` does: equal text, or equal numbers where both are numbers."""
    if left == right:
        return True
    number = number_of(left)
    return number is not None and number == number_of(right)


def _finite(value: float | Decimal, text: str) -> str:
    if not isfinite(value):
        raise QueryError(f"{text} is not a value: test for a missing one with .is_null()")
    return text


def _no_value(value: object) -> str:
    if value is None:
        return "None is not a value here: test for a missing one with .is_null()"
    if isinstance(value, (list, tuple, set, frozenset, dict)) or hasattr(value, "__array__"):
        return f"one value is compared at a time, not {_article(value)}: use .is_in([...])"
    return f"a value is text, a number, a boolean or a date, not {_article(value)}"


def _article(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
