from __future__ import annotations

import numpy as np
import pytest

from odm_shiny.store import edits, lean_reads, objects
from odm_shiny.store.lean_reads import RunRow, ShownRow

NAMES = ["S-1", "S-2", "S-é", "S-4", "S-5", "S-6"]


@pytest.mark.parametrize("sparse", [1, 100], ids=["one by one", "as a range"])
def test_what_is_shown_of_an_object_is_what_its_record_has(
    store, make, sparse, monkeypatch
) -> None:
    monkeypatch.setattr(lean_reads, "SPARSE", sparse)
    with store.write() as tx:
        made = make.samples(tx, [{"Name": name, "n": 7, "é": ["x", None]} for name in NAMES])
        make.samples(tx, [{"Name": "other"}])
    slots = np.array([made.slots[4], made.slots[0], 10_000, made.slots[4]])
    with store.read() as tx:
        whole = objects.by_slots(tx, "sample", slots)
        rows = lean_reads.shown_rows(tx, "sample", slots)
        assert lean_reads.shown_rows(tx, "study", slots) == []
        assert lean_reads.shown_rows(tx, "sample", slots[:0]) == []
    assert len(rows) == 3
    assert rows == [tuple(getattr(one, name) for name in ShownRow._fields) for one in whole]


@pytest.fixture
def file(store, make) -> objects.NewGroup:
    """A file whose third run has metadata of its own, and another file behind it."""
    with store.write() as tx:
        made = make.expression(tx, NAMES)
        make.expression(tx, ["other"])
        edits.patch(tx, made.public_ids[2], {"Scale": "raw"}, author="ann@x.org", message="m")
    return made


def test_a_run_says_whether_it_has_metadata_of_its_own(store, file) -> None:
    with store.read() as tx:
        rows = lean_reads.run_rows(tx, file.group.id, np.array([2, 0]))
    assert rows == [RunRow(2, "S-é", None, False), RunRow(0, "S-1", None, True)]


@pytest.mark.parametrize("sparse", [1, 100], ids=["one by one", "as a range"])
def test_only_runs_and_objects_that_were_asked_for_are_given(
    store, file, sparse, monkeypatch
) -> None:
    monkeypatch.setattr(lean_reads, "SPARSE", sparse)
    wanted = np.array([5, 1, 5, 99])
    with store.read() as tx:
        rows = lean_reads.run_rows(tx, file.group.id, wanted)
        slots = np.array([file.slots[5], 10_000, file.slots[0]])
        numbers = lean_reads.accessions(tx, "expression", slots)
        assert lean_reads.run_rows(tx, file.group.id, np.array([], dtype=np.int64)) == []
        assert lean_reads.accessions(tx, "sample", np.array([0])) == [""]
    assert [row.run_source for row in rows] == ["S-6", "S-2", "S-6"]
    assert numbers == [file.public_ids[5], "", file.public_ids[0]]
