"""Read and stream stored matrices: against zarr itself, and polars."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import zarr

from benchmarks.case import Case
from benchmarks.matrix_data import feature_name, run_names, write_matrix
from odm_shiny.formats.arrow_stream import stream_arrow
from odm_shiny.formats.csv_stream import Block, stream_csv
from odm_shiny.store.matrices import Matrix, MatrixStore

READS = 100
"""Reads in one round, each of another gene; the table shows their sum."""


def cases(large: bool) -> Iterator[Case]:
    """Make the cases; large is 60,000 x 2,000."""
    n_features, n_runs = (60_000, 2_000) if large else (6_000, 2_000)
    with TemporaryDirectory() as folder:
        store = MatrixStore(folder)
        matrix = write_matrix(store, "m", n_features, n_runs)
        yield from reading(store, matrix)
        yield from growing(store, matrix)
        yield from streaming(matrix)
        yield from searching(store)


def genes(n_features: int) -> list[int]:
    """Some genes, not in order."""
    return [int(gene) for gene in np.random.default_rng(3).integers(0, n_features, READS)]


def read_one(store: MatrixStore, gene: int, runs: np.ndarray) -> np.ndarray:
    """Read what a page needs: a gene by its name, of some runs."""
    matrix = store.open("m")
    return matrix.read(matrix.feature_indices(None, [feature_name(gene)]), runs)


def reading(store: MatrixStore, matrix: Matrix) -> Iterator[Case]:
    """One gene for a quarter of the runs, warm and from disk."""
    runs = np.sort(np.random.default_rng(4).permutation(matrix.n_runs)[: matrix.n_runs // 4])
    chosen = genes(matrix.n_features)
    values = zarr.open_array(matrix.path / "X", mode="r")
    shape = f"{len(runs)} runs of {matrix.n_features:,} x {matrix.n_runs:,}"
    yield Case(
        f"{READS} reads of one gene, {shape}, warm",
        lambda: [read_one(store, gene, runs) for gene in chosen],
        lambda: [values[:, gene][runs] for gene in chosen],
        peer_name="zarr, array kept open",
        target=f"<= {2 * READS} ms",
    )

    forget(matrix.path)
    yield Case(
        f"one gene, {shape}, store opened anew, pages dropped before",
        lambda: read_one(MatrixStore(store.folder), chosen[0], runs),
        lambda: forget(matrix.path),
        peer_name="dropping the pages, no comparison",
        target="4 to 6 ms",
        repeats=15,
    )
    yield Case(
        f"the same with zarr, {shape}",
        lambda: zarr.open_array(matrix.path / "X", mode="r")[:, chosen[0]][runs],
        lambda: forget(matrix.path),
        peer_name="dropping the pages, no comparison",
        repeats=15,
    )
    tens = np.array(chosen[:10])
    yield Case(
        f"10 genes at once, {shape}, warm",
        lambda: matrix.read(tens, runs),
        lambda: values.oindex[:, tens][runs],
        peer_name="zarr oindex",
        repeats=15,
    )


def forget(folder: Path) -> None:
    """Drop the pages of all files from the kernel's cache."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def growing(store: MatrixStore, matrix: Matrix) -> Iterator[Case]:
    """The same read of a matrix with a tenth of the features."""
    small = write_matrix(store, "small", matrix.n_features // 10, matrix.n_runs)
    runs = np.arange(0, matrix.n_runs, 4)

    def read(of: Matrix) -> list[np.ndarray]:
        names = [feature_name(gene) for gene in genes(of.n_features)]
        return [of.read(of.feature_indices(None, [name]), runs) for name in names]

    yield Case(
        f"{READS} reads of one gene of {matrix.n_features:,}",
        lambda: read(matrix),
        lambda: read(small),
        peer_name=f"the same of {small.n_features:,}",
        target="<= 1.3x",
    )


def streaming(matrix: Matrix) -> Iterator[Case]:
    """A whole matrix as CSV and as Arrow."""
    names = run_names(matrix.n_runs)
    shape = f"{matrix.n_features:,} x {matrix.n_runs:,}"
    frame = pl.DataFrame(matrix.read(np.arange(matrix.n_features)).T, schema=names)

    def blocks() -> Iterator[Block]:
        for features, values in matrix.blocks():
            yield [matrix.feature_column(None, features)], values.T

    def csv(digits: int) -> int:
        return sum(map(len, stream_csv(["gene"], names, blocks(), round_digits=digits)))

    def arrow() -> int:
        stream = stream_arrow(["gene"], names, blocks(), round_digits=4, feature_kinds=["string"])
        return sum(map(len, stream))

    yield Case(
        f"stream {shape} as CSV, 4 digits",
        lambda: csv(4),
        lambda: len(frame.write_csv(float_precision=4)),
        peer_name="polars write_csv(float_precision=4) of a frame in memory",
        target="<= 0.5x",
        repeats=3,
    )
    yield Case(
        f"stream {shape} as CSV, all digits",
        lambda: csv(17),
        lambda: len(frame.write_csv()),
        peer_name="polars write_csv of a frame in memory",
        repeats=3,
    )
    yield Case(
        f"stream {shape} as CSV: header and first rows",
        lambda: first_rows(["gene"], names, blocks()),
        target="<= 100 ms",
    )
    yield Case(
        f"stream {shape} as Arrow",
        arrow,
        lambda: frame.write_ipc_stream(None).getbuffer().nbytes,
        peer_name="polars write_ipc_stream of a frame in memory",
        repeats=3,
    )


def first_rows(features: list[str], names: list[str], blocks: Iterator[Block]) -> bytes:
    """Take the header and the first rows of a stream."""
    stream = stream_csv(features, names, blocks, round_digits=4)
    head = next(stream) + next(stream)
    stream.close()  # type: ignore[attr-defined]
    return head


def searching(store: MatrixStore) -> Iterator[Case]:
    """Which runs of 20 matrices have a gene above a level."""
    matrices = [write_matrix(store, f"part{number}", 2000, 200) for number in range(20)]

    def search() -> list[np.ndarray]:
        name = feature_name(777)
        return [
            np.flatnonzero((matrix.read(matrix.feature_indices(None, [name])) >= 4).any(axis=1))
            for matrix in matrices
        ]

    yield Case("which runs of 20 matrices have a gene >= 4", search, target="<= 60 ms")
