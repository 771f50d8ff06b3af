from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import anndata
import numpy as np
import pytest
import zarr

from odm_shiny.errors import StoreError
from odm_shiny.store.matrices import MatrixStore

RUNS = ["S-01", "S-02", "Möl", "S-02b"]
FEATURES = {
    "Ensembl_ID": ["ENSG2", "ENSG1", "ENSG2", "7157", "änsg"],
    "gene": ["TP53", None, "tp53", "BRCA1", "ÄB1"],
    "chromStart": ["7", "12", None, "7.0", "-3"],
}
KINDS = {"Ensembl_ID": "string", "gene": "string", "chromStart": "number"}
FC = np.array(
    [
        [1.5, 0, -2.25, np.nan],
        [0.1, 1234.567, 1e-3, 8],
        [np.nan, np.nan, np.nan, np.nan],
        [3, 2, 1, 0],
        [0.0001, 99999, -0.5, 7],
    ]
)
P = FC / 7


def write(store: MatrixStore, matrix_id: str = "m1", *, block: int = 2):
    """A matrix of 4 runs, 5 features and 2 measurements."""
    values = np.stack([FC, P], axis=2)
    with store.writer(matrix_id, run_names=RUNS, measurements=["FC", "p/value"]) as writer:
        for first in range(0, 5, block):
            part = slice(first, first + block)
            writer.write_block({n: c[part] for n, c in FEATURES.items()}, values[part])
        return writer.finish(KINDS)


@pytest.fixture
def store(tmp_path) -> MatrixStore:
    return MatrixStore(tmp_path / "matrices")


def test_written_matrix_says_what_it_is(store):
    info = write(store)
    assert (info.n_runs, info.n_features, info.n_values) == (4, 5, 2 * 15)
    assert info.feature_columns == KINDS
    assert info.measurements == ["FC", "p/value"]
    assert info.dtypes == ["float32", "float64"]
    assert info.path == store.folder / "m1"
    files = [path for path in info.path.rglob("*") if path.is_file()]
    assert info.n_bytes == sum(path.stat().st_size for path in files)
    matrix = store.open("m1")
    assert (matrix.n_runs, matrix.n_features, matrix.run_names) == (4, 5, RUNS)
    assert list(matrix.feature_columns.items()) == list(KINDS.items())
    assert matrix.measurements == ["FC", "p/value"]


@pytest.mark.parametrize("block", [1, 2, 5])
def test_values_come_back_to_the_last_bit(store, block):
    write(store, block=block)
    matrix = store.open("m1")
    np.testing.assert_array_equal(matrix.read(range(5)), FC.T)
    np.testing.assert_array_equal(matrix.read(range(5), measurement="FC"), FC.T)
    np.testing.assert_array_equal(matrix.read(range(5), measurement="p/value"), P.T)


def test_features_and_runs_are_read_in_the_order_asked_for(store):
    write(store)
    matrix = store.open("m1")
    np.testing.assert_array_equal(matrix.read([4, 0, 0], [3, 1]), FC[[4, 0, 0]][:, [3, 1]].T)
    assert matrix.read([], [1]).shape == (1, 0)
    assert matrix.read([1], []).shape == (0, 1)


@pytest.mark.parametrize(("features", "runs"), [([5], None), ([-1], None), ([0], [4]), ([0], [-1])])
def test_indices_outside_the_matrix_are_refused(store, features, runs):
    write(store)
    with pytest.raises(IndexError, match="is outside"):
        store.open("m1").read(features, runs)


def test_unknown_measurement_is_a_key_error(store):
    write(store)
    with pytest.raises(KeyError, match="FDR"):
        store.open("m1").read([0], measurement="FDR")


def test_features_are_found_by_exact_value_of_a_column(store):
    write(store)
    matrix = store.open("m1")
    assert matrix.feature_indices(None, ["ENSG2", "7157", "ENSG2", "no", "ENSG"]).tolist() == [
        0,
        2,
        3,
    ]
    assert matrix.feature_indices("gene", ["ÄB1", "TP53", ""]).tolist() == [4, 0]
    assert matrix.feature_indices("chromStart", ["7", "x", "-3.0", "nan"]).tolist() == [0, 3, 4]
    assert matrix.feature_indices("no such column", ["1"]).tolist() == []
    assert matrix.feature_indices(None, []).tolist() == []


