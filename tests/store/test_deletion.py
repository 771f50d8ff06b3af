"""Deletion with everything below."""

from __future__ import annotations

from typing import Any

import pytest

from odm_shiny.store import chains, data_files, deletion, edits, objects, people_groups, sharing
from odm_shiny.store.check import check
from odm_shiny.store.refusals import NotDeletable, NotStored
from odm_shiny.store.store import Store


def with_matrix(tx: Any, group: Any, matrix_id: str) -> None:
    data_files.add(
        tx,
        matrix_id,
        group.id,
        n_runs=2,
        n_features=5,
        feature_columns={"gene": "string"},
        measurements=["value"],
    )


def test_a_study_takes_everything_in_it_and_nothing_else(store: Store, make: Any) -> None:
    with store.write() as tx:
        world, other = make.whole_study(tx, "1"), make.whole_study(tx, "2")
        with_matrix(tx, world["on_libraries"].group, "m1")
        with_matrix(tx, other["on_samples"].group, "m2")
        chains.append(tx, world["on_samples"].group.public_id, world["on_libraries"].group)
        edits.patch(tx, world["samples"].public_ids[0], {"Age": 1}, author="a@example.org")
        everybody = people_groups.get_group(tx, people_groups.ALL_USERS)
        sharing.share(tx, world["study"], everybody)
        before = objects.count_by_kind(tx)
    with store.write() as tx:
        gone = deletion.delete(tx, world["study"])
    assert gone.matrix_ids == ["m1"]
    assert gone.n_objects == 1 + 4 + 3 + 2 + 2 + 3
    assert [r.kind for r in gone.records] == [
        "study",
        "sample_group",
        "library_group",
        "expression_group",
        "expression_group",
    ]
    with store.read() as tx:
        assert objects.count_by_kind(tx) == {kind: n // 2 for kind, n in before.items()}
        for public_id in (world["study"].public_id, *world["samples"].public_ids):
            with pytest.raises(NotStored):
                objects.get(tx, public_id)
        assert len(objects.get_many(tx, other["samples"].public_ids)) == 3
        search = store.search
        assert search.alive(tx, "sample").tolist() == [False] * 3 + [True] * 3
        all_studies = search.alive(tx, "study")
        assert (
            search.sources(tx, "sample", "study", all_studies).tolist() == [False] * 3 + [True] * 3
        )
    findings = check(store)
    assert [f.what for f in findings if "matrix m2" not in f.what] == []


def test_numbers_of_the_dead_are_not_given_out_again(store: Store, make: Any) -> None:
    with store.write() as tx:
        runs = make.expression(tx)
        deletion.delete(tx, runs.group)
        again = make.expression(tx)
    assert not set(runs.public_ids) & set(again.public_ids)
    assert again.group.public_id > runs.group.public_id
    assert not set(runs.slots) & set(again.slots)
    assert not set(runs.ids) & set(again.ids)


def test_a_library_group_takes_its_data_and_leaves_the_samples(store: Store, make: Any) -> None:
    with store.write() as tx:
        world = make.whole_study(tx)
        gone = deletion.delete(tx, world["libraries"].group)
        assert {r.id for r in gone.records} == {
            world["libraries"].group.id,
            world["on_libraries"].group.id,
        }
        assert objects.count_by_kind(tx) == {
            "study": 1,
            "sample_group": 1,
            "sample": 3,
            "expression_group": 1,
            "expression": 2,
        }
    assert check(store) == []


def test_a_single_sample_takes_its_libraries_and_leaves_the_runs(store: Store, make: Any) -> None:
    with store.write() as tx:
        world = make.whole_study(tx)
        gone = deletion.delete(tx, objects.get(tx, world["samples"].public_ids[0]))
        assert [r.public_id for r in gone.records] == [
            world["samples"].public_ids[0],
            world["libraries"].public_ids[0],
        ]
        assert objects.n_members(tx, world["on_samples"].group.id) == 2
        assert objects.n_members(tx, world["samples"].group.id) == 2
    assert check(store) == []


@pytest.mark.parametrize("name", ["libraries", "on_samples"])
def test_libraries_and_runs_go_with_their_group_only(store: Store, make: Any, name: str) -> None:
    with store.write() as tx:
        world = make.whole_study(tx)
        with pytest.raises(NotDeletable, match="delete its group"):
            deletion.delete(tx, objects.get(tx, world[name].public_ids[0]))


def test_a_rolled_back_deletion_deletes_nothing(store: Store, make: Any, roll_back: Any) -> None:
    with store.write() as tx:
        world = make.whole_study(tx)
        before = objects.count_by_kind(tx)
    roll_back(lambda tx: deletion.delete(tx, world["study"]))
    with store.read() as tx:
        assert objects.count_by_kind(tx) == before
        assert store.search.alive(tx, "sample").all()
    assert check(store) == []
