"""Documents as the search index sees them, and the whole index made again from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
from sqlalchemy import select

from odm_shiny.store import documents
from odm_shiny.store.documents import Document
from odm_shiny.store.engine import Tx
from odm_shiny.store.index_hooks import CREATED, GROUP, OWNER, UPDATED
from odm_shiny.store.kinds import KINDS, RUN_KINDS
from odm_shiny.store.objects import Record, by_ids, iterate
from odm_shiny.store.schema import links, objects
from odm_shiny.store.search import Change, Search

_BATCH = 20_000


def indexed(tx: Tx, records: Sequence[Record]) -> list[Document]:
    """One document a record, findable by accession: of a run, by that of its file."""
    wanted = {r.group_id for r in records if r.kind in RUN_KINDS and r.group_id is not None}
    groups = {group.id: group.public_id for group in by_ids(tx, sorted(wanted))}
    return [
        documents.indexed(
            groups[r.group_id] if r.kind in RUN_KINDS and r.group_id else r.public_id, r.document
        )
        for r in records
    ]


def indexed_kind(tx: Tx, kind: str) -> Iterator[tuple[int, Document]]:
    """(slot, document) of every object of a kind, in order."""
    remaining = iterate(tx, kind)
    while batch := list(islice(remaining, _BATCH)):
        slots = (record.slot for record in batch)
        yield from zip(slots, indexed(tx, batch), strict=True)


def linked_slots(tx: Tx, source_kind: str, target_kind: str) -> dict[int, list[int]]:
    """Source slot -> its target slots in order, for all links of two kinds."""
    source, target = objects.alias("source"), objects.alias("target")
    query = (
        select(source.c.slot, target.c.slot)
        .select_from(links)
        .join(source, source.c.id == links.c.source_id)
        .join(target, target.c.id == links.c.target_id)
        .where(links.c.source_kind == source_kind, links.c.target_kind == target_kind)
        .order_by(source.c.slot, target.c.slot)
    )
    found: dict[int, list[int]] = {}
    for one, other in tx.conn.execute(query):
        found.setdefault(one, []).append(other)
    return found


def linked_kinds(tx: Tx) -> list[tuple[str, str]]:
    """Pairs of kinds between which there are links."""
    query = select(links.c.source_kind, links.c.target_kind).distinct()
    return sorted((source, target) for source, target in tx.conn.execute(query))


def rebuild(tx: Tx, search: Search) -> int:
    """Forget the search index and make it again from the documents; how many they were.

    For a store whose check found the index wanting; readers see the old one until the commit.
    """
    tx.must_write()
    search.clear(tx)
    n = sum(_rebuild_kind(tx, search, kind) for kind in sorted(KINDS))
    for source_kind, target_kind in linked_kinds(tx):
        search.set_links(tx, source_kind, target_kind, linked_slots(tx, source_kind, target_kind))
    return n


def _rebuild_kind(tx: Tx, search: Search, kind: str) -> int:
    n = 0
    remaining = iterate(tx, kind)
    while batch := list(islice(remaining, _BATCH)):
        new = zip(batch, indexed(tx, batch), strict=True)
        search.update(tx, kind, [Change(record.slot, None, document) for record, document in new])
        for column, values in _numbers(batch):
            slots = [record.slot for record in batch]
            search.set_numbers(tx, kind, column, np.array(slots), np.array(values))
        n += len(batch)
    return n


def _numbers(batch: Iterable[Record]) -> Iterator[tuple[str, list[int]]]:
    records = list(batch)
    yield OWNER, [record.owner_id for record in records]
    yield GROUP, [-1 if record.group_id is None else record.group_id for record in records]
    yield CREATED, [record.created_at for record in records]
    yield UPDATED, [record.updated_at for record in records]
