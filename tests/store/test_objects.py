"""Objects as they are now."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from odm_shiny.errors import StoreError
from odm_shiny.query.expr import field
from odm_shiny.store import objects
from odm_shiny.store.refusals import NotPossible, NotStored
from odm_shiny.store.store import Store

HOSTILE = [
    "'; DROP TABLE objects; --",
    '"; DELETE FROM users; --',
    "%s %(a)s :name ? {x}",
    "a\x01b",
    "\u202egnp.exe",
    "{{7*7}}<script>",
    "x" * 300,
]


def test_a_group_takes_the_first_accession_and_its_members_the_next(
    store: Store, make: Any
) -> None:
    with store.write() as tx:
        before = int(make.study(tx).public_id[3:])
        group = make.samples(tx)
        after = int(make.study(tx).public_id[3:])
    assert int(group.group.public_id[3:]) == before + 1
    assert [int(public_id[3:]) - before for public_id in group.public_ids] == [2, 3, 4]
    assert after == before + 5


def test_runs_are_numbered_by_themselves(store: Store, make: Any) -> None:
    with store.write() as tx:
        first = make.expression(tx, ["a", "b", "c"])
        second = make.expression(tx, ["a"])
    assert first.public_ids == ["1", "2", "3"]
    assert second.public_ids == ["4"]
    assert int(second.group.public_id[3:]) == int(first.group.public_id[3:]) + 1


def test_records_come_back_as_they_went_in(store: Store, make: Any) -> None:
    with store.write() as tx:
        group = make.samples(tx, template="GSF000099")
    with store.read() as tx:
        record = objects.get(tx, group.public_ids[1])
    assert record.document == {
        "Sample Source ID": "S-02",
        "Tissue": "foie gras à l'œuf",
        "Age": "33.9",
        "Batch": "B1",
    }
    assert (record.kind, record.position, record.version) == ("sample", 1, 1)
    assert (record.group_id, record.template) == (group.group.id, "GSF000099")
    assert (record.author, record.message) == (make.user.email, "Imported")
    assert record.created_at == record.updated_at


def test_attributes_without_a_value_are_not_kept(store: Store, make: Any) -> None:
    with store.write() as tx:
        third = objects.get(tx, make.samples(tx).public_ids[2])
    assert list(third.document) == ["Sample Source ID", "Note"]


def test_a_run_shows_the_metadata_of_its_file(store: Store, make: Any) -> None:
    with store.write() as tx:
        runs = make.expression(tx, ["S-01", "œ"])
        run = objects.get(tx, runs.public_ids[1])
    assert run.document == {"Data Class": "Proteomics", "Scale": "log2"}
    assert (run.run_source, run.position) == ("œ", 1)


def test_many_are_read_in_the_order_asked_for_and_missing_ones_left_out(
    store: Store, make: Any
) -> None:
    with store.write() as tx:
        group = make.samples(tx)
        first, second, third = group.public_ids
        read = objects.get_many(tx, [third, "GSF999999", first, second, first])
        assert [r.public_id for r in read] == [third, first, second, first]
        assert [r.slot for r in objects.by_slots(tx, "sample", np.array([2, 0, 7]))] == [2, 0]
        assert [r.id for r in objects.by_ids(tx, [group.ids[1], -1])] == [group.ids[1]]


def test_an_object_of_another_kind_is_not_found(store: Store, make: Any) -> None:
    with store.write() as tx:
        study = make.study(tx)
        assert objects.get(tx, study.public_id, {"study"}) == study
        with pytest.raises(NotStored, match=r"no object 'GSF.*' of sample"):
            objects.get(tx, study.public_id, {"sample"})


def test_members_are_paged_in_file_order(store: Store, make: Any) -> None:
    documents = [{"Sample Source ID": f"S-{n}"} for n in range(7)]
    with store.write() as tx:
        group = make.samples(tx, documents).group
        page = objects.members(tx, group.id, offset=2, limit=3)
        assert [record.position for record in page] == [2, 3, 4]
        assert [r.position for r in objects.members(tx, group.id, after=4)] == [5, 6]
        assert objects.n_members(tx, group.id) == 7


def test_all_objects_of_a_kind_are_iterated_in_order(store: Store, make: Any) -> None:
    with store.write() as tx:
        for _ in range(3):
            make.samples(tx)
        assert [r.slot for r in objects.iterate(tx, "sample", batch=4)] == list(range(9))
        assert objects.count_by_kind(tx) == {"sample": 9, "sample_group": 3}


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_and_values_are_only_text(store: Store, make: Any, name: str) -> None:
    with store.write() as tx:
        group = make.samples(tx, [{"Sample Source ID": name, name: name}])
        runs = make.expression(tx, [name])
        assert objects.get(tx, group.public_ids[0]).document == {
            "Sample Source ID": name,
            name: name,
        }
        assert objects.get(tx, runs.public_ids[0]).run_source == name
        with pytest.raises(NotStored):
            objects.get(tx, name)
        assert objects.get_many(tx, [name]) == []
        found = store.search.filter(tx, "sample", field(name) == name)
        assert found.tolist() == [True]


def test_what_is_created_is_found_in_the_same_transaction(store: Store, make: Any) -> None:
    with store.write() as tx:
        study = make.study(tx)
        samples = make.samples(tx)
        runs = make.expression(tx)
        search = store.search
        assert search.filter(tx, "sample", field("Tissue") == "liver").tolist() == [
            True,
            False,
            False,
        ]
        by_accession = field("genestack:accession") == samples.public_ids[1]
        assert search.filter(tx, "sample", by_accession).tolist() == [False, True, False]
        by_file = field("genestack:accession") == runs.group.public_id
        assert search.filter(tx, "expression", by_file).tolist() == [True, True]
        assert search.filter(tx, "expression", field("Scale") == "log2").all()
        assert search.numbers(tx, "sample", "#group").tolist() == [samples.group.id] * 3
        assert search.numbers(tx, "study", "#group").tolist() == [-1]
        assert search.numbers(tx, "study", "#owner").tolist() == [make.user.id]
        assert search.numbers(tx, "study", "#created").tolist() == [study.created_at]


def test_an_import_of_20_000_records_is_one_transaction(store: Store, make: Any) -> None:
    documents = [
        {"Sample Source ID": f"S-{n}", "Age": n % 90, "Tissue": ("liver", "lung")[n % 2]}
        for n in range(20_000)
    ]
    with store.write() as tx:
        group = make.samples(tx, documents)
        assert len(set(group.public_ids)) == 20_000
        last = objects.get(tx, group.public_ids[-1])
        assert last.document == documents[-1]
        assert int(store.search.filter(tx, "sample", field("Age") == 89).sum()) == 222


@pytest.mark.parametrize(
    ("kind", "names", "complaint"),
    [
        ("study", None, "study is not a kind of group"),
        ("sample_group", ["a"], "column names are for groups of runs"),
        ("expression_group", None, "column names are for groups of runs"),
        ("expression_group", ["a", "b"], "2 column names for 1 runs"),
    ],
)
def test_groups_that_make_no_sense_are_refused(
    store: Store, make: Any, kind: str, names: list[str] | None, complaint: str
) -> None:
    with store.write() as tx, pytest.raises(NotPossible, match=complaint):
        objects.create_group(tx, kind, {}, [{}], run_sources=names, **make.by)


def test_unknown_kinds_and_read_transactions_are_refused(store: Store, make: Any) -> None:
    with store.write() as tx, pytest.raises(NotPossible, match="planet is not a kind"):
        objects.create(tx, "planet", {}, **make.by)
    with store.read() as tx, pytest.raises(StoreError, match="read transaction"):
        make.study(tx)
