"""The links of one object or group, listed."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select

from odm_shiny.store import link_graph
from odm_shiny.store.engine import Tx
from odm_shiny.store.kinds import MEMBER_OF
from odm_shiny.store.objects import Record, by_ids
from odm_shiny.store.schema import links, objects


class Pair(NamedTuple):
    """A member of a group, and one object that it is linked to.

    Attributes
    ----------
    slot, accession, run_source
        Of the member; `run_source` is the name of a run's column, else ``None``.
    target_slot, target
        Slot and accession of the other one.
    """

    slot: int
    accession: str
    run_source: str | None
    target_slot: int
    target: str


def linked_objects(tx: Tx, record: Record) -> list[Record]:
    """Objects right above or below one, by accession.

    A group's neighbours are groups, a member's are members; a study's are both its sample groups
    and its samples.
    """
    found: set[int] = set()
    if record.kind in MEMBER_OF or record.kind == "study":
        found |= link_graph.parents(tx, [record.id]).get(record.id, set())
        found |= link_graph.children(tx, [record.id]).get(record.id, set())
    if record.kind not in MEMBER_OF:
        above = select(links.c.target_id).where(links.c.source_id == record.id)
        below = select(links.c.source_id).where(links.c.target_id == record.id)
        found |= set(tx.conn.execute(above).scalars())
        found |= set(tx.conn.execute(below).scalars())
    found.discard(record.id)
    return by_ids(tx, sorted(found))


def members_linked_to(tx: Tx, kind: str, target: Record) -> list[Record]:
    """Objects of a kind right below one, in order of creation."""
    query = select(links.c.source_id).where(
        links.c.target_id == target.id, links.c.source_kind == kind
    )
    return by_ids(tx, sorted(tx.conn.execute(query).scalars()))


def parents_of(tx: Tx, source: Record, kind: str) -> list[Record]:
    """Objects of a kind right above one, in order of creation."""
    query = select(links.c.target_id).where(
        links.c.source_id == source.id, links.c.target_kind == kind
    )
    return by_ids(tx, sorted(tx.conn.execute(query).scalars()))


def pairs_of_group(tx: Tx, group_id: int, kind: str) -> list[Pair]:
    """Each member of a group with each object of `kind` it is linked to, in file order.

    No document is read: a file may have ten thousand runs, and nobody asks for their metadata.
    """
    member, target = objects.alias("member"), objects.alias("target")
    query = (
        select(
            member.c.slot,
            member.c.public_id,
            member.c.run_source,
            target.c.slot,
            target.c.public_id,
        )
        .select_from(member)
        .join(links, links.c.source_id == member.c.id)
        .join(target, target.c.id == links.c.target_id)
        .where(member.c.group_id == group_id, links.c.target_kind == kind)
        .order_by(member.c.position, target.c.id)
    )
    return [Pair(*row) for row in tx.conn.execute(query)]