def test_many_names_are_found_as_few_are(store):
    names = [f"g{number % 700}" for number in range(1000)] + ["é"]
    with store.writer("m", run_names=["S1"]) as writer:
        writer.write_block({"g": names}, np.zeros((1001, 1, 1)))
        writer.finish()
    matrix = store.open("m")
    wanted = [f"g{number}" for number in range(900, 0, -1)] + ["é"]
    one_by_one = [matrix.feature_indices(None, [name]) for name in wanted]
    np.testing.assert_array_equal(matrix.feature_indices(None, wanted), np.concatenate(one_by_one))


def test_feature_columns_are_texts_or_numbers(store):
    write(store)
    matrix = store.open("m1")
    assert matrix.feature_column("gene").tolist() == FEATURES["gene"]
    assert matrix.feature_column().tolist() == FEATURES["Ensembl_ID"]
    assert matrix.feature_column("gene", [3, 0]).tolist() == ["BRCA1", "TP53"]
    np.testing.assert_array_equal(matrix.feature_column("chromStart"), [7, 12, np.nan, 7, -3])
    with pytest.raises(KeyError):
        matrix.feature_column("no such column")


def test_accessions_that_are_numbers_keep_their_text_and_are_found_as_numbers(store):
    with store.writer("m", run_names=["S1"]) as writer:
        writer.write_block({"entrez": ["007", "12", "7"]}, np.zeros((3, 1, 1)))
        writer.finish({"entrez": "number"})
    matrix = store.open("m")
    assert matrix.feature_column().tolist() == ["007", "12", "7"]
    assert matrix.feature_column("entrez").tolist() == [7.0, 12.0, 7.0]
    assert matrix.feature_indices(None, ["7"]).tolist() == [0, 2]


def test_suggestions_start_with_the_text_before_they_hold_it(store):
    write(store)
    matrix = store.open("m1")
    assert matrix.suggest("ensg", 10) == ["ENSG1", "ENSG2"]
    assert matrix.suggest("p5", 10, "gene") == ["TP53", "tp53"]
    assert matrix.suggest("ä", 10, "gene") == ["ÄB1"]
    assert matrix.suggest("b", 10, "gene") == ["BRCA1", "ÄB1"]
    assert matrix.suggest("", 2) == ["7157", "ENSG1"]
    assert matrix.suggest("7", 10, "chromStart") == ["7"]
    assert matrix.suggest("x", 10, "no such column") == []
    assert matrix.suggest("e", 0) == []


@pytest.mark.parametrize("size", [1, 64, 1 << 20])
@pytest.mark.parametrize(("runs", "features"), [(None, None), ([3, 1], [4, 4, 0])])
def test_blocks_hold_what_read_gives(store, size, runs, features):
    write(store)
    matrix = store.open("m1")
    parts = list(matrix.blocks(runs, features, size, measurement="p/value"))
    assert all(values.T.flags.c_contiguous for _, values in parts)
    wanted = list(range(5)) if features is None else features
    assert np.concatenate([indices for indices, _ in parts]).tolist() == wanted
    np.testing.assert_array_equal(
        np.concatenate([values for _, values in parts], axis=1),
        matrix.read(wanted, runs, measurement="p/value"),
    )


def test_folder_is_an_anndata_store(store):
    info = write(store)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Variable names are not unique")
        adata = anndata.read_zarr(info.path)
    assert adata.shape == (4, 5)
    assert list(adata.obs_names) == RUNS
    assert list(adata.var_names) == FEATURES["Ensembl_ID"]
    assert adata.var.index.name == "Ensembl_ID"
    genes = adata.var["gene"].astype(object)
    assert genes.where(genes.notna(), None).tolist() == FEATURES["gene"]
    np.testing.assert_array_equal(adata.var["chromStart"], [7, 12, np.nan, 7, -3])
    assert adata.X.dtype == np.float32
    np.testing.assert_array_equal(adata.X, FC.T.astype(np.float32))
    assert list(adata.layers) == ["p%2Fvalue"]
    np.testing.assert_array_equal(adata.layers["p%2Fvalue"], P.T)


