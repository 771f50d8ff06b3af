from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from odm_shiny.analysis.compare import MAX_PAIRED_GROUPS, MIN_N, compare_groups, format_p, p_text
from odm_shiny.errors import FrameError

LOW = [1.0, 2.0, 2.0, 3.5, float("nan")]
HIGH = [4.0, 5.5, 6.0]
OTHER = [0.5, 9.0, 4.0, 4.0, 7.25, 1.0]


def test_two_groups_are_compared_by_mann_whitney_as_scipy_does():
    found = compare_groups({"B-cell": LOW, "T-cell": HIGH})
    expected = stats.mannwhitneyu(LOW[:4], HIGH, method="asymptotic")
    assert found.test == "Mann-Whitney U"
    assert (found.statistic, found.p_value) == (expected.statistic, expected.pvalue)
    assert found.n == {"B-cell": 4, "T-cell": 3}
    assert found.pairs == ()


def test_more_groups_get_an_overall_test_and_corrected_pairs():
    found = compare_groups({"a": LOW, "b": HIGH, "é": OTHER})
    assert found.p_value == stats.kruskal(LOW[:4], HIGH, OTHER).pvalue
    raw = [
        stats.mannwhitneyu(x, y, method="asymptotic").pvalue
        for x, y in ((LOW[:4], HIGH), (LOW[:4], OTHER), (HIGH, OTHER))
    ]
    assert [pair.p_value for pair in found.pairs] == raw
    adjusted = stats.false_discovery_control(raw, method="bh")
    assert [pair.p_adjusted for pair in found.pairs] == pytest.approx(adjusted)
    assert "Benjamini-Hochberg corrected" in found.sentence()
    assert "n = 13 in 3 groups" in found.sentence()


def test_welch_tests_follow_scipy():
    pair = compare_groups({"a": LOW, "b": HIGH}, "welch")
    assert pair.p_value == stats.ttest_ind(LOW[:4], HIGH, equal_var=False).pvalue
    many = compare_groups({"a": LOW, "b": HIGH, "c": OTHER}, "anova")
    assert many.p_value == stats.f_oneway(LOW[:4], HIGH, OTHER, equal_var=False).pvalue
    assert many.pair_test == "Welch's t-test"


def test_groups_too_small_are_left_out_and_named():
    found = compare_groups({"a": LOW, "b": HIGH, "tiny": [1.0, float("nan")]})
    assert found.left_out == ("tiny",)
    assert found.test == "Mann-Whitney U"
    assert "left out (n < 3): tiny" in found.sentence()


@pytest.mark.parametrize(
    ("groups", "why"),
    [
        ({"a": [1.0] * MIN_N}, "fewer than two groups"),
        ({"a": [2.0] * 4, "b": [2.0] * 5}, "every value is the same"),
        ({}, "fewer than two groups"),
    ],
    ids=["one group", "constant", "nothing"],
)
def test_what_cannot_be_tested_says_why(groups, why):
    found = compare_groups(groups)
    assert found.test == ""
    assert why in found.sentence()


def test_a_two_group_test_on_three_groups_is_refused():
    with pytest.raises(FrameError, match="compares two groups, there are 3"):
        compare_groups({"a": LOW, "b": HIGH, "c": OTHER}, "welch")


def test_an_unknown_test_is_refused():
    with pytest.raises(FrameError, match="known: auto"):
        compare_groups({"a": LOW}, "t")  # type: ignore[arg-type]


@given(st.lists(st.lists(st.integers(0, 3), min_size=0, max_size=6), min_size=0, max_size=4))
def test_p_values_stay_between_zero_and_one(lists):
    found = compare_groups({str(i): [float(v) for v in one] for i, one in enumerate(lists)})
    numbers = [found.p_value, *(p for pair in found.pairs for p in (pair.p_value, pair.p_adjusted))]
    assert all(np.isnan(p) or 0 <= p <= 1 for p in numbers)


@pytest.mark.parametrize(
    ("p_value", "text"),
    [(0.0421, "0.042"), (0.00012, "1.2e-04"), (0.0, "< 1e-300"), (float("nan"), "not available")],
)
def test_p_values_are_printed_as_papers_do(p_value, text):
    assert format_p(p_value) == text


def test_small_samples_without_ties_get_the_exact_test():
    found = compare_groups({"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]})
    assert found.p_value == pytest.approx(0.1)  # 2 of the 20 ways to choose 3 of 6


def test_a_test_of_means_fits_the_number_of_groups():
    assert compare_groups({"a": LOW, "b": HIGH}, "means").test == "Welch's t-test"
    many = compare_groups({"a": LOW, "b": HIGH, "c": OTHER}, "means")
    assert many.test == "One-way ANOVA (Welch)"


def test_means_are_not_tested_where_a_group_does_not_vary():
    found = compare_groups({"a": [2.0, 2.0, 2.0], "b": HIGH}, "means")
    assert found.test == ""
    assert found.note == "No test of means: all values of a are the same."
    assert compare_groups({"a": [2.0, 2.0, 2.0], "b": HIGH}).test == "Mann-Whitney U"


def test_pairs_of_very_many_groups_are_not_compared():
    groups = {f"g{n}": [n, n + 1.5, n + 2.25] for n in range(MAX_PAIRED_GROUPS + 1)}
    found = compare_groups(groups)
    assert found.test == "Kruskal-Wallis H"
    assert found.pairs == ()


def test_the_short_form_names_test_p_and_n():
    found = compare_groups({"a": LOW, "b": HIGH, "tiny": [1.0]})
    assert found.short() == f"Mann-Whitney U, p = {format_p(found.p_value)}, n = 7"
    assert compare_groups({}).short() == ""


def test_a_very_small_p_is_a_bound():
    assert p_text(0.0) == "p < 1e-300"
    assert p_text(0.0213) == "p = 0.021"
