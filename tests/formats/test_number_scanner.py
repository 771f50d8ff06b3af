from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from odm_shiny.formats import number_scanner as scanner


def scan(text: bytes, n_lead: int, n_columns: int, capacity: int = 100):
    n_lines = text.count(b"\n")
    lead = np.full((n_lines, n_lead, 2), -1, np.int64)
    values = np.full((n_lines, n_columns), -99.0)
    odd = np.full((capacity, 4), -1, np.int64)
    found = scanner.scan_rows(np.frombuffer(text, np.uint8), 0, lead, values, 0, odd)
    return found, lead, values, odd


def scan_cell(text: str) -> float | None:
    """Value of one cell; ``None`` if it is left to the caller."""
    (status, n_rows, n_odd, _, _), _, values, _ = scan(f"a\t{text}\n".encode(), 1, 1)
    assert (status, n_rows) == (scanner.DONE, 1)
    return None if n_odd else values[0, 0]


DOUBLE = st.binary(min_size=8, max_size=8).map(lambda bits: struct.unpack("d", bits)[0])
DECIMAL = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "-", "+"]),
    st.integers(0, 10**21).map(str) | st.just(""),
    st.integers(0, 10**20).map(".{}".format) | st.sampled_from(["", "."]),
    st.integers(-400, 400).map("e{}".format) | st.sampled_from(["", "e+07", "E-7"]),
)


@given(DECIMAL.filter(bool) | DOUBLE.map(repr))
@example("9007199254740993")
@example("0.000000000000000000000000000001")
@example("123456789012345678e-22")
@example("7.038531e-26")
@example("8.589934592e9")
@example("1e23")
@example("-0")
def test_every_number_equals_float_or_is_left_to_the_caller(text):
    value = scan_cell(text)
    if value is None:
        return
    assert struct.pack("d", value) == struct.pack("d", float(text))


@given(st.integers(0, 10**19 - 1), st.integers(-270, 260), st.booleans())
def test_up_to_19_digits_are_never_left_to_the_caller(digits, exponent, negative):
    text = f"{'-' if negative else ''}{digits}e{exponent}"
    assert scan_cell(text) == float(text)


@given(st.integers(1, 2**53 - 1), st.integers(-60, 60))
def test_ties_between_two_floats_go_to_the_even_one(mantissa, shift):
    between = (2 * mantissa + 1) * 2**shift if shift >= 0 else (2 * mantissa + 1) / 2**-shift
    text = f"{int(between)}" if float(between).is_integer() else repr(between)
    value = scan_cell(text)
    assert value is None or value == float(text)


@pytest.mark.parametrize("text", ["", "NA", "NaN"])
def test_frequent_missing_codes_are_nan(text):
    value = scan_cell(text)
    assert value is not None
    assert math.isnan(value)


@pytest.mark.parametrize(
    "text",
    [" ", " 1", "1 ", "-", "+", "-NA", ".", "-.", "e5", "1e", "1e+", "1x", "1.5.2", "1,5", "N",
     "Na", "NAN", "nan", "NA1", "null", "Inf", '"1"', "1e400", "1e-400",
     "1e999999", "1e9999999999"],
)  # fmt: skip
def test_other_cells_are_left_to_the_caller(text):
    assert scan_cell(text) is None


def test_rows_are_filled_and_odd_cells_listed_with_their_place():
    text = b"g1\tx\t1\tnull\n\n \t\ng2\t\t\t2.5\t \t\n"
    (status, n_rows, n_odd, position, _), lead, values, odd = scan(text, 2, 2)
    assert (status, n_rows, n_odd, position) == (scanner.DONE, 2, 1, len(text))
    assert [text[a:b] for a, b in lead[:2].reshape(-1, 2)] == [b"g1", b"x", b"g2", b""]
    row, column, start, end = odd[0]
    assert (row, column, text[start:end]) == (0, 1, b"null")
    np.testing.assert_array_equal(values[1], [np.nan, 2.5])


@pytest.mark.parametrize(
    ("line", "status", "n_cells"),
    [
        (b"g", scanner.TOO_FEW, 1),
        (b"g\tx", scanner.TOO_FEW, 2),
        (b"g\tx\t1", scanner.TOO_FEW, 3),
        (b"g\tx\tnull", scanner.TOO_FEW, 3),
        (b"g\tx\t1\t2\t\t3\t ", scanner.TOO_MANY, 6),
    ],
    ids=["accession only", "features only", "one short", "odd and short", "two more"],
)
def test_ragged_row_stops_the_scan_at_its_start(line, status, n_cells):
    text = b"a\tb\t1\t2\n" + line + b"\n"
    (found, n_rows, _, position, n_found), *_ = scan(text, 2, 2)
    assert (found, n_rows, position, n_found) == (status, 1, 8, n_cells)


def test_scan_stops_before_odd_cells_could_overflow_and_goes_on():
    text = b"a\tx\ty\nb\t1\tz\nc\t2\t3\n"
    lead, values = np.empty((3, 1, 2), np.int64), np.empty((3, 2))
    odd = np.empty((3, 4), np.int64)
    array = np.frombuffer(text, np.uint8)
    status, row, n_odd, position, _ = scanner.scan_rows(array, 0, lead, values, 0, odd)
    assert (status, row, n_odd, position) == (scanner.ODD_FULL, 1, 2, 6)
    status, row, n_odd, position, _ = scanner.scan_rows(array, position, lead, values, row, odd)
    assert (status, row, n_odd, position) == (scanner.DONE, 3, 1, len(text))
    assert values[2].tolist() == [2.0, 3.0]
