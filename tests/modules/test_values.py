from __future__ import annotations

import numpy as np
import pytest

from odm_shiny.errors import FrameError
from odm_shiny.modules.matrix import _list_files
from odm_shiny.modules.values import feature_labels, most_variable, read_values
from odm_shiny.query.expr import feature, field
from odm_shiny.query.query import Query

LEUKEMIA = Query().where(study=field("Study Title") == "Leukemia, 7 people é")
LIBRARIES = Query().where(study=field("Study Title") == "Libraries & <b>bulk</b>")


def values_of(client, query, condition):
    return read_values(client, query.data(condition).expression())


def accession_of(client, name):
    (record,) = client.samples.find(field("Sample Source ID") == name)
    return record["genestack:accession"]


def test_values_know_their_run_sample_and_feature(client):
    by_probe = next(file for file in _list_files(client, LEUKEMIA) if file.number == 1)
    found = values_of(client, by_probe.narrow(LEUKEMIA), feature("gene") == "G1")
    assert [one["probe"] for one in found.features] == ["p1_at", "p2_at"]
    assert len(found) == 13  # 2 probes x 7 runs, one value is missing
    first = found.values_of("value", 0)
    s3 = [n for n, run in enumerate(found.runs) if run == "s3" and not np.isnan(first[n])]
    assert [first[n] for n in s3] == [3.0]
    assert found.samples[s3[0]] == accession_of(client, "s3")
    assert found.is_direct


def test_the_active_version_is_read_when_none_is_said(client):
    found = values_of(client, LEUKEMIA, feature("gene") == "G1")
    assert [one["probe"] for one in found.features] == ["p1_at"]


def test_runs_of_libraries_are_led_to_their_samples(client):
    found = values_of(client, LIBRARIES, feature("symbol") == "TP53")
    assert found.runs == ("L1", "L2", "L3")
    x1, x2 = accession_of(client, "x1"), accession_of(client, "x2")
    assert found.samples == (x1, x2, x2)
    assert found.measurements["count"].tolist() == [10, 20, 30]
    assert found.measurements["tpm"].tolist() == [1.5, 2.5, 3.5]
    assert not found.is_direct


def test_nothing_found_is_no_error(client):
    found = values_of(client, LEUKEMIA, feature("gene") == "no such gene")
    assert len(found) == 0
    assert found.features == ()


def test_an_unknown_measurement_names_those_there_are(client):
    found = values_of(client, LIBRARIES, feature("symbol") == "TP53")
    with pytest.raises(FrameError, match="there are count, tpm"):
        found.values_of("fpkm", 0)


def test_the_most_variable_feature_is_the_one_with_the_widest_middle(client):
    by_probe = next(file for file in _list_files(client, LEUKEMIA) if file.number == 1)
    found = values_of(client, by_probe.narrow(LEUKEMIA), feature("gene").is_in(["G1", "G2"]))
    assert found.features[most_variable(found, "value")]["probe"] == "p1_at"


@pytest.mark.parametrize(
    ("features", "labels"),
    [
        ([], []),
        ([{"gene": "A", "id": "1"}], ["A"]),
        ([{"gene": "A", "id": "1"}, {"gene": "A", "id": "2"}], ["1", "2"]),
        ([{"gene": "A", "id": 1}, {"gene": "B", "id": 2}], ["A", "B"]),
        (
            [{"x": "1", "y": "1"}, {"x": "1", "y": "2"}, {"x": "2", "y": "1"}],
            ["1 · 1", "1 · 2", "2 · 1"],
        ),
    ],
)
def test_features_are_told_apart_in_few_words(features, labels):
    assert feature_labels(features) == labels
