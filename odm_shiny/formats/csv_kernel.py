"""Write rows of numbers as CSV: the compiled part of matrix streams.

Follows `rounding.rounded_text` byte for byte. Most numbers are short decimals: scaled, rounded and
divided back they give themselves, and those of four decimals are written from tables. Others are
rounded in float64 arithmetic where that is certain, else from their shortest decimal. Rows with a
very large or very small number are the caller's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from odm_shiny.formats.digit_tables import digit_tables
from odm_shiny.formats.jit import compiled
from odm_shiny.formats.shortest_decimal import FIVES, shortest
from odm_shiny.formats.word_store import store_word

CELL_BYTES = 48
"""Room that a number and its comma need at most."""

Array = Any  # numpy arrays; what numba makes of their items has no static type
Integer = Any

_QUAD_DIGITS, _QUAD_SCALE = 4, 1e4  # decimals that most numbers are content with
_QUAD_END = 1e8  # two quads of digits end here
_FEW = 8  # decimals that most others are content with
_MAX_SCALE = 22  # 10**22 is the last power of ten that is a float64
_MAX_DECIMALS = 36  # longer numbers are the caller's
_POWERS = np.array([10.0**i for i in range(_MAX_SCALE + 1)])
_WHOLE_POWERS = np.array([10**i for i in range(19)], dtype=np.int64)
_QUADS = np.frombuffer("".join(f"{i:04d}" for i in range(10000)).encode(), np.uint8).copy()
_TOO_LONG = 1e15  # below it, two decimals never share a float64
_DOUBT = 2.0**-51  # relative error of a scaled float64 and its shortest decimal, with room
_COMMA, _NEWLINE, _MINUS, _POINT, _ZERO = 44, 10, 45, 46, 48
_QUAD = np.uint64(10000)


def format_rows(
    values: Array, first: int, digits: int, prefixes: Array, ends: Array, out: Array
) -> tuple[int, int]:
    """Write rows until all are done or one needs the caller.

    Parameters
    ----------
    values
        (n_rows, n_columns) float64; NaN is written as nothing.
    first
        Row to start with.
    digits
        Most digits after the point, at least 0.
    prefixes, ends
        Text before the numbers of each row, all in one uint8 array, and where each one ends.
    out
        uint8; room for the prefixes and `CELL_BYTES` a number.

    Returns
    -------
    Row that was not written (n_rows at the end), and number of bytes written.
    """
    tables = (_POWERS, _WHOLE_POWERS, FIVES, _QUADS, digit_tables())
    row, size = _format_rows(values, first, digits, prefixes, ends, out, tables)
    return int(row), int(size)


def round_values(values: Array, digits: int) -> tuple[Array, Array]:
    """Round numbers to the float64 that their rounded text stands for.

    Parameters
    ----------
    values
        (n_rows, n_columns) float64; NaN stays NaN.
    digits
        At least 0.

    Returns
    -------
    The rounded numbers, and a mask of those that are left to the caller.
    """
    rounded, doubtful = np.empty_like(values), np.zeros(values.shape, np.bool_)
    _round_values(values, digits, rounded, doubtful, _POWERS, _WHOLE_POWERS, FIVES)
    return rounded, doubtful


@compiled
def _round_values(
    values: Array,
    digits: int,
    out: Array,
    doubtful: Array,
    powers: Array,
    whole: Array,
    fives: Array,
) -> None:
    sure = 10.0 ** (16 - digits)  # from here on 17 digits end in time: nothing to round
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            value = values[row, column]
            if value == 0:
                out[row, column] = 0.0
            elif sure <= abs(value) < np.inf:
                out[row, column] = value
            elif value != value or abs(value) == np.inf:
                out[row, column] = np.nan
            else:
                _, mantissa, decimals = _round(abs(value), digits, powers, whole, fives)
                fine = 0 <= decimals <= _MAX_SCALE and mantissa < 9007199254740992
                doubtful[row, column] = not fine
                rounded = mantissa / powers[decimals] if fine else 0.0
                out[row, column] = -rounded if value < 0 and mantissa > 0 else rounded


@compiled
def _format_rows(
    values: Array, first: int, digits: int, prefixes: Array, ends: Array, out: Array, tables: Any
) -> Any:
    powers, whole, fives, quads, short = tables
    place: Integer = 0
    for row in range(first, values.shape[0]):
        begin = place
        for p in range(ends[row - 1] if row else 0, ends[row]):
            out[place] = prefixes[p]
            place += 1
        out[place] = _COMMA
        place += 1
        for column in range(values.shape[1]):
            value = values[row, column]
            magnitude = abs(value)
            mantissa = np.rint(magnitude * _QUAD_SCALE)
            is_short = mantissa < _QUAD_END and mantissa / _QUAD_SCALE == magnitude
            if is_short and digits >= _QUAD_DIGITS:
                out[place] = _MINUS  # written over if it does not count: signs cannot be foreseen
                place += np.int64(value < 0)
                place = _write_short(out, place, np.int64(mantissa), short)
            elif value == value and magnitude != np.inf:
                left, mantissa, decimals = _round(magnitude, digits, powers, whole, fives)
                if decimals < 0:
                    return row, begin
                out[place] = _MINUS
                place += np.int64(value < 0 and mantissa > 0)
                if decimals == _QUAD_DIGITS and mantissa < _QUAD_END:
                    place = _write_short(out, place, mantissa, short)
                else:
                    place = _write(out, place, left, mantissa, decimals, digits, whole, quads)
            out[place] = _COMMA
            place += 1
        out[place - 1] = _NEWLINE
    return values.shape[0], place


@compiled
def _write_short(out: Array, place: Integer, mantissa: Integer, short: Any) -> Any:
    """Write ``mantissa / 10**4``, below 10**4; the bytes behind it are written over."""
    number = np.uint64(mantissa)
    left = number // _QUAD
    right = number - left * _QUAD
    store_word(out, place, short.whole[left])
    place += np.int64(short.whole_sizes[left])
    store_word(out, place, short.decimals[right])
    return place + np.int64(short.decimal_sizes[right])


@compiled
def _round(value: Array, digits: int, powers: Array, whole: Array, fives: Array) -> Any:
    """Return ``left, mantissa, decimals`` of the rounded number, ``mantissa / 10**decimals``.

    `left` is its whole part; -1 decimals if the number is the caller's.
    """
    few = min(digits, _FEW)
    scaled = value * powers[few]
    if scaled < _TOO_LONG:
        mantissa = np.rint(scaled)
        if mantissa / powers[few] == value:
            return np.int64(value), np.int64(mantissa), few
    if digits <= _MAX_SCALE:
        scaled = value * powers[digits]
        if scaled < _TOO_LONG:
            below = np.floor(scaled)
            rest = scaled - below
            if abs(rest - 0.5) > scaled * _DOUBT:
                mantissa = below + (1.0 if rest > 0.5 else 0.0)
                return np.int64(mantissa / powers[digits]), np.int64(mantissa), digits
    mantissa, exponent = shortest(value, fives)
    surplus = -exponent - digits
    too_long = -exponent > _MAX_DECIMALS and min(-exponent, digits) > _MAX_DECIMALS
    if exponent > 1 or too_long:
        return np.int64(0), np.int64(0), -1
    if exponent >= 0:
        mantissa *= whole[exponent]
        return mantissa, mantissa, 0
    if surplus <= 0:
        return np.int64(value), mantissa, -exponent
    if surplus > 18:
        return np.int64(0), np.int64(0), digits
    mantissa = (mantissa + whole[surplus] // 2) // whole[surplus]
    return (mantissa // whole[digits] if digits <= 18 else np.int64(0)), mantissa, digits


@compiled
def _write(
    out: Array,
    place: int,
    left: Integer,
    mantissa: Integer,
    decimals: int,
    digits: int,
    whole: Array,
    quads: Array,
) -> int:
    """Write ``mantissa / 10**decimals`` without trailing zeros; return where it ends."""
    right = mantissa
    if decimals <= 18:
        right -= left * whole[decimals]
    place = _write_left(out, place, left, quads)
    if digits == 0:
        return place
    out[place] = _POINT
    place += 1
    if right == 0:
        out[place] = _ZERO
        return place + 1
    end = _write_right(out, place, right, decimals, quads)
    while out[end - 1] == _ZERO:
        end -= 1
    return end


@compiled
def _write_left(out: Array, place: int, number: Integer, quads: Array) -> int:
    """Write a whole number without leading zeros."""
    if number < 10:
        out[place] = _ZERO + number
        return place + 1
    rest, width = np.uint64(number), 4
    while rest >= _QUAD:
        rest //= _QUAD
        width += 4
    skip = 3 if rest < 10 else 2 if rest < 100 else 1 if rest < 1000 else 0
    rest = np.uint64(number)
    end = place + width - skip
    p = end
    while p - place >= 4:
        above = rest // _QUAD
        _write_quad(out, p - 4, np.int64(rest - above * _QUAD), quads)
        rest = above
        p -= 4
    quad = 4 * np.int64(rest)
    for i in range(p - place):
        out[place + i] = quads[quad + 4 - (p - place) + i]
    return end


@compiled
def _write_right(out: Array, place: int, number: Integer, width: int, quads: Array) -> int:
    """Write a whole number with leading zeros to a width."""
    rest = np.uint64(number)
    p = place + width
    while p - place >= 4:
        above = rest // _QUAD
        _write_quad(out, p - 4, np.int64(rest - above * _QUAD), quads)
        rest = above
        p -= 4
    quad = 4 * np.int64(rest)
    for i in range(p - place):
        out[place + i] = quads[quad + 4 - (p - place) + i]
    return place + width


@compiled
def _write_quad(out: Array, place: int, number: Integer, quads: Array) -> None:
    for i in range(4):
        out[place + i] = quads[4 * number + i]
