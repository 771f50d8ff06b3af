from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.store.matrix_precision import decimals_of, restore


def kept_as_float32(values: np.ndarray) -> np.ndarray | None:
    decimals = decimals_of(values)
    return None if decimals is None else restore(values.astype(np.float32), decimals)


FLOATS = st.floats(allow_infinity=False)
SHORT = st.builds(
    lambda whole, count: whole / 10**count, st.integers(-(10**7), 10**7), st.integers(0, 8)
)


@given(st.lists(st.lists(SHORT | FLOATS, min_size=3, max_size=3), min_size=1, max_size=4))
def test_float32_is_chosen_only_if_every_number_comes_back(rows):
    values = np.array(rows)
    back = kept_as_float32(values)
    if back is not None:
        np.testing.assert_array_equal(back, values)


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(-(10**6), 10**6), min_size=3, max_size=3), st.integers(0, 9)
        ),
        min_size=1,
        max_size=5,
    )
)
def test_decimals_of_six_digits_are_always_kept_as_float32(rows):
    values = np.array([[whole / 10**count for whole in wholes] for wholes, count in rows])
    back = kept_as_float32(values)
    assert back is not None
    np.testing.assert_array_equal(back, values)


@pytest.mark.parametrize(
    "number", [0.1234567890123, 1 / 3, 123456789.0, 16777217.0, 1e300, 1e-300, 119770.4321]
)
def test_numbers_with_more_digits_are_not(number):
    assert decimals_of(np.array([[1.0, np.nan, number]])) is None


def test_decimals_are_the_least_that_serve_and_may_differ_by_feature():
    values = np.array([[1.0, 8e6, np.nan], [0.5, 2.25, 0], [119770.43, 0.01, -1], [np.nan] * 3])
    decimals = decimals_of(values)
    assert decimals is not None
    assert decimals.tolist() == [0, 2, 2, 0]
    np.testing.assert_array_equal(restore(values.astype(np.float32), decimals), values)


def test_sign_of_zero_is_kept():
    values = np.array([[-0.0, 0.0]])
    back = kept_as_float32(values)
    assert back is not None
    assert np.signbit(back).tolist() == [[True, False]]


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_empty_matrices_are_float32(shape):
    decimals = decimals_of(np.empty(shape))
    assert decimals is not None
    assert decimals.tolist() == [0] * shape[0]
