"""Files of tabular data as the query planner needs them: group, version chain, matrix, runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from odm_shiny.store import chains
from odm_shiny.store.engine import Tx
from odm_shiny.store.schema import matrices, objects

KIND: Final = "expression_group"
MEMO: Final = "expression_files"


@dataclass(frozen=True, slots=True)
class DataFile:
    """One imported file of tabular data.

    Attributes
    ----------
    object_id, slot, accession
        Of its group.
    owner_id
        Who imported it.
    chain, number, is_active
        Version chain, number in it, and whether it is the newest one still there; ``None``,
        ``None`` and False for a file outside of any chain.
    matrix_id
        Its values in the matrix store.
    first_run, first_slot
        Number and slot of its first run; both go up by one from column to column.
    n_runs
        Number of its runs.
    """

    object_id: int
    slot: int
    accession: str
    owner_id: int
    chain: str | None
    number: int | None
    is_active: bool
    matrix_id: str
    first_run: int
    first_slot: int
    n_runs: int


def data_files(tx: Tx) -> list[DataFile]:
    """All files of tabular data, in the order of their import; read once a transaction."""
    if MEMO not in tx.memo:
        tx.memo[MEMO] = _read(tx)
    found: list[DataFile] = tx.memo[MEMO]
    return found


def _read(tx: Tx) -> list[DataFile]:
    group, run = objects.alias("data_group"), objects.alias("first_run")
    rows = tx.conn.execute(
        select(
            group.c.id,
            group.c.slot,
            group.c.public_id,
            group.c.owner_id,
            matrices.c.matrix_id,
            matrices.c.n_runs,
            run.c.public_id.label("first_run"),
            run.c.slot.label("first_slot"),
        )
        .select_from(group)
        .join(matrices, matrices.c.group_id == group.c.id)
        .join(run, (run.c.group_id == group.c.id) & (run.c.position == 0))
        .where(group.c.kind == KIND)
        .order_by(group.c.id)
    ).all()
    places = chains.places(tx)
    return [_file(row, places.get(row.id)) for row in rows]


def _file(row: Any, place: chains.Place | None) -> DataFile:
    return DataFile(
        object_id=row.id,
        slot=row.slot,
        accession=row.public_id,
        owner_id=row.owner_id,
        chain=place.chain if place else None,
        number=place.number if place else None,
        is_active=place is not None and place.is_active,
        matrix_id=row.matrix_id,
        first_run=int(row.first_run),
        first_slot=int(row.first_slot),
        n_runs=row.n_runs,
    )
