"""``jobs``: imports at work."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from odm_shiny.cli.options import AsJson, EmbeddedStore, StoreOption, Url, client_of, examples
from odm_shiny.cli.output import answer, answer_json, answer_table, say
from odm_shiny.cli.store import existing
from odm_shiny.cli.times import iso
from odm_shiny.errors import QueryError

commands = typer.Typer(
    help="Look at imports, wait for them, stop and restart them.", no_args_is_help=True
)

JobId = Annotated[int, typer.Argument(metavar="ID", help="Number of the job.")]


@commands.command("list", epilog=examples("odm-shiny jobs list --store ./my-odm"))
def list_jobs(
    store: StoreOption = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help="At most so many, newest first.")
    ] = 20,
    as_json: AsJson = False,
    url: Annotated[str | None, typer.Option("--url", metavar="URL", hidden=True)] = None,
) -> None:
    """List the jobs of an embedded ODM; ODM's API gives no such list."""
    if url is not None:
        raise QueryError(
            "ODM's API has no list of jobs: `odm-shiny jobs show ID --url ...` shows one by the "
            "number that its import printed; the list of an embedded ODM needs --store, on the "
            "machine that has it"
        )
    with existing(store) as place:
        from odm_shiny.store import jobs

        with place.read() as tx:
            found = jobs.list_jobs(tx, limit=limit)
    rows = [
        {
            "id": job.id,
            "name": job.name,
            "status": job.status,
            "started_by": job.started_by,
            "created": iso(job.created_at),
            "ended": iso(job.ended_at),
            "doing": job.progress_text,
        }
        for job in found
    ]
    answer_table(
        rows, ("id", "name", "status", "started_by", "created", "ended", "doing"), as_json=as_json
    )


@commands.command(epilog=examples("odm-shiny jobs show 12"))
def show(job: JobId, url: Url = None, store: EmbeddedStore = None, as_json: AsJson = False) -> None:
    """Show how a job stands, and what it gave or why it failed."""
    from odm_shiny.client.jobs import WORKING, job_errors

    with client_of(url, store) as client:
        info = client.jobs.info(job)
        output = {} if info.get("status") in WORKING else client.jobs.output(job)
    if as_json:
        answer_json({**info, **output})
        return
    for name, value in {**info, **(output.get("result") or {})}.items():
        answer(f"{name}: {value}")
    if errors := job_errors(output):
        answer(errors)


@commands.command(epilog=examples("odm-shiny jobs wait 12 --timeout 600"))
def wait(
    job: JobId,
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="SECONDS", help="Longest wait.")
    ] = None,
    url: Url = None,
    store: EmbeddedStore = None,
    as_json: AsJson = False,
) -> None:
    """Wait until a job ends; ends with 1 if it failed."""
    with client_of(url, store) as client:
        result = client.jobs.wait(job, timeout_s=timeout, progress=say)
    _answer(result, as_json=as_json)


@commands.command(epilog=examples("odm-shiny jobs stop 12"))
def stop(job: JobId, url: Url = None, store: EmbeddedStore = None, as_json: AsJson = False) -> None:
    """Stop a job; nothing of it stays."""
    with client_of(url, store) as client:
        info = client.jobs.stop(job)
    _answer(info, as_json=as_json)


@commands.command(epilog=examples("odm-shiny jobs restart 12"))
def restart(
    job: JobId, url: Url = None, store: EmbeddedStore = None, as_json: AsJson = False
) -> None:
    """Start a stopped or failed job again."""
    with client_of(url, store) as client:
        info = client.jobs.restart(job)
    _answer(info, as_json=as_json)


def _answer(record: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        answer_json(record)
        return
    for name, value in record.items():
        answer(f"{name}: {value}")


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    app.add_typer(commands, name="jobs")
