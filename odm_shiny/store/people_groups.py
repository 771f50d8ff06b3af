"""Groups of people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, insert, select, update

from odm_shiny.store import counters
from odm_shiny.store.clock import now_ms
from odm_shiny.store.engine import Tx
from odm_shiny.store.people import ALL_USERS_ID, CURATORS_ID, get_user, list_users
from odm_shiny.store.refusals import NameTaken, NotPossible, NotStored
from odm_shiny.store.schema import memberships, people_groups, shares, users

#: Accession of the group that everybody is in.
ALL_USERS: Final = "GSG000001"
#: Accession of the group whose members may import, edit and link.
CURATORS: Final = "GSG000002"
_FIXED_NAMES: Final = {ALL_USERS: "All users", CURATORS: "Curator"}


@dataclass(frozen=True, slots=True)
class PeopleGroup:
    """A group of people."""

    id: int
    accession: str
    name: str
    created_at: int


def install_groups(tx: Tx) -> None:
    """Make the two groups that always exist; harmless when they do."""
    known = {group.accession for group in list_groups(tx)}
    for name in [name for accession, name in _FIXED_NAMES.items() if accession not in known]:
        create_group(tx, name)


def create_group(tx: Tx, name: str) -> PeopleGroup:
    """Add a group of people; `NameTaken` if there is one of that name."""
    tx.must_write()
    number = counters.next_number(tx, counters.PEOPLE_GROUP)
    group = PeopleGroup(number, counters.accession(number, "GSG"), _group_name(name), now_ms())
    _refuse_taken(tx, group.name, group.id)
    tx.conn.execute(
        insert(people_groups).values(
            id=group.id,
            accession=group.accession,
            name=group.name,
            name_key=group.name.casefold(),
            created_at=group.created_at,
        )
    )
    return group


def get_group(tx: Tx, accession: str) -> PeopleGroup:
    """A group by accession; `NotStored` if there is none."""
    for group in list_groups(tx):
        if group.accession == accession:
            return group
    raise NotStored(f"no group of people {accession!r}")


def list_groups(tx: Tx) -> list[PeopleGroup]:
    """All groups of people in order of creation."""
    group = people_groups.c
    query = select(group.id, group.accession, group.name, group.created_at).order_by(group.id)
    return [PeopleGroup(*row) for row in tx.conn.execute(query)]


def rename_group(tx: Tx, accession: str, name: str) -> None:
    """Give a group another name."""
    tx.must_write()
    group = get_group(tx, accession)
    new = _group_name(name)
    _refuse_taken(tx, new, group.id)
    values = {"name": new, "name_key": new.casefold()}
    tx.conn.execute(update(people_groups).where(people_groups.c.id == group.id).values(values))


def delete_group(tx: Tx, accession: str) -> None:
    """Remove a group, its memberships and what was shared with it."""
    tx.must_write()
    group = get_group(tx, accession)
    if group.id in (ALL_USERS_ID, CURATORS_ID):
        raise NotPossible(f"the group {group.name!r} cannot be deleted")
    tx.conn.execute(delete(memberships).where(memberships.c.group_id == group.id))
    tx.conn.execute(delete(shares).where(shares.c.group_id == group.id))
    tx.conn.execute(delete(people_groups).where(people_groups.c.id == group.id))


def add_members(tx: Tx, accession: str, user_ids: Sequence[int]) -> None:
    """Put users into a group; those who are in it stay."""
    tx.must_write()
    group = get_group(tx, accession)
    for user_id in user_ids:
        get_user(tx, user_id)
    present = set(members(tx, accession))
    rows = [
        {"user_id": user_id, "group_id": group.id}
        for user_id in dict.fromkeys(user_ids)
        if user_id not in present
    ]
    if rows and group.id != ALL_USERS_ID:
        tx.conn.execute(insert(memberships), rows)


def remove_members(tx: Tx, accession: str, user_ids: Collection[int]) -> None:
    """Take users out of a group."""
    tx.must_write()
    group = get_group(tx, accession)
    tx.conn.execute(
        delete(memberships).where(
            memberships.c.group_id == group.id, memberships.c.user_id.in_(user_ids)
        )
    )


def members(tx: Tx, accession: str) -> list[int]:
    """Ids of the active users in a group."""
    group = get_group(tx, accession)
    if group.id == ALL_USERS_ID:
        return [user.id for user in list_users(tx)]
    query = (
        select(memberships.c.user_id)
        .join(users, users.c.id == memberships.c.user_id)
        .where(memberships.c.group_id == group.id, users.c.is_active)
        .order_by(memberships.c.user_id)
    )
    return list(tx.conn.execute(query).scalars())


def _group_name(name: str) -> str:
    if not name.strip():
        raise NotPossible("a group of people needs a name")
    return name.strip()


def _refuse_taken(tx: Tx, name: str, group_id: int) -> None:
    query = select(people_groups.c.id).where(people_groups.c.name_key == name.casefold())
    if tx.conn.execute(query).scalar_one_or_none() not in (None, group_id):
        raise NameTaken(f"there is a group of people called {name!r} already")
