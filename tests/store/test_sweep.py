"""What crashes leave is removed, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from odm_shiny.store import data_files
from odm_shiny.store.store import Store
from odm_shiny.store.sweep import sweep


def write_matrix(store: Store, matrix_id: str) -> None:
    writer = store.matrices.writer(matrix_id, run_names=["a"], measurements=["value"])
    writer.write_block({"gene": np.array(["x"], dtype=object)}, np.ones((1, 1, 1)))
    writer.finish()


def test_only_matrices_of_no_file_are_removed_and_only_after_a_while(
    store: Store, make: Any
) -> None:
    for matrix_id in ("kept", "orphan"):
        write_matrix(store, matrix_id)
    with store.write() as tx:
        data_files.add(
            tx,
            "kept",
            make.expression(tx, ["a"]).group.id,
            n_runs=1,
            n_features=1,
            feature_columns={"gene": "string"},
            measurements=["value"],
        )
    assert sweep(store) == 0, "an orphan may be about to be committed"
    assert store.matrices.ids() == {"kept", "orphan"}
    assert sweep(store, grace_s=0) == 1
    assert store.matrices.ids() == {"kept"}
    assert store.matrices.open("kept").n_runs == 1


DIE = """
import os, sys
from odm_shiny.store.store import Store
store = Store.open(sys.argv[1])
writer = store.matrices.writer("dead", run_names=["a"], measurements=["value"])
os._exit(9)
"""


def test_what_a_dead_writer_left_goes_and_what_a_living_one_writes_stays(
    store: Store, store_folder: Path
) -> None:
    died = subprocess.run([sys.executable, "-c", DIE, str(store_folder)], check=False)
    assert died.returncode == 9
    writer = store.matrices.writer("alive", run_names=["a"], measurements=["value"])
    assert sweep(store, grace_s=0) == 1
    writer.write_block({"gene": np.array(["x"], dtype=object)}, np.ones((1, 1, 1)))
    writer.finish()
    assert store.matrices.ids() == {"alive"}
    assert sweep(store, grace_s=0) == 1
    assert not os.listdir(store.matrix_folder / ".writing")
