"""Choose a matrix and its version."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from htmltools import Tag, tags
from shiny import Inputs, Outputs, Session, module, reactive, render, ui

from odm_shiny.analysis.profile import value_text
from odm_shiny.modules.asked import Asked, after_of, why_of
from odm_shiny.modules.bookmarks import keep, picked
from odm_shiny.modules.controls import hint
from odm_shiny.modules.reactives import as_reactive
from odm_shiny.modules.states import state_server, state_ui
from odm_shiny.modules.work import Latest, latest
from odm_shiny.query.expr import field
from odm_shiny.query.query import Query

if TYPE_CHECKING:
    from odm_shiny.client.client import Client
    from odm_shiny.client.results import Records

_SAMPLE_CONDITIONS = tuple(
    f"{kind}_{what}" for kind in ("sample", "library", "preparation") for what in ("filter", "text")
)
NO_FILE = "No data file is linked to the samples of this study."
_TOLD = ("Scale", "Experimental Platform", "Data Processing Method", "Genome Version")


@dataclass(frozen=True)
class DataFile:
    """A file of data, one version of a matrix.

    Attributes
    ----------
    accession, name
        Of the file.
    chain, number, is_active
        Its version chain, its place in it, and whether it is the one that is read when no version
        is asked for; ``None``, ``None`` and ``True`` outside of any chain.
    text_columns
        Names of the feature columns that hold text; unknown (empty) for GCT.
    metadata
        What else is known of it.
    """

    accession: str
    name: str
    chain: str | None = None
    number: int | None = None
    is_active: bool = True
    text_columns: tuple[str, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()

    @property
    def matrix(self) -> str:
        """What all versions of it share: the chain, or its own accession."""
        return self.chain or self.accession

    @property
    def version_label(self) -> str:
        """``v2``, or nothing outside of any chain."""
        return "" if self.number is None else f"v{self.number}"

    def narrow(self, query: Query) -> Query:
        """Return `query` for this file alone, whatever is active later."""
        if self.chain is not None and self.number is not None:
            return query.versions(f"{self.chain}:v{self.number}")
        return query.where(expression=field("genestack:accession") == self.accession)


@dataclass(frozen=True)
class MatrixChoice:
    """A chosen version of a matrix.

    Attributes
    ----------
    query
        Reactive `Query` that reads this file alone.
    file
        Reactive `DataFile`.
    files
        Reactive list of all versions of all matrices.
    work
        How the listing stands.
    """

    query: Asked
    file: Callable[[], DataFile]
    files: Callable[[], list[DataFile]]
    work: Latest[list[DataFile]]


def data_file(group: Mapping[str, Any]) -> DataFile:
    """Read a group of expression as the API gives it: ``itemId`` and ``metadata``."""
    about = group.get("metadata")
    about = about if isinstance(about, Mapping) else group
    chain = value_text(about.get("genestack:chain"))
    number = about.get("genestack:versionInChain")
    columns = about.get("Features (string)")
    accession = str(group.get("itemId") or about.get("genestack:accession"))
    return DataFile(
        accession=accession,
        name=value_text(about.get("Name")) or accession,
        chain=chain,
        number=int(number) if chain is not None and number is not None else None,
        is_active=about.get("genestack:activeInChain") is not False,
        text_columns=tuple([columns] if isinstance(columns, str) else columns or ()),
        metadata=tuple((name, text) for name in _TOLD if (text := value_text(about.get(name)))),
    )


def matrix_choices(files: Sequence[DataFile]) -> dict[str, str]:
    """Matrix to what is shown of it: the name of its active version."""
    names: dict[str, str] = {}
    for file in sorted(files, key=lambda one: one.is_active):
        names[file.matrix] = file.name
    return {file.matrix: names[file.matrix] for file in files}


def version_choices(files: Sequence[DataFile], matrix: str) -> dict[str, str]:
    """Accession to label of the versions of a matrix, newest first, the active one marked."""
    versions = [file for file in files if file.matrix == matrix]
    versions.sort(key=lambda file: -(file.number or 0))
    return {
        file.accession: f"{file.version_label or 'only version'}"
        f"{' (active)' if file.is_active and file.number is not None else ''}"
        f"{'' if len({one.name for one in versions}) == 1 else f': {file.name}'}"
        for file in versions
    }


def active_version(files: Sequence[DataFile], matrix: str) -> str | None:
    """Accession of the active version of a matrix."""
    return next((one.accession for one in files if one.matrix == matrix and one.is_active), None)


def banner_text(file: DataFile, files: Sequence[DataFile]) -> str:
    """Say that a version is not the active one; empty if it is."""
    if file.is_active:
        return ""
    active = [one for one in files if one.accession == active_version(files, file.matrix)]
    other = f" The active one is {active[0].version_label}, “{active[0].name}”." if active else ""
    return f"This is {file.version_label} of the matrix, which is not its active version.{other}"


@module.ui
def matrix_ui(label: str = "Matrix") -> Tag:
    """Controls to choose a matrix and its version."""
    return tags.div(
        ui.input_select("matrix", label, {}),
        ui.input_select("version", "Version", {}),
        ui.output_ui("about"),
        state_ui("state"),
        class_="odm-module",
    )


@module.ui
def matrix_banner_ui() -> Tag:
    """Place for the banner of a version that is not the active one."""
    return ui.output_ui("banner", aria_live="polite")


@module.server
def matrix_server(
    input: Inputs,
    output: Outputs,
    session: Session,
    client: Client | Callable[[], Client],
    query: Callable[[], Query],
) -> MatrixChoice:
    """Narrow `query` to one file of data; conditions on samples do not change what is offered."""
    get_client = as_reactive(client)
    work = latest(
        lambda: partial(_list_files, get_client(), query().without(*_SAMPLE_CONDITIONS)),
        after=after_of(query),
    )
    restored = keep(session, matrix=lambda: matrix(), version=lambda: version())
    matrix = picked(session, "matrix", restored, lambda: matrix_choices(work.result()))
    version = picked(
        session,
        "version",
        restored,
        lambda: version_choices(work.result(), matrix()),
        lambda: active_version(work.result(), matrix()),
    )

    @reactive.calc
    def file() -> DataFile:
        return next(one for one in work.result() if one.accession == version())

    @reactive.effect
    def _fill() -> None:
        files = work.result()
        chosen = matrix() if files else None
        ui.update_select("matrix", choices=matrix_choices(files), selected=chosen)

    @reactive.effect
    def _fill_versions() -> None:
        chosen = file()
        able = version_choices(work.result(), chosen.matrix)
        ui.update_select("version", choices=able, selected=chosen.accession)

    @render.ui
    def about() -> Tag:
        return _about(file())

    @render.ui
    def banner() -> Tag | None:
        text = banner_text(file(), work.result())
        return (
            tags.div(text, class_="alert alert-warning odm-banner", role="note") if text else None
        )

    state_server(
        "state",
        work,
        loading="Loading matrices",
        empty=lambda files: "" if files else NO_FILE,
    )
    return MatrixChoice(
        query=Asked(
            reactive.calc(lambda: file().narrow(query())),
            after=[work],
            why=lambda: why_of(query) or ("" if work.result() else NO_FILE),
        ),
        file=file,
        files=work.result,
        work=work,
    )


def _list_files(client: Client, query: Query) -> list[DataFile]:
    groups = cast("Records", client.run(query.expression_groups().versions("*")))
    files = [data_file(group) for group in groups]
    return sorted(files, key=lambda file: (file.matrix, file.number or 0))


def _about(file: DataFile) -> Tag:
    told = [child for name, text in file.metadata for child in (tags.dt(name), tags.dd(text))]
    where = f"{file.chain} {file.version_label}" if file.chain else "no version chain"
    summary = tags.summary("About this matrix ", tags.span(file.accession, class_="odm-accession"))
    return tags.details(summary, tags.dl(*told), hint(where), class_="odm-about")
