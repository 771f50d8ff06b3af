"""Kill a process at random points of its work, and look at what it leaves.

``python -m benchmarks.kill [--kills 50] [--seed N] [--store FOLDER]`` starts a process that
imports, edits, links and deletes (`benchmarks.kill_worker`), kills it with SIGKILL after a random
time, and checks the store: the store's own check passes, every action is there as a whole or not at
all, what was acknowledged is there, and the search knows what the documents say. Ends with 1
otherwise.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.kill_worker import N_FEATURES, N_RUNS, N_SAMPLES, values_of
from odm_shiny.query.expr import Compare
from odm_shiny.server.fetch import ImportRules
from odm_shiny.server.job_runner import UNFINISHED
from odm_shiny.server.service import Service
from odm_shiny.store import chains, data_files, jobs, objects
from odm_shiny.store.check import check
from odm_shiny.store.engine import Tx
from odm_shiny.store.link_lists import parents_of
from odm_shiny.store.store import Store

START_S = 120.0
LONGEST_S = 1.5
#: Share of the kills that count from the start of the process: they meet the opening of the store.
EARLY = 0.1


def kill_once(store: Path, seed: int, wait_s: float, *, early: bool) -> list[str]:
    """Let a process work on a store for a while, and kill it; the lines that it wrote.

    Parameters
    ----------
    wait_s
        Seconds from its first action to the kill; from its start, if `early`.
    """
    words = [sys.executable, "-m", "benchmarks.kill_worker", str(store), str(seed)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        reader = _Reader(process.stdout)
        if not (early or reader.began.wait(START_S)):
            process.kill()
            raise RuntimeError("the process did not begin to work")
        time.sleep(wait_s)
        if process.poll() is not None:
            raise RuntimeError(f"the process ended by itself, with {process.returncode}")
        os.kill(process.pid, signal.SIGKILL)
        return reader.lines()


class _Reader(threading.Thread):
    """Reads what a process writes, so that it never waits for us."""

    def __init__(self, stream: Iterable[str]) -> None:
        super().__init__(daemon=True)
        self.began = threading.Event()
        self._stream = stream
        self._lines: list[str] = []
        self.start()

    def run(self) -> None:
        for line in self._stream:
            if line == "ready\n":
                self.began.set()
            elif line.endswith("\n"):  # the last one may be torn
                self._lines.append(line.strip())

    def lines(self) -> list[str]:
        self.join()
        return self._lines


def faults(folder: Path, acknowledged: list[str]) -> list[str]:
    """What is wrong with a store after a kill; empty if nothing is."""
    with Store.open(folder) as store:
        Service(store, import_rules=ImportRules()).clean_up()
        found = [one.what for one in check(store) if not one.is_harmless]
        with store.read() as tx:
            found += _jobs(tx)
            found += _groups(tx)
            found += _tables(tx, store)
            found += _links(tx)
            found += _chains(tx)
            found += _search(tx, store)
            found += _acknowledged(tx, acknowledged)
        return found


def _jobs(tx: Tx) -> Iterator[str]:
    for job in jobs.list_jobs(tx, limit=10_000):
        if job.status in UNFINISHED:
            yield f"job {job.id} is {job.status} and nobody runs it"


def _groups(tx: Tx) -> Iterator[str]:
    for group in objects.iterate(tx, "sample_group"):
        n = objects.n_members(tx, group.id)
        if n != N_SAMPLES:
            yield f"{group.public_id} has {n} of {N_SAMPLES} samples"
    for sample in objects.iterate(tx, "sample"):
        if sample.document.get("Left") != sample.document.get("Right"):
            yield f"{sample.public_id} has half of an edit: {sample.document}"


def _tables(tx: Tx, store: Store) -> Iterator[str]:
    for group in objects.iterate(tx, "expression_group"):
        n = objects.n_members(tx, group.id)
        if n != N_RUNS:
            yield f"{group.public_id} has {n} of {N_RUNS} runs"
        matrix = store.matrices.open(data_files.of_groups(tx, [group.id])[group.id].matrix_id)
        wanted = values_of(int(group.document["Seed"])).T
        values = matrix.read(np.arange(N_FEATURES))
        if not np.array_equal(values, wanted, equal_nan=True):
            yield f"{group.public_id} has other values than were imported"


def _links(tx: Tx) -> Iterator[str]:
    for group in objects.iterate(tx, "expression_group"):
        linked = Counter(
            parent.group_id
            for run in objects.members(tx, group.id)
            for parent in parents_of(tx, run, "sample")
        )
        if sum(linked.values()) not in (0, N_RUNS) or len(linked) > 1:
            yield f"{group.public_id} has a part of its links: {dict(linked)}"


def _chains(tx: Tx) -> Iterator[str]:
    by_chain: dict[str, list[chains.Place]] = {}
    for place in chains.places(tx).values():
        by_chain.setdefault(place.chain, []).append(place)
    for chain, places in by_chain.items():
        active = [place.number for place in places if place.is_active]
        if active != [max(place.number for place in places)]:
            yield f"the active versions of {chain} are {active}"


def _search(tx: Tx, store: Store) -> Iterator[str]:
    samples = list(objects.iterate(tx, "sample"))
    counts = Counter(str(sample.document["Left"]) for sample in samples)
    for value, n in counts.most_common(20):
        found = int(store.search.filter(tx, "sample", Compare("Right", "=", value)).sum())
        if found != n:
            yield f"the search finds {found} samples with {value}, there are {n}"


def _acknowledged(tx: Tx, lines: list[str]) -> Iterator[str]:
    """What the process was told is done, and has not undone since."""
    there: set[str] = set()
    edits: dict[str, str] = {}
    begun = ""
    for line in lines:
        word, _, rest = line.partition(" ")
        name, _, what = rest.partition(" ")
        if word == "begin":
            begun = name
        elif word == "done" and name in ("samples", "table", "version"):
            there.add(what)
        elif word == "done" and name == "edit" and "=" in what:
            sample, _, number = what.partition("=")
            edits[sample] = number
        elif word == "done" and name == "delete":
            there -= set(what.split(","))
            if any(record.public_id in what.split(",") for record in _every(tx)):
                yield f"{what} was deleted and is there again"
        begun = "" if word == "done" else begun
    known = {record.public_id: record for record in _every(tx)}
    missing = there - set(known)
    if missing and begun != "delete":  # a deletion that was begun may have taken any of them
        yield f"acknowledged and not there: {', '.join(sorted(missing))}"
    for sample, number in edits.items():
        now = known[sample].document["Left"] if sample in known else None
        if now is not None and str(now) != number and begun != "edit":
            yield f"{sample} was set to {number} and has {now}"


def _every(tx: Tx) -> Iterator[objects.Record]:
    for kind in ("sample_group", "expression_group", "sample"):
        yield from objects.iterate(tx, kind)


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.kill", description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--store", type=Path, default=None)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        store = options.store or Path(folder) / "store"
        for number in range(1, options.kills + 1):
            early = chance.random() < EARLY
            wait_s = chance.uniform(0.02, LONGEST_S)
            lines = kill_once(store, chance.randrange(10**6), wait_s, early=early)
            wrong = faults(store, lines)
            last = lines[-1] if lines else "before the first action"
            print(f"kill {number}: {len(lines)} lines, last {last!r}", flush=True)
            for fault in wrong:
                print(f"  WRONG: {fault}", flush=True)
            if wrong:
                return 1
    print(f"{options.kills} kills, nothing half done", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
