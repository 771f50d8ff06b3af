"""What a page of values needs of very many objects, without reading their documents.

A file has as many runs as columns, and most of them have no metadata of their own: to decode and
merge those of the file for each would take longer than to read the values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy import Column, ColumnElement, and_, select

from odm_shiny.store.engine import Tx
from odm_shiny.store.objects import batches
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
        found.update((row[0], RunRow(*row)) for row in rows)
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
