"""Which matrix holds the values of which data file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import insert, select

from odm_shiny.store.clock import now_ms
from odm_shiny.store.documents import json_text
from odm_shiny.store.engine import Tx
from odm_shiny.store.objects import batches
from odm_shiny.store.schema import matrices


@dataclass(frozen=True, slots=True)
class MatrixRecord:
    """One matrix, as the database knows it.

    Attributes
    ----------
    matrix_id
        Its name in the matrix store.
    group_id
        `id` of the group whose runs are its rows.
    n_runs, n_features
        Its shape.
    feature_columns
        Name -> ``"string"`` or ``"number"``, in file order; the first is the feature accession.
    measurements
        Names of what was measured, at least one.
    """

    matrix_id: str
    group_id: int
    n_runs: int
    n_features: int
    feature_columns: dict[str, str]
    measurements: list[str]


def add(
    tx: Tx,
    matrix_id: str,
    group_id: int,
    *,
    n_runs: int,
    n_features: int,
    feature_columns: Mapping[str, str],
    measurements: Sequence[str],
) -> None:
    """Make a finished matrix visible, in the same transaction as its group."""
    tx.must_write()
    tx.conn.execute(
        insert(matrices).values(
            matrix_id=matrix_id,
            group_id=group_id,
            n_runs=n_runs,
            n_features=n_features,
            feature_columns=json_text(dict(feature_columns)),
            measurements=json_text(list(measurements)),
            created_at=now_ms(),
        )
    )


def of_groups(tx: Tx, group_ids: Iterable[int]) -> dict[int, MatrixRecord]:
    """Group id -> its matrix; groups without one are left out."""
    found: dict[int, MatrixRecord] = {}
    for part in batches(sorted(set(group_ids))):
        for row in tx.conn.execute(select(matrices).where(matrices.c.group_id.in_(part))):
            found[row.group_id] = _record(row)
    return found


def all_ids(tx: Tx) -> set[str]:
    """Ids of every matrix that belongs to a group."""
    return set(tx.conn.execute(select(matrices.c.matrix_id)).scalars())


def _record(row: Any) -> MatrixRecord:
    return MatrixRecord(
        row.matrix_id,
        row.group_id,
        row.n_runs,
        row.n_features,
        msgspec.json.decode(row.feature_columns, type=dict[str, str]),
        msgspec.json.decode(row.measurements, type=list[str]),
    )
