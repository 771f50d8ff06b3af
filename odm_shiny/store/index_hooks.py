"""Tell the search index, inside the same transaction, what became of objects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from odm_shiny.store.documents import Document
from odm_shiny.store.engine import Tx
from odm_shiny.store.name_limit import limited_names
from odm_shiny.store.search import Change

OWNER, GROUP, CREATED, UPDATED = "#owner", "#group", "#created", "#updated"


def tell_created(
    tx: Tx,
    kind: str,
    slots: range,
    indexed: Iterable[Document],
    *,
    owner_id: int,
    group_id: int | None,
    now: int,
) -> None:
    """New objects of one kind, all with the same owner, group and time."""
    if tx.search is None or not slots:
        return
    created = [Change(slot, None, new) for slot, new in zip(slots, indexed, strict=True)]
    with limited_names(tx, kind):
        tx.search.update(tx, kind, created)
    where = np.arange(slots.start, slots.stop, dtype=np.int64)
    numbers = {OWNER: owner_id, GROUP: group_id, CREATED: now, UPDATED: now}
    for column, number in numbers.items():
        if number is not None:
            tx.search.set_numbers(tx, kind, column, where, np.full(len(where), number, np.int64))


def tell_changed(
    tx: Tx, kind: str, changes: Sequence[tuple[int, Document, Document]], *, now: int | None
) -> None:
    """Objects of one kind whose documents changed: (slot, before, after).

    `now` is the new time of change; ``None`` keeps the old one, for runs whose group changed.
    """
    if tx.search is None or not changes:
        return
    with limited_names(tx, kind):
        tx.search.update(tx, kind, [Change(slot, old, new) for slot, old, new in changes])
    if now is not None:
        where = np.array([slot for slot, _, _ in changes], dtype=np.int64)
        tx.search.set_numbers(tx, kind, UPDATED, where, np.full(len(where), now, np.int64))


def tell_removed(tx: Tx, kind: str, gone: Sequence[tuple[int, Document]]) -> None:
    """Objects of one kind that are no more: (slot, what they were)."""
    if tx.search is not None and gone:
        tx.search.update(tx, kind, [Change(slot, old, None) for slot, old in gone])
