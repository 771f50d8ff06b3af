"""Jobs: states, claims, stops, restarts."""

from __future__ import annotations

import re
from typing import Any

import pytest

from odm_shiny.store import jobs
from odm_shiny.store.refusals import DuplicateJob, NotStored, WrongState
from odm_shiny.store.store import Store
from odm_shiny.store.workers import Worker, this_worker

ME, OTHER = this_worker(), Worker("elsewhere", 7, "99")
IMPORT = "IMPORT_SAMPLES_TSV"


def ask(tx: Any, name: str = IMPORT, **more: Any) -> jobs.Job:
    return jobs.create_job(tx, name, {"metadataLink": "https://x/é.tsv"}, started_by=1, **more)


def test_a_job_goes_from_waiting_to_completed(store: Store) -> None:
    with store.write() as tx:
        asked = ask(tx)
        assert (asked.id, asked.status, asked.started_by) == (1, "STARTING", "local@odm-shiny")
        assert (asked.ended_at, asked.result, asked.errors) == (None, None, None)
        assert asked.parameters == {"metadataLink": "https://x/é.tsv"}
        taken = jobs.claim(tx, ME)
        assert taken is not None
        assert (taken.id, taken.status) == (1, "RUNNING")
        assert jobs.report(tx, 1, ME, progress=0.5, text="writing") is False
        assert (jobs.get_job(tx, 1).progress, jobs.get_job(tx, 1).progress_text) == (0.5, "writing")
        done = jobs.complete(tx, 1, ME, {"groupAccession": "GSF000020"})
    assert (done.status, done.progress) == ("COMPLETED", 1.0)
    assert done.result == {"groupAccession": "GSF000020"}
    assert done.ended_at is not None


def test_jobs_are_taken_once_in_the_order_asked_for(store: Store) -> None:
    with store.write() as tx:
        ask(tx), ask(tx, "OTHER"), ask(tx)
        claims = [jobs.claim(tx, worker) for worker in (ME, OTHER, ME, OTHER)]
        assert [job and job.id for job in claims] == [1, 2, 3, None]
        ask(tx)
        assert jobs.claim(tx, ME, ["OTHER"]) is None
        assert [job.id for job in jobs.list_jobs(tx)] == [4, 3, 2, 1]
        assert [job.id for job in jobs.list_jobs(tx, limit=2)] == [4, 3]


def test_progress_stays_between_zero_and_one(store: Store) -> None:
    with store.write() as tx:
        ask(tx)
        jobs.claim(tx, ME)
        for given, kept in ((7, 1.0), (-1, 0.0)):
            jobs.report(tx, 1, ME, progress=given)
            assert jobs.get_job(tx, 1).progress == kept


@pytest.mark.parametrize("end", ["COMPLETED", "RUNNING", "STARTING"])
def test_the_same_import_is_refused_with_the_number_of_the_first(store: Store, end: str) -> None:
    identity = {"dataLink": None, "metadataLink": "https://x/a.tsv"}
    with store.write() as tx:
        ask(tx)
        ask(tx, identity=identity)
        if end != "STARTING":
            jobs.claim(tx, ME)
            jobs.claim(tx, ME)
        if end == "COMPLETED":
            jobs.complete(tx, 2, ME, {})
        with pytest.raises(DuplicateJob) as info:
            ask(tx, identity=dict(reversed(identity.items())), allow_duplicates=False)
        assert info.value.job_id == 2
        # What ODM's own import script looks for.
        assert (
            re.search(r"job instance already exists .+ jobExecId=([0-9]+)", str(info.value)).group(
                1
            )
            == "2"
        )  # type: ignore[union-attr]
        assert ask(tx, identity=identity).id == 3
        assert ask(tx, "OTHER", identity=identity, allow_duplicates=False).id == 4


def test_a_failed_or_stopped_import_may_be_asked_for_again(store: Store) -> None:
    with store.write() as tx:
        ask(tx, identity={"a": 1})
        jobs.claim(tx, ME)
        jobs.fail(tx, 1, ME, [])
        again = ask(tx, identity={"a": 1}, allow_duplicates=False)
        jobs.ask_to_stop(tx, again.id)
        assert ask(tx, identity={"a": 1}, allow_duplicates=False).id == 3


def test_a_failure_keeps_its_errors(store: Store) -> None:
    errors = [
        {"stage": "LOAD", "stack": [{"type": "InvalidFile", "message": "Column 3 has no name"}]}
    ]
    with store.write() as tx:
        ask(tx)
        jobs.claim(tx, ME)
        failed = jobs.fail(tx, 1, ME, errors)
    assert (failed.status, failed.errors) == ("FAILED", errors)


def test_a_waiting_job_stops_at_once_a_running_one_when_its_worker_notices(store: Store) -> None:
    with store.write() as tx:
        ask(tx), ask(tx)
        jobs.claim(tx, ME)
        assert jobs.ask_to_stop(tx, 2).status == "STOPPED"
        assert jobs.ask_to_stop(tx, 1).status == "STOPPING"
        assert jobs.report(tx, 1, ME) is True
        assert jobs.stopped(tx, 1, ME).status == "STOPPED"
        with pytest.raises(WrongState, match="cannot be stopped"):
            jobs.ask_to_stop(tx, 1)
        assert jobs.claim(tx, ME) is None


def test_a_stopped_or_failed_job_starts_again_from_its_beginning(store: Store) -> None:
    with store.write() as tx:
        ask(tx)
        with pytest.raises(WrongState, match="only a stopped or failed job"):
            jobs.restart(tx, 1)
        jobs.claim(tx, ME)
        jobs.report(tx, 1, ME, progress=0.7, text="x")
        jobs.ask_to_stop(tx, 1)
        jobs.fail(tx, 1, ME, [{"stage": "x", "stack": []}])
        again = jobs.restart(tx, 1)
        assert (again.status, again.progress, again.errors) == ("STARTING", 0.0, None)
        assert not again.is_stop_asked
        taken = jobs.claim(tx, OTHER)
        assert taken is not None
        assert taken.id == 1


def test_a_worker_that_was_given_up_cannot_end_the_job(store: Store) -> None:
    with store.write() as tx:
        ask(tx)
        jobs.claim(tx, ME)
        assert jobs.give_up_abandoned(tx, lambda *_: False) == [1]
        lost = jobs.get_job(tx, 1)
        assert lost.status == "FAILED"
        assert lost.errors is not None
        assert lost.errors[0]["stack"][0]["message"] == "Abandoned due to Server Restart."
        jobs.restart(tx, 1)
        jobs.claim(tx, OTHER)
        for end in (
            lambda: jobs.complete(tx, 1, ME, {}),
            lambda: jobs.fail(tx, 1, ME, []),
            lambda: jobs.report(tx, 1, ME),
        ):
            with pytest.raises(WrongState, match="not in the hands of this worker"):
                end()
        assert jobs.get_job(tx, 1).status == "RUNNING"


def test_only_jobs_of_dead_workers_are_given_up(store: Store) -> None:
    with store.write() as tx:
        for _ in range(3):
            ask(tx)
        jobs.claim(tx, ME)
        jobs.claim(tx, Worker(ME.host, ME.pid, "another start"))
        assert jobs.give_up_abandoned(tx) == [2]
        assert [job.status for job in jobs.list_jobs(tx)] == ["STARTING", "FAILED", "RUNNING"]


def test_an_unknown_job_is_not_found(store: Store) -> None:
    with store.write() as tx:
        for look in (jobs.get_job, jobs.ask_to_stop, jobs.restart):
            with pytest.raises(NotStored, match="no job 5"):
                look(tx, 5)
