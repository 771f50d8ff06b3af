"""Read rows of decimal numbers out of bytes: the compiled part of matrix import.

Exactness: every value equals ``float(text)``. Up to 2**53 with a small exponent one division is
exact (W. Clinger, 1990); other numbers of up to 19 digits go through Lemire's 128-bit product;
whatever is left (longer, near the ends of the range, not a number at all) is listed for the caller.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from odm_shiny.formats.jit import compiled
from odm_shiny.formats.powers_of_five import SMALLEST, reading
from odm_shiny.formats.wide_product import product

DONE, ODD_FULL, TOO_FEW, TOO_MANY = 0, 1, 2, 3
"""How a scan ended: all text read; `odd` might overflow in the next row; ragged row."""

Array = Any  # numpy arrays; what numba makes of their items has no static type
Integer = Any

_TAB, _NEWLINE, _BLANK, _PLUS, _MINUS, _POINT, _ZERO, _NINE = 9, 10, 32, 43, 45, 46, 48, 57
_CAPITAL_A, _CAPITAL_E, _CAPITAL_N, _SMALL_A, _SMALL_E = 65, 69, 78, 97, 101
_MAX_DIGITS = 19  # what fits 64 bits
_MAX_EXPONENT_DIGITS = 5
_LOWEST, _HIGHEST = -290, 280  # far from subnormal and from overflow, whatever the 19 digits
_EXACT_POWER = 22  # the largest power of ten that is a float64
_EXACT_POWERS = np.array([10.0**i for i in range(_EXACT_POWER + 1)])
_FIVES = reading()
_ROW_OF_ZERO = -SMALLEST

_ONE, _TEN = np.uint64(1), np.uint64(10)
_LOW9 = np.uint64(0x1FF)
_TOP_BIT = np.uint64(1 << 63)
_TWO53 = np.uint64(1 << 53)


def scan_rows(
    text: Array, start: int, lead: Array, values: Array, first_row: int, odd: Array
) -> tuple[int, int, int, int, int]:
    """Scan rows of ``lead cells, value cells`` separated by tabs.

    Parameters
    ----------
    text
        (n_bytes,) uint8; every line ends in LF, the last one too.
    start
        Where the first row starts.
    lead
        (n_rows, n_lead, 2) int64, filled with start and end of the leading (feature) cells.
    values
        (n_rows, n_columns) float64, filled with the numbers; NaN for empty, ``NA`` and ``NaN``.
    first_row
        Row of `lead` and `values` to fill first.
    odd
        (capacity, 4) int64, filled with row, column, start and end of cells left to the caller.

    Returns
    -------
    status, number of rows filled in all, number of odd cells, position and, for a ragged row,
    the number of its cells; the position is the start of the row that was not read.
    """
    found: tuple[int, int, int, int, int] = _scan_rows(
        text, start, lead, values, first_row, odd, _EXACT_POWERS, _FIVES
    )
    return found


@compiled
def _scan_rows(
    text: Array,
    start: int,
    lead: Array,
    values: Array,
    first_row: int,
    odd: Array,
    exact: Array,
    fives: Array,
) -> Any:
    n_columns, capacity = values.shape[1], odd.shape[0]
    p, row, n_odd = start, first_row, 0
    while p < text.shape[0]:
        begin = p
        while text[p] == _TAB or text[p] == _BLANK:
            p += 1
        if text[p] == _NEWLINE:  # a blank line
            p += 1
            continue
        if n_odd + n_columns > capacity:
            return ODD_FULL, row, n_odd, begin, 0
        p, n_cells, ended = _scan_lead(text, begin, lead[row])
        if ended:
            return TOO_FEW, row, n_odd, begin, n_cells
        p, n_odd, n_cells = _scan_numbers(text, p, values[row], row, odd, n_odd, exact, fives)
        if n_cells < n_columns:
            return TOO_FEW, row, n_odd, begin, lead.shape[1] + n_cells
        p, n_extra = _skip_blank_cells(text, p)
        if n_extra:
            return TOO_MANY, row, n_odd, begin, lead.shape[1] + n_columns + n_extra
        row += 1
    return DONE, row, n_odd, p, 0


@compiled
def _scan_lead(text: Array, p: int, places: Array) -> Any:
    """Fill in the places of the leading cells; return the position behind, their number, and
    whether the row ended with them.
    """
    for k in range(places.shape[0]):
        places[k, 0] = p
        p = _end_of_cell(text, p)
        places[k, 1] = p
        if text[p] == _NEWLINE:
            return p, k + 1, True
        p += 1
    return p, places.shape[0], False


@compiled
def _scan_numbers(
    text: Array,
    p: int,
    values: Array,
    row: int,
    odd: Array,
    n_odd: int,
    exact: Array,
    fives: Array,
) -> Any:
    """Fill one row; return the separator behind it, the number of odd cells and that of cells."""
    n_columns = values.shape[0]
    for column in range(n_columns):
        begin = p
        value, p, fine = _read_number(text, p, exact, fives)
        if not fine:
            p = _end_of_cell(text, begin)
            odd[n_odd, 0], odd[n_odd, 1], odd[n_odd, 2], odd[n_odd, 3] = row, column, begin, p
            n_odd += 1
        values[column] = value
        if text[p] == _NEWLINE:
            return p, n_odd, column + 1
        p += 1
    return p - 1, n_odd, n_columns


@compiled
def _end_of_cell(text: Array, p: int) -> int:
    while text[p] != _TAB and text[p] != _NEWLINE:
        p += 1
    return p


@compiled
def _skip_blank_cells(text: Array, p: int) -> Any:
    """Start of the next line, and which cell from here is the last one that is not blank."""
    n_cells = last = 0
    while text[p] != _NEWLINE:
        if text[p] == _TAB:
            n_cells += 1
        elif text[p] != _BLANK:
            last = n_cells
        p += 1
    return p + 1, last


@compiled
def _read_number(text: Array, p: int, exact: Array, fives: Array) -> Any:
    """Return value, position of the separator, and whether the cell was understood."""
    negative = text[p] == _MINUS
    signed = negative or text[p] == _PLUS
    if signed:
        p += 1
    begin = p
    digits, n_digits, p = _read_digits(text, p, np.uint64(0), 0)
    exponent = 0
    if text[p] == _POINT:
        point = p + 1
        digits, n_digits, p = _read_digits(text, point, digits, n_digits)
        exponent = point - p
        if p - begin == 1:  # a lone point
            return 0.0, p, False
    elif p == begin:
        p, missing = _read_missing(text, p)
        return np.nan, p, missing and not signed
    if text[p] == _SMALL_E or text[p] == _CAPITAL_E:
        power, p, fine = _read_exponent(text, p + 1)
        exponent += power
        if not fine:
            return 0.0, p, False
    if n_digits > _MAX_DIGITS or (text[p] != _TAB and text[p] != _NEWLINE):
        return 0.0, p, False
    if digits <= _TWO53 and -_EXACT_POWER <= exponent <= _EXACT_POWER:
        value = float(digits)
        value = value / exact[-exponent] if exponent < 0 else value * exact[exponent]
    elif digits == 0:
        value = 0.0
    elif _LOWEST <= exponent <= _HIGHEST:
        value = _nearest(digits, exponent, fives)
    else:
        return 0.0, p, False
    return (-value if negative else value), p, True


@compiled
def _read_digits(text: Array, p: int, digits: Integer, n_digits: int) -> Any:
    """Append digits to `digits`; leading zeros are not counted in `n_digits`."""
    while _ZERO <= text[p] <= _NINE:
        digits = digits * _TEN + np.uint64(text[p] - _ZERO)
        if digits != 0:
            n_digits += 1
        p += 1
    return digits, n_digits, p


@compiled
def _read_exponent(text: Array, p: int) -> Any:
    negative = text[p] == _MINUS
    if negative or text[p] == _PLUS:
        p += 1
    begin = p
    power = 0
    while _ZERO <= text[p] <= _NINE and p - begin <= _MAX_EXPONENT_DIGITS:
        power = power * 10 + (text[p] - _ZERO)
        p += 1
    return (-power if negative else power), p, begin < p <= begin + _MAX_EXPONENT_DIGITS


@compiled
def _read_missing(text: Array, p: int) -> Any:
    """End of an empty cell, ``NA`` or ``NaN``, and whether it is one of them."""
    if text[p] == _CAPITAL_N:
        if text[p + 1] == _CAPITAL_A:
            p += 2
        elif text[p + 1] == _SMALL_A and text[p + 2] == _CAPITAL_N:
            p += 3
    return p, text[p] == _TAB or text[p] == _NEWLINE


@compiled
def _nearest(digits: Integer, exponent: int, fives: Array) -> float:
    """Nearest float64 to ``digits * 10**exponent``, ties to even (Lemire 2021, algorithm 1)."""
    leading = 0
    w = digits
    while w < _TOP_BIT:
        w <<= _ONE
        leading += 1
    high, low = product(w, fives[exponent + _ROW_OF_ZERO, 0])
    if high & _LOW9 == _LOW9:
        second, _ = product(w, fives[exponent + _ROW_OF_ZERO, 1])
        low += second
        if second > low:
            high += _ONE
    upper = np.int64(high >> np.uint64(63))
    shift = np.uint64(upper + 9)
    mantissa = high >> shift
    # floor(log2(10**exponent)), by a product that is exact in this range
    power = (((152170 + 65536) * exponent) >> 16) + 63 + upper - leading + 1023
    may_tie = low <= _ONE and -4 <= exponent <= 23 and mantissa & np.uint64(3) == _ONE
    if may_tie and mantissa << shift == high:
        mantissa &= ~_ONE
    mantissa += mantissa & _ONE
    mantissa >>= _ONE
    if mantissa >= _TWO53:
        mantissa >>= _ONE
        power += 1
    # the mantissa is exact as a float, and so is its scaling: no subnormal is near
    return float(np.ldexp(float(mantissa), power - 1075))
