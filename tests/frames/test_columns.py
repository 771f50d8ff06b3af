from __future__ import annotations

import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.frames.columns import Column, Kind, as_list, from_records, kind_of, table, text_form
from odm_shiny.frames.to_arrow import NOTES_KEY, to_arrow
from odm_shiny.frames.to_pandas import to_pandas
from odm_shiny.frames.to_polars import to_polars


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([], Kind.NULL),
        ([None, None], Kind.NULL),
        (["a", None], Kind.TEXT),
        (["1", "2"], Kind.TEXT),
        ([True, None], Kind.BOOLEAN),
        ([1, None, -(2**63)], Kind.INTEGER),
        ([1, 2**63], Kind.MIXED),
        ([1, 2.5], Kind.NUMBER),
        ([2**53 + 1, 2.5], Kind.MIXED),
        ([1, True], Kind.MIXED),
        ([1, "1"], Kind.MIXED),
        ([["a"], "b", None], Kind.LIST),
        ([["a", 1], 2.5], Kind.LIST),
        ([{"a": 1}], Kind.MIXED),
        ([["a"], {"a": 1}], Kind.MIXED),
    ],
)
def test_kinds_are_judged_over_all_values_and_never_from_text(values, kind):
    assert kind_of(values) is kind


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("ü", "ü"),
        (52, "52"),
        (52.0, "52.0"),
        (12.5, "12.5"),
        (True, "true"),
        (False, "false"),
        (["a", 1], '["a",1]'),
        ({"value": "liver", "termId": None}, '{"value":"liver","termId":null}'),
        (10**30, "1" + "0" * 30),
    ],
)
def test_the_text_of_a_value_is_what_json_prints(value, text):
    assert text_form(value) == text


def test_a_scalar_among_lists_is_a_list_of_one():
    assert [as_list(value) for value in (["a", None, 1], "b", None, [])] == [
        ["a", None, "1"],
        ["b"],
        None,
        [],
    ]


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(max_size=4),
    st.lists(st.text(max_size=3) | st.integers(0, 9), max_size=3),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)
records = st.lists(st.dictionaries(st.sampled_from("abcü"), values, max_size=4), max_size=7)


def expected(name, rows):
    kind = kind_of([row.get(name) for row in rows])
    for row in rows:
        value = row.get(name)
        if kind is Kind.LIST:
            yield as_list(value)
        elif kind is Kind.MIXED:
            yield text_form(value)
        else:
            yield value


@given(records)
def test_no_value_is_lost_or_changed_on_the_way_to_arrow(rows):
    found = to_arrow(from_records(rows))
    assert found.num_rows == len(rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    assert found.column_names == names
    for name in names:
        assert found.column(name).to_pylist() == list(expected(name, rows))


@given(records)
def test_no_value_is_lost_or_changed_on_the_way_to_pandas(rows):
    found = to_pandas(from_records(rows))
    assert len(found) == len(rows)
    for name in found.columns:
        for got, wanted in zip(found[name], expected(name, rows), strict=True):
            if wanted is None:
                assert got is None or pd.isna(got)
            else:
                assert got == wanted
                assert isinstance(got, list) == isinstance(wanted, list)


@given(records)
def test_polars_holds_what_arrow_holds(rows):
    found = from_records(rows)
    assert to_polars(found).rows(named=True) == to_arrow(found).to_pylist()


@given(st.lists(st.integers(0, 3), max_size=12), st.lists(values, min_size=4, max_size=4))
def test_numbered_values_are_the_same_as_written_out_ones(codes, distinct):
    numbered = table([Column("x", distinct, np.array(codes, np.int32))], len(codes))
    plain = to_arrow(numbered).column("x")
    for dictionaries in (False, True):
        column = to_arrow(numbered, dictionaries=dictionaries).column("x")
        assert column.to_pylist() == plain.to_pylist()
    kind = kind_of(distinct)
    wanted = [
        as_list(distinct[code])
        if kind is Kind.LIST
        else text_form(distinct[code])
        if kind is Kind.MIXED
        else distinct[code]
        for code in codes
    ]
    assert plain.to_pylist() == wanted
    assert list(numbered.columns[0].rows()) == [distinct[code] for code in codes]


def test_repeated_text_can_stay_numbered_in_arrow():
    column = Column("x", ["a", "b"], np.array([0, 1, 0], np.int32))
    found = to_arrow(table([column], 3), dictionaries=True)
    assert pa.types.is_dictionary(found.column("x").type)


def test_whole_numbers_keep_every_digit_in_pandas():
    rows = [{"a": 2**60 + 1, "b": 5, "c": 7}, {"a": None, "b": None, "c": 8}]
    frame = to_pandas(from_records(rows))
    assert frame["a"].dtype == "Int64"
    assert frame["a"][0] == 2**60 + 1
    assert frame["b"].dtype == "float64"
    assert frame["c"].dtype == "int64"


def test_mixed_columns_come_with_a_note():
    rows = [{"a": 1, "b": ["x", 2]}, {"a": "2", "b": None}]
    found = from_records(rows)
    assert found.notes["a"] == "holds text and whole numbers: given as text"
    assert "elements" in found.notes["b"]
    assert to_pandas(found).attrs["notes"] == dict(found.notes)
    assert to_arrow(found).schema.field("a").metadata[NOTES_KEY] == found.notes["a"].encode()
    assert to_arrow(found).column("a").to_pylist() == ["1", "2"]


def test_records_that_begin_differently_keep_the_order_of_the_first():
    rows = [{"b": 1, "a": 2}, {"a": 3, "c": 4, "b": 5}, {}]
    assert from_records(rows).names == ["b", "a", "c"]
    assert json.loads(to_pandas(from_records(rows)).to_json(orient="records"))[2] == {
        "b": None,
        "a": None,
        "c": None,
    }


def test_a_table_without_columns_still_has_rows():
    assert to_arrow(from_records([{}, {}])).num_rows == 2
    assert len(to_pandas(from_records([{}, {}]))) == 2
    assert to_pandas(from_records([])).shape == (0, 0)


def test_polars_is_only_needed_when_it_is_asked_for():
    assert isinstance(to_polars(from_records([{"a": 1}])), pl.DataFrame)
