"""Who stands above and below whom, group by group.

A *unit* is a group, or an object without one, such as a study. Links join members; a unit stands
under another one when any of its members does. How many do is counted as links come and go
(`odm_shiny.store.links`), so walking the graph takes as long as there are groups, not members.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, select

from odm_shiny.store.engine import Tx
from odm_shiny.store.objects import Record, batches, by_ids
from odm_shiny.store.schema import objects, unit_links

if TYPE_CHECKING:
    from odm_shiny.store.lean_reads import Shown


def parents(tx: Tx, units: Collection[int]) -> dict[int, set[int]]:
    """Unit -> the units right above it; units without any are left out."""
    return _neighbours(tx, units, unit_links.c.source_id, unit_links.c.target_id)


def children(tx: Tx, units: Collection[int]) -> dict[int, set[int]]:
    """Unit -> the units right below it; units without any are left out."""
    return _neighbours(tx, units, unit_links.c.target_id, unit_links.c.source_id)


def units_below(tx: Tx, unit: int) -> set[int]:
    """All units below one, at any depth, itself excluded."""
    found: set[int] = set()
    front = {unit}
    while front:
        front = set().union(*children(tx, front).values()) - found - {unit}
        found |= front
    return found


def studies_above(tx: Tx, units: Iterable[int]) -> dict[int, set[int]]:
    """Unit -> ids of the studies that it belongs to, at any depth; a study belongs to itself."""
    above: dict[int, set[int]] = {unit: {unit} for unit in units}
    known: dict[int, set[int]] = {}
    front = set(above)
    while front:
        found = parents(tx, front)
        known.update((unit, found.get(unit, set())) for unit in front)
        front = set().union(*found.values()) - set(known)
    for unit in above:
        above[unit] = _reached(unit, known)
    studies = _of_kind(tx, set().union(*above.values()) if above else set(), "study")
    return {unit: reached & studies for unit, reached in above.items()}


def study_of(tx: Tx, records: Iterable[Shown]) -> dict[int, int]:
    """Object id -> id of its study; objects outside of any study are left out.

    A member counts by its group: a group of samples belongs to one study as a whole.
    """
    wanted = list(records)
    found = studies_above(tx, {record.group_id or record.id for record in wanted})
    studies = {}
    for record in wanted:
        above = found[record.group_id or record.id]
        if above:
            studies[record.id] = min(above)
    return studies


def groups_of_study(tx: Tx, study: Record, kind: str) -> list[Record]:
    """Groups of a kind that belong to a study, directly or not, in order of creation."""
    below = by_ids(tx, sorted(units_below(tx, study.id)))
    return [record for record in below if record.kind == kind]


def detached(tx: Tx, units: Iterable[int]) -> set[int]:
    """Those units that belong to no study."""
    return {unit for unit, studies in studies_above(tx, units).items() if not studies}


def _reached(unit: int, known: dict[int, set[int]]) -> set[int]:
    reached: set[int] = set()
    front = {unit}
    while front:
        reached |= front
        front = set().union(*(known.get(one, set()) for one in front)) - reached
    return reached


def _of_kind(tx: Tx, ids: Collection[int], kind: str) -> set[int]:
    found: set[int] = set()
    for part in batches(sorted(ids)):
        query = select(objects.c.id).where(objects.c.id.in_(part), objects.c.kind == kind)
        found.update(tx.conn.execute(query).scalars())
    return found


def _neighbours(
    tx: Tx, units: Collection[int], near: ColumnElement[int], far: ColumnElement[int]
) -> dict[int, set[int]]:
    """Unit -> units at the far end of its links."""
    found: dict[int, set[int]] = defaultdict(set)
    for part in batches(sorted(units)):
        for one, other in tx.conn.execute(select(near, far).where(near.in_(part))):
            found[one].add(other)
    return dict(found)
