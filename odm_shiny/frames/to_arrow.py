"""Tables as Arrow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from odm_shiny.frames.columns import Column, Kind, Table, as_list, text_form

NOTES_KEY = b"odm-shiny notes"


def to_arrow(table: Table, *, dictionaries: bool = False) -> pa.Table:
    """Return a table as Arrow.

    Parameters
    ----------
    dictionaries
        Leave text columns that repeat dictionary-coded: 4 bytes a row.

    Returns
    -------
    Types as `odm_shiny.frames.columns` tells. A note about a column stands in its field's metadata
    under ``odm-shiny notes``.
    """
    arrays = [arrow_array(column, dictionaries=dictionaries) for column in table.columns]
    fields = [
        pa.field(column.name, array.type, metadata=_metadata(table, column.name))
        for column, array in zip(table.columns, arrays, strict=True)
    ]
    if not fields:
        return pa.table({"row": pa.nulls(table.n_rows)}).select([])
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def arrow_array(column: Column, *, dictionaries: bool = False) -> pa.Array:
    """Return one column as an Arrow array."""
    if isinstance(column.values, np.ndarray):
        values = pa.array(column.values, from_pandas=True)
    else:
        values = _plain(column)
    if column.codes is None:
        return values
    codes = pa.array(column.codes)
    if dictionaries and pa.types.is_string(values.type):
        return pa.DictionaryArray.from_arrays(codes, values)
    return values.take(codes)


def _plain(column: Column) -> pa.Array:
    kind, values = column.kind, column.values
    if kind is Kind.LIST:
        return pa.array([as_list(value) for value in values], pa.list_(pa.string()))
    if kind is Kind.MIXED:
        return pa.array([text_form(value) for value in values], pa.string())
    return pa.array(values, _TYPES[kind])


def _metadata(table: Table, name: str) -> dict[bytes, bytes] | None:
    note = table.notes.get(name)
    return {NOTES_KEY: note.encode()} if note else None


_TYPES: dict[Kind, Any] = {
    Kind.NULL: pa.null(),
    Kind.TEXT: pa.string(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
}
