"""Who may see which study."""

from __future__ import annotations

from sqlalchemy import delete, insert, or_, select

from odm_shiny.store.engine import Tx
from odm_shiny.store.objects import Record
from odm_shiny.store.people import User
from odm_shiny.store.people_groups import PeopleGroup
from odm_shiny.store.refusals import NotPossible
from odm_shiny.store.schema import objects, people_groups, shares

#: The one right that sharing gives.
VIEW = "VIEW"


def share(tx: Tx, study: Record, group: PeopleGroup) -> bool:
    """Let a group of people see a study and everything in it; whether that is new.

    Raises
    ------
    NotPossible
        Only studies are shared; what is in them follows.
    """
    tx.must_write()
    if study.kind != "study":
        raise NotPossible(f"{study.public_id} is no study; share the study that it belongs to")
    if group.id in _group_ids(tx, study):
        return False
    tx.conn.execute(insert(shares).values(object_id=study.id, group_id=group.id, permission=VIEW))
    return True


def unshare(tx: Tx, study: Record, group: PeopleGroup) -> bool:
    """Take a study back from a group of people; whether it was shared with it."""
    tx.must_write()
    gone = tx.conn.execute(
        delete(shares).where(shares.c.object_id == study.id, shares.c.group_id == group.id)
    )
    return gone.rowcount > 0


def groups_sharing(tx: Tx, study: Record) -> list[PeopleGroup]:
    """Groups of people that a study is shared with, in order of their creation."""
    group = people_groups.c
    query = (
        select(group.id, group.accession, group.name, group.created_at)
        .join(shares, shares.c.group_id == group.id)
        .where(shares.c.object_id == study.id)
        .order_by(group.id)
    )
    return [PeopleGroup(*row) for row in tx.conn.execute(query)]


def visible_study_slots(tx: Tx, user: User) -> list[int]:
    """Slots of the studies that a user owns, or that are shared with a group of theirs.

    Somebody who may access all data sees more: that is for the caller to ask.
    """
    shared = select(shares.c.object_id).where(shares.c.group_id.in_(user.groups))
    query = (
        select(objects.c.slot)
        .where(objects.c.kind == "study")
        .where(or_(objects.c.owner_id == user.id, objects.c.id.in_(shared)))
        .order_by(objects.c.slot)
    )
    return list(tx.conn.execute(query).scalars())


def _group_ids(tx: Tx, study: Record) -> set[int]:
    query = select(shares.c.group_id).where(shares.c.object_id == study.id)
    return set(tx.conn.execute(query).scalars())