def test_folder_is_valid_zarr(store):
    info = write(store)
    group = zarr.open_group(info.path, mode="r")
    assert {name for name, _ in group.members(max_depth=None)} >= {
        "X",
        "obs/run",
        "var/gene/values",
    }
    np.testing.assert_array_equal(group["layers/p%2Fvalue"][:], P.T)


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


@pytest.mark.parametrize(
    "matrix_id",
    ["", ".", "..", "../m", "a/b", "a\\b", "/etc", ".writing", "a\0b", "x" * 200, "ä", "a.b"],
)
def test_ids_stay_in_the_folder(store, matrix_id):
    for use in (store.open, store.delete, lambda i: store.writer(i, run_names=["S1"])):
        with pytest.raises(StoreError, match="is not the id of a matrix"):
            use(matrix_id)


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


def test_aborted_matrix_leaves_nothing(store):
    with store.writer("m", run_names=["S1"]) as writer:
        writer.write_block({"g": ["a"]}, np.ones((1, 1, 1)))
    assert store.ids() == set()
    assert os.listdir(store.folder / ".writing") == []
    with pytest.raises(StoreError, match="was aborted"):
        writer.write_block({"g": ["a"]}, np.ones((1, 1, 1)))
    write(store, "m")


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


def test_an_id_is_written_once(store):
    write(store)
    with pytest.raises(StoreError, match="exists already"):
        write(store)


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


def test_deleted_matrix_is_gone_and_its_id_can_be_used_again(store):
    write(store)
    held = store.open("m1")
    np.testing.assert_array_equal(held.read(range(5)), FC.T)
    store.delete("m1")
    store.delete("m1")
    assert store.ids() == set()
    with pytest.raises(StoreError, match="not in the store"):
        store.open("m1")
    with store.writer("m1", run_names=RUNS, measurements=["FC", "p/value"]) as writer:
        writer.write_block(FEATURES, np.stack([FC + 1, P], axis=2))
        writer.finish(KINDS)
    np.testing.assert_array_equal(store.open("m1").read(range(5)), (FC + 1).T)


def test_everything_is_on_disk_before_the_matrix_is_published(store, monkeypatch):
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
    write(store)
    assert synced == [str(store.folder)]


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


def test_damage_is_an_error_and_never_a_number(store):
    info = write(store)
    shard = info.path / "X" / "c" / "0" / "0"
    whole = shard.read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        shard.write_bytes(bytes(damaged))
        matrix = MatrixStore(store.folder).open("m1")
        try:
            values = matrix.read(range(5))
        except StoreError:
            continue
        np.testing.assert_array_equal(values, FC.T)


@pytest.mark.parametrize(
    "victim",
    [
        "X/c/0/0",
        "X/zarr.json",
        "uns/odm_shiny/features/c/0",
        "layers/p%2Fvalue",
        "uns/odm_shiny/runs/c/0",
    ],
)
@pytest.mark.parametrize("how", ["missing", "cut", "junk"])
def test_missing_and_cut_files_are_store_errors(store, victim, how):
    path = write(store).path / victim
    if path.is_dir():
        for file in path.rglob("*"):
            if file.is_file():
                file.unlink()
    elif how == "missing":
        path.unlink()
    else:
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2] if how == "cut" else b"junk" * len(content))

    def use() -> None:
        matrix = store.open("m1")
        assert matrix.run_names == RUNS
        matrix.read([1])
        matrix.read([1], measurement="p/value")

    with pytest.raises(StoreError, match="m1 is"):
        use()


def test_read_only_folder_is_a_store_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = MatrixStore(tmp_path / "file" / "matrices")
    with pytest.raises(StoreError, match="cannot write to the store"):
        store.writer("m", run_names=["S1"])
    with pytest.raises(StoreError, match="cannot list"):
        store.ids()


def run_script(script: str, *arguments: object, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=100,
        **options,
    )


