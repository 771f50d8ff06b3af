"""Choose a study."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from htmltools import Tag, tags
from shiny import Inputs, Outputs, Session, module, reactive, render, ui

from odm_shiny.analysis.profile import value_text
from odm_shiny.modules.asked import Asked
from odm_shiny.modules.asking import ACCESSION
from odm_shiny.modules.bookmarks import keep, picked
from odm_shiny.modules.controls import labelled_selectize
from odm_shiny.modules.reactives import as_reactive
from odm_shiny.modules.states import state_server, state_ui
from odm_shiny.modules.work import Latest, latest
from odm_shiny.query.expr import field
from odm_shiny.query.query import Query

if TYPE_CHECKING:
    from odm_shiny.client.client import Client

Record = Mapping[str, Any]
TITLE = "Study Title"
NO_STUDY = "There is no study that you may see."


@dataclass(frozen=True)
class StudyChoice:
    """A chosen study.

    Attributes
    ----------
    query
        Reactive `Query` for everything in the study.
    accession, record
        Reactive accession, and the study's metadata.
    work
        How the list of studies stands.
    """

    query: Asked
    accession: Callable[[], str]
    record: Callable[[], Record]
    work: Latest[list[Record]]


def study_choices(studies: Sequence[Record]) -> dict[str, str]:
    """Accession to what is shown of a study: its title, or its accession where it has none."""
    return {
        str(study[ACCESSION]): value_text(study.get(TITLE)) or str(study[ACCESSION])
        for study in studies
        if study.get(ACCESSION)
    }


def query_of(accession: str) -> Query:
    """Return the query for everything in a study."""
    return Query().where(study=field(ACCESSION) == accession)


@module.ui
def study_ui(label: str = "Study") -> Tag:
    """Control to choose a study."""
    return tags.div(
        labelled_selectize("study", label),
        ui.output_ui("about"),
        state_ui("state"),
        class_="odm-module",
    )


@module.server
def study_server(
    input: Inputs,
    output: Outputs,
    session: Session,
    client: Client | Callable[[], Client],
    first: Callable[[Sequence[Record]], str | None] | None = None,
) -> StudyChoice:
    """Let a person choose one of the studies that `client` may see.

    Parameters
    ----------
    client
        A client, or a reactive that gives one.
    first
        Given the studies, says the accession to show first; the first of the list if not given.
    """
    get_client = as_reactive(client)
    work = latest(lambda: partial(_read_studies, get_client()))
    restored = keep(session, study=lambda: accession())
    choices = reactive.calc(lambda: study_choices(work.result()))
    accession = picked(
        session,
        "study",
        restored,
        choices,
        lambda: first(work.result()) if first is not None else None,
    )

    @reactive.calc
    def record() -> Record:
        return next(one for one in work.result() if one[ACCESSION] == accession())

    @reactive.effect
    def _fill() -> None:
        known = choices()
        with reactive.isolate():
            chosen = accession() if known else None
        ui.update_selectize("study", choices=known, selected=chosen)

    @render.ui
    def about() -> Tag:
        return _about(record())

    state_server(
        "state",
        work,
        loading="Loading studies",
        empty=lambda studies: "" if studies else NO_STUDY,
    )
    return StudyChoice(
        query=Asked(
            reactive.calc(lambda: query_of(accession())),
            after=[work],
            why=lambda: "" if work.result() else NO_STUDY,
        ),
        accession=accession,
        record=record,
        work=work,
    )


def _read_studies(client: Client) -> list[Record]:
    return list(client.studies.find(metadata="all"))


def _about(record: Record) -> Tag:
    texts = {name: value_text(record.get(name)) for name in ("Study Description", "Study Source")}
    shown = [tags.p(texts["Study Description"])] if texts["Study Description"] else []
    if texts["Study Source"]:
        shown.append(tags.p(f"Source: {texts['Study Source']}"))
    summary = tags.summary(
        "About this study ", tags.span(record[ACCESSION], class_="odm-accession")
    )
    return tags.details(summary, *shown, class_="odm-about")
