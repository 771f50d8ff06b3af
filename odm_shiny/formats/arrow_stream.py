"""Stream a matrix as Arrow IPC, block by block.

It takes the blocks of the CSV stream and gives the same numbers: a value is the float64 that the
text in the CSV stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from odm_shiny.formats.arrow_arrays import number_array, text_array
from odm_shiny.formats.csv_stream import Block, FeatureCells
from odm_shiny.formats.rounding import rounded_text

_SMALL = 1 << 17
"""Values rounded one by one; more are worth the second that the compiled code takes to load."""


def stream_arrow(
    feature_names: Sequence[str],
    column_names: Sequence[str],
    blocks: Iterable[Block],
    *,
    round_digits: int,
    feature_kinds: Sequence[str],
) -> Iterator[bytes]:
    """Write a matrix as an Arrow IPC stream.

    Parameters
    ----------
    feature_names, column_names, blocks, round_digits
        As in `stream_csv`.
    feature_kinds
        ``"number"`` or ``"string"`` for each feature column.

    Yields
    ------
    Parts of the stream, the schema first: the feature columns, then one float64 column a run;
    missing values are null.
    """
    types = [pa.float64() if kind == "number" else pa.string() for kind in feature_kinds]
    fields = [pa.field(n, t) for n, t in zip(feature_names, types, strict=True)]
    schema = pa.schema(fields + [pa.field(name, pa.float64()) for name in column_names])
    sink = _Drain()
    with pa.ipc.new_stream(pa.PythonFile(sink, "w"), schema) as writer:
        yield sink.take()
        for columns, values in blocks:
            arrays = [
                _feature_array(column, kind) for column, kind in zip(columns, types, strict=True)
            ]
            runs = np.ascontiguousarray(round_half_up(values, round_digits).T)
            arrays += [number_array(run, nan_is_null=True) for run in runs]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
            yield sink.take()
    yield sink.take()


def round_half_up(values: NDArray[np.float64], digits: int) -> NDArray[np.float64]:
    """Round as `stream_csv` does: the float64 that its text stands for."""
    if values.size > _SMALL:
        from odm_shiny.formats.csv_kernel import round_values

        rounded: NDArray[np.float64]
        rounded, doubtful = round_values(np.ascontiguousarray(values), digits)
        for row, column in np.argwhere(doubtful):
            rounded[row, column] = float(rounded_text(float(values[row, column]), digits))
        return rounded
    flat = [float(rounded_text(value, digits) or "nan") for value in values.ravel().tolist()]
    return np.array(flat, np.float64).reshape(values.shape)


def _feature_array(column: FeatureCells, kind: pa.DataType) -> pa.Array:
    if isinstance(column, np.ndarray) and column.dtype.kind == "f":
        numbers = np.ascontiguousarray(column, np.float64)
        return number_array(numbers, nan_is_null=True).cast(kind)
    return text_array(list(column)).cast(kind)


class _Drain:
    """A file that keeps what was written until it is taken."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def writable(self) -> bool:
        return True

    def flush(self) -> None:
        """Nothing to do: what was written is here."""

    def close(self) -> None:
        self.closed = True

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data
