"""A copy of a store in use."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from odm_shiny.errors import StoreError
from odm_shiny.store import data_files, objects
from odm_shiny.store.backup import backup
from odm_shiny.store.check import check
from odm_shiny.store.store import Store


def add_matrix(store: Store, make: Any, matrix_id: str) -> None:
    writer = store.matrices.writer(matrix_id, run_names=["S-01", "S-02"], measurements=["value"])
    values = np.array([[[1.0], [2.0]], [[np.nan], [0.5]], [[7.0], [0.0]]])
    writer.write_block({"gene": np.array(["TP53", "Ü", "A"], dtype=object)}, values)
    info = writer.finish()
    with store.write() as tx:
        data_files.add(
            tx,
            matrix_id,
            make.expression(tx).group.id,
            n_runs=info.n_runs,
            n_features=info.n_features,
            feature_columns={"gene": "string"},
            measurements=["value"],
        )


def test_the_copy_is_a_store_with_all_that_was_there(
    store: Store, make: Any, tmp_path: Path
) -> None:
    with store.write() as tx:
        samples = make.whole_study(tx)["samples"]
    add_matrix(store, make, "m1")
    place = backup(store, tmp_path / "copies" / "monday")
    with store.write() as tx:
        make.study(tx, "later")
    with Store.open(place) as copy:
        assert check(copy) == []
        with copy.read() as tx:
            assert objects.count_by_kind(tx)["study"] == 1
            assert len(objects.get_many(tx, samples.public_ids)) == 3
        assert copy.matrices.open("m1").read(np.array([0])).tolist() == [[1.0], [2.0]]
    assert (place / "metadata.sqlite").stat().st_mode & 0o077 == 0
    assert [path.name for path in place.parent.iterdir()] == ["monday"]


def test_a_copy_made_while_others_write_is_whole(store: Store, make: Any, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with store.write() as tx:
                make.whole_study(tx)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        places = [backup(store, tmp_path / f"copy{n}") for n in range(3)]
    finally:
        stop.set()
        thread.join()
    for place in places:
        with Store.open(place) as copy:
            assert check(copy) == []


def test_a_place_that_is_taken_and_a_lost_matrix_are_refused(
    store: Store, make: Any, tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match="there is something already"):
        backup(store, tmp_path)
    add_matrix(store, make, "m1")
    store.matrices.delete("m1")
    with pytest.raises(StoreError, match=r"m1: this matrix is gone"):
        backup(store, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert not list(tmp_path.glob(".copy*"))
