"""Values, groups and covariates are put in line, and what does not fit is named."""

from __future__ import annotations

from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from odm_shiny.analysis.design import design_of
from odm_shiny.errors import FrameError

GAP = np.nan
SAMPLES = ["s 1", "ß2", "s-3", "4", "s5", "s6", "s7"]
GROUPS = ["B cell", "T/NK", "B cell", None, "T/NK", "B cell", "T/NK"]


@pytest.fixture
def values() -> pd.DataFrame:
    numbers = np.arange(21, dtype=np.float64).reshape(3, 7)
    numbers[1, 2] = GAP
    return pd.DataFrame(numbers, index=["HLA-A", "ge ne", "HLA-A"], columns=SAMPLES)


def test_the_reference_is_the_first_level_and_a_sample_without_group_is_left_out(values):
    design = design_of(values, GROUPS, ("T/NK", "B cell"))
    assert design.levels == ("B cell", "T/NK")
    assert design.codes.tolist() == [0, 1, 0, 1, 0, 1]
    assert design.left_out == ("4",)
    assert design.values.shape == (3, 6)
    assert list(design.features) == ["HLA-A", "ge ne", "HLA-A"]


def test_values_are_counted_by_feature_and_group(values):
    present = design_of(values, GROUPS, ("T/NK", "B cell")).n_present()
    assert {name: counts.tolist() for name, counts in present.items()} == {
        "T/NK": [3, 3, 3],
        "B cell": [3, 2, 3],
    }


@pytest.mark.parametrize(
    "groups",
    [
        pytest.param(pd.Series(GROUPS[::-1], index=SAMPLES[::-1]), id="series in another order"),
        pytest.param({**dict(zip(SAMPLES, GROUPS, strict=True)), "other": "C"}, id="mapping"),
        pytest.param(
            {name: group for name, group in zip(SAMPLES, GROUPS, strict=True) if group}, id="partly"
        ),
        pytest.param(pd.Categorical(GROUPS, ["C", "T/NK", "B cell"]), id="categorical"),
        pytest.param(np.array(GROUPS, dtype=object), id="array"),
    ],
)
def test_groups_are_matched_with_samples(values, groups):
    design = design_of(values, groups, ("T/NK", "B cell"))
    assert design.codes.tolist() == [0, 1, 0, 1, 0, 1]
    assert design.levels == ("B cell", "T/NK")


def test_groups_may_be_numbers_and_truth_values(values):
    assert design_of(values, [1, 2, 1, 3, 2, 1, 2.0], (2, 1)).levels == ("1", "2", "3")
    flags = [True, False, True, None, False, True, False]
    assert design_of(values, flags, (True, False)).levels == ("false", "true")


@pytest.mark.parametrize("is_sparse", [False, True], ids=["dense", "sparse"])
def test_anndata_is_turned_and_its_columns_are_named(values, is_sparse):
    by_sample = values.fillna(0).to_numpy().T
    about = pd.DataFrame({"Cell Type": GROUPS, "Age": [1, 2, 5, 3, 4, 7, 0]}, index=SAMPLES)
    data = anndata.AnnData(
        scipy.sparse.csr_matrix(by_sample) if is_sparse else by_sample,
        about,
        pd.DataFrame(index=["a", "b", "c"]),
    )
    design = design_of(data, "Cell Type", ("T/NK", "B cell"), covariates=["Age"])
    assert design.values[:, 1].tolist() == [1, 8, 15]
    assert design.covariates["Age"].tolist() == [1, 2, 5, 4, 7, 0]
    with pytest.raises(
        FrameError, match=r"groups: there is no column 'Cells' .*'Cell Type', 'Age'"
    ):
        design_of(data, "Cells", ("T/NK", "B cell"))


def test_the_difference_stands_last_and_categories_are_columns(values):
    groups = ["a", "b", "c", "a", "b", "c", "b"]
    covariates = pd.DataFrame(
        {"batch": ["x", "y", "x", "y", "y", "y", "x"], "Age": [30, 41, 50, 61, 28, 33, 47]},
        index=SAMPLES,
    )
    matrix = design_of(values, groups, ("c", "b"), covariates).matrix()
    expected = np.column_stack(
        [
            np.ones(7),
            [0, 1, 0, 1, 1, 1, 0],
            [30, 41, 50, 61, 28, 33, 47],
            [1, 0, 0, 1, 0, 0, 0],
            [0, 0, 1, 0, 0, 1, 0],
        ]
    )
    assert matrix.tolist() == expected.tolist()


def test_a_sample_without_a_covariate_is_left_out(values):
    ages = {"s 1": 30.0, "s-3": 31.0, "s5": 44.0, "s6": 35.0, "s7": 50.0, "4": 2.0}
    design = design_of(values, GROUPS, ("T/NK", "B cell"), {"Age": ages})
    assert design.left_out == ("ß2", "4")
    assert design.n_present()["T/NK"].tolist() == [2, 2, 2]


def test_a_group_may_have_one_sample(values):
    design = design_of(values, ["a", "b", "b", "b", "b", "b", "b"], ("a", "b"))
    assert design.n_present()["a"].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"groups": GROUPS[:3]}, "groups: 3 values for 7 samples", id="too few"),
        pytest.param(
            {"groups": {"S1": "B cell"}},
            "of other samples, 'S1', than the values, 's 1'",
            id="other",
        ),
        pytest.param(
            {"groups": pd.Series(["a", "b"], index=["s5", "s5"])},
            "sample 's5' stands twice",
            id="twice",
        ),
        pytest.param(
            {"contrast": ("T cell", "B cell")},
            "no sample is in group 'T cell'; there are 'B cell', 'T/NK'",
            id="unknown group",
        ),
        pytest.param({"contrast": ("T/NK", "T/NK")}, "two that differ", id="one group"),
        pytest.param({"groups": "Cell Type"}, "no column 'Cell Type'", id="frame without obs"),
        pytest.param(
            {"covariates": {"lab": ["x"] * 7}}, "'lab': every sample has the same", id="constant"
        ),
        pytest.param(
            {"covariates": {"copy": [0, 1, 0, 0, 1, 0, 1]}},
            "cannot be told apart: 'copy'",
            id="confounded",
        ),
        pytest.param(
            {"covariates": {"Age": [1, 2, np.inf, 4, 5, 6, 7]}}, "not finite", id="infinite age"
        ),
        pytest.param({"covariates": [1, 2]}, "covariates are a DataFrame", id="nameless"),
        pytest.param(
            {"groups": ["B cell", "T/NK", *[None] * 5]}, "2 samples for 2 coefficients", id="two"
        ),
        pytest.param({"values": np.ones((3, 7))}, "not ndarray", id="no frame"),
    ],
)
def test_what_does_not_fit_is_named(values, change: dict[str, Any], message: str):
    asked = {"values": values, "groups": GROUPS, "contrast": ("T/NK", "B cell"), **change}
    with pytest.raises(FrameError, match=message):
        design_of(**asked)


def test_values_that_are_no_numbers_are_named(values):
    with pytest.raises(FrameError, match=r"feature 'ge ne', sample 's5': -inf is no measured"):
        design_of(values.replace(11.0, -np.inf), GROUPS, ("T/NK", "B cell"))
    with pytest.raises(FrameError, match=r"sample 's5': values are .*, not numbers"):
        design_of(values.assign(s5=["1", "2", "3"]), GROUPS, ("T/NK", "B cell"))


def test_a_column_without_any_value_is_missing(values):
    design = design_of(values.assign(s5=[None, None, None]), GROUPS, ("T/NK", "B cell"))
    assert design.n_present()["T/NK"].tolist() == [2, 2, 2]
