"""A store of matrices, and a small matrix to write into it."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from odm_shiny.store.matrices import MatrixInfo, MatrixStore


class Example:
    """A matrix of 4 runs, 5 features and 2 measurements."""

    runs: ClassVar = ["S-01", "S-02", "Möl", "S-02b"]
    features: ClassVar = {
        "Ensembl_ID": ["ENSG2", "ENSG1", "ENSG2", "7157", "änsg"],
        "gene": ["TP53", None, "tp53", "BRCA1", "ÄB1"],
        "chromStart": ["7", "12", None, "7.0", "-3"],
    }
    kinds: ClassVar = {"Ensembl_ID": "string", "gene": "string", "chromStart": "number"}
    fc = np.array(
        [
            [1.5, 0, -2.25, np.nan],
            [0.1, 1234.567, 1e-3, 8],
            [np.nan, np.nan, np.nan, np.nan],
            [3, 2, 1, 0],
            [0.0001, 99999, -0.5, 7],
        ]
    )
    p = fc / 7

    def write(self, store: MatrixStore, matrix_id: str = "m1", *, block: int = 2) -> MatrixInfo:
        """Write it into a store, some features at a time."""
        values = np.stack([self.fc, self.p], axis=2)
        measurements = ["FC", "p/value"]
        with store.writer(matrix_id, run_names=self.runs, measurements=measurements) as writer:
            for first in range(0, 5, block):
                part = slice(first, first + block)
                columns = {name: cells[part] for name, cells in self.features.items()}
                writer.write_block(columns, values[part])
            return writer.finish(self.kinds)


@pytest.fixture
def example() -> Example:
    return Example()


@pytest.fixture
def store(tmp_path: Path) -> MatrixStore:
    return MatrixStore(tmp_path / "matrices")
