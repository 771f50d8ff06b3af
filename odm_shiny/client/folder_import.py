"""Import a whole folder: study, samples, libraries, preparations, data, and their links."""

from __future__ import annotations

import contextlib
import re
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from os import PathLike
from pathlib import Path
from typing import Any

from odm_shiny.client.folder_plan import KIND_OF, DataPlan, FolderPlan, plan_folder
from odm_shiny.client.imports import ImportMethods, is_link, study_link
from odm_shiny.client.jobs import Progress
from odm_shiny.client.links import LinkMethods
from odm_shiny.client.resource import Resource
from odm_shiny.client.steps import Steps, blocking
from odm_shiny.client.studies import StudyMethods
from odm_shiny.client.twins import steps_method
from odm_shiny.errors import BadRequest, QueryError

Paths = str | PathLike[str] | Sequence[str | PathLike[str]] | None


@dataclass(frozen=True, slots=True)
class FolderImport:
    """What the import of a folder gave.

    Attributes
    ----------
    study
        Accession of the study.
    groups
        File name -> accession of its group.
    links
        What was linked, one sentence each.
    problems
        What could not be linked, and why; empty when all went well.
    left_out
        Names of files that were not imported.
    """

    study: str | None
    groups: Mapping[str, str]
    links: tuple[str, ...]
    problems: tuple[str, ...]
    left_out: tuple[str, ...]


class FolderImportMethods(Resource):
    """Import folders."""

    @steps_method
    def plan_import(
        self,
        folder: str | PathLike[str],
        *,
        study: str | PathLike[str] | None = None,
        samples: Paths = None,
        libraries: Paths = None,
        preparations: Paths = None,
        data: Paths = None,
    ) -> Steps[FolderPlan]:
        """Say what `import_folder` would do; asks the server nothing."""
        given = _given(study, samples, libraries, preparations, data)
        return (yield from blocking(lambda: plan_folder(Path(folder), given=given)))

    @steps_method
    def import_folder(
        self,
        folder: str | PathLike[str],
        *,
        study: str | PathLike[str] | None = None,
        samples: Paths = None,
        libraries: Paths = None,
        preparations: Paths = None,
        data: Paths = None,
        template: str | None = None,
        linking_attribute: str | None = None,
        previous_version: str | None = None,
        data_class: str | None = None,
        serve_from: str | None = None,
        progress: Progress | None = None,
    ) -> Steps[FolderImport]:
        """Import the files of one study from a folder and link them.

        Parameters
        ----------
        folder
            Files are told by name: ``X.study.tsv``, ``X.samples.tsv``, ``X.libraries.tsv``,
            ``X.preparations.tsv``; a matrix ``X.gct`` or ``X.tsv`` by its metadata ``X.gct.tsv`` or
            ``X.tsv.tsv``, all of them also packed (``.gz``, ``.zip``). Other tables are told by
            their header.
        study
            Accession of an existing study to import into, a link of the study's table that the ODM
            can fetch, or the file where names do not tell it.
        samples, libraries, preparations, data
            Files, where names do not tell.
        template
            Accession of a template.
        linking_attribute
            Attribute of the samples that the names of the data's columns are compared with.
        previous_version
            Group or chain that the data (one file) is the next version of.
        data_class
            Of tables; a GCT is ``"Bulk transcriptomics"``, and so is a table if not said.
        serve_from
            ``"HOST:PORT"``: where the ODM reaches this machine. A remote ODM takes a study only
            from a link; the study's table, and nothing else, is served there while it is fetched,
            at an address nobody can guess.
        progress
            Called with a sentence at every step.

        Raises
        ------
        FileError
            The folder is ambiguous; before anything is sent.
        QueryError
            A remote ODM, and no way for it to fetch the study.
        JobFailed
            An import failed; the message says which. What was imported before stays.
        """
        tell = progress or _silent
        target, file = _study_argument(study)
        given = _given(file, samples, libraries, preparations, data)
        plan = yield from blocking(lambda: plan_folder(Path(folder), given=given))
        if previous_version is not None and len(plan.data) != 1:
            raise QueryError(f"previous_version is for one file of data, here are {len(plan.data)}")
        table = plan.study if target is None else None
        if table is not None and serve_from is None:
            study_link(table, local=self.session.local)  # refuses before anything is sent
        work = _Work(self, tell, template)
        accession = yield from work.study(target, table, serve_from)
        yield from work.records(plan, accession)
        options = {"previous_version": previous_version, "data_class": data_class}
        for one in plan.data:
            yield from work.matrix(one, options, linking_attribute, accession)
        left_out = tuple(path.name for path in plan.left_out)
        for name in left_out:
            tell(f"left out: {name}")
        return FolderImport(
            accession, work.groups, tuple(work.links), tuple(work.problems), left_out
        )


