"""The shortest decimal that stands for a float64, compiled.

After R. Giulietti, "The Schubfach way to render doubles" (2020); the digits are those of Python's
``repr``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from odm_shiny.formats.jit import compiled
from odm_shiny.formats.powers_of_five import SMALLEST, writing
from odm_shiny.formats.wide_product import product

FIVES = writing()
"""The table to hand to `shortest`: compiled code takes it as an argument, not as a constant."""

_ROW_OF_ZERO = -SMALLEST
_HIDDEN_BIT = np.uint64(1 << 52)
_FRACTION = np.uint64((1 << 52) - 1)
_ZERO, _ONE, _TWO, _FOUR = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(4)
_TEN, _FORTY = np.uint64(10), np.uint64(40)


@compiled
def shortest(value: Any, fives: Any) -> Any:
    """Return ``digits, exponent`` with ``digits * 10**exponent`` the shortest decimal.

    Parameters
    ----------
    value
        float64 above zero, normal or subnormal.
    fives
        `FIVES`.

    Returns
    -------
    int64 below 10**17, which may end in zeros, and its exponent.
    """
    bits = np.float64(value).view(np.uint64)
    fraction = bits & _FRACTION
    biased: Any = np.int64(bits >> np.uint64(52))
    c = fraction | _HIDDEN_BIT if biased else fraction
    q = max(biased, 1) - 1075
    closer = fraction == 0 and biased > 1  # the float below is nearer than the one above
    odd = c & _ONE
    # floor(log10(2**q)), of 3/4 of it where the float below is nearer; then a shift that fits
    k = (q * 1262611 - (524031 if closer else 0)) >> 22
    shift = np.uint64(q + ((-k * 1741647) >> 19) + 1)
    high, low = fives[_ROW_OF_ZERO - k, 0], fives[_ROW_OF_ZERO - k, 1]
    centre = _FOUR * c
    below = centre - (_ONE if closer else _TWO)
    lower = _scaled(high, low, below << shift) + odd
    middle = _scaled(high, low, centre << shift)
    upper = _scaled(high, low, (centre + _TWO) << shift) - odd
    s = middle // _FOUR
    if s >= _TEN:
        tens = s // _TEN
        down = lower <= _FORTY * tens
        up = _FORTY * tens + _FORTY <= upper
        if down != up:
            return np.int64(tens + (_ONE if up else _ZERO)), k + 1
    down = lower <= _FOUR * s
    up = _FOUR * s + _FOUR <= upper
    if down == up:
        half = _FOUR * s + _TWO
        up = middle > half or (middle == half and s & _ONE == _ONE)
    return np.int64(s + (_ONE if up else _ZERO)), k


@compiled
def _scaled(high: Any, low: Any, number: Any) -> Any:
    """Integer part of a product with a power of ten; its last bit is set if there is a rest."""
    low_high, _ = product(low, number)
    high_high, high_low = product(high, number)
    rest = high_low + low_high
    if rest < low_high:
        high_high += _ONE
    return high_high | (_ONE if rest > _ONE else _ZERO)
