from __future__ import annotations

import struct
from decimal import Decimal

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from odm_shiny.formats.shortest_decimal import FIVES, shortest

POSITIVE = st.integers(1, 0x7FEFFFFFFFFFFFFF).map(
    lambda bits: struct.unpack("d", struct.pack("q", bits))[0]
)
# wide gaps, whose ends are short decimals: there it matters whether the ends belong to a float
WIDE = st.integers(2**53, 2**62).map(float)
TWO_TO = st.integers(-1074, 1023).map(lambda power: float(np.ldexp(1.0, power)))


@given(POSITIVE | WIDE | TWO_TO | st.integers(1, 10**6).map(lambda whole: whole / 1000))
@example(18014398509481988.0)
@example(18014398509482092.0)
@example(9007199254740993.0)
@example(5e-324)
@example(2.2250738585072014e-308)
@example(1.7976931348623157e308)
@example(9.007199254740992e15)
@example(1e23)
def test_digits_are_those_of_repr(value):
    digits, exponent = shortest(value, FIVES)
    assert 0 < digits < 10**17
    assert Decimal(int(digits)).scaleb(int(exponent)) == Decimal(repr(value))
