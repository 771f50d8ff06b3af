"""Jobs run one after the other, all or nothing, and do not outlive their process unnoticed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

import pytest
from sqlalchemy import update

from odm_shiny.errors import StoreError
from odm_shiny.server import job_runner, matrix_import
from odm_shiny.server.fetch import ImportRules
from odm_shiny.server.job_runner import JobRunner
from odm_shiny.store import jobs, people
from odm_shiny.store.check import check
from odm_shiny.store.documents import json_text
from odm_shiny.store.jobs import ABANDONED, COMPLETED, FAILED, RUNNING, STARTING, STOPPED
from odm_shiny.store.schema import jobs as rows
from odm_shiny.store.workers import this_worker

SAMPLES = "Sample Source ID\nA\nB\n"


def table(n_rows: int) -> str:
    return "gene\tA\tB\n" + "".join(f"G{i}\t{i}\t{i}.5\n" for i in range(n_rows))


def state(odm: Any, job: int) -> jobs.Job:
    with odm.store.read() as tx:
        return jobs.get_job(tx, job)


def dead_worker() -> str:
    """The worker of a process that has ended."""
    code = "from odm_shiny.store.workers import this_worker; print(this_worker().text())"
    return subprocess.check_output([sys.executable, "-c", code], text=True).strip()


def waiting_job(odm: Any, **parameters: Any) -> int:
    """A job that nobody has begun, as a process leaves it that is killed too early."""
    runner = odm.service.job_runner
    submit, runner.submit = runner.submit, lambda *args, **options: None
    job = odm.start("samples", metadataLink=odm.file("s.tsv", SAMPLES))
    runner.submit = submit
    if parameters:
        with odm.store.write() as tx:
            merged = {**jobs.get_job(tx, job).parameters, **parameters}
            values = {"parameters": json_text(merged)}
            tx.conn.execute(update(rows).where(rows.c.id == job).values(values))
    return job


def test_jobs_run_in_the_order_in_which_they_were_asked_for(empty_odm) -> None:
    odm = empty_odm
    links = [odm.file(f"s{i}.tsv", SAMPLES) for i in range(5)]
    started = [odm.start("samples", metadataLink=link) for link in links]
    groups = [odm.outcome(job)["result"]["groupAccession"] for job in started]
    assert groups == sorted(groups)
    ends = [state(odm, job).ended_at for job in started]
    assert ends == sorted(ends)


def test_a_request_waits_a_moment_for_a_job_that_is_quick(empty_odm) -> None:
    odm = empty_odm
    odm.start("samples", metadataLink=odm.file("warm.tsv", SAMPLES))
    runner = odm.service.job_runner
    job = waiting_job(odm)
    runner.submit(job, wait_s=60)
    assert state(odm, job).status == COMPLETED


def test_a_job_that_was_asked_to_stop_stops_between_two_blocks(empty_odm, monkeypatch) -> None:
    odm = empty_odm
    monkeypatch.setattr(job_runner, "REPORT_EVERY_S", 0.0)
    asked = []
    report = jobs.report

    def report_and_stop(tx: Any, job_id: int, worker: Any, **more: Any) -> bool:
        if not asked:
            asked.append(job_id)
            jobs.ask_to_stop(tx, job_id)
        return report(tx, job_id, worker, **more)

    monkeypatch.setattr(jobs, "report", report_and_stop)
    link = odm.file("t.tsv", table(2000))
    job = odm.start("expression", dataLink=link, numberOfFeatureAttributes=1)
    assert odm.outcome(job) == {"status": STOPPED}
    assert odm.get("as-user/expressions/group")["data"] == []
    assert check(odm.store) == []
    odm.ask("PUT", f"jobs/{job}/restart")
    assert odm.outcome(job)["status"] == COMPLETED
    assert odm.get("as-user/expressions/group")["meta"]["pagination"]["total"] == 1


def test_a_fault_of_the_server_is_told_without_its_text(empty_odm, monkeypatch, caplog) -> None:
    odm = empty_odm

    def fail(*args: Any, **more: Any) -> None:
        raise KeyError("/secret/path")

    monkeypatch.setattr(job_runner, "store_metadata", fail)
    job = odm.start("samples", metadataLink=odm.file("s.tsv", SAMPLES))
    output = odm.outcome(job)
    assert output["status"] == FAILED
    assert output["errors"] == [
        {
            "stage": "STORE",
            "stack": [
                {
                    "type": "KeyError",
                    "message": "the import failed inside the server; its log says why",
                }
            ],
        }
    ]
    assert "/secret/path" in caplog.text


def test_a_table_that_cannot_be_stored_leaves_no_matrix_behind(empty_odm, monkeypatch) -> None:
    odm = empty_odm

    def fail(*args: Any, **more: Any) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(matrix_import.data_files, "add", fail)
    link = odm.file("t.tsv", table(10))
    job = odm.start("expression", dataLink=link, numberOfFeatureAttributes=1)
    output = odm.outcome(job)
    assert output["status"] == FAILED
    assert output["errors"][0]["stack"][0]["message"] == "the disk is full"
    assert odm.store.matrices.ids() == set()
    assert check(odm.store) == []


def test_a_running_job_of_a_dead_process_is_found_out_when_it_is_asked_for(empty_odm) -> None:
    odm = empty_odm
    job = waiting_job(odm)
    worker = this_worker()
    with odm.store.write() as tx:
        jobs.claim(tx, worker, ids=[job])
    assert odm.get(f"jobs/{job}/info")["status"] == RUNNING  # the process is this one
    _hand_over(odm, job, dead_worker())
    assert odm.get(f"jobs/{job}/output") == {
        "status": FAILED,
        "errors": [{"stage": "RUN", "stack": [{"type": "Abandoned", "message": ABANDONED}]}],
    }
    odm.ask("PUT", f"jobs/{job}/restart")
    assert odm.outcome(job)["status"] == COMPLETED


def _hand_over(odm: Any, job: int, worker: str) -> None:
    with odm.store.write() as tx:
        tx.conn.execute(update(rows).where(rows.c.id == job).values(worker=worker))


def test_a_job_that_its_process_never_began_fails_too(empty_odm) -> None:
    odm = empty_odm
    mine = waiting_job(odm)
    left = waiting_job(odm, worker=dead_worker())
    odm.service.clean_up()
    assert state(odm, mine).status == STARTING  # its process is this one
    assert state(odm, left).status == FAILED
    assert odm.get(f"jobs/{left}/output")["errors"][0]["stack"][0]["message"] == ABANDONED
    odm.ask("PUT", f"jobs/{left}/restart")
    assert odm.outcome(left)["status"] == COMPLETED


def test_a_process_runs_only_the_jobs_that_were_asked_of_it(empty_odm) -> None:
    odm = empty_odm
    job = waiting_job(odm)
    other = JobRunner(odm.store, ImportRules())
    other.recover()
    assert state(odm, job).status == STARTING


def test_what_nobody_restarted_is_swept_after_a_week(empty_odm) -> None:
    odm = empty_odm
    runner = odm.service.job_runner
    old, new = (runner.folder({"folder": name}) for name in ("old", "new"))
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "upload-0").write_text("x")
    past = time.time() - job_runner.KEPT_S - 60
    os.utime(old, (past, past))
    runner.sweep()
    assert (old.exists(), new.exists()) == (False, True)


def test_a_user_who_was_deactivated_meanwhile_imports_nothing(empty_odm) -> None:
    odm = empty_odm
    job = waiting_job(odm)
    with odm.store.write() as tx:
        people.update_user(tx, odm.user("ann").id, is_active=False)
    odm.service.job_runner.submit(job, wait_s=60)
    found = state(odm, job)
    assert found.status == FAILED
    assert "is not active" in found.errors[0]["stack"][0]["message"]


@pytest.mark.parametrize("word", ["samples", "expression"])
def test_a_job_that_fails_leaves_the_store_as_it_was(odm, word, dump) -> None:
    bad = {
        "samples": {"metadataLink": odm.file("bad.tsv", "Sample Source ID\nA\nA\n")},
        "expression": {
            "dataLink": odm.file("bad.tsv", table(500) + "G1\tx\t1\n"),
            "numberOfFeatureAttributes": 1,
            "previousVersion": odm.id["rna"],
        },
    }
    before = dump(odm.store)
    output = odm.outcome(odm.start(word, **bad[word]))
    assert output["status"] == FAILED
    assert dump(odm.store) == before
    assert check(odm.store) == []
