from __future__ import annotations

import os
import warnings

import anndata
import numpy as np
import pytest
import zarr

from odm_shiny.errors import StoreError


def test_written_matrix_says_what_it_is(store, example):
    info = example.write(store)
    assert (info.n_runs, info.n_features, info.n_values) == (4, 5, 2 * 15)
    assert info.feature_columns == example.kinds
    assert info.measurements == ["FC", "p/value"]
    assert info.dtypes == ["float32", "float64"]
    assert info.path == store.folder / "m1"
    files = [path for path in info.path.rglob("*") if path.is_file()]
    assert info.n_bytes == sum(path.stat().st_size for path in files)
    matrix = store.open("m1")
    assert (matrix.n_runs, matrix.n_features, matrix.run_names) == (4, 5, example.runs)
    assert list(matrix.feature_columns.items()) == list(example.kinds.items())
    assert matrix.measurements == ["FC", "p/value"]


def test_folder_is_an_anndata_store(store, example):
    info = example.write(store)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Variable names are not unique")
        adata = anndata.read_zarr(info.path)
    assert adata.shape == (4, 5)
    assert list(adata.obs_names) == example.runs
    assert list(adata.var_names) == example.features["Ensembl_ID"]
    assert adata.var.index.name == "Ensembl_ID"
    genes = adata.var["gene"].astype(object)
    assert genes.where(genes.notna(), None).tolist() == example.features["gene"]
    np.testing.assert_array_equal(adata.var["chromStart"], [7, 12, np.nan, 7, -3])
    assert adata.X.dtype == np.float32
    np.testing.assert_array_equal(adata.X, example.fc.T.astype(np.float32))
    assert list(adata.layers) == ["p%2Fvalue"]
    np.testing.assert_array_equal(adata.layers["p%2Fvalue"], example.p.T)


def test_folder_is_valid_zarr(store, example):
    info = example.write(store)
    group = zarr.open_group(info.path, mode="r")
    assert {name for name, _ in group.members(max_depth=None)} >= {
        "X",
        "obs/run",
        "var/gene/values",
    }
    np.testing.assert_array_equal(group["layers/p%2Fvalue"][:], example.p.T)


@pytest.mark.parametrize(
    ("n_runs", "n_features"), [(0, 0), (0, 3), (3, 0), (1, 1), (1, 20000), (3, 9), (5000, 40)]
)
def test_any_shape_can_be_kept(store, n_runs, n_features):
    values = np.random.default_rng(1).normal(size=(n_features, n_runs, 1))
    names = [f"g{number}" for number in range(n_features)]
    with store.writer("m", run_names=[f"S{i}" for i in range(n_runs)]) as writer:
        for first in range(0, n_features, 7000):
            part = slice(first, first + 7000)
            writer.write_block({"g": names[part]}, values[part])
        info = writer.finish()
    assert (info.n_runs, info.n_features) == (n_runs, n_features)
    matrix = store.open("m")
    np.testing.assert_array_equal(matrix.read(np.arange(n_features)), values[:, :, 0].T)
    rows, runs = np.arange(n_features)[::-3], np.arange(n_runs)[::-7]
    np.testing.assert_array_equal(matrix.read(rows, runs), values[rows][:, runs, 0].T)
    assert matrix.read([], runs).shape == (len(runs), 0)
    assert matrix.read(rows, []).shape == (0, len(rows))
    blocks = list(matrix.blocks(runs, size=1 << 18))
    if n_features:
        joined = np.concatenate([block for _, block in blocks], axis=1)
        np.testing.assert_array_equal(joined, values[:, runs, 0].T)
    adata = anndata.read_zarr(info.path)
    assert adata.shape == (n_runs, n_features)


