"""Import jobs: start by link or by upload, look at, stop, restart."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from odm_shiny.errors import FileError
from odm_shiny.server.fetch import keep_upload
from odm_shiny.server.import_kinds import DATA_CLASSES, IMPORT_KINDS, ImportKind
from odm_shiny.server.routes import Call, handles
from odm_shiny.server.visibility import is_visible, visible_record
from odm_shiny.server.wire import Problem
from odm_shiny.store import chains, jobs, objects, templates

if TYPE_CHECKING:
    from odm_shiny.server.multipart import FormPart
    from odm_shiny.store.engine import Tx
    from odm_shiny.store.jobs import Job

#: How long a request waits for its job: small imports are done when the answer comes.
WAIT_S: Final = 1.0
LINKS: Final = ("metadataLink", "dataLink")
OPTIONS: Final = (
    "templateId",
    "previousVersion",
    "numberOfFeatureAttributes",
    "dataClass",
    "measurementSeparator",
)
#: What makes two imports the same, beside who asks: nobody learns what others have imported.
IDENTITY: Final = ("kind", "dataLink", "metadataLink", "templateId")
MAX_FEATURE_COLUMNS: Final = 1000


def _register(kind: ImportKind) -> None:
    handles(f"POST /jobs/import/{kind.word}")(_link_starter(kind))
    if kind.word != "study":
        handles(f"POST /jobs/import/{kind.word}/multipart")(_upload_starter(kind))


def _link_starter(kind: ImportKind) -> Callable[[Call], Any]:
    def start(call: Call) -> dict[str, Any]:
        body = call.body or {}
        parameters = {"kind": kind.word, **_options(body)}
        for name in LINKS:
            if link := body.get(name):
                parameters[name] = _checked_link(call, name, link)
        required = "dataLink" if kind.is_data else "metadataLink"
        if required not in parameters:
            raise Problem(400, f"{required} is missing", location=f"body.{required}")
        return _start(call, kind, parameters, uploads={})

    return start


def _upload_starter(kind: ImportKind) -> Callable[[Call], Any]:
    def start(call: Call) -> dict[str, Any]:
        fields = {name: part.text for name, part in call.form.items() if part.filename is None}
        uploads = {name: part for name, part in call.form.items() if part.filename is not None}
        if "file" not in uploads:
            raise Problem(400, "the form has no file part named 'file'", location="form.file")
        roles = (
            {"data": "file", "metadata": "metadataFile"} if kind.is_data else {"metadata": "file"}
        )
        chosen = {role: uploads[name] for role, name in roles.items() if name in uploads}
        parameters = {"kind": kind.word, **_options(fields)}
        return _start(call, kind, parameters, uploads=chosen)

    return start


def _start(
    call: Call, kind: ImportKind, parameters: dict[str, Any], uploads: dict[str, FormPart]
) -> dict[str, Any]:
    runner = call.service.job_runner
    name = kind.job_name.format(format=_format(parameters, uploads))
    identity = None
    if not uploads:
        identity = {**{key: parameters.get(key) for key in IDENTITY}, "startedBy": call.user.id}
    parameters = {**parameters, "folder": secrets.token_hex(12), "worker": runner.worker.text()}
    try:
        for role, part in uploads.items():
            kept = keep_upload(part.file, part.filename or "", runner.folder(parameters))
            parameters[f"{role}File"] = {"name": kept.name, "file": kept.path.name}
        with call.service.store.write() as tx:
            _check_references(call, tx, parameters)
            job = jobs.create_job(
                tx,
                name,
                parameters,
                started_by=call.user.id,
                identity=identity,
                allow_duplicates=bool(call.query.get("allow_dups")),
            )
    except BaseException:
        shutil.rmtree(runner.folder(parameters), ignore_errors=True)
        raise
    runner.submit(job.id, wait_s=WAIT_S)
    return _info(job)


@handles("GET /jobs/{jobExecId}/info")
def job_info(call: Call) -> dict[str, Any]:
    """State of a job."""
    return _info(_job(call))


@handles("GET /jobs/{jobExecId}/output")
def job_output(call: Call) -> dict[str, Any]:
    """Result or errors of a job that is over; the status alone before that."""
    job = _job(call)
    output: dict[str, Any] = {"status": job.status}
    if job.result is not None:
        output["result"] = job.result
    if job.errors is not None:
        output["errors"] = job.errors
    return output


@handles("PUT /jobs/{jobExecId}/restart")
def restart_job(call: Call) -> dict[str, Any]:
    """Run a stopped or failed job once more, from its beginning."""
    number = _job(call).id
    with call.service.store.write() as tx:
        job = jobs.restart(tx, number)
    call.service.job_runner.submit(job.id, wait_s=WAIT_S)
    return _info(job)


@handles("PUT /jobs/{jobExecId}/stop")
def stop_job(call: Call) -> dict[str, Any]:
    """Stop a job that waits or runs."""
    number = _job(call).id
    with call.service.store.write() as tx:
        return _info(jobs.ask_to_stop(tx, number))


def _job(call: Call) -> Job:
    """The job asked for, if the caller started it or may see everything."""
    number = int(call.path["jobExecId"])
    with call.service.store.read() as tx:
        job = jobs.get_job(tx, number)
    if job.started_by != call.user.email and not call.user.is_admin:
        raise Problem(404, f"no job {number}")
    return call.service.job_runner.checked(job)


def _info(job: Job) -> dict[str, Any]:
    info = {
        "jobExecId": job.id,
        "startedBy": job.started_by,
        "jobName": job.name,
        "status": job.status,
        "createTime": _time(job.created_at),
    }
    return info if job.ended_at is None else {**info, "endTime": _time(job.ended_at)}


def _time(ms: int) -> str:
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _options(given: dict[str, Any]) -> dict[str, Any]:
    """Options of an import, checked; empty ones count as not given."""
    options = {name: given[name] for name in OPTIONS if given.get(name) not in (None, "")}
    if "numberOfFeatureAttributes" in options:
        options["numberOfFeatureAttributes"] = _count(options["numberOfFeatureAttributes"])
    data_class = options.get("dataClass")
    if data_class is not None and data_class not in DATA_CLASSES:
        raise Problem(
            400,
            f"dataClass: {data_class!r} is unknown; known: {', '.join(DATA_CLASSES)}",
            location="body.dataClass",
        )
    return options


def _count(value: Any) -> int:
    """A number of feature columns; the official script sends it as text."""
    text = str(value).strip()
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_FEATURE_COLUMNS:
        raise Problem(
            400,
            f"numberOfFeatureAttributes: {text[:40]!r} is no whole number from 1 to "
            f"{MAX_FEATURE_COLUMNS}",
            location="body.numberOfFeatureAttributes",
        )
    return int(text)


def _checked_link(call: Call, name: str, link: str) -> str:
    """A link that this server will follow; a local file is checked at once."""
    try:
        return call.service.import_rules.checked(link)
    except FileError as exc:
        raise Problem(400, f"{name}: {exc}", location=f"body.{name}") from exc


def _check_references(call: Call, tx: Tx, parameters: dict[str, Any]) -> None:
    """Check what a job refers to, while its caller can still correct it."""
    if template := parameters.get("templateId"):
        templates.get_template(tx, template)
    if previous := parameters.get("previousVersion"):
        files = objects.by_ids(tx, chains.members(tx, previous))
        if not any(is_visible(call, tx, file) for file in files):
            visible_record(call, tx, previous, ("expression_group",))


def _format(parameters: dict[str, Any], uploads: dict[str, FormPart]) -> str:
    name = uploads["data"].filename if "data" in uploads else parameters.get("dataLink")
    name = name or ""
    return "GCT" if ".gct" in name.lower() else "TSV"


for _kind in IMPORT_KINDS.values():
    _register(_kind)
