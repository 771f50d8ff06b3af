"""Several processes on one store at once, and processes that are killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from odm_shiny.store import objects
from odm_shiny.store.check import check

ROOT = Path(__file__).parents[2]
CROWD = Path(__file__).with_name("process_crowd.py")
N_SAMPLES = 12
SECONDS = "2"


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(CROWD), str(folder), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_four_readers_and_two_writers_share_a_store(odm) -> None:
    before = odm.get("as-user/samples", by="root")["meta"]["pagination"]["total"]
    processes = [start(odm.folder, "read", SECONDS) for _ in range(4)]
    processes += [start(odm.folder, "write", SECONDS, name) for name in ("ä", "b")]
    rounds = []
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", process.communicate()[1]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            out, err = process.communicate(timeout=100)
            assert process.returncode == 0, err
            assert out.startswith("ok "), err
            rounds.append(int(out.split()[1]))
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert check(odm.store) == []
    kept = sum((n + 1) // 2 for n in rounds[4:])  # every other study is deleted with its samples
    assert odm.get("as-user/samples", by="root", pageLimit=0)["meta"]["pagination"]["total"] == (
        before + kept * N_SAMPLES
    )
    with odm.store.read() as tx:
        groups = list(objects.iterate(tx, "sample_group"))
        accessions = [group.public_id for group in groups]
        assert len(set(accessions)) == len(accessions)
        assert accessions == sorted(accessions)


def kill(n_kills: int, seed: int, tmp_path: Path) -> None:
    words = ["--kills", str(n_kills), "--seed", str(seed), "--store", str(tmp_path / "store")]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.kill", *words], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith(f"{n_kills} kills, nothing half done\n")


def test_a_process_that_is_killed_leaves_all_or_nothing(tmp_path) -> None:
    kill(6, 11, tmp_path)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_fifty_processes_that_are_killed_leave_all_or_nothing(tmp_path) -> None:
    kill(50, 12, tmp_path)
