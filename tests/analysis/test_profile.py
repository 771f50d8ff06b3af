from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.analysis.profile import (
    MAX_FACET_VALUES,
    default_group,
    facet_names,
    profile,
    value_text,
    value_texts,
)

SAMPLES = pd.DataFrame(
    {
        "genestack:accession": [f"GSF{n}" for n in range(6)],
        "Sample Source ID": [f"s{n}" for n in range(6)],
        "Sex": ["male", "female", None, "male", "female", "male"],
        "Cell Type": ["B", "B", "T", "T", "T", "B"],
        "Age": [31.0, 40.0, 52.5, float("nan"), 18.0, 31.0],
        "Batch": ["01", "01", "02", "02", "02", "02"],
        "Markers": [["CD3", "CD4"], ["CD3", "CD4"], ["CD19"], None, ["CD19"], "CD19"],
        "Smoker": [True, False, None, True, False, True],
        "Organism": ["Homo sapiens"] * 6,
        "Plötz": [None] * 6,
        "Comment": ["x" * 100, "y" * 100] * 3,
        "groupId": ["GSF9"] * 6,
    }
)


def described(name):
    return next(one for one in profile(SAMPLES) if one.name == name)


def test_accessions_are_no_attributes_and_the_order_is_kept():
    names = [one.name for one in profile(SAMPLES)]
    assert names[:3] == ["Sample Source ID", "Sex", "Cell Type"]
    assert "groupId" not in names


def test_an_attribute_knows_what_is_set_and_how_many_values_there_are():
    assert (described("Sex").n_set, described("Sex").n_values) == (5, 2)
    assert described("Markers").n_values == 2  # a list is one value, alone it is its element
    assert described("Plötz").n_set == 0
    assert described("Age").is_number
    assert not described("Batch").is_number  # a number as text stays text
    assert not described("Smoker").is_number


@pytest.mark.parametrize(
    ("name", "is_facet"),
    [
        ("Sex", True),
        ("Cell Type", True),
        ("Smoker", True),
        ("Organism", False),
        ("Sample Source ID", False),
        ("Plötz", False),
        ("Comment", False),
    ],
)
def test_few_short_values_that_repeat_make_a_facet(name, is_facet):
    assert described(name).is_facet == is_facet


def test_numbers_with_many_values_make_groups_but_no_facet():
    ages = pd.DataFrame({"Age": np.arange(MAX_FACET_VALUES + 1) / 2})
    (age,) = profile(ages)
    assert age.makes_groups
    assert not age.is_facet


def test_facets_are_the_best_filled_ones_in_their_own_order():
    assert facet_names(profile(SAMPLES), limit=2) == ["Cell Type", "Batch"]
    assert facet_names(profile(SAMPLES)) == ["Sex", "Cell Type", "Batch", "Markers", "Smoker"]


def test_the_first_group_is_the_preferred_one_that_makes_groups():
    attributes = profile(SAMPLES)
    assert default_group(attributes, ["Organism", "Batch"]) == "Batch"
    assert default_group(attributes) == "Cell Type"
    assert default_group(profile(SAMPLES[["Organism"]])) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("é", "é"),
        ("", None),
        (None, None),
        (float("nan"), None),
        (52.0, "52"),
        (52.5, "52.5"),
        (7, "7"),
        (True, "true"),
        (["a", None, "b"], "a | b"),
        ([], None),
        (pd.NA, None),
    ],
)
def test_values_have_one_text_form(value, text):
    assert value_text(value) == text


VALUES = st.one_of(
    st.none(),
    st.text(max_size=3),
    st.integers(-3, 3),
    st.one_of(st.floats(-2, 2, width=16), st.just(float("nan"))),
    st.lists(st.text(max_size=2), max_size=2),
)


@given(st.lists(VALUES, max_size=30))
def test_columns_of_anything_have_the_texts_of_their_values(values):
    texts, codes = value_texts(pd.Series(values, dtype=object))
    found = [None if code < 0 else texts[code] for code in codes.tolist()]
    assert found == [value_text(value) for value in values]
    assert len(set(texts)) == len(texts)
    assert set(texts) == {text for text in found if text is not None}
