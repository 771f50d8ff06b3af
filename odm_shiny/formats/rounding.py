"""Numbers as plain decimals, rounded half up: the rule, in plain Python.

What is rounded is the shortest decimal that stands for the float64 (``repr``), not its binary
value: 2.675 to two digits is 2.68, as in the file that was uploaded, although the float64 lies a
little below. Half goes away from zero. Zero has no sign. The compiled `csv_kernel` follows the
same rule and hands what it cannot decide to `decimal_text`.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np
from numpy.typing import NDArray

MAX_DIGITS = 1100
"""More digits after the point than any float64 has."""

_CONTEXT = Context(prec=2 * MAX_DIGITS, rounding=ROUND_HALF_UP)


def rounded_text(value: float, digits: int) -> str:
    """Write a number with at most `digits` digits after the point.

    Parameters
    ----------
    value
        A float64; NaN (missing) and infinite values become empty text.
    digits
        At least 0. With 0 there is no point; else at least one digit follows it.

    Examples
    --------
    >>> rounded_text(4.39234999, 4), rounded_text(2.675, 2), rounded_text(-0.00001, 4)
    ('4.3923', '2.68', '0.0')
    >>> rounded_text(1e21, 2), rounded_text(12.5, 0), rounded_text(float("nan"), 4)
    ('1000000000000000000000.0', '13', '')
    """
    if not math.isfinite(value):
        return ""
    text = repr(value)
    if "e" not in text and len(text) - text.index(".") - 1 <= digits and value != 0:
        return text
    digits = min(digits, MAX_DIGITS)
    number = Decimal(text).quantize(Decimal((0, (1,), -digits)), context=_CONTEXT)
    text = format(number, "f")
    if digits:
        text = text.rstrip("0")
        text += "0" if text.endswith(".") else ""
    return text.removeprefix("-") if number.is_zero() else text


def number_text(value: float) -> str:
    """Write a number of a feature column: all its digits, whole numbers without a point.

    >>> number_text(12345.0), number_text(0.25), number_text(float("nan"))
    ('12345', '0.25', '')
    """
    return rounded_text(value, MAX_DIGITS).removesuffix(".0")


def write_rows(prefixes: list[bytes], values: NDArray[np.float64], digits: int) -> bytes:
    """Write CSV rows: the text before the numbers of each row, then (n_rows, n_columns) numbers."""
    lines = []
    for prefix, row in zip(prefixes, values.tolist(), strict=True):
        cells = [prefix, *(rounded_text(value, digits).encode() for value in row)]
        lines.append(b",".join(cells) + b"\n")
    return b"".join(lines)
