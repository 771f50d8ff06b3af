"""The links of one object or group, listed."""

from __future__ import annotations

from typing import Any

from odm_shiny.store import link_lists, objects
from odm_shiny.store.store import Store


def test_a_study_shows_groups_and_samples_a_group_groups_a_member_members(
    store: Store, make: Any
) -> None:
    with store.write() as tx:
        world = make.whole_study(tx)
        samples, libraries, on_samples = (
            world[name] for name in ("samples", "libraries", "on_samples")
        )

        def linked(record: Any) -> list[str]:
            return [one.public_id for one in link_lists.linked_objects(tx, record)]

        assert linked(world["study"]) == [samples.group.public_id, *samples.public_ids]
        assert linked(samples.group) == [
            world["study"].public_id,
            libraries.group.public_id,
            on_samples.group.public_id,
        ]
        assert linked(objects.get(tx, samples.public_ids[1])) == [
            world["study"].public_id,
            *libraries.public_ids,
            on_samples.public_ids[1],
        ]
        assert linked(objects.get(tx, make.samples(tx).public_ids[0])) == []


def test_parents_and_children_of_one_kind(store: Store, make: Any) -> None:
    with store.write() as tx:
        world = make.whole_study(tx)
        samples, libraries = world["samples"], world["libraries"]
        first, second, third = objects.get_many(tx, samples.public_ids)
        library = objects.get(tx, libraries.public_ids[0])
        assert link_lists.parents_of(tx, library, "sample") == [first, second]
        assert link_lists.parents_of(tx, library, "study") == []
        on_second = link_lists.members_linked_to(tx, "library", second)
        assert [one.public_id for one in on_second] == libraries.public_ids
        assert link_lists.members_linked_to(tx, "library", third) == []


def test_pairs_follow_the_order_of_the_file_and_read_no_document(store: Store, make: Any) -> None:
    with store.write() as tx:
        world = make.whole_study(tx)
        samples, libraries = world["samples"].public_ids, world["libraries"].public_ids
        group = objects.get(tx, libraries[0]).group_id
        pairs = link_lists.pairs_of_group(tx, group, "sample")
        assert link_lists.pairs_of_group(tx, group, "study") == []
    assert [(one.accession, one.target, one.run_source) for one in pairs] == [
        (libraries[0], samples[0], None),
        (libraries[0], samples[1], None),
        (libraries[1], samples[1], None),
    ]
