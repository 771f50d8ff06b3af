"""Powers of five in 128 bits, for exact conversion between decimal and binary.

The table of `reading` is that of D. Lemire, "Number parsing at a gigabyte per second", Software:
Practice and Experience 51 (2021), section 6; the table of `writing` that of R. Giulietti, "The
Schubfach way to render doubles" (2020), section 9.8.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

SMALLEST = -342
"""Exponent of the first row."""
LARGEST = 324
"""Exponent of the last row."""


@cache
def reading() -> NDArray[np.uint64]:
    """Return the 128 leading bits of 5**q: positive powers cut, negative ones rounded up.

    Returns
    -------
    (n_powers, 2) uint64: high and low half, q from `SMALLEST` to `LARGEST`.
    """
    return _table(round_up=False)


@cache
def writing() -> NDArray[np.uint64]:
    """Return the 128 leading bits of 5**q, all rounded up; shape as in `reading`."""
    return _table(round_up=True)


def _table(*, round_up: bool) -> NDArray[np.uint64]:
    rows = [_leading_bits(q, round_up=round_up) for q in range(SMALLEST, LARGEST + 1)]
    half = (1 << 64) - 1
    return np.array([(bits >> 64, bits & half) for bits in rows], dtype=np.uint64)


def _leading_bits(q: int, *, round_up: bool) -> int:
    power: int = 5 ** abs(q)
    length = power.bit_length()
    if q < 0:
        bits = (1 << (length + 127)) // power + 1
        return bits >> (bits.bit_length() - 128)
    if length <= 128:
        return power << (128 - length)
    return (power >> (length - 128)) + round_up
