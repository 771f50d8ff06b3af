"""Python values into R: each row says in R what must come out, and R compares."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse as sp

from odm_shiny.errors import FrameError

pytestmark = pytest.mark.r

Ask = Callable[..., Any]

BERLIN = dt.timezone(dt.timedelta(hours=2))

SCALARS = [
    pytest.param(None, "NULL", id="None"),
    pytest.param(True, "TRUE", id="bool"),
    pytest.param(np.bool_(False), "FALSE", id="numpy bool"),
    pytest.param(3, "3L", id="int"),
    pytest.param(np.int8(-3), "-3L", id="int8"),
    pytest.param(-(2**31), "-2147483648", id="the int that is NA in R becomes a double"),
    pytest.param(2**31, "2147483648", id="int beyond 32 bits becomes a double"),
    pytest.param(1.5, "1.5", id="float"),
    pytest.param(float("nan"), "NaN", id="NaN by itself is a result"),
    pytest.param(float("-inf"), "-Inf", id="infinity"),
    pytest.param(2 - 1j, "complex(real = 2, imaginary = -1)", id="complex"),
    pytest.param("", "''", id="empty text"),
    pytest.param("naïve β 🧬", "'na\\u00efve \\u03b2 \\U0001F9EC'", id="text beyond Latin-1"),
    pytest.param("1.0", "'1.0'", id="a number as text stays text"),
    pytest.param("NA", "'NA'", id="the text NA is not missing"),
    pytest.param(pd.NA, "NA", id="pandas NA"),
    pytest.param(pd.NaT, "as.POSIXct(NA_real_, origin = '1970-01-01', tz = 'UTC')", id="NaT"),
    pytest.param(b"\x00\xff", "as.raw(c(0, 255))", id="bytes"),
    pytest.param(dt.date(1969, 12, 31), "structure(-1, class = 'Date')", id="date before 1970"),
    pytest.param(
        dt.datetime(2026, 1, 2, 3, 4, 5, 250000),
        "as.POSIXct(1767323045.25, origin = '1970-01-01', tz = 'UTC')",
        id="time without a zone is UTC",
    ),
    pytest.param(
        dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=BERLIN),
        "as.POSIXct(1767315845, origin = '1970-01-01', tz = 'Etc/GMT-2')",
        id="time with an offset",
    ),
    pytest.param(
        pd.Timestamp("2026-07-02 12:00", tz="Europe/Berlin"),
        "as.POSIXct('2026-07-02 12:00', tz = 'Europe/Berlin')",
        id="time in a zone",
    ),
    pytest.param(
        dt.timedelta(minutes=1.5), "as.difftime(90, units = 'secs')", id="duration in seconds"
    ),
]

VECTORS = [
    pytest.param([], "list()", id="empty list"),
    pytest.param(["a", None], "c('a', NA)", id="texts"),
    pytest.param([True, None], "c(TRUE, NA)", id="truth values"),
    pytest.param([1, None, 3], "c(1L, NA, 3L)", id="ints"),
    pytest.param([1, 2.5, None, float("nan")], "c(1, 2.5, NA, NaN)", id="numbers"),
    pytest.param([1, "a"], "list(1L, 'a')", id="several kinds"),
    pytest.param([[1], {"a": None}], "list(1L, list(a = NULL))", id="nested"),
    pytest.param(
        {"a": 1, "β b": ["x", "y"]},
        "setNames(list(1L, c('x', 'y')), c('a', '\\u03b2 b'))",
        id="dict",
    ),
    pytest.param({}, "structure(list(), names = character())", id="empty dict"),
    pytest.param(np.array([1.0, np.nan]), "c(1, NaN)", id="NaN in an array stays NaN"),
    pytest.param(np.arange(6).reshape(2, 3), "matrix(c(0L, 3L, 1L, 4L, 2L, 5L), 2)", id="matrix"),
    pytest.param(
        np.arange(6.0).reshape(2, 3)[:, ::-2], "matrix(c(2, 5, 0, 3), 2)", id="strided matrix"
    ),
    pytest.param(np.zeros((0, 3)), "matrix(numeric(), 0, 3)", id="matrix without rows"),
    pytest.param(
        np.arange(24).reshape(2, 3, 4),
        "aperm(array(0:23, c(4, 3, 2)), c(3, 2, 1))",
        id="three dimensions",
    ),
    pytest.param(np.array([["a"], ["b"]]), "matrix(c('a', 'b'), 2)", id="matrix of text"),
    pytest.param(np.array([True, False]), "c(TRUE, FALSE)", id="array of truth values"),
    pytest.param(pd.Series([1, 2], index=["x", "y"]), "c(x = 1L, y = 2L)", id="series with names"),
    pytest.param(pd.Series(["a"] * 3), "rep('a', 3)", id="series without names"),
    pytest.param(pa.array([1, None]), "c(1L, NA)", id="Arrow array"),
    pytest.param(pa.scalar(5), "5L", id="Arrow scalar"),
]

COLUMNS = [
    pytest.param([1.5, np.nan], "c(1.5, NA)", id="NaN of a frame is missing"),
    pytest.param(np.array([1, 2], np.uint16), "1:2", id="uint16"),
    pytest.param(np.array([1.5, 2.5], np.float32), "c(1.5, 2.5)", id="float32"),
    pytest.param(
        pd.array([0.0, 1.0], dtype="Float64") / pd.array([0.0, pd.NA], dtype="Float64"),
        "c(NaN, NA)",
        id="Float64 knows NaN from NA",
    ),
    pytest.param(pd.array([1, None], dtype="Int64"), "c(1L, NA)", id="Int64 with a missing one"),
    pytest.param(pd.array([2**40, None], dtype="Int64"), "c(2^40, NA)", id="Int64 beyond 32 bits"),
    pytest.param(np.array([2**53, -(2**53)]), "c(2^53, -2^53)", id="the last exact doubles"),
    pytest.param(pd.array([True, None], dtype="boolean"), "c(TRUE, NA)", id="boolean"),
    pytest.param(["é", None], "c('\\u00e9', NA)", id="text as objects"),
    pytest.param(pd.array(["é", None], dtype="string"), "c('\\u00e9', NA)", id="string"),
    pytest.param(
        pd.array(["é", None], dtype="string[pyarrow]"), "c('\\u00e9', NA)", id="string of Arrow"
    ),
    pytest.param([None, None], "c(NA, NA)", id="nothing known"),
    pytest.param([1, None], "c(1, NA)", id="ints with a missing one are floats in pandas"),
    pytest.param(
        pd.Categorical(["b", None], ["b", "a"]), "factor(c('b', NA), c('b', 'a'))", id="c"
    ),
    pytest.param(
        pd.Categorical(["lo", "hi"], ["lo", "hi"], ordered=True),
        "factor(c('lo', 'hi'), c('lo', 'hi'), ordered = TRUE)",
        id="ordered",
    ),
    pytest.param(
        pd.to_datetime(["2026-01-02", None]),
        "as.POSIXct(c('2026-01-02', NA), tz = 'UTC')",
        id="datetime64",
    ),
    pytest.param(
        pd.to_datetime(["2026-07-02", None]).tz_localize("America/New_York"),
        "as.POSIXct(c('2026-07-02', NA), tz = 'America/New_York')",
        id="datetime64 in a zone",
    ),
    pytest.param([dt.date(2026, 1, 2), None], "as.Date(c('2026-01-02', NA))", id="dates"),
    pytest.param(
        pd.to_timedelta([1.5, None], unit="s"), "as.difftime(c(1.5, NA), units = 'secs')", id="td"
    ),
    pytest.param([["a"], None], "I(list('a', NULL))", id="list column"),
    pytest.param([[1, 2], []], "I(list(1:2, integer()))", id="list column with an empty list"),
    pytest.param([{"a": 1}, {"b": "x"}], "I(list(list(a = 1L), list(b = 'x')))", id="dicts"),
    pytest.param([[1, "a"], [2]], "I(list(list(1L, 'a'), 2L))", id="lists of several kinds"),
    pytest.param([np.array([1.5]), None], "I(list(1.5, NULL))", id="arrays"),
    pytest.param([b"a", None], "I(list(charToRaw('a'), NULL))", id="bytes"),
    pytest.param(
        pd.array([[1, None], None], dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
        "I(list(c(1L, NA), NULL))",
        id="list of Arrow",
    ),
    pytest.param(
        pd.array([{"a": 1}, None], dtype=pd.ArrowDtype(pa.struct([("a", pa.int64())]))),
        "I(list(list(a = 1L), NULL))",
        id="struct of Arrow",
    ),
]


@pytest.mark.parametrize(("value", "expected"), [*SCALARS, *VECTORS])
def test_a_value_is_identical_to_what_r_would_write(ask: Ask, value: Any, expected: str) -> None:
    assert ask(f"function(x) identical(x, {expected})", value) is True, ask(
        "function(x) paste(deparse(x), collapse = ' ')", value
    )


@pytest.mark.parametrize(("values", "expected"), COLUMNS)
def test_a_column_is_identical_to_what_r_would_write(ask: Ask, values: Any, expected: str) -> None:
    code = f"""function(x) {{
        y <- {expected}
        identical(x$column, if (inherits(y, 'AsIs')) unclass(y) else y)
    }}"""
    frame = pd.DataFrame({"column": values})
    seen = ask("function(x) paste(deparse(x$column), collapse = ' ')", frame)
    assert ask(code, frame) is True, seen


def test_a_frame_is_a_data_frame_with_its_names_and_labels(ask: Ask) -> None:
    frame = pd.DataFrame(
        {"genestack:accession": ["GSF1", "GSF2"], "": [1, 2], "Größe": [True, False]},
        index=["a", "β"],
    )
    code = """function(x) identical(x, structure(
        list(c('GSF1', 'GSF2'), 1:2, c(TRUE, FALSE)),
        names = c('genestack:accession', '', 'Gr\\u00f6\\u00dfe'),
        row.names = c('a', '\\u03b2'), class = 'data.frame'))"""
    assert ask(code, frame) is True


def test_columns_of_one_name_both_arrive(ask: Ask) -> None:
    frame = pd.DataFrame([[1, "x"]], columns=["a", "a"])
    assert ask("function(x) identical(unclass(x)[1:2], list(a = 1L, a = 'x'))", frame) is True


def test_rows_picked_from_a_frame_keep_their_numbers(ask: Ask) -> None:
    frame = pd.DataFrame({"a": [10, 20, 30]})
    assert ask("function(x) attr(x, 'row.names')", frame[frame["a"] != 20]).tolist() == [0, 2]


def test_a_frame_without_rows_keeps_its_types(ask: Ask) -> None:
    frame = pd.DataFrame({"a": pd.array([], "Int64"), "b": pd.Categorical([], ["x"])})
    code = "function(x) identical(x, data.frame(a = integer(), b = factor(character(), 'x')))"
    assert ask(code, frame) is True


def test_an_arrow_table_is_a_data_frame(ask: Ask) -> None:
    table = pa.table(
        {
            "text": pa.array(["a", None, "a"]).dictionary_encode(),
            "number": pa.chunked_array([[1.0], [None, float("nan")]]),
            "when": pa.array([0, None, 1], pa.timestamp("ns", "+05:30")),
        }
    )
    code = """function(x) identical(x, data.frame(
        text = factor(c('a', NA, 'a')), number = c(1, NA, NaN),
        when = as.POSIXct(c(0, NA, 1e-9), origin = '1970-01-01', tz = 'UTC')))"""
    assert ask(code, table) is True


def test_a_polars_frame_is_a_data_frame(ask: Ask) -> None:
    import polars as pl

    frame = pl.DataFrame({"a": ["é", None], "b": [1, 2]})
    code = "function(x) identical(x, data.frame(a = c('\\u00e9', NA), b = 1:2))"
    assert ask(code, frame) is True
    assert ask("function(x) identical(x, c(1.5, NA))", pl.Series([1.5, None])) is True


@pytest.mark.parametrize("n", [1, 64, 65, 3000], ids="{} texts".format)
@pytest.mark.parametrize("distinct", [True, False], ids=["distinct", "repeated"])
def test_texts_arrive_however_many_there_are(ask: Ask, n: int, distinct: bool) -> None:
    values = [f"é{i if distinct else i % 7}" if i % 10 < 9 else None for i in range(n)]
    code = """function(x) identical(x$a, local({
        i <- seq_len(nrow(x)) - 1L
        y <- paste0('\\u00e9', if (x$b[1]) i else i %% 7L); y[i %% 10L == 9L] <- NA; y}))"""
    assert ask(code, pd.DataFrame({"a": values, "b": distinct})) is True


def test_a_large_matrix_in_rows_arrives_by_columns(ask: Ask) -> None:
    values = np.arange(700.0 * 300).reshape(700, 300)
    code = "function(x) identical(x, matrix(as.double(0:209999), 700, byrow = TRUE))"
    assert ask(code, values) is True


@pytest.mark.parametrize("form", ["csc_matrix", "csr_matrix", "coo_matrix", "csr_array"])
def test_a_sparse_matrix_is_a_valid_dgcmatrix(ask: Ask, form: str) -> None:
    from odm_shiny.rbridge.matrices import Matrix

    dense = np.array([[0, 1.5, 0], [np.nan, 0, 2]])
    code = """function(x) {
        y <- methods::as(matrix(c(0, NaN, 1.5, 0, 0, 2), 2), 'dgCMatrix')
        dimnames(y) <- list(c('a', '\\u03b2'), NULL)
        validObject(x) && identical(class(x), class(y)) && identical(as.matrix(x), as.matrix(y))
    }"""
    assert ask(code, Matrix(getattr(sp, form)(dense), ["a", "β"])) is True


def test_sparse_duplicates_are_added_and_explicit_zeros_stay(ask: Ask) -> None:
    twice = sp.coo_matrix(([1.0, 2.0, 0.0], ([0, 0, 1], [0, 0, 1])), shape=(2, 2))
    assert ask("function(x) validObject(x) && identical(x@x, c(3, 0))", twice) is True


def test_sparse_truth_values_are_an_lgcmatrix(ask: Ask) -> None:
    found = ask("function(x) c(class(x))", sp.csc_matrix(np.eye(3, dtype=bool)))
    assert found == "lgCMatrix"


def test_64_bits_come_as_integer64_when_asked_for(r: Callable[[str], Any]) -> None:
    from odm_shiny.rbridge import session
    from odm_shiny.rbridge.from_r import from_r
    from odm_shiny.rbridge.to_r import to_r

    frame = pd.DataFrame({"a": pd.array([2**62 + 1, None, -(2**63) + 1], dtype="Int64")})
    value = to_r(frame, int64="integer64")
    code = "function(x) { library(bit64); as.character(x$a) }"
    assert from_r(session.apply(r(code), value)) == ["4611686018427387905", None, str(1 - 2**63)]


REFUSED = [
    pytest.param({1: "a"}, "key 1 is no text", id="key that is no text"),
    pytest.param({1, 2}, "builtins.set has no R form", id="set"),
    pytest.param(2**53 + 1, "9007199254740993 has more digits", id="int that a double rounds"),
    pytest.param({"a": [2**70]}, "'a'.*2|too|large|vector", id="int beyond 64 bits"),
    pytest.param("a\0b", "element 0.*NUL", id="NUL in a text"),
    pytest.param(["a", "b\0"] * 100, "element 1.*NUL", id="NUL among many texts"),
    pytest.param("\ud800", "surrogate", id="half of a surrogate pair"),
    pytest.param(Decimal("1.5"), "Decimal has no R form", id="decimal"),
    pytest.param(dt.time(1), "datetime.time has no R form", id="time of day"),
    pytest.param(object(), "builtins.object has no R form", id="object"),
    pytest.param({"a": {"b": [1, object()]}}, "'a', 'b', element 1: a builtins.object", id="deep"),
    pytest.param(pd.DataFrame({"Age": [1, "x"]}), "column 'Age'.*integer, text", id="mixed column"),
    pytest.param(pd.DataFrame({"A": [Decimal(1)]}), "column 'A'.*decimal", id="decimal column"),
    pytest.param(pd.DataFrame({"A": ["a", "b\0"]}), "column 'A', element 1.*NUL", id="NUL column"),
    pytest.param(pd.DataFrame({"A": ["\udc80"] * 99}), "column 'A'.*surrogate", id="surrogates"),
    pytest.param(pd.DataFrame({"A": [2**60]}), "column 'A': 1152921504606846976", id="large int"),
    pytest.param(pd.DataFrame({"A": pd.Categorical([1])}), "column 'A'.*categories", id="levels"),
    pytest.param(
        pd.DataFrame({"A": pd.period_range("2026", periods=2)}), "column 'A'", id="period"
    ),
    pytest.param(pd.DataFrame({"A": pd.interval_range(0, 2)}), "column 'A'", id="interval"),
    pytest.param(pd.DataFrame({"A": [1 + 2j, "a"]}), "column 'A'.*complex, text", id="complex"),
    pytest.param(
        pd.DataFrame({"A": [dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, tzinfo=dt.UTC)]}),
        "column 'A'.*with a zone.*without a zone",
        id="times with and without a zone",
    ),
    pytest.param(pd.DataFrame([[1]], columns=[7]), "column 0 is called 7", id="column name"),
    pytest.param(pd.DataFrame({"a": [1, 2]}, index=["x", "x"]), "index: 'x' stands twice", id="x"),
    pytest.param(pd.DataFrame({"a": [1]}, index=[1.5]), "label 1.5 is no text", id="label"),
    pytest.param(
        pd.DataFrame({"a": [1]}, index=pd.MultiIndex.from_tuples([("x", "y")])),
        "several levels",
        id="index of several levels",
    ),
    pytest.param(pa.table({"T": pa.array([1], pa.time32("s"))}), "column 'T'.*time32", id="time32"),
    pytest.param(np.zeros(2, [("a", int)]), "structured array", id="structured array"),
    pytest.param(np.zeros(2, np.longdouble), "longdouble|float128", id="long double"),
    pytest.param(sp.csc_matrix(np.eye(2) * 1j), "sparse matrix of complex", id="complex sparse"),
]


@pytest.mark.parametrize(("value", "words"), REFUSED)
def test_what_has_no_r_form_is_refused_with_its_place_and_r_goes_on(
    ask: Ask, value: Any, words: str
) -> None:
    with pytest.raises(FrameError, match=words):
        ask("function(x) x", value)
    assert ask("function(x) x", 1) == 1


def test_a_list_that_holds_itself_is_refused(ask: Ask) -> None:
    endless: list[Any] = [1]
    endless.append(endless)
    with pytest.raises(FrameError, match="levels of lists"):
        ask("function(x) x", endless)


def test_names_of_a_matrix_must_fit(ask: Ask) -> None:
    from odm_shiny.rbridge.matrices import Matrix

    with pytest.raises(FrameError, match="row names: there are 1 names for 2"):
        ask("function(x) x", Matrix(np.eye(2), ["a"]))
