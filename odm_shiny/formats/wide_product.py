"""Products of 64-bit numbers in 128 bits, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from odm_shiny.formats.jit import compiled

_SHIFT, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)


@compiled
def product(a: Any, b: Any) -> Any:
    """Multiply two uint64; return the high and the low half of the product."""
    a1, a0 = a >> _SHIFT, a & _LOW
    b1, b0 = b >> _SHIFT, b & _LOW
    low, middle1, middle2 = a0 * b0, a1 * b0, a0 * b1
    carry = (low >> _SHIFT) + (middle1 & _LOW) + (middle2 & _LOW)
    high = a1 * b1 + (middle1 >> _SHIFT) + (middle2 >> _SHIFT)
    return high + (carry >> _SHIFT), a * b
