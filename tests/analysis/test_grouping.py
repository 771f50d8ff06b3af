from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.analysis.grouping import MAX_GROUPS, gather, group_by

NAN = float("nan")


def test_texts_are_grouped_as_they_are_and_unset_samples_are_told():
    found = group_by(pd.Series(["T", "B", None, "T", "é"]))
    assert found.names == ("B", "T", "é")
    assert found.labels() == ["T", "B", None, "T", "é"]
    assert found.note() == "1 samples without a value are not shown"


def test_few_numbers_are_groups_in_their_order():
    found = group_by(pd.Series([10.0, 9.0, NAN, 10.0, 100.5]))
    assert found.names == ("9", "10", "100.5")
    assert not found.is_binned


def test_numbers_as_text_come_in_the_order_of_numbers_and_words_after_them():
    found = group_by(pd.Series(["v10", "2", "10", "nan", "1"]))
    assert found.names == ("1", "2", "10", "nan", "v10")


def test_many_numbers_are_cut_at_their_quartiles():
    numbers = pd.Series([*np.arange(80.0), NAN])
    found = group_by(numbers)
    assert found.is_binned
    assert found.names[0] == "0 to 19 (lowest quarter)"
    assert found.names[-1] == "60 to 79 (highest quarter)"
    assert np.bincount(found.codes[:-1]).tolist() == [20, 20, 20, 20]
    assert found.labels()[-1] is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=50, max_size=300, unique=True))
def test_quarters_follow_pandas_qcut(numbers):
    found = group_by(pd.Series(numbers))
    expected = pd.qcut(pd.Series(numbers), 4, labels=False)
    assert found.codes.tolist() == expected.tolist()


def test_the_largest_groups_are_kept_and_the_rest_is_told():
    values = [f"g{n:03}" for n in range(MAX_GROUPS + 5)] * 2 + ["g034"]
    found = group_by(pd.Series(values))
    assert len(found.names) == MAX_GROUPS
    assert "g034" in found.names
    assert found.n_left_out == 5
    assert "5 smaller groups are not shown" in found.note()


def test_values_are_gathered_by_the_group_of_their_sample():
    grouping = group_by(pd.Series(["T", "B", None]))
    values = np.array([1.0, 2.0, NAN, 4.0, 5.0, 6.0])
    samples = np.array([0, 1, 1, 2, -1, 0])
    found = gather(values, samples, grouping)
    assert {name: at.tolist() for name, at in found.items()} == {"B": [1], "T": [0, 5]}


def test_a_group_without_values_is_left_out():
    grouping = group_by(pd.Series(["T", "B"]))
    found = gather(np.array([NAN, 3.0]), np.array([0, 1]), grouping)
    assert list(found) == ["B"]
