"""Jobs: asked for, taken by one worker, done, or found abandoned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, insert, select, update

from odm_shiny.store import counters, workers
from odm_shiny.store.clock import now_ms
from odm_shiny.store.documents import json_text
from odm_shiny.store.engine import Tx
from odm_shiny.store.refusals import DuplicateJob, NotStored, WrongState
from odm_shiny.store.schema import jobs, users
from odm_shiny.store.workers import Worker

STARTING: Final = "STARTING"
RUNNING: Final = "RUNNING"
STOPPING: Final = "STOPPING"
STOPPED: Final = "STOPPED"
COMPLETED: Final = "COMPLETED"
FAILED: Final = "FAILED"

#: Taken by a worker that has not finished.
ACTIVE: Final = (RUNNING, STOPPING)
#: May be started once more; asking for the same import again is no duplicate of these.
_OVER_WITHOUT_SUCCESS: Final = (STOPPED, FAILED)

ABANDONED: Final = "Abandoned due to Server Restart."


@dataclass(frozen=True, slots=True)
class Job:
    """One job.

    Attributes
    ----------
    id
        ``jobExecId``.
    name
        E.g. ``IMPORT_SAMPLES_TSV``.
    parameters
        What was asked for.
    status
        ``STARTING`` (waits for a worker) ``RUNNING`` ``STOPPING`` ``STOPPED`` ``COMPLETED``
        ``FAILED``.
    started_by
        E-mail address.
    created_at, ended_at
        Milliseconds since 1970 UTC.
    progress, progress_text
        0 to 1, and what is being done.
    result
        Of a completed job.
    errors
        Of a failed one: ``[{"stage": ..., "stack": [{"type": ..., "message": ...}]}]``.
    is_stop_asked
        Whether it shall end as soon as it can.
    """

    id: int
    name: str
    parameters: dict[str, Any]
    status: str
    started_by: str
    created_at: int
    ended_at: int | None
    progress: float
    progress_text: str
    result: dict[str, Any] | None
    errors: list[dict[str, Any]] | None
    is_stop_asked: bool


def create_job(
    tx: Tx,
    name: str,
    parameters: Mapping[str, Any],
    *,
    started_by: int,
    identity: Mapping[str, Any] | None = None,
    allow_duplicates: bool = True,
) -> Job:
    """Ask for a job; it waits until a worker takes it.

    Parameters
    ----------
    started_by
        Id of the user.
    identity
        What makes two jobs the same, e.g. name and links; ``None`` for a job that is like no other.
    allow_duplicates
        Whether the same job may be asked for again.

    Raises
    ------
    DuplicateJob
        The same job waits, runs or was completed, and duplicates are not allowed. Its text is what
        ODM's own import script looks for.
    """
    tx.must_write()
    key = json_text(sorted(identity.items())) if identity is not None else None
    if key is not None and not allow_duplicates:
        _refuse_duplicate(tx, name, key)
    job_id = counters.next_number(tx, counters.JOB)
    tx.conn.execute(
        insert(jobs).values(
            id=job_id,
            name=name,
            parameters=json_text(dict(parameters)),
            identity=key,
            started_by=started_by,
            created_at=now_ms(),
            **_FRESH,
        )
    )
    return get_job(tx, job_id)


def get_job(tx: Tx, job_id: int) -> Job:
    """A job by number; `NotStored` if there is none."""
    found = list_jobs(tx, jobs.c.id == job_id)
    if not found:
        raise NotStored(f"no job {job_id}")
    return found[0]


def list_jobs(tx: Tx, *conditions: ColumnElement[bool], limit: int = 100) -> list[Job]:
    """Jobs that meet all conditions, newest first."""
    query = (
        select(jobs, users.c.email.label("email"))
        .join(users, users.c.id == jobs.c.started_by)
        .where(*conditions)
        .order_by(jobs.c.id.desc())
        .limit(limit)
    )
    return [_job(row) for row in tx.conn.execute(query)]


def claim(
    tx: Tx,
    worker: Worker,
    names: Iterable[str] | None = None,
    *,
    ids: Iterable[int] | None = None,
) -> Job | None:
    """Take the oldest waiting job, if there is one; nobody else can take the same.

    Parameters
    ----------
    names
        Take only jobs called one of these.
    ids
        Take only one of these jobs.
    """
    tx.must_write()
    query = select(jobs.c.id).where(jobs.c.status == STARTING).order_by(jobs.c.id).limit(1)
    if names is not None:
        query = query.where(jobs.c.name.in_(list(names)))
    if ids is not None:
        query = query.where(jobs.c.id.in_(list(ids)))
    job_id = tx.conn.execute(query.with_for_update(skip_locked=True)).scalar_one_or_none()
    if job_id is None:
        return None
    values = {"status": RUNNING, "worker": worker.text(), "heartbeat_at": now_ms()}
    tx.conn.execute(update(jobs).where(jobs.c.id == job_id).values(values))
    return get_job(tx, job_id)


def report(
    tx: Tx, job_id: int, worker: Worker, *, progress: float | None = None, text: str | None = None
) -> bool:
    """Give a sign of life, and say how far a job is.

    Returns
    -------
    Whether to stop: somebody asked for it.

    Raises
    ------
    WrongState
        The job is not this worker's any more: it was found silent and given up.
    """
    values: dict[str, Any] = {"heartbeat_at": now_ms()}
    if progress is not None:
        values["progress"] = min(max(progress, 0.0), 1.0)
    if text is not None:
        values["progress_text"] = text
    _update_own(tx, job_id, worker, values)
    return get_job(tx, job_id).is_stop_asked


def complete(tx: Tx, job_id: int, worker: Worker, result: Mapping[str, Any]) -> Job:
    """End a job with success; in the transaction that makes its results visible.

    Raises
    ------
    WrongState
        The job is not this worker's any more; the results must not become visible.
    """
    values = {"status": COMPLETED, "progress": 1.0, "result": json_text(dict(result))}
    return _end(tx, job_id, worker, values)


def fail(tx: Tx, job_id: int, worker: Worker, errors: Sequence[Mapping[str, Any]]) -> Job:
    """End a job without success; `errors` as described at `Job`."""
    values = {"status": FAILED, "errors": json_text([dict(error) for error in errors])}
    return _end(tx, job_id, worker, values)


def stopped(tx: Tx, job_id: int, worker: Worker) -> Job:
    """End a job because that was asked for."""
    return _end(tx, job_id, worker, {"status": STOPPED})


def ask_to_stop(tx: Tx, job_id: int) -> Job:
    """Stop a waiting job at once, a running one as soon as its worker notices.

    Raises
    ------
    WrongState
        It is over already.
    """
    tx.must_write()
    job = get_job(tx, job_id)
    values: dict[str, Any]
    if job.status == STARTING:
        values = {"status": STOPPED, "ended_at": now_ms(), "is_stop_asked": True}
    elif job.status in ACTIVE:
        values = {"status": STOPPING, "is_stop_asked": True}
    else:
        raise WrongState(f"job {job_id} is {job.status} and cannot be stopped")
    tx.conn.execute(update(jobs).where(jobs.c.id == job_id).values(values))
    return get_job(tx, job_id)


def restart(tx: Tx, job_id: int) -> Job:
    """Let a stopped or failed job wait for a worker again, from its beginning.

    Raises
    ------
    WrongState
        It is waiting, running or completed.
    """
    tx.must_write()
    job = get_job(tx, job_id)
    if job.status not in _OVER_WITHOUT_SUCCESS:
        raise WrongState(
            f"job {job_id} is {job.status}; only a stopped or failed job can be restarted"
        )
    tx.conn.execute(update(jobs).where(jobs.c.id == job_id).values(_FRESH))
    return get_job(tx, job_id)


def give_up_abandoned(
    tx: Tx, is_alive: Callable[[str, int | None, int], bool] = workers.is_alive
) -> list[int]:
    """Fail the jobs whose worker is gone; their numbers.

    Parameters
    ----------
    is_alive
        Tells from a worker's text, its last sign of life and the time now whether it can still be
        working.
    """
    tx.must_write()
    now = now_ms()
    query = select(jobs.c.id, jobs.c.worker, jobs.c.heartbeat_at).where(jobs.c.status.in_(ACTIVE))
    gone = [
        job_id
        for job_id, worker, heartbeat_at in tx.conn.execute(query).all()
        if worker is None or not is_alive(worker, heartbeat_at, now)
    ]
    errors = [{"stage": "RUN", "stack": [{"type": "Abandoned", "message": ABANDONED}]}]
    values = {"status": FAILED, "ended_at": now, "worker": None, "errors": json_text(errors)}
    tx.conn.execute(update(jobs).where(jobs.c.id.in_(gone)).values(values))
    return gone


#: A job that nobody has taken yet.
_FRESH: Final[dict[str, Any]] = {
    "status": STARTING,
    "ended_at": None,
    "progress": 0.0,
    "progress_text": "",
    "result": None,
    "errors": None,
    "is_stop_asked": False,
    "worker": None,
    "heartbeat_at": None,
}


def _end(tx: Tx, job_id: int, worker: Worker, values: Mapping[str, Any]) -> Job:
    _update_own(tx, job_id, worker, {**values, "ended_at": now_ms(), "worker": None})
    return get_job(tx, job_id)


def _update_own(tx: Tx, job_id: int, worker: Worker, values: Mapping[str, Any]) -> None:
    """Change a job that this worker holds; a worker given up for dead holds nothing."""
    tx.must_write()
    own = (jobs.c.id == job_id) & (jobs.c.worker == worker.text()) & jobs.c.status.in_(ACTIVE)
    if tx.conn.execute(update(jobs).where(own).values(dict(values))).rowcount == 0:
        raise WrongState(f"job {job_id} is not in the hands of this worker (any more)")


def _refuse_duplicate(tx: Tx, name: str, key: str) -> None:
    same = (jobs.c.name == name) & (jobs.c.identity == key)
    query = select(jobs.c.id).where(same, jobs.c.status.not_in(_OVER_WITHOUT_SUCCESS))
    job_id = tx.conn.execute(query.order_by(jobs.c.id.desc()).limit(1)).scalar_one_or_none()
    if job_id is not None:
        raise DuplicateJob(
            f"A job instance already exists for these parameters: jobExecId={job_id}. "
            "To import the same again, set allow_dups=true.",
            job_id=job_id,
        )


def _job(row: Any) -> Job:
    return Job(
        id=row.id,
        name=row.name,
        parameters=msgspec.json.decode(row.parameters),
        status=row.status,
        started_by=row.email,
        created_at=row.created_at,
        ended_at=row.ended_at,
        progress=row.progress,
        progress_text=row.progress_text,
        result=msgspec.json.decode(row.result) if row.result is not None else None,
        errors=msgspec.json.decode(row.errors) if row.errors is not None else None,
        is_stop_asked=row.is_stop_asked,
    )
