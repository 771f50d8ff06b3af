"""There and back: generated values of every type, from Python and from R."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

pytestmark = pytest.mark.r

R = Callable[[str], Any]

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
INT32 = st.integers(-(2**31) + 1, 2**31 - 1)
INT64 = st.integers(-(2**63) + 1, 2**63 - 1)
# Doubles of R count microseconds exactly for 2**32 seconds around 1970.
TIMES = st.datetimes(dt.datetime(1834, 1, 1), dt.datetime(2106, 1, 1))


def there_and_back(value: Any, **options: Any) -> Any:
    from odm_shiny.rbridge.from_r import from_r
    from odm_shiny.rbridge.to_r import to_r

    return from_r(to_r(value, **options))


def same(one: Any, other: Any) -> bool:
    """Compare plain values; NaN is like NaN, and a type is like itself only."""
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


SCALARS = (
    st.none()
    | st.booleans()
    | INT32
    | st.floats()
    | TEXT
    | st.binary(min_size=1)
    | st.dates()
    | TIMES.map(lambda time: time.replace(tzinfo=dt.UTC))
)
# A list of one plain value is the value in R, and one of several kinds is a list.
NESTED = st.recursive(
    SCALARS,
    lambda inner: (
        st.dictionaries(TEXT.filter(bool), inner, max_size=4)
        | st.lists(inner, min_size=1, max_size=4).map(lambda values: [{"x": 1}, *values])
    ),
    max_leaves=12,
)


@given(value=NESTED)
def test_plain_and_nested_values(r: R, value: Any) -> None:
    assert same(there_and_back(value), value)


@given(values=st.lists(TEXT | st.none(), min_size=2))
def test_lists_of_text(r: R, values: list[str | None]) -> None:
    found = there_and_back(values)
    # Missing ones alone say nothing of their type.
    assert found == values if any(values) or "" in values else all(v is None for v in found)


def column(values: list[Any], dtype: Any) -> pd.Series[Any]:
    return pd.Series(pd.array(values, dtype=dtype))


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values | st.none(), max_size=20)


TEXTS = some(TEXT).map(lambda values: pd.Series(values, dtype=object))
COLUMNS = {
    "whole numbers": hnp.arrays("int32", st.integers(0, 20), elements=INT32),
    "whole numbers with missing ones": some(INT32).map(lambda v: column([*v, None], "Int32")),
    "truth values": st.lists(st.booleans()).map(lambda v: np.array(v, bool)),
    "truth values with missing ones": some(st.booleans()).map(
        lambda v: column([*v, None], "boolean")
    ),
    "doubles": st.lists(st.floats(allow_nan=False)).map(lambda v: np.array(v, float)),
    "doubles with missing ones": some(st.floats(allow_nan=False)).map(
        lambda v: np.array([np.nan if x is None else x for x in v], float)
    ),
    "text": TEXTS.filter(lambda values: values.notna().any()),
    "factor": some(st.sampled_from("aβc")).map(lambda v: pd.Series(pd.Categorical(v, list("cβa")))),
    "ordered": some(st.sampled_from("ab")).map(
        lambda v: pd.Series(pd.Categorical(v, ["b", "a"], ordered=True))
    ),
    "dates": some(st.dates()).map(lambda v: column(v, pd.ArrowDtype(pa.date32()))),
    "times": some(TIMES).map(lambda v: column(v, "datetime64[us, UTC]")),
    "times in a zone": some(TIMES).map(lambda v: column(v, "datetime64[us, Asia/Kolkata]")),
    "durations": some(st.timedeltas(dt.timedelta(-9999), dt.timedelta(9999))).map(
        lambda v: column(v, "timedelta64[us]")
    ),
    "complex": st.lists(st.complex_numbers(allow_nan=False)).map(lambda v: np.array(v, complex)),
    "lists": st.lists(st.lists(TEXT | st.none(), min_size=1) | st.none(), min_size=1)
    .filter(lambda v: all(one is None or any(x is not None for x in one) for one in v))
    .filter(lambda v: any(one is not None for one in v))
    .map(lambda v: pd.Series(v, dtype=object)),
}


@pytest.mark.parametrize("kind", COLUMNS)
@settings(max_examples=40)
@given(data=st.data())
def test_a_column_of_python_comes_back_as_it_was(r: R, kind: str, data: st.DataObject) -> None:
    values = data.draw(COLUMNS[kind])
    frame = pd.DataFrame({"column": values})
    pd.testing.assert_frame_equal(there_and_back(frame), frame, check_freq=False)


@given(values=some(INT64))
def test_whole_numbers_of_64_bits_come_back_as_integer64(r: R, values: list[int | None]) -> None:
    frame = pd.DataFrame({"a": pd.array([*values, 2**40, None], dtype="Int64")})
    pd.testing.assert_frame_equal(there_and_back(frame, int64="integer64"), frame)


@given(values=some(st.floats() | st.just(float("nan"))))
def test_nan_and_missing_stay_apart_in_arrow(r: R, values: list[float | None]) -> None:
    from odm_shiny.rbridge.from_r import from_r
    from odm_shiny.rbridge.to_r import to_r

    table = pa.table({"a": pa.array(values, pa.float64(), from_pandas=False)})
    found = from_r(to_r(table), frames="arrow")["a"].to_pylist()
    assert all(map(same, found, values))
    assert len(found) == len(values)


ARRAYS = hnp.arrays(
    st.sampled_from(["float64", "int32", "bool", "complex128"]),
    hnp.array_shapes(min_dims=2, max_dims=4, min_side=0, max_side=5),
)


@given(array=ARRAYS.filter(lambda array: not (array == np.iinfo("int32").min).any()))
def test_arrays_of_any_shape(r: R, array: np.ndarray[Any, Any]) -> None:
    found = there_and_back(array)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(found, array)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 9), m=st.integers(1, 9))
def test_sparse_matrices_with_names(r: R, seed: int, n: int, m: int) -> None:
    from odm_shiny.rbridge.matrices import Matrix

    values = sp.random(n, m, 0.4, format="csc", random_state=seed)
    given_ = Matrix(values, [f"é{i}" for i in range(n)], [f"c{j}" for j in range(m)])
    found = there_and_back(given_)
    assert found.values.shape == (n, m)
    assert (found.values != values).nnz == 0
    assert (found.row_names, found.column_names) == (given_.row_names, given_.column_names)


FROM_R = {
    "vectors": "list(1:3, c(1.5, NA), c('\\u00e9', NA), c(TRUE, NA), c(1i, 2), as.raw(1:3))",
    "names": "list(c(a = 1L, b = NA), c(x = '\\u03b2', y = ''))",
    "nested": "list(a = list(b = list(c = 1L)), d = list(), e = 'x')",
    "NA and NaN in a vector": "c(NA, NaN, 1, Inf, -0)",
    "matrix": "matrix(c(NA, NaN, 1.5, -2), 2, dimnames = list(c('r', '\\u03b2'), NULL))",
    "text matrix": "matrix(c('a', NA, 'b', '\\u03b2'), 2)",
    "frame": """data.frame(i = c(1L, NA), d = c(NaN, NA), e = c(NA, 1), s = c('\\u00e9', NA),
        f = factor(c('b', NA), c('b', 'a')), l = c(NA, TRUE), row.names = c('x', '\\u03b2'))""",
    "ordered": "data.frame(o = factor(c('lo', 'hi'), c('lo', 'hi'), ordered = TRUE))",
    "dates": "data.frame(d = as.Date(c('1900-02-28', NA, '2400-02-29')))",
    "times": "data.frame(t = as.POSIXct(c('2026-03-29 03:30', NA), tz = 'Europe/Berlin'))",
    "list column": "structure(list(l = list(c('a', 'b'), NULL, 'c')), row.names = c(NA, -3L), "
    "class = 'data.frame')",
    "columns of one name": "structure(list(a = 1L, a = 'x'), row.names = c(NA, -1L), "
    "class = 'data.frame')",
    "no rows": "mtcars[0, ]",
    "picked rows": "mtcars[c(5, 2), ]",
    "numbered rows": "data.frame(a = 1:9)[c(5L, 2L), , drop = FALSE]",
    "sparse": "methods::as(matrix(c(0, NA, 2, 0), 2, dimnames = list(NULL, c('a', 'b'))), "
    "'dgCMatrix')",
    "iris": "iris",
}


@pytest.mark.parametrize("kind", FROM_R)
def test_a_value_that_r_makes_comes_back_identical(r: R, kind: str) -> None:
    from odm_shiny.rbridge import session
    from odm_shiny.rbridge.from_r import from_r
    from odm_shiny.rbridge.to_r import to_r

    made = session.apply(r(f"function() {FROM_R[kind]}"))
    back = to_r(from_r(made))
    same_in_r = session.apply(r("function(x, y) identical(x, y)"), made, back)
    deparsed = session.apply(r("function(x) paste(deparse(x), collapse = ' ')"), back)
    assert from_r(same_in_r) is True, from_r(deparsed)
