"""R values into Python: R code on the left, what Python gets on the right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse as sp

from odm_shiny.errors import BridgeError, FrameError

pytestmark = pytest.mark.r

Ask = Callable[..., Any]

SINGLE = [
    ("NULL", None),
    ("TRUE", True),
    ("NA", None),
    ("3L", 3),
    ("NA_integer_", None),
    ("1e10", 1e10),
    ("NA_real_", None),
    ("-Inf", float("-inf")),
    ("2+1i", 2 + 1j),
    ("'\\u03b2'", "β"),
    ("NA_character_", None),
    ("'NA'", "NA"),
    ("as.raw(c(0, 255))", b"\x00\xff"),
    ("as.Date('1969-12-31')", dt.date(1969, 12, 31)),
    ("structure(-1L, class = 'Date')", dt.date(1969, 12, 31)),
    ("as.Date(NA)", None),
    ("as.difftime(1.5, units = 'hours')", dt.timedelta(hours=1.5)),
    ("structure(5.3e-324, class = 'integer64')", 1),
    ("list()", []),
    ("list(1L, 'a', NULL)", [1, "a", None]),
    ("list(a = 1L, b = list(c = TRUE))", {"a": 1, "b": {"c": True}}),
    ("setNames(list(), character())", {}),
    ("c('a', NA)", ["a", None]),
    ("character()", []),
    ("I('a')", ["a"]),
    ("I(list(1L))", [1]),
]


@pytest.mark.parametrize(("code", "expected"), SINGLE, ids=[code for code, _ in SINGLE])
def test_a_value_of_r_is_a_plain_value_of_python(ask: Ask, code: str, expected: Any) -> None:
    found = ask(f"function() {code}")
    assert found == expected
    assert type(found) is type(expected)


def test_nan_is_nan_and_not_missing(ask: Ask) -> None:
    assert np.isnan(ask("function() NaN"))


@pytest.mark.parametrize(
    ("code", "zone"),
    [
        ("as.POSIXct('2026-07-02 12:00', tz = 'Europe/Berlin')", "Europe/Berlin"),
        ("as.POSIXlt('2026-07-02 12:00', tz = 'Europe/Berlin')", "Europe/Berlin"),
        ("as.POSIXct('2026-07-02 12:00', tz = 'GMT')", "UTC"),
        ("{ Sys.setenv(TZ = 'Asia/Tokyo'); as.POSIXct('2026-07-02 12:00') }", "Asia/Tokyo"),
    ],
    ids=["POSIXct", "POSIXlt", "GMT", "the session's own zone"],
)
def test_a_time_keeps_its_zone(ask: Ask, code: str, zone: str) -> None:
    found = ask(f"function() {code}")
    assert found == dt.datetime(2026, 7, 2, 12, tzinfo=ZoneInfo(zone))
    assert str(found.tzinfo) == zone


VECTORS = [
    ("c(1, NA, NaN)", np.array([1, np.nan, np.nan])),
    ("c(2.5, 1)", np.array([2.5, 1])),
    ("1:3", np.array([1, 2, 3], np.int32)),
    ("c(TRUE, FALSE)", np.array([True, False])),
    ("c(1i, 2)", np.array([1j, 2])),
    ("matrix(1:6, 2)", np.array([[1, 3, 5], [2, 4, 6]], np.int32)),
    ("array(as.double(1:8), c(2, 2, 2))", np.arange(1.0, 9).reshape(2, 2, 2).T),
    ("matrix(c(TRUE, NA), 1)", np.array([[1, np.nan]])),
    ("matrix(c('a', NA), 1)", np.array([["a", None]], object)),
    ("matrix(0, 0, 3)", np.zeros((0, 3))),
]


@pytest.mark.parametrize(("code", "expected"), VECTORS, ids=[code for code, _ in VECTORS])
def test_a_vector_or_matrix_is_an_array(ask: Ask, code: str, expected: Any) -> None:
    found = ask(f"function() {code}")
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)


def test_missing_whole_numbers_and_truth_values_keep_their_type(ask: Ask) -> None:
    assert ask("function() c(1L, NA)").tolist() == [1, pd.NA]
    assert ask("function() c(NA, TRUE)").tolist() == [pd.NA, True]
    assert str(ask("function() c(NA, TRUE)").dtype) == "boolean"


def test_names_become_the_index_of_a_series(ask: Ask) -> None:
    found = ask("function() c(a = 1, b = NA)")
    pd.testing.assert_series_equal(found, pd.Series([1, np.nan], index=["a", "b"]))


def test_names_of_a_matrix_come_along(ask: Ask) -> None:
    found = ask("function() matrix(1:2, 1, dimnames = list('r', c('a', '\\u03b2')))")
    assert (found.row_names, found.column_names) == (["r"], ["a", "β"])
    assert found.values.tolist() == [[1, 2]]


FRAME = """function() structure(list(
    n = c(1.5, NA), nan = c(NaN, NA), i = c(1L, NA), whole = 1:2, ok = c(TRUE, NA),
    text = c('\\u00e9', NA), f = factor(c('b', NA), c('b', 'a')),
    o = factor(c('x', 'y'), ordered = TRUE), d = as.Date(c('2026-01-02', NA)),
    t = as.POSIXct(c('2026-01-02 03:04:05.000006', NA), tz = 'UTC'),
    s = as.difftime(c(1, NA), units = 'mins'), l = list(c('a', NA), NULL), one = list('a', 2)),
    row.names = c('x', '\\u03b2'), class = 'data.frame')"""


def test_a_data_frame_keeps_each_column_type_and_what_is_missing(ask: Ask) -> None:
    found = ask(FRAME)
    assert found.index.tolist() == ["x", "β"]
    assert {name: str(kind) for name, kind in found.dtypes.items()} == {
        "n": "float64",
        "nan": "Float64",
        "i": "Int32",
        "whole": "int32",
        "ok": "boolean",
        "text": "object",
        "f": "category",
        "o": "category",
        "d": "date32[day][pyarrow]",
        "t": "datetime64[us, UTC]",
        "s": "timedelta64[us]",
        "l": "object",
        "one": "object",
    }
    assert found["text"].tolist() == ["é", None]
    assert found["f"].cat.categories.tolist() == ["b", "a"]
    assert found["o"].cat.ordered
    assert found["t"].iloc[0] == pd.Timestamp("2026-01-02 03:04:05.000006", tz="UTC")
    assert found["s"].iloc[0] == pd.Timedelta(minutes=1)
    assert found["l"].tolist() == [["a", None], None]
    assert found["one"].tolist() == [["a"], [2.0]]
    assert found["nan"].isna().tolist() == [False, True]


def test_a_data_frame_can_come_as_an_arrow_table(r: Callable[[str], Any]) -> None:
    from odm_shiny.rbridge import session
    from odm_shiny.rbridge.from_r import from_r

    code = """function() { x <- data.frame(n = c(NaN, NA), s = c('a', NA), i = c(NA, 2L),
        t = as.POSIXct(c(0, NA), origin = '1970-01-01', tz = 'UTC'), f = factor(c(NA, 'z')))
        x$l <- list(1:2, NULL); x }"""
    found = from_r(session.apply(r(code)), frames="arrow")
    assert {field.name: str(field.type) for field in found.schema} == {
        "n": "double",
        "s": "large_string",
        "i": "int32",
        "t": "timestamp[us, tz=UTC]",
        "f": "dictionary<values=large_string, indices=int32, ordered=0>",
        "l": "large_list<item: int32>",
    }
    assert found["n"].null_count == 1
    assert found["l"].to_pylist() == [[1, 2], None]
    assert found["t"].to_pylist()[0] == dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "code",
    ["tibble::tibble(a = 1:2)", "data.table::data.table(a = 1:2)", "S4Vectors::DataFrame(a = 1:2)"],
    ids=["tibble", "data.table", "DataFrame"],
)
def test_other_frames_of_r_are_frames(ask: Ask, code: str) -> None:
    found = ask(f"function() suppressMessages({code})")
    pd.testing.assert_frame_equal(found, pd.DataFrame({"a": np.array([1, 2], np.int32)}))


def test_numbers_as_labels_of_rows_are_kept(ask: Ask) -> None:
    assert ask("function() data.frame(a = 1:4)[c(2, 4), , drop = FALSE]").index.tolist() == [2, 4]
    assert isinstance(ask("function() data.frame(a = 1:4)").index, pd.RangeIndex)


@pytest.mark.parametrize(
    "code",
    [
        "methods::as(m, 'dgCMatrix')",
        "methods::as(methods::as(m, 'dgCMatrix'), 'RsparseMatrix')",
        "methods::as(methods::as(m, 'dgCMatrix'), 'TsparseMatrix')",
    ],
    ids=["by columns", "by rows", "triplets"],
)
def test_sparse_matrices_come_by_columns(ask: Ask, code: str) -> None:
    found = ask(f"function() {{ m <- matrix(c(0, 1, 0, 0, 2, 0), 2); {code} }}")
    assert sp.issparse(found)
    assert found.format == "csc"
    assert found.toarray().tolist() == [[0, 0, 2], [1, 0, 0]]


def test_sparse_truth_values_and_patterns_come_as_truth_values(ask: Ask) -> None:
    found = ask("function() methods::as(methods::as(diag(2), 'dgCMatrix'), 'nMatrix')")
    assert found.dtype == bool
    found = ask("function() Matrix::Matrix(c(1, 1, 1, 0), 2, sparse = TRUE)")
    assert found.toarray().tolist() == [[1, 1], [1, 0]]


ENCODINGS = [
    ("latin1", r"{ x <- '\xe9'; Encoding(x) <- 'latin1'; x }", "é"),
    ("UTF-8", "'\\u00e9'", "é"),
    ("translated", r"iconv('\xa4', 'ISO-8859-15', 'UTF-8')", "€"),
]


@pytest.mark.parametrize(("name", "code", "text"), ENCODINGS, ids=[e[0] for e in ENCODINGS])
@pytest.mark.parametrize("n", [1, 200], ids="{} of them".format)
def test_text_of_any_encoding_is_unicode(ask: Ask, name: str, code: str, text: str, n: int) -> None:
    found = ask(f"function() data.frame(a = rep({code}, {n}), b = paste0({code}, seq_len({n})))")
    assert found["a"].tolist() == [text] * n
    assert found["b"].iloc[-1] == f"{text}{n}"


BYTES = [
    r"{ x <- '\xff'; Encoding(x) <- 'bytes'; x }",
    r"{ x <- '\xff'; Encoding(x) <- 'UTF-8'; x }",
]


@pytest.mark.parametrize("code", BYTES, ids=["marked as bytes", "marked as UTF-8"])
@pytest.mark.parametrize("n", [1, 200], ids="{} of them".format)
def test_bytes_that_are_no_text_are_refused_with_their_column(ask: Ask, code: str, n: int) -> None:
    with pytest.raises(FrameError, match=r"column 'Tissue'.*iconv"):
        ask(f"function() data.frame(Tissue = rep({code}, {n}), stringsAsFactors = FALSE)")
    assert ask("function() 1L") == 1


REFUSED = [
    ("function(x) x", "an R function"),
    ("quote(stop('evaluated'))", "R code has no"),
    ("as.name('a')", "R code has no"),
    ("~ a", "R code has no"),
    ("expression(a)", "an R expression"),
    ("new.env()", "an R environment"),
    ("list(a = 1, 2)", "element 2 has no name"),
    ("list(a = 1, a = 2)", "'a' stands twice"),
    ("setNames(1:2, c('a', NA))", "names: element 2 is NA"),
    ("structure(1, class = 'money')", "class 'money'"),
    ("stats::lm(mpg ~ wt, mtcars)", "class 'lm'"),
    ("list(deep = list(1, sum))", "'deep', element 2: an R function"),
    ("data.frame(a = 1:2, b = I(matrix(1:4, 2)))", "column 'b'.*matrix"),
    ("structure(list(a = 1), class = 'odm_handle')", "damaged"),
    ("as.POSIXct(Inf, origin = '1970-01-01')", "further away"),
    ("structure(0, class = c('POSIXct', 'POSIXt'), tzone = 'Middle/Earth')", "Middle/Earth"),
    ("globalenv()", "an R environment"),
    ("methods::getClass('numeric')", "R's class 'classRepresentation'"),
    ("array(1, c(1, 1, 1), list('a', 'b', 'c'))", "3 dimensions with names"),
]


@pytest.mark.parametrize(("code", "words"), REFUSED, ids=[code for code, _ in REFUSED])
def test_what_has_no_python_form_is_refused_in_words(ask: Ask, code: str, words: str) -> None:
    with pytest.raises(FrameError, match=words):
        ask(f"function() {code}")
    assert ask("function() 1L") == 1


def test_a_handle_of_another_session_is_refused(ask: Ask) -> None:
    code = """function() structure(
        list(kind = 'connection', number = 1, session = 'old'), class = 'odm_handle')"""
    with pytest.raises(BridgeError, match="connection belongs to an R session that has ended"):
        ask(code)


def test_nothing_returned_points_into_r(r: Callable[[str], Any]) -> None:
    from odm_shiny.rbridge.from_r import from_r

    vector = r("x <- as.double(1:5)")
    found = from_r(vector)
    r("x[] <- 0")
    del vector
    assert found.tolist() == [1, 2, 3, 4, 5]


def test_arrow_types_that_have_no_r_form_are_named(ask: Ask) -> None:
    table = pa.table({"Amount": pa.array([1], pa.decimal128(5))})
    with pytest.raises(FrameError, match=r"column 'Amount'.*decimal128.*cast it to float64"):
        ask("function(x) x", table)
