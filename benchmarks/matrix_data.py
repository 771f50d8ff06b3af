"""Expression values that look like real ones, as a GCT file and as a stored matrix."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from odm_shiny.store.matrices import Matrix, MatrixStore

_ROWS_AT_ONCE = 500


def run_names(n_runs: int) -> list[str]:
    """Name the runs."""
    return [f"S{number:05d}" for number in range(n_runs)]


def feature_name(number: int) -> str:
    """Accession of a feature."""
    return f"ENSG{number:011d}"


def blocks(n_features: int, n_runs: int) -> Iterator[NDArray[np.float64]]:
    """Values as of TPM: 30 % zeros, four decimals, levels over five orders of magnitude."""
    rng = np.random.default_rng(1)
    for first in range(0, n_features, _ROWS_AT_ONCE):
        size = (min(_ROWS_AT_ONCE, n_features - first), n_runs)
        level = np.exp(rng.normal(1, 2, size=(size[0], 1)))
        values = np.round(rng.gamma(1.5, level, size), 4)
        values[rng.random(size) < 0.3] = 0
        yield values


def write_gct(path: Path, n_features: int, n_runs: int) -> Path:
    """Write a GCT file, about 6 bytes a value."""
    with path.open("w") as file:
        names = "\t".join(run_names(n_runs))
        file.write(f"#1.2\n{n_features}\t{n_runs}\nName\tDescription\t{names}\n")
        number = 0
        for values in blocks(n_features, n_runs):
            for row in values.tolist():
                cells = str(row)[1:-1].replace(", ", "\t")
                file.write(f"{feature_name(number)}\tgene {number}\t{cells}\n")
                number += 1
    return path


def write_matrix(store: MatrixStore, matrix_id: str, n_features: int, n_runs: int) -> Matrix:
    """Write the same values as a stored matrix."""
    number = 0
    with store.writer(matrix_id, run_names=run_names(n_runs)) as writer:
        for values in blocks(n_features, n_runs):
            names = [feature_name(number + row) for row in range(len(values))]
            writer.write_block({"gene": names}, values[:, :, None])
            number += len(values)
        writer.finish()
    return store.open(matrix_id)
