"""Links: made, replaced, refused, removed."""

from __future__ import annotations

from typing import Any

import pytest

from odm_shiny.store import links, objects
from odm_shiny.store.check import check
from odm_shiny.store.engine import Tx
from odm_shiny.store.link_lists import members_linked_to, parents_of
from odm_shiny.store.objects import NewGroup, Record
from odm_shiny.store.refusals import LinkConflict, LinkNotFound, NoPartner, NotPossible
from odm_shiny.store.store import Store


@pytest.fixture(autouse=True)
def stays_whole(store: Store) -> Any:
    """Whatever a test does with links, the store's own check passes afterwards."""
    yield
    assert check(store) == []


def parent(tx: Tx, group: NewGroup, index: int, kind: str) -> list[str]:
    record = objects.get(tx, group.public_ids[index])
    return [one.public_id for one in parents_of(tx, record, kind)]


def at(tx: Tx, group: NewGroup, index: int) -> Record:
    return objects.get(tx, group.public_ids[index])


def test_a_sample_group_goes_to_its_study_as_a_whole(store: Store, make: Any) -> None:
    with store.write() as tx:
        study, samples = make.study(tx), make.samples(tx)
        made = links.link_groups(tx, samples.group, study)
        assert (made.n_linked, made.n_new, made.unmatched) == (3, 3, [])
        again = links.link_groups(tx, samples.group, study)
        assert (again.n_linked, again.n_new) == (3, 0)
        assert len(members_linked_to(tx, "sample", study)) == 3


def test_a_multi_valued_id_links_a_library_to_several_samples(store: Store, make: Any) -> None:
    with store.write() as tx:
        samples = make.samples(tx)
        libraries = make.libraries(
            tx,
            [
                {"Library ID": "L-1", "Sample Source ID": ["S-03", "S-01"]},
                {"Library ID": "L-2", "Sample Source ID": "s-01"},
            ],
        )
        made = links.link_groups(tx, libraries.group, samples.group)
        assert (made.n_linked, made.n_new, made.unmatched) == (1, 2, ["s-01"])
        assert parent(tx, libraries, 0, "sample") == [samples.public_ids[0], samples.public_ids[2]]
        assert parent(tx, libraries, 1, "sample") == []


def test_runs_are_linked_by_their_column_names(store: Store, make: Any) -> None:
    with store.write() as tx:
        samples, runs = make.samples(tx), make.expression(tx, ["S-03", "S-01", "S-99"])
        made = links.link_groups(tx, runs.group, samples.group)
        assert (made.n_linked, made.unmatched) == (2, ["S-99"])
        assert parent(tx, runs, 0, "sample") == [samples.public_ids[2]]
        search = store.search
        assert search.sources(tx, "expression", "sample", search.alive(tx, "sample")).tolist() == [
            True,
            True,
            False,
        ]


def test_another_attribute_of_the_samples_can_be_chosen(store: Store, make: Any) -> None:
    with store.write() as tx:
        samples, runs = make.samples(tx), make.expression(tx, ["33.9", "52"])
        made = links.link_groups(tx, runs.group, samples.group, target_key="Age")
        assert made.n_linked == 2
        assert parent(tx, runs, 0, "sample") == [samples.public_ids[1]]


def test_the_attribute_of_other_links_is_fixed(store: Store, make: Any) -> None:
    with store.write() as tx:
        samples = make.samples(tx)
        libraries = make.libraries(tx, [{"Sample Source ID": "S-01"}])
        with pytest.raises(NotPossible, match="leave 'Age' out"):
            links.link_groups(tx, libraries.group, samples.group, target_key="Age")


def test_a_name_that_fits_two_samples_is_refused(store: Store, make: Any) -> None:
    with store.write() as tx:
        samples = make.samples(tx, [{"Donor": "D1"}, {"Donor": ["D2", "D1"]}])
        runs = make.expression(tx, ["D2", "D1"])
        with pytest.raises(LinkConflict, match="'D1' fits 2 objects by 'Donor'"):
            links.link_groups(tx, runs.group, samples.group, target_key="Donor")
        assert parent(tx, runs, 0, "sample") == []


def test_no_match_at_all_names_the_attribute_and_the_first_ids(store: Store, make: Any) -> None:
    with store.write() as tx:
        samples = make.samples(tx)
        runs = make.expression(tx, [f"X{n}" for n in range(12)])
        with pytest.raises(
            NoPartner, match=r"'Sample Source ID'.*'X0', 'X1'.*'X9', \.\.\."
        ) as info:
            links.link_groups(tx, runs.group, samples.group)
    assert info.value.unmatched == tuple(f"X{n}" for n in range(10))
    assert info.value.attribute == "Sample Source ID"


def test_a_run_has_one_parent_and_a_new_one_replaces_it(store: Store, make: Any) -> None:
    with store.write() as tx:
        world = make.whole_study(tx)
        runs, samples, libraries = world["on_samples"], world["samples"], world["libraries"]
        run = at(tx, runs, 0)
        assert links.link_objects(tx, run, at(tx, samples, 2))
        assert parent(tx, runs, 0, "sample") == [samples.public_ids[2]]
        assert links.link_objects(tx, run, at(tx, libraries, 1))
        assert parent(tx, runs, 0, "sample") == []
        assert parent(tx, runs, 0, "library") == [libraries.public_ids[1]]
        search = store.search
        all_samples = search.alive(tx, "sample")
        assert search.sources(tx, "expression", "sample", all_samples).tolist() == [
            False,
            True,
            False,
            False,
            False,
        ]


