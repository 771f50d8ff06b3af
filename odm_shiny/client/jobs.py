"""Jobs: imports at work."""

from __future__ import annotations

from collections.abc import Callable

from odm_shiny.client import decode
from odm_shiny.client.decode import Record
from odm_shiny.client.resource import Resource
from odm_shiny.client.session import API, fill
from odm_shiny.client.steps import Sleep, Steps
from odm_shiny.client.twins import Async, Sync, steps_method
from odm_shiny.errors import DeadlineExceeded, JobFailed

Progress = Callable[[str], None]
"""Called with a sentence whenever something is worth telling."""

WORKING = ("STARTING", "STARTED", "RUNNING", "STOPPING")
_FIRST_S, _LONGEST_S = 0.05, 5.0


class JobMethods(Resource):
    """Look at jobs, wait for them, stop and restart them."""

    @steps_method
    def info(self, job: int) -> Steps[Record]:
        """Return what a job is and how it stands: ``status``, ``jobName``, times."""
        return (yield from self.session.get_at(_path(job, "info"), decode.record))

    @steps_method
    def output(self, job: int) -> Steps[Record]:
        """Return what a job gave: ``result``, or ``errors``."""
        return (yield from self.session.get_at(_path(job, "output"), decode.record))

    @steps_method
    def restart(self, job: int) -> Steps[Record]:
        """Start a stopped or failed job again."""
        return (yield from self.session.send("PUT", _path(job, "restart"), decode.record))

    @steps_method
    def stop(self, job: int) -> Steps[Record]:
        """Stop a job."""
        return (yield from self.session.send("PUT", _path(job, "stop"), decode.record))

    @steps_method
    def wait(
        self, job: int, *, timeout_s: float | None = None, progress: Progress | None = None
    ) -> Steps[Record]:
        """Wait until a job ends.

        Parameters
        ----------
        timeout_s
            Longest wait; the job goes on all the same.
        progress
            Called with each new status.

        Returns
        -------
        The ``result`` of its output, such as ``{"groupAccession": "GSF000020"}``.

        Raises
        ------
        JobFailed
            It ended otherwise; the message is the job's own.
        DeadlineExceeded
            It had not ended after `timeout_s`.
        """
        return (yield from wait_for(self, job, timeout_s=timeout_s, progress=progress))


class Jobs(JobMethods, Sync):
    """``client.jobs``."""


class AsyncJobs(JobMethods, Async):
    """``client.jobs`` of an async client."""


def wait_for(
    resource: Resource, job: int, *, timeout_s: float | None, progress: Progress | None
) -> Steps[Record]:
    """Wait for a job; see `JobMethods.wait`."""
    session = resource.session
    clock = session.wire.clock
    started = clock.monotonic()
    pause, last = _FIRST_S, ""
    while True:
        info = yield from session.get_at(_path(job, "info"), decode.record)
        status = str(info.get("status"))
        if status != last and progress is not None:
            progress(f"job {job} ({info.get('jobName', 'import')}): {status.lower()}")
        last = status
        if status not in WORKING:
            break
        waited = clock.monotonic() - started
        if timeout_s is not None and waited + pause > timeout_s:
            raise DeadlineExceeded(
                f"job {job} is still {status.lower()} after {waited:.0f} s; it goes on: "
                f"jobs.wait({job}) waits for it again"
            )
        yield Sleep(pause)
        pause = min(pause * 1.5, _LONGEST_S)
    output = yield from session.get_at(_path(job, "output"), decode.record)
    if status == "COMPLETED":
        result = output.get("result")
        return result if isinstance(result, dict) else {}
    raise JobFailed(
        f"job {job} {status.lower()}: {job_errors(output) or 'it gives no reason'}",
        job_id=job,
        output=output,
    )


def job_errors(output: Record) -> str:
    """Return the messages of a failed job, outermost first, one a line."""
    errors = output.get("errors")
    lines = []
    for error in errors if isinstance(errors, list) else []:
        stack = error.get("stack") if isinstance(error, dict) else None
        messages = [
            str(entry["message"])
            for entry in (stack if isinstance(stack, list) else [])
            if isinstance(entry, dict) and entry.get("message")
        ]
        lines += messages or [str(error)]
    return "\n".join(dict.fromkeys(lines))


def _path(job: int, what: str) -> str:
    return API + fill(f"/jobs/{{}}/{what}", job)
