"""Runs import jobs: one at a time, in a thread of this process, all or nothing.

A process runs the jobs that were asked of it, with its own `ImportRules`. What a job brings becomes
visible in the same transaction that completes it, so a job that was killed has changed nothing and
can simply be restarted.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from odm_shiny.errors import OdmError
from odm_shiny.server import technical
from odm_shiny.server.fetch import Fetched, ImportRules, fetch
from odm_shiny.server.import_kinds import IMPORT_KINDS, ImportKind
from odm_shiny.server.matrix_import import (
    MatrixOptions,
    read_group_metadata,
    store_matrix,
    write_matrix,
)
from odm_shiny.server.metadata_import import read_metadata_file, store_metadata
from odm_shiny.server.template_book import TemplateBook
from odm_shiny.store import jobs, people
from odm_shiny.store.clock import now_ms
from odm_shiny.store.jobs import ABANDONED, ACTIVE, STARTING
from odm_shiny.store.schema import jobs as jobs_table
from odm_shiny.store.workers import Worker, is_alive, this_worker

if TYPE_CHECKING:
    from odm_shiny.store.engine import Tx
    from odm_shiny.store.jobs import Job
    from odm_shiny.store.people import User
    from odm_shiny.store.store import Store

log = logging.getLogger(__name__)

REPORT_EVERY_S: Final = 0.5
SIGN_OF_LIFE_EVERY_S: Final = 20.0
KEPT_S: Final = 7 * 24 * 3600
UNFINISHED: Final = (STARTING, *ACTIVE)
#: Waiting jobs looked at after a crash.
MAX_WAITING: Final = 10_000


class StopAskedError(Exception):
    """Somebody asked for the job to stop."""


class JobRunner:
    """Takes the jobs of one process, one after the other.

    Parameters
    ----------
    store
        Where jobs are rows, and where their results go.
    rules
        Where links may point.
    """

    def __init__(self, store: Store, rules: ImportRules) -> None:
        self._store = store
        self._rules = rules
        self.worker = this_worker()
        self._folder = store.matrix_folder.parent / "jobs"
        self._waiting: deque[int] = deque()
        self._lock = threading.Lock()
        self._done = threading.Condition(self._lock)
        self._thread: threading.Thread | None = None

    def folder(self, parameters: Mapping[str, Any]) -> Path:
        """Where a job keeps its uploads and downloads until it is completed."""
        return self._folder / str(parameters["folder"])

    def submit(self, job_id: int, *, wait_s: float = 0.0) -> None:
        """Run a waiting job; return when it is over, or after `wait_s` seconds."""
        until = time.monotonic() + wait_s
        with self._lock:
            self._waiting.append(job_id)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="odm-shiny-jobs", daemon=True
                )
                self._thread.start()
            while job_id in self._waiting and (left := until - time.monotonic()) > 0:
                self._done.wait(left)

    def checked(self, job: Job) -> Job:
        """The job as it is now, failed if the process that runs it is gone."""
        if job.status not in UNFINISHED or job.id in self._waiting:
            return job
        self.recover()
        with self._store.read() as tx:
            return jobs.get_job(tx, job.id)

    def recover(self) -> None:
        """Fail the jobs that died with the process that ran them, or was about to."""
        with self._store.write() as tx:
            jobs.give_up_abandoned(tx)
            for job_id in _never_begun(tx):
                if jobs.claim(tx, self.worker, ids=[job_id]):
                    jobs.fail(tx, job_id, self.worker, [_error("LOAD", "Abandoned", ABANDONED)])

    def sweep(self) -> None:
        """Remove what jobs that nobody restarted have left behind for a week."""
        for folder in self._folder.glob("*"):
            if time.time() - folder.stat().st_mtime > KEPT_S:
                shutil.rmtree(folder, ignore_errors=True)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                job_id = self._waiting[0]
            try:
                self._take(job_id)
            except Exception:
                log.exception("job %s could not be run", job_id)
            with self._lock:
                self._waiting.popleft()
                self._done.notify_all()

    def _take(self, job_id: int) -> None:
        with self._store.write() as tx:
            job = jobs.claim(tx, self.worker, ids=[job_id])
        if job is not None:
            _Run(self._store, self._rules, self.worker, job, self.folder(job.parameters)).run()


def _never_begun(tx: Tx) -> list[int]:
    """Jobs that wait for a process that is gone."""
    now = now_ms()
    return [
        job.id
        for job in jobs.list_jobs(tx, jobs_table.c.status == STARTING, limit=MAX_WAITING)
        if "worker" in job.parameters and not is_alive(job.parameters["worker"], now, now)
    ]


def _error(stage: str, kind: str, message: str) -> dict[str, Any]:
    return {"stage": stage, "stack": [{"type": kind, "message": message}]}


class _Run:
    """One run of one job."""

    def __init__(
        self, store: Store, rules: ImportRules, worker: Worker, job: Job, folder: Path
    ) -> None:
        self._store = store
        self._rules = rules
        self._worker = worker
        self._job = job
        self._folder = folder
        self._reported = time.monotonic()
        self._stage = "LOAD"
        self._over = threading.Event()

    def run(self) -> None:
        """Run to the end, whatever that is."""
        alive = threading.Thread(target=self._stay_alive, name="odm-shiny-alive", daemon=True)
        alive.start()
        try:
            self._import()
        finally:
            self._over.set()
            alive.join()

    def _import(self) -> None:
        kind = IMPORT_KINDS[self._job.parameters["kind"]]
        try:
            if kind.is_data:
                self._import_data(kind)
            else:
                self._import_metadata(kind)
        except StopAskedError:
            with self._store.write() as tx:
                jobs.stopped(tx, self._job.id, self._worker)
        except Exception as exc:
            self._fail(exc)
        else:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _import_metadata(self, kind: ImportKind) -> None:
        file = self._file("metadata")
        if file is None:
            raise OdmError("the job names no metadata file")
        table = read_metadata_file(kind, file)
        self._report_now(f"{len(table.records):,} records read", 0.5)
        self._stage = "STORE"
        with self._store.write() as tx:
            template = self._job.parameters.get("templateId")
            accession = store_metadata(
                tx, kind, table, TemplateBook(tx), owner=self._owner(tx), template=template
            )
            notes = technical.notes(table.columns)
            self._complete(tx, kind, accession, [*table.warnings, *notes])

    def _import_data(self, kind: ImportKind) -> None:
        parameters = self._job.parameters
        file, metadata_file = self._file("data"), self._file("metadata")
        if file is None:
            raise OdmError("the job names no data file")
        metadata, warnings = read_group_metadata(metadata_file)
        options = MatrixOptions(
            n_feature_columns=parameters.get("numberOfFeatureAttributes"),
            separator=parameters.get("measurementSeparator") or None,
            data_class=parameters.get("dataClass"),
            previous_version=parameters.get("previousVersion"),
        )
        written = write_matrix(self._store.matrices, file, options, metadata, self._report_rows)
        self._stage = "STORE"
        try:
            with self._store.write() as tx:
                accession = store_matrix(
                    tx,
                    written,
                    metadata,
                    options,
                    TemplateBook(tx),
                    owner=self._owner(tx),
                    template=parameters.get("templateId"),
                )
                self._complete(tx, kind, accession, [*warnings, *written.warnings])
        except BaseException:
            self._store.matrices.delete(written.info.matrix_id)
            raise

    def _file(self, role: str) -> Fetched | None:
        """The job's data or metadata file: an upload, or what its link points to."""
        upload = self._job.parameters.get(f"{role}File")
        if upload:
            return Fetched(upload["name"], self._folder / upload["file"])
        link = self._job.parameters.get(f"{role}Link")
        return fetch(link, self._folder, self._rules) if link else None

    def _owner(self, tx: Any) -> User:
        user = people.find_user(tx, self._job.started_by)
        if user is None:
            raise OdmError(f"the user {self._job.started_by} who asked for this is not active")
        return user

    def _complete(self, tx: Any, kind: ImportKind, accession: str, warnings: list[str]) -> None:
        result: dict[str, Any] = {kind.result: accession}
        if warnings:
            result["warnings"] = warnings
        jobs.complete(tx, self._job.id, self._worker, result)

    def _report_rows(self, n_rows: int) -> None:
        if time.monotonic() - self._reported >= REPORT_EVERY_S:
            self._report_now(f"{n_rows:,} rows read", None)

    def _report_now(self, text: str, progress: float | None) -> None:
        with self._store.write() as tx:
            stop = jobs.report(tx, self._job.id, self._worker, progress=progress, text=text)
        self._reported = time.monotonic()
        if stop:
            raise StopAskedError

    def _stay_alive(self) -> None:
        """Say now and then that the job is alive, however long a single step takes."""
        while not self._over.wait(SIGN_OF_LIFE_EVERY_S):
            try:
                with self._store.write() as tx:
                    jobs.report(tx, self._job.id, self._worker)
            except OdmError as exc:
                log.warning("job %s could not give a sign of life: %s", self._job.id, exc)

    def _fail(self, exc: Exception) -> None:
        if isinstance(exc, OdmError):
            message = str(exc)
        else:
            log.exception("job %s failed", self._job.id)
            message = "the import failed inside the server; its log says why"
        with self._store.write() as tx:
            error = _error(self._stage, type(exc).__name__, message)
            jobs.fail(tx, self._job.id, self._worker, [error])
