"""Changes of metadata."""

from __future__ import annotations

from typing import Any

import pytest

from odm_shiny.query.expr import field
from odm_shiny.store import edits, history, objects
from odm_shiny.store.refusals import NotStored
from odm_shiny.store.store import Store

AUTHOR = "ann@example.org"


def test_attributes_are_set_replaced_and_removed_by_one_version(store: Store, make: Any) -> None:
    with store.write() as tx:
        public_id = make.samples(tx).public_ids[0]
        after = edits.patch(
            tx, public_id, {"Age": 53, "Tissue": None, "Comment": ["a", "b"]}, author=AUTHOR
        )
    assert after.document == {
        "Sample Source ID": "S-01",
        "Age": 53,
        "Batch": ["B1", "B2"],
        "Comment": ["a", "b"],
    }
    assert (after.version, after.author, after.message) == (2, AUTHOR, "Edited via API")
    assert after.updated_at >= after.created_at


def test_nothing_changed_makes_no_version(store: Store, make: Any) -> None:
    with store.write() as tx:
        public_id = make.samples(tx).public_ids[0]
        assert edits.patch_many(tx, {public_id: {"Age": 52, "No": None}}, author=AUTHOR) == []
        assert objects.get(tx, public_id).version == 1


@pytest.mark.parametrize("new", [52.0, "52", [52]], ids=repr)
def test_a_change_of_type_is_a_change(store: Store, make: Any, new: Any) -> None:
    with store.write() as tx:
        after = edits.patch(tx, make.samples(tx).public_ids[0], {"Age": new}, author=AUTHOR)
    assert repr(after.document["Age"]) == repr(new)
    assert after.version == 2


def test_true_is_not_one(store: Store, make: Any) -> None:
    with store.write() as tx:
        public_id = make.samples(tx, [{"Flag": 1}]).public_ids[0]
        assert edits.patch(tx, public_id, {"Flag": True}, author=AUTHOR).document == {"Flag": True}


def test_many_change_at_once_and_only_those_that_do(store: Store, make: Any) -> None:
    with store.write() as tx:
        first, second, third = make.samples(tx).public_ids
        changed = edits.patch_many(
            tx, {third: {"Age": 1}, first: {"Age": 52}, second: {"Age": None}}, author=AUTHOR
        )
        assert changed == [third, second]
        assert [r.version for r in objects.get_many(tx, [first, second, third])] == [1, 2, 2]


def test_an_unknown_object_stops_the_whole_edit(store: Store, make: Any) -> None:
    with store.write() as tx:
        public_id = make.samples(tx).public_ids[0]
        with pytest.raises(NotStored, match="GSF000000"):
            edits.patch_many(tx, {public_id: {"Age": 1}, "GSF000000": {}}, author=AUTHOR)
        assert objects.get(tx, public_id).version == 1


def test_a_run_is_changed_alone_and_can_hide_what_its_file_says(store: Store, make: Any) -> None:
    with store.write() as tx:
        first, second = make.expression(tx).public_ids
        run = edits.patch(tx, first, {"Scale": None, "Lane": 3}, author=AUTHOR)
        assert run.document == {"Data Class": "Proteomics", "Lane": 3}
        assert objects.get(tx, second).document == {"Data Class": "Proteomics", "Scale": "log2"}
        again = edits.patch(tx, first, {"Scale": "linear"}, author=AUTHOR)
        assert again.document["Scale"] == "linear"


def test_a_change_of_a_file_shows_in_its_runs_without_versions_of_theirs(
    store: Store, make: Any
) -> None:
    with store.write() as tx:
        runs = make.expression(tx)
        edits.patch(tx, runs.public_ids[0], {"Scale": "linear"}, author=AUTHOR)
        edits.patch(tx, runs.group.public_id, {"Scale": "log10", "Name": "ü"}, author=AUTHOR)
        first, second = objects.get_many(tx, runs.public_ids)
    assert (first.document["Scale"], first.document["Name"], first.version) == ("linear", "ü", 2)
    assert (second.document["Scale"], second.document["Name"], second.version) == ("log10", "ü", 1)


def test_the_search_follows_edits_of_objects_files_and_runs(store: Store, make: Any) -> None:
    search = store.search
    with store.write() as tx:
        samples, runs = make.samples(tx), make.expression(tx)
        edits.patch(tx, samples.public_ids[0], {"Tissue": "lung"}, author=AUTHOR)
        edits.patch_many(
            tx,
            {runs.group.public_id: {"Scale": "log10"}, runs.public_ids[1]: {"Scale": "linear"}},
            author=AUTHOR,
        )
        assert not search.filter(tx, "sample", field("Tissue") == "liver").any()
        assert search.filter(tx, "sample", field("Tissue") == "lung").tolist() == [
            True,
            False,
            False,
        ]
        assert search.filter(tx, "expression", field("Scale") == "log10").tolist() == [True, False]
        assert search.filter(tx, "expression", field("Scale") == "linear").tolist() == [False, True]
        assert search.filter(tx, "expression_group", field("Scale") == "log10").tolist() == [True]
        updated = objects.get(tx, samples.public_ids[0]).updated_at
        assert search.numbers(tx, "sample", "#updated")[0] == updated
    with store.read() as tx:
        assert search.filter(tx, "sample", field("Tissue") == "lung").tolist() == [
            True,
            False,
            False,
        ]


def test_a_rollback_leaves_documents_versions_and_search_as_they_were(
    store: Store, make: Any, roll_back: Any
) -> None:
    with store.write() as tx:
        public_id = make.samples(tx).public_ids[0]
    roll_back(lambda tx: edits.patch(tx, public_id, {"Tissue": "lung"}, author=AUTHOR))
    with store.read() as tx:
        record = objects.get(tx, public_id)
        assert record.document["Tissue"] == "liver"
        assert len(history.versions(tx, record)) == 1
        assert not store.search.filter(tx, "sample", field("Tissue") == "lung").any()