def test_values_that_need_float64_late_widen_all_that_was_written(store):
    rng = np.random.default_rng(2)
    values = np.round(rng.normal(0, 10, (2000, 900, 1)), 3)
    values[1999, 5, 0] = 0.1234567890123
    with store.writer("m", run_names=[f"S{i}" for i in range(900)]) as writer:
        for first in range(0, 2000, 300):
            writer.write_block(
                {"g": [f"g{i}" for i in range(first, min(first + 300, 2000))]},
                values[first : first + 300],
            )
        info = writer.finish()
    assert info.dtypes == ["float64"]
    np.testing.assert_array_equal(store.open("m").read(np.arange(2000)), values[:, :, 0].T)
    assert not list(info.path.rglob("*.float32"))


def test_names_of_columns_and_measurements_stay_in_the_folder(store):
    hostile = ["../up", "/abs", "..", "_index", "zarr.json", "a/b", "", "x" * 5000, "c\0d", "é"]
    with store.writer("m", run_names=["S1"], measurements=hostile) as writer:
        writer.write_block({name: ["v"] for name in ["g", *hostile]}, np.ones((1, 1, 10)))
        info = writer.finish()
    assert os.listdir(store.folder.parent) == ["matrices"]
    assert set(os.listdir(store.folder)) == {"m", ".writing"}
    matrix = store.open("m")
    assert matrix.measurements == hostile
    assert list(matrix.feature_columns) == ["g", *hostile]
    assert matrix.read([0], measurement="../up").tolist() == [[1.0]]
    assert anndata.read_zarr(info.path).var.shape == (1, 10)


def test_matrix_is_not_seen_before_it_is_finished(store):
    with store.writer("m", run_names=["S1"]) as writer:
        writer.write_block({"g": ["a"]}, np.ones((1, 1, 1)))
        assert store.ids() == set()
        with pytest.raises(StoreError, match="not in the store"):
            store.open("m")
        writer.finish()
    assert store.ids() == {"m"}
    assert store.open("m").n_features == 1
    assert os.listdir(store.folder / ".writing") == []


def test_aborted_matrix_leaves_nothing(store, example):
    with store.writer("m", run_names=["S1"]) as writer:
        writer.write_block({"g": ["a"]}, np.ones((1, 1, 1)))
    assert store.ids() == set()
    assert os.listdir(store.folder / ".writing") == []
    with pytest.raises(StoreError, match="was aborted"):
        writer.write_block({"g": ["a"]}, np.ones((1, 1, 1)))
    example.write(store, "m")


@pytest.mark.parametrize(
    ("features", "values", "message"),
    [
        ({"g": ["a"]}, np.ones((1, 2, 1)), "do not fit 1 runs"),
        ({"g": ["a", "b"]}, np.ones((1, 1, 1)), "2 of 1 rows"),
        ({"h": ["a"]}, np.ones((1, 1, 1)), "feature columns"),
    ],
)
def test_blocks_that_do_not_fit_are_refused(store, features, values, message):
    with store.writer("m", run_names=["S1"]) as writer:
        writer.write_block({"g": ["a"]}, np.ones((1, 1, 1)))
        with pytest.raises(ValueError, match=message):
            writer.write_block(features, values)


def test_two_writers_of_one_id_leave_one_whole_matrix(store):
    first = store.writer("m", run_names=["S1"])
    second = store.writer("m", run_names=["S1"])
    for number, writer in enumerate((first, second)):
        writer.write_block({"g": ["a"]}, np.full((1, 1, 1), number))
    first.finish()
    with pytest.raises(StoreError, match="exists already"):
        second.finish()
    assert store.open("m").read([0]).tolist() == [[0.0]]
    assert os.listdir(store.folder / ".writing") == []


def test_everything_is_on_disk_before_the_matrix_is_published(store, monkeypatch, example):
    synced: list[str] = []
    rename = os.rename
    fsync = os.fsync

    def noted_fsync(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    def checked_rename(source, target) -> None:
        everything = {str(source)}
        for parent, folders, files in os.walk(source):
            everything |= {os.path.join(parent, name) for name in (*folders, *files)}
        assert everything <= set(synced)
        rename(source, target)
        synced.clear()

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "rename", checked_rename)
    example.write(store)
    assert synced == [str(store.folder)]
