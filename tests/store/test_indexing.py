"""The search index against the documents it is made from."""

from __future__ import annotations

from typing import Any

from odm_shiny.query.expr import field
from odm_shiny.store import edits, indexing, links
from odm_shiny.store.check import check
from odm_shiny.store.store import Store


def test_an_index_that_was_lost_is_made_again(store: Store, make: Any) -> None:
    with store.write() as tx:
        world = make.whole_study(tx)
        edits.patch(tx, world["on_samples"].public_ids[1], {"Scale": None}, author="a@example.org")
        numbers = {
            name: store.search.numbers(tx, "sample", name).tolist()
            for name in ("#owner", "#group", "#created", "#updated")
        }
    with store.write() as tx:
        store.search.clear(tx)
    assert len(check(store)) > 10
    with store.write() as tx:
        assert indexing.rebuild(tx, store.search) == 1 + 4 + 3 + 2 + 2 + 3
    assert check(store) == []
    with store.read() as tx:
        assert store.search.filter(tx, "sample", field("Tissue") == "liver").sum() == 1
        for name, before in numbers.items():
            assert store.search.numbers(tx, "sample", name).tolist() == before


def test_a_lost_link_in_the_index_is_found(store: Store, make: Any) -> None:
    with store.write() as tx:
        world = make.whole_study(tx)
        store.search.set_links(tx, "library", "sample", {world["libraries"].slots[0]: []})
    (finding,) = check(store)
    assert "links from library to sample" in finding.what


def test_runs_are_indexed_under_the_accession_of_their_file(store: Store, make: Any) -> None:
    with store.write() as tx:
        runs = make.expression(tx, ["a"])
        ((slot, document),) = indexing.indexed_kind(tx, "expression")
        assert slot == runs.slots[0]
        assert document["genestack:accession"] == runs.group.public_id
        assert indexing.linked_kinds(tx) == []
        links.link_groups(tx, make.samples(tx).group, make.study(tx))
        assert indexing.linked_kinds(tx) == [("sample", "study")]
