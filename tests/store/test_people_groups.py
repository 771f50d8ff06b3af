"""Groups of people."""

from __future__ import annotations

import pytest

from odm_shiny.store import people, people_groups
from odm_shiny.store.refusals import NameTaken, NotPossible, NotStored
from odm_shiny.store.store import Store


def test_two_groups_are_always_there(store: Store) -> None:
    with store.write() as tx:
        people_groups.install_groups(tx)
        listed = [(g.accession, g.name) for g in people_groups.list_groups(tx)]
    assert listed == [("GSG000001", "All users"), ("GSG000002", "Curator")]


@pytest.mark.parametrize("accession", ["GSG000001", "GSG000002"])
def test_the_fixed_groups_cannot_be_deleted(store: Store, accession: str) -> None:
    with store.write() as tx, pytest.raises(NotPossible, match="cannot be deleted"):
        people_groups.delete_group(tx, accession)


def test_members_come_and_go(store: Store) -> None:
    with store.write() as tx:
        ann = people.create_user(tx, "ann@example.org")
        bob = people.create_user(tx, "bob@example.org")
        group = people_groups.create_group(tx, " Lab Ü ")
        people_groups.add_members(tx, group.accession, [ann.id, bob.id, ann.id])
        people_groups.add_members(tx, group.accession, [ann.id])
        assert people_groups.members(tx, group.accession) == [ann.id, bob.id]
        people_groups.remove_members(tx, group.accession, [ann.id, 99])
        assert people_groups.members(tx, group.accession) == [bob.id]
        people.update_user(tx, bob.id, is_active=False)
        assert people_groups.members(tx, group.accession) == []
        with pytest.raises(NotStored, match="no active user 99"):
            people_groups.add_members(tx, group.accession, [99])


def test_everybody_is_in_the_group_of_all_without_being_put_there(store: Store) -> None:
    with store.write() as tx:
        ann = people.create_user(tx, "ann@example.org")
        people_groups.add_members(tx, people_groups.ALL_USERS, [ann.id])
        assert people_groups.members(tx, people_groups.ALL_USERS) == [1, ann.id]


def test_curators_are_the_members_of_their_group(store: Store) -> None:
    with store.write() as tx:
        ann = people.create_user(tx, "ann@example.org", is_curator=True)
        assert people_groups.members(tx, people_groups.CURATORS) == [1, ann.id]
        people_groups.remove_members(tx, people_groups.CURATORS, [ann.id])
        assert not people.get_user(tx, ann.id).is_curator


def test_names_are_unique_whatever_their_capitals(store: Store) -> None:
    with store.write() as tx:
        lab = people_groups.create_group(tx, "Lab")
        with pytest.raises(NameTaken, match="'LAB'"):
            people_groups.create_group(tx, "LAB")
        people_groups.rename_group(tx, lab.accession, "lab")
        with pytest.raises(NameTaken):
            people_groups.rename_group(tx, lab.accession, "curator")
        with pytest.raises(NotPossible, match="needs a name"):
            people_groups.create_group(tx, "  ")
        assert people_groups.get_group(tx, lab.accession).name == "lab"


def test_a_deleted_group_is_gone_and_its_number_is_not_used_again(store: Store) -> None:
    with store.write() as tx:
        ann = people.create_user(tx, "ann@example.org")
        lab = people_groups.create_group(tx, "Lab")
        people_groups.add_members(tx, lab.accession, [ann.id])
        people_groups.delete_group(tx, lab.accession)
        with pytest.raises(NotStored, match=lab.accession):
            people_groups.get_group(tx, lab.accession)
        assert people_groups.create_group(tx, "Lab").accession > lab.accession
        assert people.get_user(tx, ann.id).groups == {people.ALL_USERS_ID}
