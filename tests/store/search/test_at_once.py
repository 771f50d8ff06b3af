"""One index, used by several threads and by several processes at the same time."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from odm_shiny.query.nodes import Compare
from odm_shiny.store.engine import Database
from odm_shiny.store.search import Change, Search

SLOTS = [0, 1, 65_535, 65_536, 150_000]
PATIENCE_S = 60
OTHER_PROCESS = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("at_once", sys.argv[1])
at_once = importlib.util.module_from_spec(spec)
spec.loader.exec_module(at_once)
print(json.dumps(getattr(at_once, sys.argv[2])(*sys.argv[3:])))
"""


def document(name: str, number: int) -> dict[str, object]:
    # A new value every time, one that returns, and a list.
    return {name: f"value {number}", f"{name} 7": number % 7, f"{name} list": [number, "all"]}


def write_rounds(path: str, name: str, count: str) -> int:
    """Give all objects the same new value of an attribute, `count` times, a transaction each."""
    search, database = Search(), Database(f"sqlite:///{path}")
    for number in range(int(count)):
        with database.write() as tx:
            old = None if number == 0 else document(name, number - 1)
            changes = [Change(slot, old, document(name, number)) for slot in SLOTS]
            # In two steps, so that a reader that sees half of a transaction would notice.
            search.update(tx, "sample", changes[:2])
            search.update(tx, "sample", changes[2:])
            search.set_numbers(tx, "sample", f"#{name}", SLOTS, [number] * len(SLOTS))
            search.set_links(tx, "sample", "study", {slot: [number % 3] for slot in SLOTS})
    database.close()
    return int(count)


def read_rounds(path: str, names: str, last: str) -> list[int]:
    """Check what one transaction sees, again and again until the last round is there."""
    search, database = Search(), Database(f"sqlite:///{path}")
    return check_rounds(search, database, names.split(","), int(last))


def check_rounds(search: Search, database: Database, names: list[str], last: int) -> list[int]:
    seen = dict.fromkeys(names, -1)
    n_reads, deadline = 0, time.monotonic() + PATIENCE_S
    while min(seen.values()) < last:
        assert time.monotonic() < deadline, f"after {n_reads} reads only {seen} was seen"
        n_reads += 1
        with database.read() as tx:
            for name in names:
                seen[name] = max(seen[name], check_one(search, tx, name, seen[name]))
    database.close()
    return [n_reads, *seen.values()]


def check_one(search: Search, tx, name: str, at_least: int) -> int:
    facets = search.facets(tx, "sample", None, [name, f"{name} 7", f"{name} list"])
    if not facets[name].values:
        return -1
    ((text, count),) = facets[name].values
    number = int(text.removeprefix("value "))
    assert number >= at_least
    assert count == len(SLOTS)
    assert facets[f"{name} 7"].values == [(str(number % 7), len(SLOTS))]
    counts = sorted([("all", len(SLOTS)), (str(number), len(SLOTS))])
    assert facets[f"{name} list"].values == counts
    for value in (f"value {number}", f"value {number + 1}"):
        mask = search.filter(tx, "sample", Compare(name, "=", value))
        assert np.flatnonzero(mask).tolist() == (SLOTS if value == text else [])
    assert set(search.numbers(tx, "sample", f"#{name}")[SLOTS].tolist()) == {number}
    return number


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", OTHER_PROCESS, str(Path(__file__)), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def result_of(process: subprocess.Popen[str]) -> object:
    out, _ = process.communicate(timeout=100)
    assert process.returncode == 0
    return json.loads(out)


def test_two_writing_and_two_reading_processes_never_see_half_a_change(index):
    index.add([{"Study Title": "A"}] * 3, kind="study")
    names, n_rounds = ["red", "blue"], 25
    readers = [start("read_rounds", index.path, ",".join(names), n_rounds - 1) for _ in range(2)]
    writers = [start("write_rounds", index.path, name, n_rounds) for name in names]
    # This process reads, too, with what it remembers from before.
    here = check_rounds(index.search, index.database, names, n_rounds - 1)
    assert [result_of(writer) for writer in writers] == [n_rounds] * 2
    for found in (here, *map(result_of, readers)):
        assert found[0] > 1
        assert found[1:] == [n_rounds - 1] * 2
    with index.read() as tx:
        targets = index.search.targets(tx, "sample", "study", index.search.alive(tx, "sample"))
    assert targets.tolist() == [n % 3 == (n_rounds - 1) % 3 for n in range(3)]


def test_sixteen_threads_share_one_search_while_it_changes(index):
    n_rounds, index.search = 15, Search(cache_bytes=300_000)
    writer = threading.Thread(target=write_rounds, args=(str(index.path), "red", str(n_rounds)))
    writer.start()
    with ThreadPoolExecutor(16) as pool:
        jobs = [
            pool.submit(check_rounds, index.search, index.database, ["red"], n_rounds - 1)
            for _ in range(16)
        ]
        assert {job.result(timeout=100)[1] for job in jobs} == {n_rounds - 1}
    writer.join()
