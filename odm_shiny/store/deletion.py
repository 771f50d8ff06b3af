"""Delete objects with everything that hangs below them, all versions included."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete as delete_rows
from sqlalchemy import select

from odm_shiny.store import data_files, links
from odm_shiny.store.documents import Document
from odm_shiny.store.engine import Tx
from odm_shiny.store.index_hooks import tell_removed
from odm_shiny.store.indexing import indexed
from odm_shiny.store.kinds import MEMBER_OF
from odm_shiny.store.link_graph import units_below
from odm_shiny.store.objects import Record, batches, by_ids
from odm_shiny.store.refusals import NotDeletable
from odm_shiny.store.schema import (
    chain_members,
    document_versions,
    matrices,
    objects,
    shares,
)
from odm_shiny.store.schema import links as links_table

#: What may be deleted by itself; single libraries, preparations and runs go with their group.
DELETABLE: Final = frozenset({"study", "sample", "cell_group", "file", *MEMBER_OF})


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a deletion removed.

    Attributes
    ----------
    records
        Studies, groups and single objects, without the members of the groups.
    n_objects
        How many objects went, members included.
    matrix_ids
        Matrices to remove from the matrix store **after** the commit.
    """

    records: list[Record]
    n_objects: int
    matrix_ids: list[str]


def delete(tx: Tx, record: Record) -> Deleted:
    """Delete an object and what belongs to it.

    A study takes everything in it; a group its members and the groups linked to them; a single
    sample the libraries and preparations linked to it. Accessions are not given out again.

    Raises
    ------
    NotDeletable
        Libraries, preparations and runs go with their group, not one by one.
    """
    tx.must_write()
    units = cascade(tx, record)
    ids = _with_members(tx, units)
    matrix_ids = sorted(matrix.matrix_id for matrix in data_files.of_groups(tx, units).values())
    records = by_ids(tx, units)
    _tell(tx, by_ids(tx, ids))
    links.remove_all_of(tx, ids)
    _remove_rows(tx, ids)
    return Deleted(records, len(ids), matrix_ids)


def cascade(tx: Tx, record: Record) -> list[int]:
    """Ids of the groups and single objects that a deletion takes, in order of creation."""
    if record.kind not in DELETABLE:
        raise NotDeletable(
            f"{record.kind} {record.public_id} cannot be deleted by itself; delete its group"
        )
    if record.kind != "sample":
        return sorted({record.id, *units_below(tx, record.id)})
    query = select(links_table.c.source_id).where(
        links_table.c.target_id == record.id,
        links_table.c.source_kind.in_(["library", "preparation"]),
    )
    return sorted({record.id, *tx.conn.execute(query).scalars()})


def _with_members(tx: Tx, units: Sequence[int]) -> list[int]:
    ids = set(units)
    for part in batches(units):
        query = select(objects.c.id).where(objects.c.group_id.in_(part))
        ids.update(tx.conn.execute(query).scalars())
    return sorted(ids)


def _tell(tx: Tx, records: Sequence[Record]) -> None:
    if tx.search is None:
        return
    gone: dict[str, list[tuple[int, Document]]] = defaultdict(list)
    for record, document in zip(records, indexed(tx, records), strict=True):
        gone[record.kind].append((record.slot, document))
    for kind, of_kind in gone.items():
        tell_removed(tx, kind, of_kind)


def _remove_rows(tx: Tx, ids: Sequence[int]) -> None:
    """Members before their groups, and what points to an object before the object."""
    for part in batches(ids):
        for column in (
            document_versions.c.object_id,
            shares.c.object_id,
            chain_members.c.group_id,
            matrices.c.group_id,
        ):
            tx.conn.execute(delete_rows(column.table).where(column.in_(part)))
    for is_member in (True, False):
        for part in batches(ids):
            condition = objects.c.group_id.is_not(None) == is_member
            tx.conn.execute(delete_rows(objects).where(objects.c.id.in_(part), condition))
