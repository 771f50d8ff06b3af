from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from odm_shiny.client.edits import Change, EditError, difference, wanted_values
from odm_shiny.errors import FrameError, QueryError

ID = "Sample Source ID"
ACCESSION = "genestack:accession"
ROWS = [
    {ID: "S-01", "Sex": "female", "Age": 53, "Batch": ["B1", "B2"]},
    {ID: "S-02", "Sex": "male", "Age": None, "Batch": None},
]


@pytest.fixture
def store(tmp_path, study_folder, on):
    on(tmp_path / "store", lambda c: c.import_folder(study_folder))
    return tmp_path / "store"


def sample(on, store, name):
    (found,) = on(store, lambda c: c.samples.find(f'"{ID}"={name}').to_list())
    return found


def test_a_dry_run_shows_what_would_change_and_changes_nothing(on, store):
    edit = on(store, lambda c: c.patch_samples(ROWS, key=ID, dry_run=True))
    accession = sample(on, store, "S-01")[ACCESSION]
    assert [(one.attribute, one.old, one.new) for one in edit.changes] == [
        ("Sex", None, "female"),
        ("Age", 52, 53),
        ("Batch", None, ["B1", "B2"]),
        ("Sex", None, "male"),
        ("Age", 38, None),
    ]
    assert edit.changes[0].accession == accession
    assert str(edit) == "would change 5 values of 2 samples; 0 have them already"
    assert "<i>unset</i>" in edit._repr_html_()
    assert list(edit.to_pandas().columns) == ["accession", "attribute", "old", "new"]
    assert sample(on, store, "S-01")["Sex"] is None


def test_each_record_is_changed_by_one_request_and_not_again(on, store):
    edit = on(store, lambda c: c.patch_samples(ROWS, key=ID))
    assert len(edit.done) == 2
    found = sample(on, store, "S-01")
    assert (found["Sex"], found["Age"], found["Batch"]) == ("female", 53, ["B1", "B2"])
    assert sample(on, store, "S-02")["Age"] is None
    assert len(on(store, lambda c: c.samples.versions(found[ACCESSION]))) == 2
    again = on(store, lambda c: c.patch_samples(ROWS, key=ID))
    assert (again.changes, again.unchanged, again.done) == ((), 2, ())
    assert len(on(store, lambda c: c.samples.versions(found[ACCESSION]))) == 2


def test_studies_are_changed_by_accession(on, store):
    (study,) = on(store, lambda c: c.studies.find().to_list())
    rows = [{ACCESSION: study[ACCESSION], "Study Type": "bulk"}]
    assert len(on(store, lambda c: c.patch_studies(rows)).done) == 1
    assert on(store, lambda c: c.studies.get(study[ACCESSION]))["Study Type"] == "bulk"


def test_what_is_sent_stops_at_the_first_refusal_and_says_what_is_done(stub, ask, replies):
    present = {
        "data": [{ACCESSION: f"GSF{n}", "A": 0} for n in range(4)],
        "meta": {"pagination": {"total": 4, "count": 4}},
    }

    def script(request):
        if request.method == "GET":
            return replies.http(200, present)
        return replies.http(503 if request.path.endswith("GSF2") else 200, b"{}")

    stub.script = script
    rows = [{ACCESSION: f"GSF{n}", "A": n} for n in range(4)]
    with pytest.raises(EditError, match="stopped at GSF2 after 1 samples") as caught:
        ask(stub.url, lambda c: c.patch_samples(rows))
    assert caught.value.edit.done == ("GSF1",)
    assert caught.value.accession == "GSF2"
    assert [request.path[-4:] for request in stub.requests if request.method == "PATCH"] == [
        "GSF1",
        "GSF2",
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda rows: rows,
        pd.DataFrame,
        pl.DataFrame,
        pa.Table.from_pylist,
        lambda rows: pd.DataFrame(rows).convert_dtypes(),
    ],
    ids=["dicts", "pandas", "polars", "arrow", "pandas with NA"],
)
def test_any_table_is_read(make):
    rows = [
        {"id": "S-01", "Age": 53.0, "n": 2, "note": "ü", ACCESSION: "GSF1"},
        {"id": "S-02", "Age": None, "n": 3, "note": None, ACCESSION: "GSF2"},
    ]
    wanted = wanted_values(make(rows), "id").rows
    assert wanted == {
        "S-01": {"Age": 53, "n": 2, "note": "ü"},
        "S-02": {"Age": None, "n": 3, "note": None},
    }
    assert all(type(row["n"]) is int for row in wanted.values())


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ([{"a": 1}], "no column 'id'"),
        ([{"id": None, "a": 1}], "row 1 has no id"),
        ([{"id": "x"}, {"id": "x"}], "two rows have id x"),
        ({"id": "x"}, "one dict a row"),
    ],
)
def test_a_table_that_names_no_record_is_refused(table, text):
    with pytest.raises(FrameError, match=text):
        wanted_values(table, "id")


def test_a_number_as_text_and_a_list_of_one_are_no_change():
    present = {"x": {ACCESSION: "GSF1", "Age": 53, "Batch": ["B1"], "F": None, "T": True}}
    wanted = {"x": {"Age": "53", "Batch": "B1", "F": [], "T": "true"}}
    assert difference("samples", wanted, present).changes == ()
    assert difference("samples", {"x": {"Age": 53.5}}, present).changes == (
        Change("GSF1", "Age", 53, 53.5),
    )


def test_numpy_values_are_sent_as_plain_ones():
    rows = [{"id": np.int64(7), "a": np.float64(1.5), "b": np.array(["x", "y"]), "c": np.nan}]
    assert wanted_values(rows, "id").rows == {"7": {"a": 1.5, "b": ["x", "y"], "c": None}}


def test_a_key_that_fits_nothing_or_two_is_refused_before_anything_is_sent(on, store):
    with pytest.raises(QueryError, match="1 of 1 samples are not there"):
        on(store, lambda c: c.patch_samples([{ID: "S-99", "Sex": "male"}], key=ID))
    with pytest.raises(QueryError, match="two samples have Tissue liver"):
        on(store, lambda c: c.patch_samples([{"Tissue": "liver", "Sex": "male"}], key="Tissue"))
    assert sample(on, store, "S-01")["Sex"] is None


def test_an_empty_table_changes_nothing(on, store):
    assert len(on(store, lambda c: c.patch_samples([], key=ID))) == 0
