"""Several processes on one store, and processes that are killed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from odm_shiny.store import jobs, objects
from odm_shiny.store.check import check
from odm_shiny.store.store import Store

WRITER = """
import sys
from odm_shiny.store import edits, links, objects
from odm_shiny.store.store import Store
store = Store.open(sys.argv[1])
for n in range(int(sys.argv[2])):
    with store.write() as tx:
        by = {"owner_id": 1, "author": "a@example.org"}
        study = objects.create(tx, "study", {"Study Title": f"{sys.argv[3]}-{n}"}, **by)
        samples = [{"Sample Source ID": f"S-{i}", "Round": n} for i in range(20)]
        group = objects.create_group(tx, "sample_group", {}, samples, **by)
        links.link_groups(tx, group.group, study)
    with store.write() as tx:
        edits.patch(tx, group.public_ids[0], {"Round": "edited"}, author="a@example.org")
print("done")
"""

READER = """
import sys
import time
from odm_shiny.query.expr import field
from odm_shiny.store import objects
from odm_shiny.store.store import Store
store = Store.open(sys.argv[1])
print("reading", flush=True)
n_rounds = 0
while True:
    with store.read() as tx:
        counts = objects.count_by_kind(tx)
        n_studies = counts.get("study", 0)
        assert counts.get("sample", 0) == 20 * n_studies, counts
        alive = store.search.alive(tx, "sample")
        assert int(alive.sum()) == 20 * n_studies
        linked = store.search.sources(tx, "sample", "study", store.search.alive(tx, "study"))
        assert int(linked.sum()) == 20 * n_studies
        n_rounds += 1
        if n_studies == int(sys.argv[2]):
            break
    time.sleep(0.02)
print("seen", n_rounds > 1)
"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_writers_and_four_readers_share_a_store(store_folder: Path) -> None:
    readers = [start(READER, store_folder, 12) for _ in range(4)]
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "reading\n"
    writers = [start(WRITER, store_folder, 6, name) for name in ("left", "right")]
    assert [w.communicate(timeout=100) for w in writers] == [("done\n", "")] * 2
    assert [r.communicate(timeout=100) for r in readers] == [("seen True\n", "")] * 4
    with Store.open(store_folder) as store, store.read() as tx:
        studies = list(objects.iterate(tx, "study"))
        assert len({study.public_id for study in studies}) == 12
        assert {s.document["Study Title"][:4] for s in studies} == {"left", "righ"}
        assert check(store) == []


CLAIMER = """
import sys
from odm_shiny.store import jobs
from odm_shiny.store.store import Store
from odm_shiny.store.workers import this_worker
store = Store.open(sys.argv[1])
worker = this_worker()
while True:
    with store.write() as tx:
        job = jobs.claim(tx, worker)
        if job is None:
            break
        jobs.complete(tx, job.id, worker, {})
    print(job.id)
"""


def test_every_job_is_taken_by_exactly_one_process(store: Store, store_folder: Path) -> None:
    with store.write() as tx:
        for _ in range(30):
            jobs.create_job(tx, "X", {}, started_by=1)
    children = [start(CLAIMER, store_folder) for _ in range(3)]
    taken = [int(line) for child in children for line in child.communicate()[0].split()]
    assert sorted(taken) == list(range(1, 31))


WORK = """
import sys
from odm_shiny.store import deletion, edits, links, objects
from odm_shiny.store.store import Store
store = Store.open(sys.argv[1])
by = {"owner_id": 1, "author": "a@example.org"}
print("go", flush=True)
while True:
    with store.write() as tx:
        study = objects.create(tx, "study", {"Study Title": "x"}, **by)
        samples = [{"Sample Source ID": f"S-{i}", "Text": "word " * 20} for i in range(300)]
        group = objects.create_group(tx, "sample_group", {}, samples, **by)
        links.link_groups(tx, group.group, study)
    with store.write() as tx:
        edits.patch_many(tx, {one: {"Text": "new"} for one in group.public_ids}, author="a")
    with store.write() as tx:
        links.unlink(tx, group.group, study)
        links.link_groups(tx, group.group, study)
    with store.write() as tx:
        if study.slot % 2:
            deletion.delete(tx, study)
"""


@pytest.mark.parametrize("seed", range(6))
def test_a_killed_process_leaves_nothing_half_done(store_folder: Path, seed: int) -> None:
    child = start(WORK, store_folder)
    assert child.stdout is not None
    assert child.stdout.readline() == "go\n"
    time.sleep(random.Random(seed).uniform(0.05, 1.2))
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    with Store.open(store_folder) as store:
        assert check(store) == []
        with store.read() as tx:
            counts = objects.count_by_kind(tx)
            assert counts.get("sample", 0) == 300 * counts.get("study", 0)
            for group in objects.iterate(tx, "sample_group"):
                texts = {r.document["Text"] for r in objects.members(tx, group.id)}
                assert len(texts) == 1, "an edit of many is all or nothing"
        with store.write() as tx:
            objects.create(tx, "study", {}, owner_id=1, author="a@example.org")


def test_a_job_of_a_killed_worker_is_found_and_failed(store: Store, store_folder: Path) -> None:
    with store.write() as tx:
        jobs.create_job(tx, "X", {}, started_by=1)
    code = (
        "import sys; from odm_shiny.store import jobs, workers;"
        "from odm_shiny.store.store import Store; store = Store.open(sys.argv[1]);\n"
        "with store.write() as tx: jobs.claim(tx, workers.this_worker())\n"
        "print('taken', flush=True); sys.stdin.read()"
    )
    child: Any = subprocess.Popen(
        [sys.executable, "-c", code, str(store_folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "taken\n"
    with store.write() as tx:
        assert jobs.give_up_abandoned(tx) == []
    child.kill()
    child.communicate()
    with store.write() as tx:
        assert jobs.give_up_abandoned(tx) == [1]
        job = jobs.get_job(tx, 1)
    assert job.status == "FAILED"
    assert job.errors is not None
    assert job.errors[0]["stack"][0]["message"] == jobs.ABANDONED
