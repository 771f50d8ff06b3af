from __future__ import annotations

import os

import numpy as np
import pytest

from odm_shiny.errors import StoreError
from odm_shiny.store.matrices import MatrixStore


@pytest.mark.parametrize(
    "matrix_id",
    ["", ".", "..", "../m", "a/b", "a\\b", "/etc", ".writing", "a\0b", "x" * 200, "ä", "a.b"],
)
def test_ids_stay_in_the_folder(store, matrix_id):
    for use in (store.open, store.delete, lambda i: store.writer(i, run_names=["S1"])):
        with pytest.raises(StoreError, match="is not the id of a matrix"):
            use(matrix_id)


def test_an_id_is_written_once(store, example):
    example.write(store)
    with pytest.raises(StoreError, match="exists already"):
        example.write(store)


def test_deleted_matrix_is_gone_and_its_id_can_be_used_again(store, example):
    example.write(store)
    held = store.open("m1")
    np.testing.assert_array_equal(held.read(range(5)), example.fc.T)
    store.delete("m1")
    store.delete("m1")
    assert store.ids() == set()
    with pytest.raises(StoreError, match="not in the store"):
        store.open("m1")
    with store.writer("m1", run_names=example.runs, measurements=["FC", "p/value"]) as writer:
        writer.write_block(example.features, np.stack([example.fc + 1, example.p], axis=2))
        writer.finish(example.kinds)
    np.testing.assert_array_equal(store.open("m1").read(range(5)), (example.fc + 1).T)


def test_number_of_open_matrices_is_bounded(tmp_path):
    store = MatrixStore(tmp_path, max_open=2)
    for number in range(5):
        with store.writer(f"m{number}", run_names=["S1"]) as writer:
            writer.write_block({"g": ["a"]}, np.full((1, 1, 1), number))
            writer.finish()
    assert store.open("m0") is store.open("m0")
    first = store.open("m0")
    for number in range(5):
        assert store.open(f"m{number}").read([0]).tolist() == [[number]]
    assert store.open("m0") is not first
    assert first.read([0]).tolist() == [[0.0]]


def test_read_only_folder_is_a_store_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = MatrixStore(tmp_path / "file" / "matrices")
    with pytest.raises(StoreError, match="cannot write to the store"):
        store.writer("m", run_names=["S1"])
    with pytest.raises(StoreError, match="cannot list"):
        store.ids()


def test_sweep_leaves_living_writers_alone(store):
    with store.writer("m", run_names=["S1"]) as writer:
        writer.write_block({"g": ["a"]}, np.ones((1, 1, 1)))
        assert store.sweep() == 0
        assert MatrixStore(store.folder).sweep() == 0
        writer.finish()
    left = store.folder / ".writing" / "old.0123"
    (left / "X").mkdir(parents=True)
    assert store.sweep() == 1
    assert store.ids() == {"m"}
    assert os.listdir(store.folder / ".writing") == []


def test_age_of_a_matrix_counts_from_its_publication(store, example):
    example.write(store)
    assert 0 <= store.age_s("m1") < 60
    assert store.age_s("none") == 0


def test_folder_need_not_exist(tmp_path):
    store = MatrixStore(tmp_path / "no" / "where")
    assert store.ids() == set()
    assert store.sweep() == 0
    store.delete("m")
    assert os.listdir(tmp_path) in ([], ["no"])
