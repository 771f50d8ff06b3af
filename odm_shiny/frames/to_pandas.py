"""Tables as pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from odm_shiny.frames.columns import Column, Kind, Table, as_list, text_form

if TYPE_CHECKING:
    import pandas as pd

_EXACT_IN_FLOAT = 1 << 53


def to_pandas(table: Table) -> pd.DataFrame:
    """Return a table as a pandas DataFrame.

    Missing is ``None`` in text and lists, NaN in numbers. Whole numbers with missing ones become
    float64, as pandas does itself, or ``Int64`` where float64 would lose a digit. Notes about
    columns are in ``frame.attrs["notes"]``.
    """
    import pandas as pd

    arrays = {column.name: pandas_array(column) for column in table.columns}
    frame = pd.DataFrame(arrays, index=pd.RangeIndex(table.n_rows), copy=False)
    if table.notes:
        frame.attrs["notes"] = dict(table.notes)
    return frame


def pandas_array(column: Column) -> Any:
    """Return one column as an array that pandas takes as it is."""
    distinct = _plain(column)
    return distinct if column.codes is None else distinct[column.codes]


def _plain(column: Column) -> Any:
    if isinstance(column.values, np.ndarray):
        return column.values
    kind, values = column.kind, column.values
    if kind is Kind.NUMBER:
        return np.array(values, dtype=np.float64)  # None becomes NaN
    if kind is Kind.INTEGER:
        return _whole(values)
    if kind is Kind.BOOLEAN and None not in values:
        return np.array(values, dtype=np.bool_)
    if kind is Kind.LIST:
        return _objects([as_list(value) for value in values])
    if kind is Kind.MIXED:
        return _objects([text_form(value) for value in values])
    return _objects(values)


def _whole(values: Any) -> Any:
    if None not in values:
        return np.array(values, dtype=np.int64)
    if all(value is None or abs(value) <= _EXACT_IN_FLOAT for value in values):
        return np.array(values, dtype=np.float64)
    import pandas as pd

    return pd.array(values, dtype="Int64")


def _objects(values: Any) -> NDArray[np.object_]:
    # np.array() would make a matrix of lists that happen to have one length.
    return np.fromiter(values, dtype=object, count=len(values))
