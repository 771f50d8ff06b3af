from __future__ import annotations

import os
import resource
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest


@pytest.mark.parametrize("block", [1, 2, 5])
def test_values_come_back_to_the_last_bit(store, block, example):
    example.write(store, block=block)
    matrix = store.open("m1")
    np.testing.assert_array_equal(matrix.read(range(5)), example.fc.T)
    np.testing.assert_array_equal(matrix.read(range(5), measurement="FC"), example.fc.T)
    np.testing.assert_array_equal(matrix.read(range(5), measurement="p/value"), example.p.T)


def test_features_and_runs_are_read_in_the_order_asked_for(store, example):
    example.write(store)
    matrix = store.open("m1")
    np.testing.assert_array_equal(
        matrix.read([4, 0, 0], [3, 1]), example.fc[[4, 0, 0]][:, [3, 1]].T
    )
    assert matrix.read([], [1]).shape == (1, 0)
    assert matrix.read([1], []).shape == (0, 1)


@pytest.mark.parametrize(("features", "runs"), [([5], None), ([-1], None), ([0], [4]), ([0], [-1])])
def test_indices_outside_the_matrix_are_refused(store, features, runs, example):
    example.write(store)
    with pytest.raises(IndexError, match="is outside"):
        store.open("m1").read(features, runs)


def test_unknown_measurement_is_a_key_error(store, example):
    example.write(store)
    with pytest.raises(KeyError, match="FDR"):
        store.open("m1").read([0], measurement="FDR")


@pytest.mark.parametrize("size", [1, 64, 1 << 20])
@pytest.mark.parametrize(("runs", "features"), [(None, None), ([3, 1], [4, 4, 0])])
def test_blocks_hold_what_read_gives(store, size, runs, features, example):
    example.write(store)
    matrix = store.open("m1")
    parts = list(matrix.blocks(runs, features, size, measurement="p/value"))
    assert all(values.T.flags.c_contiguous for _, values in parts)
    wanted = list(range(5)) if features is None else features
    assert np.concatenate([indices for indices, _ in parts]).tolist() == wanted
    np.testing.assert_array_equal(
        np.concatenate([values for _, values in parts], axis=1),
        matrix.read(wanted, runs, measurement="p/value"),
    )


def test_many_threads_read_the_same_numbers(store):
    rng = np.random.default_rng(5)
    values = rng.normal(size=(500, 30, 1))
    with store.writer("m", run_names=[f"S{i}" for i in range(30)]) as writer:
        writer.write_block({"g": [f"g{i}" for i in range(500)]}, values)
        writer.finish()

    def check(seed: int) -> bool:
        own = np.random.default_rng(seed)
        matrix = store.open("m")
        for _ in range(30):
            name, runs = int(own.integers(500)), own.permutation(30)[:7]
            (index,) = matrix.feature_indices(None, [f"g{name}"])
            if not np.array_equal(matrix.read([index], runs)[:, 0], values[name, runs, 0]):
                return False
        return len(matrix.suggest("g1", 5)) == 5

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(check, range(32)))


def test_ten_thousand_reads_keep_memory_and_descriptors(store, example):
    example.write(store)

    def use() -> None:
        for _ in range(1000):
            matrix = store.open("m1")
            matrix.read(matrix.feature_indices(None, ["ENSG1"]), [0, 2])

    def resident() -> int:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    use()
    memory, descriptors = resident(), len(os.listdir("/proc/self/fd"))
    for _ in range(9):
        use()
    assert resident() - memory < 20 << 20
    assert len(os.listdir("/proc/self/fd")) <= descriptors
