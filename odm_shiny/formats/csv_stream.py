"""Stream a matrix as CSV or as Arrow IPC, block by block.

Both take the same blocks and give the same numbers: a value in the Arrow stream is the float64
that the text in the CSV stands for.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from odm_shiny.formats.arrow_arrays import number_array, text_array
from odm_shiny.formats.rounding import number_text, rounded_text, write_rows

FeatureCells = Sequence[str | None] | NDArray[Any]
"""A feature column of a block: texts, ``None`` where missing; or float64."""
Block = tuple[Sequence[FeatureCells], NDArray[np.float64]]
"""Feature columns and values (n_rows, n_columns); quickest if C-contiguous."""

_SMALL = 1 << 17
"""Values written before the compiled writer is loaded, which takes a second the first time."""
_FIRST_CELLS, _CELLS_AT_ONCE = 1 << 12, 1 << 16
_COMPILED = "odm_shiny.formats.csv_rows"
_N_WORKERS = min(2, os.cpu_count() or 1)
_SPECIAL = frozenset(',"\r\n')


def stream_csv(
    feature_names: Sequence[str],
    column_names: Sequence[str],
    blocks: Iterable[Block],
    *,
    round_digits: int,
) -> Iterator[bytes]:
    """Write a matrix as CSV.

    Parameters
    ----------
    feature_names, column_names
        Names of the feature columns and of the numeric columns: the header line.
    blocks
        Rows of the matrix.
    round_digits
        Most digits after the point, at least 0; see `rounding.rounded_text`.

    Yields
    ------
    UTF-8 with LF line ends, the header first; missing values are empty.
    """
    names = [_quoted(name) for name in (*feature_names, *column_names)]
    yield (",".join(names) + "\n").encode()
    yield from _written(_parts(blocks), round_digits)


def stream_arrow(
    feature_names: Sequence[str],
    column_names: Sequence[str],
    blocks: Iterable[Block],
    *,
    round_digits: int,
    feature_types: Sequence[pa.DataType],
) -> Iterator[bytes]:
    """Write a matrix as an Arrow IPC stream.

    Parameters
    ----------
    feature_names, column_names, blocks, round_digits
        As in `stream_csv`.
    feature_types
        Arrow type of each feature column, `pa.string()` or `pa.float64()`.

    Yields
    ------
    Parts of the stream, the schema first: the feature columns, then one float64 column a run;
    missing values are null.
    """
    fields = [pa.field(n, t) for n, t in zip(feature_names, feature_types, strict=True)]
    schema = pa.schema(fields + [pa.field(name, pa.float64()) for name in column_names])
    sink = _Drain()
    with pa.ipc.new_stream(pa.PythonFile(sink, "w"), schema) as writer:
        yield sink.take()
        for columns, values in blocks:
            arrays = [
                _feature_array(column, kind)
                for column, kind in zip(columns, feature_types, strict=True)
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


def _parts(blocks: Iterable[Block]) -> Iterator[tuple[list[bytes], NDArray[np.float64]]]:
    """Cut blocks: the first ones small, for a quick start, all to fit the processor's cache."""
    n_cells = _FIRST_CELLS
    for columns, values in blocks:
        first = 0
        while first < len(values):
            behind = first + max(1, n_cells // max(1, values.shape[1]))
            rows = values[first:behind]
            yield _prefixes([column[first:behind] for column in columns], len(rows)), rows
            first, n_cells = behind, min(2 * n_cells, _CELLS_AT_ONCE)


def _written(
    parts: Iterator[tuple[list[bytes], NDArray[np.float64]]], digits: int
) -> Iterator[bytes]:
    """Write the first parts at once, all others with the compiled writer in threads, in order."""
    if _COMPILED not in sys.modules:
        n_values = 0
        for prefixes, rows in parts:
            yield write_rows(prefixes, rows, digits)
            n_values += rows.size
            if n_values > _SMALL:
                break
        else:
            return
    try:
        from odm_shiny.formats.csv_rows import write_fast as write
    except ImportError:  # numba comes with odm-shiny[server]; slower without
        write = write_rows
    pending: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(_N_WORKERS, thread_name_prefix="csv-write") as pool:
        try:
            for prefixes, rows in parts:
                pending.append(pool.submit(write, prefixes, rows, digits))
                if len(pending) > _N_WORKERS:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def _prefixes(columns: Sequence[FeatureCells], n_rows: int) -> list[bytes]:
    """Feature cells of each row, joined."""
    if not columns:
        return [b""] * n_rows
    texts = [_cell_texts(column) for column in columns]
    return [",".join(cells).encode(errors="surrogatepass") for cells in zip(*texts, strict=True)]


def _cell_texts(column: FeatureCells) -> list[str]:
    if isinstance(column, np.ndarray) and column.dtype.kind == "f":
        return [number_text(value) for value in column.tolist()]
    return ["" if text is None else _quoted(text) for text in column]


def _quoted(text: str) -> str:
    if _SPECIAL.isdisjoint(text):
        return text
    return '"' + text.replace('"', '""') + '"'


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
