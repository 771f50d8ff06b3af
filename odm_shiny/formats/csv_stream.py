"""Stream a matrix as CSV, block by block."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from odm_shiny.formats.rounding import number_text, write_rows

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
