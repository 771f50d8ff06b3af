"""Imports: from a link that the server fetches, or from a file that is uploaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, cast

from odm_shiny.client import decode
from odm_shiny.client.decode import Record
from odm_shiny.client.exchange import Call, exchange
from odm_shiny.client.jobs import Progress, wait_for
from odm_shiny.client.multipart import Form, new_boundary
from odm_shiny.client.resource import Resource
from odm_shiny.client.session import API
from odm_shiny.client.steps import Steps
from odm_shiny.client.twins import Async, Sync, steps_method
from odm_shiny.errors import Conflict, FileError, MalformedResponse, QueryError

Source = str | PathLike[str]
"""A link (``https://...``, ``s3://...``, ``file:///...``) or the path of a file here."""

_LINK = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_DUPLICATE = re.compile(r"jobExecId=([0-9]+)")
_UPLOAD_DEADLINE_S = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import gave.

    Attributes
    ----------
    accession
        Of the study, or of the group; ``None`` if it was not waited for.
    job
        ``jobExecId``.
    duplicate
        The server had imported the same before, and this is the result of that time.
    warnings
        What the server tolerated in the file, in its own words.
    """

    accession: str | None
    job: int
    duplicate: bool = False
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.accession or f"job {self.job}"


class ImportMethods(Resource):
    """Import studies, samples, libraries, preparations and expression; for curators.

    Every method waits for the job and returns an `Imported`; ``wait=False`` returns at once.
    ``allow_duplicates=False`` gives the earlier result if the same link was imported before.
    """

    @steps_method
    def study(
        self,
        source: Source,
        *,
        template: str | None = None,
        allow_duplicates: bool = True,
        wait: bool = True,
        timeout_s: float | None = None,
        progress: Progress | None = None,
    ) -> Steps[Imported]:
        """Import a study: a table with one record.

        ODM takes a study only from a link that it can fetch. The path of a file works for the
        embedded one, which reads it itself.

        Raises
        ------
        JobFailed
            The import failed; nothing was imported.
        QueryError
            A path was given for a remote ODM.
        """
        link = study_link(source, local=self.session.local)
        body = {"metadataLink": link, "templateId": template}
        waiting = _Waiting(allow_duplicates, wait, timeout_s, progress)
        return (yield from self._by_link("study", body, waiting))

    @steps_method
    def samples(
        self,
        source: Source,
        *,
        template: str | None = None,
        study: str | None = None,
        allow_duplicates: bool = True,
        wait: bool = True,
        timeout_s: float | None = None,
        progress: Progress | None = None,
    ) -> Steps[Imported]:
        """Import samples: a table with one record a line.

        Parameters
        ----------
        template
            Accession of a template; none said, the default one.
        study
            Where an uploaded file is kept; it links nothing.
        """
        waiting = _Waiting(allow_duplicates, wait, timeout_s, progress)
        return (yield from self._metadata("samples", source, template, study, waiting))

    @steps_method
    def libraries(
        self,
        source: Source,
        *,
        template: str | None = None,
        study: str | None = None,
        allow_duplicates: bool = True,
        wait: bool = True,
        timeout_s: float | None = None,
        progress: Progress | None = None,
    ) -> Steps[Imported]:
        """Import libraries; as for samples."""
        waiting = _Waiting(allow_duplicates, wait, timeout_s, progress)
        return (yield from self._metadata("libraries", source, template, study, waiting))

    @steps_method
    def preparations(
        self,
        source: Source,
        *,
        template: str | None = None,
        study: str | None = None,
        allow_duplicates: bool = True,
        wait: bool = True,
        timeout_s: float | None = None,
        progress: Progress | None = None,
    ) -> Steps[Imported]:
        """Import preparations; as for samples."""
        waiting = _Waiting(allow_duplicates, wait, timeout_s, progress)
        return (yield from self._metadata("preparations", source, template, study, waiting))

    @steps_method
    def expression(
        self,
        source: Source,
        *,
        metadata: Source | None = None,
        template: str | None = None,
        previous_version: str | None = None,
        n_feature_columns: int | None = None,
        data_class: str | None = None,
        measurement_separator: str | None = None,
        study: str | None = None,
        allow_duplicates: bool = True,
        wait: bool = True,
        timeout_s: float | None = None,
        progress: Progress | None = None,
    ) -> Steps[Imported]:
        """Import a matrix: GCT, or a table with feature columns first.

        Parameters
        ----------
        metadata
            A table with one record: what is known of the file. Link or path, as `source` is.
        previous_version
            Accession of a group or a chain that this is the next version of.
        n_feature_columns
            How many of the first columns describe features; must be given for a table, a GCT says
            it itself.
        data_class
            ``"Proteomics"``, ``"Metabolomics"``, ...; a GCT is ``"Bulk transcriptomics"``.
        measurement_separator
            What stands between sample and measurement in the names of columns, if each sample has
            several.
        """
        options = {
            "templateId": template,
            "previousVersion": previous_version,
            "numberOfFeatureAttributes": n_feature_columns,
            "dataClass": data_class,
            "measurementSeparator": measurement_separator,
        }
        waiting = _Waiting(allow_duplicates, wait, timeout_s, progress)
        if is_link(source):
            if metadata is not None and not is_link(metadata):
                raise QueryError("the data is a link, so its metadata must be one too")
            body = {**options, "dataLink": str(source), "metadataLink": _text(metadata)}
            return (yield from self._by_link("expression", body, waiting))
        if metadata is not None and is_link(metadata):
            raise QueryError("the data is a file, so its metadata must be one too")
        files = [("metadataFile", existing(metadata))] if metadata is not None else []
        files.append(("file", existing(source)))
        return (
            yield from self._upload("expression", {**options, "studyId": study}, files, waiting)
        )

    def _metadata(
        self,
        kind: str,
        source: Source,
        template: str | None,
        study: str | None,
        waiting: _Waiting,
    ) -> Steps[Imported]:
        if is_link(source):
            body = {"metadataLink": str(source), "templateId": template}
            return (yield from self._by_link(kind, body, waiting))
        fields = {"templateId": template, "studyId": study}
        return (yield from self._upload(kind, fields, [("file", existing(source))], waiting))

    def _by_link(self, kind: str, body: Mapping[str, Any], waiting: _Waiting) -> Steps[Imported]:
        said = {name: value for name, value in body.items() if value is not None}
        path = f"{API}/jobs/import/{kind}"
        parameters = {"allow_dups": waiting.allow_duplicates}
        try:
            info = yield from self.session.send(
                "POST", path, decode.record, body=said, parameters=parameters
            )
        except Conflict as conflict:
            earlier = _DUPLICATE.search(str(conflict))
            if earlier is None or waiting.allow_duplicates:
                raise
            return (yield from self._result(int(earlier[1]), waiting, duplicate=True))
        return (yield from self._result(_job_id(info), waiting, duplicate=False))

    def _upload(
        self,
        kind: str,
        fields: Mapping[str, Any],
        files: list[tuple[str, Path]],
        waiting: _Waiting,
    ) -> Steps[Imported]:
        said = {name: str(value) for name, value in fields.items() if value is not None}
        boundary = new_boundary()
        if waiting.progress is not None:
            size = sum(path.stat().st_size for _, path in files)
            waiting.progress(f"sending {', '.join(path.name for _, path in files)} ({size} bytes)")
        opened: list[Form] = []

        def body() -> Any:
            opened.append(Form(said, files, boundary))
            return opened[-1]

        call = Call(
            "POST",
            f"{API}/jobs/import/{kind}/multipart",
            decode.record,
            body=body,
            content_type=f"multipart/form-data; boundary={boundary}",
            deadline_s=_UPLOAD_DEADLINE_S,
        )
        try:
            info = yield from exchange(self.session.wire, call)
        finally:
            for form in opened:
                form.close()
        return (yield from self._result(_job_id(info), waiting, duplicate=False))

    def _result(self, job: int, waiting: _Waiting, *, duplicate: bool) -> Steps[Imported]:
        if not waiting.wait:
            return Imported(None, job, duplicate)
        result = yield from wait_for(
            self, job, timeout_s=waiting.timeout_s, progress=waiting.progress
        )
        accession = result.get("accession") or result.get("groupAccession")
        if not accession:
            raise MalformedResponse(f"job {job} completed but gives no accession: {result}")
        warnings = tuple(str(line) for line in result.get("warnings") or ())
        if waiting.progress is not None:
            for line in warnings:
                waiting.progress(f"warning: {line}")
        return Imported(str(accession), job, duplicate, warnings)


class Imports(ImportMethods, Sync):
    """``client.imports``."""


class AsyncImports(ImportMethods, Async):
    """``client.imports`` of an async client."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    allow_duplicates: bool
    wait: bool
    timeout_s: float | None
    progress: Progress | None


def is_link(source: Source) -> bool:
    """Tell a link from a path."""
    return isinstance(source, str) and _LINK.match(source) is not None


def existing(source: Source) -> Path:
    """Return the path of a file that exists.

    Raises
    ------
    FileError
        It does not, or is a folder.
    """
    path = Path(source)
    if not path.is_file():
        raise FileError("there is no such file", path=str(source))
    return path


def study_link(source: Source, *, local: bool) -> str:
    """Return the link of a study's table, for a server that fetches it."""
    if is_link(source):
        return cast("str", source)
    path = existing(source)
    if local:
        return path.resolve().as_uri()
    raise QueryError(
        f"{path.name}: a remote ODM takes a study only from a link it can fetch. Give the address "
        'of the file, or serve it for the moment with serve_from="HOST:PORT", or import the rest '
        "into an existing study with study=ACCESSION"
    )


def _job_id(info: Record) -> int:
    job = info.get("jobExecId")
    if not isinstance(job, int):
        raise MalformedResponse(f"the import was answered without a jobExecId: {info}")
    return job


def _text(source: Source | None) -> str | None:
    return None if source is None else str(source)
