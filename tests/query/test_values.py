from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import numpy as np
import pytest

from odm_shiny.errors import QueryError
from odm_shiny.query.values import moment_of, number_of, order_of, same_text_or_number, value_text


class Sex(StrEnum):
    FEMALE = "female"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("Ünïcode ", "Ünïcode ", id="text as it is"),
        pytest.param(Sex.FEMALE, "female", id="an enumeration of text"),
        pytest.param(True, "true", id="boolean, not the integer 1"),
        pytest.param(52, "52", id="integer"),
        pytest.param(52.0, "52.0", id="whole float"),
        pytest.param(12.5, "12.5", id="float"),
        pytest.param(1e22, "1e+22", id="large float"),
        pytest.param(Decimal("0.10"), "0.10", id="decimal"),
        pytest.param(date(2024, 5, 6), "2024-05-06", id="date"),
        pytest.param(datetime(2024, 5, 6, 7, tzinfo=UTC), "2024-05-06T07:00:00+00:00", id="time"),
        pytest.param(np.int64(7), "7", id="numpy integer"),
        pytest.param(np.float64(0.1), "0.1", id="numpy float"),
        pytest.param(np.bool_(False), "false", id="numpy boolean"),
        pytest.param(np.str_("a"), "a", id="numpy text"),
    ],
)
def test_a_value_is_written_as_json_prints_it(value: Any, text: str) -> None:
    assert value_text(value) == text
    assert type(value_text(value)) is str


@pytest.mark.parametrize(
    ("value", "says"),
    [
        pytest.param(None, "is_null", id="none"),
        pytest.param(float("nan"), "is_null", id="nan"),
        pytest.param(Decimal("Infinity"), "is_null", id="infinity"),
        pytest.param(np.float64("nan"), "is_null", id="numpy nan"),
        pytest.param(["a"], "is_in", id="list"),
        pytest.param(np.array(["a"]), "is_in", id="array"),
        pytest.param(b"a", "not a bytes", id="bytes"),
        pytest.param(1j, "not a complex", id="complex"),
        pytest.param(OSError(), "not an OSError", id="anything else"),
    ],
)
def test_what_has_no_text_is_refused_with_a_cure(value: Any, says: str) -> None:
    with pytest.raises(QueryError, match=says):
        value_text(value)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("52", 52.0),
        ("-1.5e3", -1500.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("007", 7.0),
        ("", None),
        ("nan", None),
        ("Infinity", None),
        ("1e999", None),
        ("1_000", None),
        ("1,5", None),
        (" 5", None),
        ("5\n", None),
        ("٥", None),
        ("0x10", None),
    ],
)
def test_only_decimal_numbers_are_numbers(text: str, number: float | None) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("1970-01", 0.0, id="month"),
        pytest.param("1970-01-02", 86400.0, id="date"),
        pytest.param("1970-01-01T00:01", 60.0, id="time"),
        pytest.param("1970-01-01 00:00:01.5Z", 1.5, id="fraction"),
        pytest.param("1970-01-01T01:00:00+01:00", 0.0, id="offset"),
        pytest.param("1969-12-31", -86400.0, id="before the epoch"),
        pytest.param("1970", None, id="a year is a number"),
        pytest.param("1970-02-30", None, id="no such day"),
        pytest.param("1970-W01-1", None, id="week date"),
        pytest.param("19700101", None, id="basic form"),
        pytest.param("0001-01-01T00:00+23:59", -62135683140.0, id="before the first year in UTC"),
    ],
)
def test_iso_dates_are_moments_in_utc(text: str, seconds: float | None) -> None:
    assert moment_of(text) == seconds


def test_numbers_and_dates_have_orders_of_their_own() -> None:
    assert order_of("2024") == ("number", 2024.0)
    assert order_of("2024-01") == ("date", moment_of("2024-01-01"))
    assert order_of("liver") is None


def test_equality_is_by_text_or_by_number() -> None:
    assert same_text_or_number("38", "38.0")
    assert same_text_or_number("NaN", "NaN")
    assert not same_text_or_number("liver", "Liver")
    assert not same_text_or_number("2024-05", "2024-05-01")