class _Work:
    """One import under way."""

    def __init__(self, resource: Resource, tell: Progress, template: str | None) -> None:
        session, driver = resource.session, resource.driver
        self.imports = ImportMethods(session, driver)
        self.linking = LinkMethods(session, driver)
        self.studies = StudyMethods(session, driver)
        self.tell = tell
        self.template = template
        self.groups: dict[str, str] = {}
        self.by_role: dict[str, list[str]] = {}
        self.links: list[str] = []
        self.problems: list[str] = []

    def study(
        self, target: str | None, table: Path | None, serve_from: str | None
    ) -> Steps[str | None]:
        """Import the study, or take the one that was named."""
        if target is not None and not is_link(target):
            # Nothing may be sent before it is sure that there is something to link it to.
            yield from StudyMethods.get.steps(self.studies, target)
            self.tell(f"into study {target}")
            return target
        if target is None and table is None:
            return None
        source: str | Path = target or table or ""
        self.tell(f"study: {Path(str(source)).name}")
        do = ImportMethods.study.steps
        if serve_from is not None and table is not None:
            with served(table, serve_from) as link:
                done = yield from do(self.imports, link, template=self.template, progress=self.tell)
        else:
            done = yield from do(self.imports, source, template=self.template, progress=self.tell)
        self.tell(f"study {done} imported")
        return done.accession

    def records(self, plan: FolderPlan, study: str | None) -> Steps[None]:
        """Import samples, libraries and preparations, and link them upwards."""
        importers = {
            "samples": ImportMethods.samples.steps,
            "libraries": ImportMethods.libraries.steps,
            "preparations": ImportMethods.preparations.steps,
        }
        for role, kind in KIND_OF.items():
            for path in getattr(plan, role):
                self.tell(f"{role}: {path.name}")
                done = yield from importers[role](
                    self.imports, path, template=self.template, study=study, progress=self.tell
                )
                group = str(done)
                self.groups[path.name] = group
                self.by_role.setdefault(role, []).append(group)
                self.tell(f"{role} {group} imported")
                if role == "samples":
                    parents = [study] if study else []
                    yield from self._link(kind, group, "study", parents, None)
                else:
                    parents = self.by_role.get("samples", [])
                    yield from self._link(kind, group, "sample", parents, None)

    def matrix(
        self,
        one: DataPlan,
        options: Mapping[str, Any],
        linking_attribute: str | None,
        study: str | None,
    ) -> Steps[None]:
        """Import a matrix and link it to what its columns are named after.

        Where that is none of the records imported with it, it is what the study had before.
        """
        self.tell(f"data: {one.path.name}")
        done = yield from ImportMethods.expression.steps(
            self.imports,
            one.path,
            metadata=one.metadata,
            template=self.template,
            n_feature_columns=one.n_feature_columns,
            measurement_separator=one.separator,
            progress=self.tell,
            **{name: value for name, value in options.items() if value is not None},
        )
        group = str(done)
        self.groups[one.path.name] = group
        self.tell(f"data {group} imported")
        role = one.linked_to or ("samples" if linking_attribute else None)
        if role is None:
            yield from self._link_to_existing(one.path.name, group, study)
            return
        attribute = linking_attribute if role == "samples" else None
        parents = self.by_role.get(role, [])
        yield from self._link("expression", group, KIND_OF[role], parents, attribute)

    def _link_to_existing(self, name: str, group: str, study: str | None) -> Steps[None]:
        """Link data to samples, libraries or preparations that the study has already."""
        for kind in KIND_OF.values() if study else ():
            parents = yield from self._groups_of(study or "", kind)
            n_links = len(self.links)
            yield from self._link("expression", group, kind, parents, None, must=False)
            if len(self.links) > n_links:
                return
        self.problems.append(f"{name}: no column is named like a record of this study")

    def _groups_of(self, study: str, kind: str) -> Steps[list[str]]:
        """Accessions of the groups of a kind in a study."""
        if kind == "sample":
            listing = LinkMethods.list.describe(
                self.linking, study, first_type="study", second_type="sampleGroup"
            )
            name = "secondId"
        else:
            listing = LinkMethods.groups_of_study.describe(self.linking, kind, study)
            name = "itemId"
        found: list[str] = []
        while not listing.pager.done:
            for page in (yield from listing.pager.batch(ahead=1)):
                found += [row[name] for row in page.data]
        return found

    def _link(
        self,
        kind: str,
        group: str,
        to: str,
        parents: Sequence[str | None],
        attribute: str | None,
        *,
        must: bool = True,
    ) -> Steps[None]:
        linked = False
        reasons = []
        for parent in parents:
            assert parent is not None
            try:
                result = yield from LinkMethods.create_groups.steps(
                    self.linking, kind, group, to, parent, linking_attribute=attribute
                )
            except BadRequest as exc:  # no match in this group; another one may have it
                reasons.append(str(exc))
                continue
            linked = True
            some = "" if result.complete or to == "study" else ", not all of its objects"
            self.links.append(f"{kind} {group} to {to} {parent}{some}")
            self.tell(f"linked {self.links[-1]}")
        if must and parents and not linked:
            self.problems.append(f"{kind} {group} is not linked: {reasons[0]}")
            self.tell(self.problems[-1])


