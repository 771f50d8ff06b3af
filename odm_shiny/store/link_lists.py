"""The links of one object or group, listed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from odm_shiny.store import link_graph
from odm_shiny.store.engine import Tx
from odm_shiny.store.kinds import MEMBER_OF
from odm_shiny.store.objects import Record, batches, by_ids
from odm_shiny.store.schema import links


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


def pairs_of_group(tx: Tx, members: Sequence[Record], kind: str) -> list[tuple[Record, Record]]:
    """Each member with each object of `kind` it is linked to, in the order of the members."""
    wanted = [member.id for member in members]
    targets: dict[int, list[int]] = {}
    for part in batches(wanted):
        query = select(links.c.source_id, links.c.target_id).where(
            links.c.source_id.in_(part), links.c.target_kind == kind
        )
        for source, target in tx.conn.execute(query):
            targets.setdefault(source, []).append(target)
    known = {
        record.id: record
        for record in by_ids(tx, sorted({one for found in targets.values() for one in found}))
    }
    return [
        (member, known[target])
        for member in members
        for target in sorted(targets.get(member.id, []))
    ]
