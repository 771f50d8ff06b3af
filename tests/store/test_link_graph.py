"""Who stands above and below whom, group by group."""

from __future__ import annotations

from typing import Any

from odm_shiny.store import link_graph, links, objects
from odm_shiny.store.store import Store


def test_groups_are_found_by_their_study_at_any_depth(store: Store, make: Any) -> None:
    with store.write() as tx:
        world, other = make.whole_study(tx, "1"), make.whole_study(tx, "2")
        make.expression(tx)
        found = {
            kind: [r.id for r in link_graph.groups_of_study(tx, world["study"], kind)]
            for kind in ("sample_group", "library_group", "preparation_group", "expression_group")
        }
        below = link_graph.units_below(tx, other["study"].id)
    assert found == {
        "sample_group": [world["samples"].group.id],
        "library_group": [world["libraries"].group.id],
        "preparation_group": [],
        "expression_group": [world["on_samples"].group.id, world["on_libraries"].group.id],
    }
    assert len(below) == 4
    assert not below & {id_ for ids in found.values() for id_ in ids}


def test_every_object_knows_its_study_through_its_group(store: Store, make: Any) -> None:
    with store.write() as tx:
        world = make.whole_study(tx)
        alone = make.samples(tx)
        names = ["samples", "libraries", "on_samples", "on_libraries"]
        members = [objects.by_ids(tx, [world[name].ids[0]])[0] for name in names]
        members += [world["study"], alone.group, *objects.by_ids(tx, alone.ids)]
        found = link_graph.study_of(tx, members)
    study = world["study"].id
    assert found == {**{m.id: study for m in members[:4]}, study: study}


def test_detached_is_what_belongs_to_no_study(store: Store, make: Any) -> None:
    with store.write() as tx:
        world = make.whole_study(tx)
        samples, runs = make.samples(tx), make.expression(tx)
        links.link_groups(tx, runs.group, samples.group)
        units = [world["on_libraries"].group.id, samples.group.id, runs.group.id]
        assert link_graph.detached(tx, units) == {samples.group.id, runs.group.id}
        links.unlink(tx, world["samples"].group, world["study"])
        assert link_graph.detached(tx, units) == set(units)


def test_the_graph_follows_every_single_link(store: Store, make: Any) -> None:
    with store.write() as tx:
        study, samples = make.study(tx), make.samples(tx)
        first, second, _ = objects.by_ids(tx, samples.ids)
        links.link_objects(tx, first, study)
        links.link_objects(tx, second, study)
        links.unlink(tx, first, study)
        assert link_graph.children(tx, [study.id]) == {study.id: {samples.group.id}}
        links.unlink(tx, second, study)
        assert link_graph.children(tx, [study.id]) == {}
        assert link_graph.parents(tx, [samples.group.id]) == {}
