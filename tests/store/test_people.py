"""Users and what they are permitted."""

from __future__ import annotations

import pytest

from odm_shiny.store import people, people_groups
from odm_shiny.store.people import PERMISSIONS
from odm_shiny.store.refusals import NameTaken, NotPossible, NotStored
from odm_shiny.store.store import Store


def test_a_new_store_has_its_local_user_who_may_do_everything(store: Store) -> None:
    with store.read() as tx:
        user = people.find_user(tx, "local@odm-shiny")
        assert user is not None
        assert people.list_users(tx) == [user]
    assert (user.is_curator, user.is_admin, user.permissions) == (True, True, PERMISSIONS)


def test_a_user_has_what_was_given_and_is_in_the_group_of_all(store: Store) -> None:
    with store.write() as tx:
        user = people.create_user(
            tx, " Ann@Example.org ", "Ann Lée", permissions=["VIEW_AUDIT_LOG"], is_curator=True
        )
    assert (user.email, user.name) == ("Ann@Example.org", "Ann Lée")
    assert user.permissions == {"VIEW_AUDIT_LOG"}
    assert user.groups == {people.ALL_USERS_ID, people.CURATORS_ID}
    assert (user.is_curator, user.is_admin) == (True, False)


def test_an_address_is_one_account_however_it_is_written(store: Store) -> None:
    with store.write() as tx:
        user = people.create_user(tx, "ann@example.org")
        with pytest.raises(NameTaken, match="is already taken"):
            people.create_user(tx, "ANN@example.org")
        assert people.find_user(tx, "Ann@EXAMPLE.org ") == user
        assert people.find_user(tx, "nobody@example.org") is None


@pytest.mark.parametrize(
    "email", ["", "ann", "@example.org", "ann@", "a b@example.org", "a" * 250 + "@x.org"]
)
def test_what_is_no_address_is_refused(store: Store, email: str) -> None:
    with store.write() as tx, pytest.raises(NotPossible, match="is not an e-mail address"):
        people.create_user(tx, email)


def test_an_unknown_permission_is_refused(store: Store) -> None:
    with store.write() as tx, pytest.raises(NotPossible, match="unknown permission 'ROOT'"):
        people.create_user(tx, "ann@example.org", permissions=["ROOT"])


def test_making_sure_of_a_user_adds_rights_and_takes_none(store: Store) -> None:
    with store.write() as tx:
        plain = people.ensure_user(tx, "ann@example.org")
        assert (plain.is_curator, plain.is_admin) == (False, False)
        curator = people.ensure_user(tx, "ann@example.org", is_curator=True)
        admin = people.ensure_user(tx, "ann@example.org", is_admin=True)
        assert plain.id == curator.id == admin.id
        assert (admin.is_curator, admin.is_admin) == (True, True)
        assert people.ensure_user(tx, "ann@example.org", is_curator=True) == admin


def test_users_are_changed_and_deactivated(store: Store) -> None:
    with store.write() as tx:
        ann = people.create_user(tx, "ann@example.org")
        people.create_user(tx, "bob@example.org")
        changed = people.update_user(tx, ann.id, email="a.lee@example.org", name="Ann")
        assert changed is not None
        assert (changed.id, changed.email, changed.name) == (ann.id, "a.lee@example.org", "Ann")
        with pytest.raises(NameTaken):
            people.update_user(tx, ann.id, email="BOB@example.org")
        assert people.update_user(tx, ann.id, is_active=False) is None
        assert people.find_user(tx, "a.lee@example.org") is None
        assert people.emails(tx, [ann.id]) == {ann.id: "a.lee@example.org"}
        with pytest.raises(NotStored):
            people.get_user(tx, ann.id)
        with pytest.raises(NotStored):
            people.update_user(tx, 999, name="x")


def test_all_permissions_make_an_administrator(store: Store) -> None:
    with store.write() as tx:
        almost = people.create_user(
            tx, "a@example.org", permissions=PERMISSIONS - {people.CONFIGURE_FACETS}
        )
        assert not almost.is_admin
        changed = people.update_user(tx, almost.id, permissions=PERMISSIONS)
        assert changed is not None
        assert changed.is_admin


def test_a_user_in_several_groups_is_one_user(store: Store) -> None:
    with store.write() as tx:
        user = people.create_user(tx, "ann@example.org")
        for name in ("A", "B"):
            group = people_groups.create_group(tx, name)
            people_groups.add_members(tx, group.accession, [user.id])
        assert people.get_user(tx, user.id).groups == {1, 3, 4}
        assert len(people.list_users(tx)) == 2
