"""Read a GCT file, and import it: against cmapPy, the format's own reader, and polars."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from cmapPy.pandasGEXpress.parse_gct import parse

from benchmarks.case import Case
from benchmarks.matrix_data import write_gct
from odm_shiny.formats.gct import open_gct
from odm_shiny.store.matrices import MatrixStore


def read(path: Path) -> int:
    """Read all values, block by block."""
    with open_gct(path) as blocks:
        return sum(block.values.size for block in blocks)


def import_file(path: Path, store: MatrixStore, matrix_id: str) -> None:
    """Read all values and write them to the store."""
    with (
        open_gct(path) as blocks,
        store.writer(matrix_id, run_names=blocks.header.run_names) as writer,
    ):
        for block in blocks:
            writer.write_block(block.features, block.values)
        writer.finish(blocks.feature_kinds)
    store.delete(matrix_id)


def cases(large: bool) -> Iterator[Case]:
    """Make the cases; large is 20,000 x 2,000, 245 MB of text."""
    n_features, n_runs = (20_000, 2_000) if large else (4_000, 500)
    repeats = 3
    with TemporaryDirectory() as folder:
        path = write_gct(Path(folder, "big.gct"), n_features, n_runs)
        what = f"{n_features:,} x {n_runs:,} GCT, {path.stat().st_size / 1e6:.0f} MB"
        yield Case(
            f"read {what}",
            lambda: read(path),
            lambda: parse(str(path)),
            peer_name="cmapPy parse_gct",
            target="<= 0.15x",
            repeats=repeats,
        )
        yield Case(
            f"read {what}",
            lambda: read(path),
            lambda: pl.read_csv(path, separator="\t", skip_lines=2, quote_char=None),
            peer_name="polars read_csv, whole",
            repeats=repeats,
        )
        store = MatrixStore(Path(folder, "matrices"))
        numbers = itertools.count()
        yield Case(
            f"import {what}, synced to disk",
            lambda: import_file(path, store, f"m{next(numbers)}"),
            lambda: read(path),
            peer_name="reading alone",
            target="<= 2.5x",
            repeats=repeats,
        )
