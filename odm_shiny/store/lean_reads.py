"""What pages need of very many objects, without making a whole record of each.

A file has as many runs as columns, and most of them have no metadata of their own: to decode and
merge those of the file for each would take longer than to read the values. Of an object that is
only shown, its times and authors are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from sqlalchemy import Column, ColumnElement, and_, select

from odm_shiny.store import documents
from odm_shiny.store.documents import Document
from odm_shiny.store.engine import Tx
from odm_shiny.store.objects import Record, batches
from odm_shiny.store.schema import objects

Ints = npt.NDArray[np.int64]

#: Up to so many times as many numbers as are wanted, a range is read faster than single ones.
SPARSE: Final = 4
_NOTHING: Final = "{}"


class RunRow(NamedTuple):
    """A run without its metadata.

    Attributes
    ----------
    position
        0-based column in its file.
    run_source
        Name of that column.
    template
        Accession of the template named at import, if any.
    is_plain
        It has no metadata of its own: what its file says holds for it.
    """

    position: int
    run_source: str | None
    template: str | None
    is_plain: bool


class ShownRow(NamedTuple):
    """As much of an object as a reader sees; the fields are those of `objects.Record`."""

    id: int
    kind: str
    public_id: str
    group_id: int | None
    template: str | None
    document: Document


Shown: TypeAlias = Record | ShownRow


def shown_rows(tx: Tx, kind: str, slots: Ints) -> list[ShownRow]:
    """Objects of a kind by slot, in the order asked for; missing ones are left out.

    Runs do not have the metadata of their file here: `kind` is one of objects with records.
    """
    query = select(
        objects.c.slot,
        objects.c.id,
        objects.c.kind,
        objects.c.public_id,
        objects.c.group_id,
        objects.c.template,
        objects.c.document,
    )
    wanted: Sequence[int] = slots.tolist()
    among_wanted = set(wanted).__contains__
    found: dict[int, ShownRow] = {}
    for among in _conditions(objects.c.slot, slots):
        rows = tx.conn.execute(query.where(and_(objects.c.kind == kind, among))).all()
        kept = [row for row in rows if among_wanted(row[0])]
        if kept:
            numbers, *fields, texts = zip(*kept, strict=True)
            decoded = documents.decode_many(texts)
            shown = [ShownRow(*row) for row in zip(*fields, decoded, strict=True)]
            found.update(zip(numbers, shown, strict=True))
    return [found[slot] for slot in wanted if slot in found]


def run_rows(tx: Tx, group_id: int, positions: Ints) -> list[RunRow]:
    """Runs of a file by position, in the order asked for; missing ones are left out."""
    query = select(
        objects.c.position,
        objects.c.run_source,
        objects.c.template,
        objects.c.document == _NOTHING,
    )
    found: dict[int, RunRow] = {}
    for among in _conditions(objects.c.position, positions):
        rows = tx.conn.execute(query.where(and_(objects.c.group_id == group_id, among))).all()
        found.update((row.position, row) for row in map(RunRow._make, rows))
    return [found[position] for position in positions.tolist() if position in found]


def accessions(tx: Tx, kind: str, slots: Ints) -> list[str]:
    """Accession of each object of a kind, by slot; empty where there is none."""
    query = select(objects.c.slot, objects.c.public_id)
    found: dict[int, str] = {}
    for among in _conditions(objects.c.slot, slots):
        rows = tx.conn.execute(query.where(and_(objects.c.kind == kind, among))).all()
        found.update((slot, accession) for slot, accession in rows)
    return [found.get(slot, "") for slot in slots.tolist()]


def _conditions(column: Column[int], numbers: Ints) -> Iterator[ColumnElement[bool]]:
    """Cut the search for numbers into statements that have not too many parameters."""
    wanted: Sequence[int] = np.unique(numbers).tolist()
    if not wanted:
        return
    low, high = wanted[0], wanted[-1]
    if high - low < SPARSE * len(wanted):
        yield column.between(low, high)
        return
    for part in batches(wanted):
        yield column.in_(part)
