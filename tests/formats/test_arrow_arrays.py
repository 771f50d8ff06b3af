from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.formats.arrow_arrays import as_numpy, number_array, present, text_array


@given(st.lists(st.none() | st.text(max_size=4), max_size=20))
def test_texts_are_those_of_pyarrow(texts):
    array = text_array(texts)
    array.validate(full=True)
    assert array.equals(pa.array(texts, pa.string()))
    assert present(array).tolist() == [text is not None for text in texts]
    assert present(array[1:]).tolist() == [text is not None for text in texts[1:]]


@given(st.lists(st.floats(), max_size=20))
def test_missing_numbers_are_null_where_wanted(numbers):
    values = np.array(numbers, np.float64)
    array = number_array(values, nan_is_null=True)
    array.validate(full=True)
    assert array.to_pylist() == [None if value != value else value for value in numbers]
    np.testing.assert_array_equal(as_numpy(number_array(values)), values)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "float64"])
def test_numbers_come_back_in_their_type(dtype):
    values = np.array([3, 1, 2], dtype)
    back = as_numpy(number_array(values)[1:])
    assert back.dtype == values.dtype
    assert back.tolist() == [1, 2]


def test_lone_surrogates_are_refused():
    with pytest.raises(UnicodeEncodeError):
        text_array(["a\ud800"])
