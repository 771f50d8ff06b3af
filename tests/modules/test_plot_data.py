from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from odm_shiny.analysis.profile import profile
from odm_shiny.modules.csv_export import csv_text
from odm_shiny.modules.matrix import DataFile
from odm_shiny.modules.plot_data import (
    caption,
    compare,
    group_choices,
    plot_data,
    summary_rows,
    value_rows,
)
from odm_shiny.modules.values import FeatureValues
from odm_shiny.query.expr import field
from odm_shiny.query.query import Query

NAN = float("nan")
SAMPLES = pd.DataFrame(
    {
        "genestack:accession": ["GSF1", "GSF2", "GSF3", "GSF4", "GSF5"],
        "Cell Type": ["B", "B", "T", None, "=T"],
        "Sex": ["m", "f", "m", "f", "m"],
        "Name": ["a", "b", "c", "d", "e"],
        "Empty": [None] * 5,
    }
)
VALUES = FeatureValues(
    query=Query().expression(),
    features=({"gene": "G1", "probe": "p1"}, {"gene": "G1", "probe": "p2"}),
    feature_codes=np.array([0, 0, 0, 1, 0, 0, 0]),
    runs=("r1", "r2", "r3", "r3", "r4", "r5", "r9"),
    samples=("GSF1", "GSF1", "GSF2", "GSF2", "GSF4", "GSF5", None),
    measurements={"value": np.array([1.0, 2.0, 3.0, 9.0, 4.0, -5.5, 6.0])},
    read_at=datetime(2026, 1, 2, tzinfo=UTC),
)
FILE = DataFile("GSF9", "by probe", "GSVC1", 2, True)


def test_values_of_one_feature_are_sorted_into_groups():
    data = plot_data(VALUES, "value", 0, SAMPLES, "Cell Type")
    assert {name: list(values) for name, values in data.groups.items()} == {
        "=T": [-5.5],
        "B": [1.0, 2.0, 3.0],
    }
    assert data.labels == {"=T": ["r5"], "B": ["r1", "r2", "r3"]}
    assert (data.n_values, data.n_samples, data.n_unlinked) == (4, 3, 1)


def test_what_is_not_shown_is_told():
    data = plot_data(VALUES, "value", 0, SAMPLES, "Cell Type")
    assert data.notes() == [
        "1 samples without a value are not shown",
        "1 values belong to none of these samples",
        "n counts runs: 4 runs of 3 samples",
    ]


def test_no_sample_and_no_value_make_no_groups():
    assert plot_data(VALUES, "value", 0, SAMPLES.iloc[:0], "Cell Type").groups == {}
    assert plot_data(VALUES, "value", 1, SAMPLES.iloc[3:], "Sex").groups == {}


@pytest.mark.parametrize(
    ("test", "name"), [("rank", "Mann-Whitney U"), ("mean", "Welch's t-test"), ("none", "")]
)
def test_the_test_follows_the_choice(test, name):
    groups = {"a": np.array([1.0, 2.0, 3.5]), "b": np.array([4.0, 5.0, 6.5, 7.0])}
    found = compare(groups, test)
    assert found.test == name
    assert found.n == {"a": 3, "b": 4}


def test_attributes_that_make_groups_come_first():
    assert group_choices(profile(SAMPLES)) == {
        "Makes groups": {"Sex": "Sex"},
        "Other attributes": {"Cell Type": "Cell Type", "Name": "Name"},
    }


def test_the_caption_says_where_the_values_are_from():
    query = Query().where(sample=field("Age") > 40)
    told = caption(query, FILE, "2026-01-02")
    assert told == "GSF9 · by probe · GSVC1 v2 (active) · samples: Age>40 · read 2026-01-02"
    assert caption(Query(), DataFile("GSF9", "x"), "d") == "GSF9 · x · no version chain · read d"
    assert caption(Query(), None, "d") == "read d"


def test_the_statistics_are_a_table():
    data = plot_data(VALUES, "value", 0, SAMPLES, "Cell Type")
    names, rows = summary_rows(data)
    assert dict(zip(names, rows[1], strict=True)) == {
        "group": "B",
        "n": 3,
        "missing": 0,
        "mean": 2.0,
        "sd": 1.0,
        "minimum": 1.0,
        "q1": 1.5,
        "median": 2.0,
        "q3": 2.5,
        "maximum": 3.0,
    }


def test_the_values_are_a_table_that_no_spreadsheet_runs():
    data = plot_data(VALUES, "value", 0, SAMPLES, "Cell Type")
    names, rows = value_rows(data, VALUES, "value", 0, "Cell Type", FILE)
    lines = csv_text(names, rows).split("\r\n")
    assert lines[0] == "sample,run,Cell Type,gene,probe,value,file,chain,version"
    assert lines[1] == "GSF5,r5,'=T,G1,p1,-5.5,GSF9,GSVC1,2"
    assert lines[2] == "GSF1,r1,B,G1,p1,1.0,GSF9,GSVC1,2"
    assert len(lines) == 6