def test_full_disk_is_a_store_error_and_leaves_the_store_intact(store):
    write(store, "before")
    script = """
        import resource, sys
        import numpy as np
        from odm_shiny.errors import StoreError
        from odm_shiny.store.matrices import MatrixStore
        store = MatrixStore(sys.argv[1])
        values = np.random.default_rng(0).normal(size=(3000, 500, 1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        writer = store.writer("m", run_names=[f"S{i}" for i in range(500)])
        try:
            writer.write_block({"g": [f"g{i}" for i in range(3000)]}, values)
            writer.finish()
        except StoreError as exc:
            print("refused:", exc)
    """
    done = run_script(script, store.folder)
    assert done.stdout.startswith("refused: "), done.stderr
    assert "cannot be written" in done.stdout
    assert store.ids() == {"before"}
    assert os.listdir(store.folder / ".writing") == []
    np.testing.assert_array_equal(store.open("before").read([1]), FC[[1]].T)


WRITER = """
    import sys, time
    import numpy as np
    from odm_shiny.store.matrices import MatrixStore
    store = MatrixStore(sys.argv[1])
    values = np.random.default_rng(0).random((400, 800, 1))
    print("ready", flush=True)
    for number in range(1000):
        with store.writer(f"m{number}", run_names=[f"S{i}" for i in range(800)]) as writer:
            for block in range(4):
                writer.write_block({"g": [f"g{block}_{i}" for i in range(400)]}, values + number)
            writer.finish()
"""


def test_killed_writer_leaves_whole_matrices_and_what_a_sweep_removes(store):
    rng = np.random.default_rng()
    values = np.random.default_rng(0).random((400, 800, 1))
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WRITER), str(store.folder)],
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(float(rng.uniform(0.05, 0.6)))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        fresh = MatrixStore(store.folder)
        fresh.sweep()
        assert os.listdir(store.folder / ".writing") == []
        for matrix_id in fresh.ids():
            matrix = fresh.open(matrix_id)
            expected = np.tile((values + int(matrix_id[1:]))[:, :, 0].T, 4)
            np.testing.assert_array_equal(matrix.read(np.arange(1600)), expected)
            fresh.delete(matrix_id)


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


def test_age_of_a_matrix_counts_from_its_publication(store):
    write(store)
    assert 0 <= store.age_s("m1") < 60
    assert store.age_s("none") == 0


def test_folder_need_not_exist(tmp_path):
    store = MatrixStore(tmp_path / "no" / "where")
    assert store.ids() == set()
    assert store.sweep() == 0
    store.delete("m")
    assert os.listdir(tmp_path) in ([], ["no"])


def test_ten_thousand_reads_keep_memory_and_descriptors(store):
    write(store)

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


def test_writing_takes_bounded_memory(store):
    script = """
        import sys
        import numpy as np
        from odm_shiny.store.matrices import MatrixStore

        def peak():
            with open("/proc/self/status") as file:
                return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) >> 10

        store = MatrixStore(sys.argv[1])
        values = np.random.default_rng(0).random((100, 2000, 1))
        with store.writer("m", run_names=[f"S{i}" for i in range(2000)]) as writer:
            for number in range(150):
                writer.write_block({"g": [f"g{number}_{i}" for i in range(100)]}, values)
                if number == 40:
                    before = peak()
            writer.finish()
        written = peak()
        for _ in store.open("m").blocks():
            pass
        print(written - before, peak() - written)
    """
    done = run_script(script, store.folder)
    assert done.returncode == 0, done.stderr
    writing, reading = map(int, done.stdout.split())
    assert writing < 60  # MB; the values are 240 MB
    assert reading < 60


def test_reading_does_not_load_pandas(store):
    write(store)
    script = """
        import sys
        from odm_shiny.store.matrices import MatrixStore
        matrix = MatrixStore(sys.argv[1]).open("m1")
        matrix.read(matrix.feature_indices(None, ["ENSG1"]), [1])
        matrix.feature_indices("gene", [str(number) for number in range(300)])
        matrix.feature_column("gene"), matrix.feature_column("gene", [1])
        matrix.feature_column("chromStart"), matrix.suggest("e", 3)
        print("pandas" in sys.modules, "numba" in sys.modules)
    """
    assert run_script(script, store.folder).stdout == "False False\n"
