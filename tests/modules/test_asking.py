from __future__ import annotations

from odm_shiny.modules.asking import condition_of, count_values, describe_samples
from odm_shiny.query.expr import field
from odm_shiny.query.query import Query

LEUKEMIA = Query().where(study=field("Study Title") == "Leukemia, 7 people é")


def test_attributes_of_samples_are_described(client):
    found = {one.name: one for one in describe_samples(client, LEUKEMIA)}
    assert found["Sex"].n_set == 6
    assert found["Age"].is_number
    assert found["Cell Type"].is_facet
    assert not found["Sample Source ID"].is_facet


def test_values_are_counted_and_unset_ones_last(client):
    counts = count_values(client, LEUKEMIA, {}, ["Sex", "Cell Type"])
    assert counts.total == 7
    assert counts.of["Sex"] == [("female", 3), ("male", 3), (None, 1)]
    assert counts.of["Cell Type"] == [("T cell", 4), ("B cell", 3)]


def test_an_attribute_is_counted_as_if_nothing_of_it_were_chosen(client):
    chosen = {"Sex": ["male", None], "Cell Type": ["T cell"]}
    counts = count_values(client, LEUKEMIA, chosen, ["Sex", "Cell Type", "Batch"])
    assert counts.total == 2  # fay (no sex) and gus
    assert dict(counts.of["Sex"]) == {"female": 2, "male": 1, None: 1}
    assert dict(counts.of["Cell Type"]) == {"B cell": 2, "T cell": 2}
    assert dict(counts.of["Batch"]) == {"01": 2}
    assert list(counts.of) == ["Sex", "Cell Type", "Batch"]


def test_the_total_is_counted_without_any_attribute(client):
    assert count_values(client, LEUKEMIA, {"Sex": ["female"]}, ()).total == 3


def test_choices_become_one_condition():
    assert condition_of({}) is None
    assert condition_of({"Sex": []}) is None
    both = condition_of({"Sex": ["male", None], "Batch": ["01"]})
    assert both == field("Sex").is_in(["male", None]) & (field("Batch") == "01")
    assert condition_of({"Sex": ["male"], "Batch": ["01"]}, but="Sex") == (field("Batch") == "01")
