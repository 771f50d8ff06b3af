from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.formats.decimal_text import (
    MISSING_CODES,
    NotANumberError,
    is_missing,
    is_number,
    parse_cell,
    shown,
    unquote,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0),
        (" 4.25 ", 4.25),
        ("+.5", 0.5),
        ("5.", 5.0),
        ("-1e-3", -0.001),
        ("1E+2", 100.0),
        ('"7.5"', 7.5),
        ("4.9e-324", 5e-324),
        ("0.1000000000000000055511151231257827021181583404541015625", 0.1),
    ],
)
def test_number_is_read_exactly(text, value):
    assert parse_cell(text) == value


@pytest.mark.parametrize("text", [*MISSING_CODES, " ", "na", "nan", "NULL", "inf", '""', ' "NA" '])
def test_missing_codes_are_nan_in_any_case(text):
    assert math.isnan(parse_cell(text))


@pytest.mark.parametrize(
    "text", ["abc", "1_000", "0x1F", "1e", "e5", ".", "--1", "1 2", "１", "+Inf", "infinity", "−1"]
)
def test_other_texts_are_refused(text):
    with pytest.raises(NotANumberError, match="is not a number"):
        parse_cell(text)


def test_decimal_comma_is_named_with_the_cure():
    with pytest.raises(NotANumberError, match=re.escape("'7,5' has a decimal comma; write 7.5")):
        parse_cell("7,5")


def test_number_beyond_the_range_is_refused():
    with pytest.raises(NotANumberError, match="outside the range"):
        parse_cell("1e400")


def test_feature_texts_are_missing_only_as_written():
    assert is_missing("NA")
    assert not is_missing("nan")


def test_numbers_among_features():
    assert [is_number(text) for text in ("12", "-1.5e3", "chr1", "", "1e999")] == [
        True,
        True,
        False,
        False,
        False,
    ]


@given(st.text(st.sampled_from('a"'), max_size=6))
def test_quotes_come_off_what_was_quoted(text):
    assert unquote('"' + text.replace('"', '""') + '"') == text


def test_long_texts_are_cut_in_messages():
    assert shown("x" * 41) == repr("x" * 40 + "…")