def test_a_sample_belongs_to_one_study(store: Store, make: Any) -> None:
    with store.write() as tx:
        first, second, samples = make.study(tx, "1"), make.study(tx, "2"), make.samples(tx)
        assert links.link_objects(tx, at(tx, samples, 0), first)
        assert not links.link_objects(tx, at(tx, samples, 0), first)
        with pytest.raises(LinkConflict, match=f"linked to study {first.public_id} already"):
            links.link_objects(tx, at(tx, samples, 0), second)
        with pytest.raises(LinkConflict, match="would belong to several studies"):
            links.link_objects(tx, at(tx, samples, 1), second)
        with pytest.raises(LinkConflict):
            links.link_groups(tx, samples.group, second)
        assert parent(tx, samples, 1, "study") == []


def test_the_data_of_one_file_stay_within_one_study(store: Store, make: Any) -> None:
    with store.write() as tx:
        one, other = make.whole_study(tx, "1"), make.whole_study(tx, "2")
        with pytest.raises(LinkConflict, match=one["on_samples"].group.public_id):
            links.link_objects(tx, at(tx, one["on_samples"], 0), at(tx, other["samples"], 0))
        assert parent(tx, one["on_samples"], 0, "sample") == [one["samples"].public_ids[0]]


def test_a_study_cannot_take_samples_whose_data_belong_to_another(store: Store, make: Any) -> None:
    with store.write() as tx:
        first, second = make.study(tx, "1"), make.study(tx, "2")
        near, far = make.samples(tx), make.samples(tx, [{"Sample Source ID": "S-77"}])
        libraries = make.libraries(tx, [{"Library ID": "L", "Sample Source ID": ["S-01", "S-77"]}])
        runs = make.expression(tx, ["L"])
        links.link_groups(tx, libraries.group, near.group)
        links.link_groups(tx, libraries.group, far.group)
        links.link_groups(tx, runs.group, libraries.group)
        links.link_groups(tx, near.group, first)
        with pytest.raises(LinkConflict, match="would belong to several studies"):
            links.link_groups(tx, far.group, second)
        assert parent(tx, far, 0, "study") == []
        assert links.link_groups(tx, far.group, first).n_new == 1


def test_a_cell_group_has_parents_of_one_kind_and_one_expression_file(
    store: Store, make: Any
) -> None:
    with store.write() as tx:
        world = make.whole_study(tx)
        cells = objects.create(tx, "cell_group", {}, **make.by)
        assert links.link_objects(tx, cells, world["samples"].group)
        with pytest.raises(LinkConflict, match="linked to sample_group"):
            links.link_objects(tx, cells, world["libraries"].group)
        assert links.link_objects(tx, world["on_samples"].group, cells)
        with pytest.raises(LinkConflict, match="takes one only"):
            links.link_objects(tx, world["on_libraries"].group, cells)


def test_links_are_removed_one_by_one_and_group_by_group(store: Store, make: Any) -> None:
    with store.write() as tx:
        world = make.whole_study(tx)
        samples, runs, study = world["samples"], world["on_samples"], world["study"]
        assert links.unlink(tx, at(tx, samples, 0), study) == 1
        assert links.unlink(tx, samples.group, study) == 2
        with pytest.raises(LinkNotFound, match="is not linked to"):
            links.unlink(tx, samples.group, study)
        assert parent(tx, runs, 0, "sample") == [samples.public_ids[0]], "signals stay linked"
        assert links.unlink(tx, runs.group, samples.group) == 2
        with pytest.raises(LinkNotFound):
            links.unlink(tx, at(tx, runs, 0), at(tx, samples, 0))
        search = store.search
        assert not search.sources(tx, "sample", "study", search.alive(tx, "study")).any()


def test_a_link_has_a_direction(store: Store, make: Any) -> None:
    with store.write() as tx:
        world = make.whole_study(tx)
        sample, study = at(tx, world["samples"], 0), world["study"]
        assert links.exists(tx, sample, study)
        assert not links.exists(tx, study, sample)
        with pytest.raises(NotPossible, match="study cannot be linked to sample"):
            links.link_objects(tx, study, sample)
        with pytest.raises(LinkNotFound):
            links.unlink(tx, study, sample)


def test_a_refused_link_leaves_the_rest_of_the_transaction_alone(store: Store, make: Any) -> None:
    with store.write() as tx:
        one, other = make.whole_study(tx, "1"), make.study(tx, "2")
        with pytest.raises(LinkConflict):
            links.link_groups(tx, one["samples"].group, other)
        late = make.study(tx, "3")
    with store.read() as tx:
        assert objects.get(tx, late.public_id).document == {"Study Title": "3"}
        assert parent(tx, one["samples"], 2, "study") == [one["study"].public_id]
