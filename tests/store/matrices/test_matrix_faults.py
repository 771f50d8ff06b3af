from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from odm_shiny.errors import StoreError
from odm_shiny.store.matrices import MatrixStore


def test_damage_is_an_error_and_never_a_number(store, example):
    info = example.write(store)
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
        np.testing.assert_array_equal(values, example.fc.T)


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
def test_missing_and_cut_files_are_store_errors(store, victim, how, example):
    path = example.write(store).path / victim
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
        assert matrix.run_names == example.runs
        matrix.read([1])
        matrix.read([1], measurement="p/value")

    with pytest.raises(StoreError, match="m1 is"):
        use()


def run_script(script: str, *arguments: object, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=100,
        **options,
    )


def test_full_disk_is_a_store_error_and_leaves_the_store_intact(store, example):
    example.write(store, "before")
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
    np.testing.assert_array_equal(store.open("before").read([1]), example.fc[[1]].T)


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


def test_reading_does_not_load_pandas(store, example):
    example.write(store)
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