@contextlib.contextmanager
def served(path: Path, where: str) -> Iterator[str]:
    """Serve one file at an address nobody can guess, for as long as the block runs.

    Parameters
    ----------
    where
        ``HOST:PORT``; the port may be 0 for any.

    Raises
    ------
    QueryError
        `where` is not of that form, or the port cannot be had.
    """
    host, _, port = where.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise QueryError(f"serve_from={where!r}: write HOST:PORT, such as 192.0.2.7:8099")
    address = f"/{secrets.token_urlsafe(24)}/{path.name}"
    content = path.read_bytes()

    class OneFile(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = secrets.compare_digest(self.path, address)
            body = content if found else b""
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/tab-separated-values")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Write nothing: the address is a secret."""

    try:
        server = ThreadingHTTPServer((host.strip("[]"), int(port)), OneFile)
    except OSError as exc:
        raise QueryError(f"serve_from={where!r}: {exc}") from exc
    thread = threading.Thread(target=server.serve_forever, name="odm-shiny-serve", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}{address}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _study_argument(
    study: str | PathLike[str] | None,
) -> tuple[str | None, str | PathLike[str] | None]:
    """Tell an accession or link from the path of a file."""
    if study is None:
        return None, None
    if is_link(study):
        return str(study), None
    if isinstance(study, str) and re.fullmatch(r"[A-Z]+[0-9]+", study):
        return study, None
    return None, study


def _given(study: Any, *others: Paths) -> dict[str, list[Path]]:
    roles = ("study", "samples", "libraries", "preparations", "data")
    return {
        role: _paths(paths)
        for role, paths in zip(roles, (study, *others), strict=True)
        if paths is not None
    }


def _paths(paths: Paths) -> list[Path]:
    if paths is None:
        return []
    return [Path(paths)] if isinstance(paths, str | PathLike) else [Path(path) for path in paths]


def _silent(message: str) -> None:
    """Tell nobody."""
