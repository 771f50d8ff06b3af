from __future__ import annotations

import math

import numpy as np
import pytest

from odm_shiny.analysis.summary import summarise_groups

VALUES = [1.0, 2.0, 2.5, 3.0, 3.5, 4.0, 20.0, float("nan")]


def test_a_group_is_summarised_as_numpy_does():
    (found,) = summarise_groups({"Über": VALUES})
    present = VALUES[:-1]
    assert (found.n, found.n_missing) == (7, 1)
    assert found.mean == pytest.approx(np.mean(present))
    assert found.sd == pytest.approx(np.std(present, ddof=1))
    assert [found.q1, found.median, found.q3] == list(np.quantile(present, [0.25, 0.5, 0.75]))


def test_whiskers_end_at_the_last_value_inside_the_fences():
    (found,) = summarise_groups({"a": VALUES})
    assert (found.low_whisker, found.high_whisker) == (1.0, 4.0)
    assert found.outliers == (20.0,)


def test_a_group_without_values_has_no_numbers():
    (found,) = summarise_groups({"a": [float("nan")]})
    assert (found.n, found.n_missing) == (0, 1)
    assert math.isnan(found.median)


def test_one_value_has_no_standard_deviation():
    (found,) = summarise_groups({"a": [3.0]})
    assert math.isnan(found.sd)
    assert found.low_whisker == found.high_whisker == 3.0
