from __future__ import annotations

import math
import struct
from decimal import ROUND_HALF_UP, Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.formats.rounding import number_text, rounded_text

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(FINITE, st.integers(0, 30))
def test_text_is_the_shortest_decimal_rounded_half_up(value, digits):
    exact = Decimal(repr(value)).quantize(
        Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP, context=Context(prec=2000)
    )
    text = rounded_text(value, digits)
    assert Decimal(text) == exact
    assert "e" not in text.lower()


@given(FINITE, st.integers(1, 400))
def test_text_has_one_to_so_many_digits_and_no_surplus_zeros(value, digits):
    whole, point, rest = rounded_text(value, digits).partition(".")
    assert point == "."
    assert 1 <= len(rest) <= digits
    assert rest == "0" or not rest.endswith("0")
    assert whole.removeprefix("-") == "0" or not whole.removeprefix("-").startswith("0")


@given(FINITE)
def test_all_digits_give_the_number_back(value):
    for text in (rounded_text(value, 1100), number_text(value)):
        assert struct.pack("d", float(text)) == struct.pack("d", value + 0.0)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (4.3923, 4, "4.3923"),
        (0.0, 4, "0.0"),
        (-0.0, 4, "0.0"),
        (-0.00001, 4, "0.0"),
        (12.5, 0, "13"),
        (-12.5, 0, "-13"),
        (2.675, 2, "2.68"),
        (0.00005, 4, "0.0001"),
        (1e-7, 10, "0.0000001"),
        (1e22, 1, "10000000000000000000000.0"),
        (99.99995, 4, "100.0"),
        (math.nan, 4, ""),
        (math.inf, 4, ""),
    ],
)
def test_examples(value, digits, text):
    assert rounded_text(value, digits) == text


def test_whole_numbers_of_feature_columns_have_no_point():
    assert [number_text(value) for value in (1e6, 0.5, -3.0, math.nan)] == [
        "1000000",
        "0.5",
        "-3",
        "",
    ]
