"""Choose how many attributes of records are shown, and see how many that hides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from htmltools import Tag, tags
from shiny import Inputs, Outputs, Session, module, reactive, render, ui

from odm_shiny.analysis.profile import Attribute
from odm_shiny.modules.asked import Asked, after_of, why_of
from odm_shiny.modules.asking import describe_samples
from odm_shiny.modules.bookmarks import kept_input
from odm_shiny.modules.reactives import as_reactive
from odm_shiny.modules.states import state_server, state_ui
from odm_shiny.modules.work import Latest, latest
from odm_shiny.query.query import Query

if TYPE_CHECKING:
    from odm_shiny.client.client import Client

LEVELS = {
    "all": "All attributes",
    "template": "Those of the study's template",
    "default": "Those of the default template",
}


@dataclass(frozen=True)
class MetadataDetail:
    """A chosen level of metadata.

    Attributes
    ----------
    query
        Reactive `Query` with that level.
    level
        Reactive ``"all"``, ``"template"`` or ``"default"``.
    attributes
        Reactive attributes of the samples at that level.
    hidden
        Reactive names of the attributes that have values and are not shown.
    work
        How the reading of the attributes stands.
    """

    query: Asked
    level: Callable[[], str]
    attributes: Callable[[], tuple[Attribute, ...]]
    hidden: Callable[[], list[str]]
    work: Latest[tuple[tuple[Attribute, ...], tuple[Attribute, ...]]]


def hidden_names(everything: Sequence[Attribute], shown: Sequence[Attribute]) -> list[str]:
    """Names of attributes that have a value somewhere and are not among those shown."""
    kept = {one.name for one in shown}
    return [one.name for one in everything if one.n_set and one.name not in kept]


def hidden_text(level: str, hidden: Sequence[str], n_shown: int) -> str:
    """Say how many attributes a level hides."""
    if level == "all" or not hidden:
        return f"{n_shown} attributes with values, none hidden"
    return f"{n_shown} attributes with values; {len(hidden)} more are hidden"


@module.ui
def metadata_detail_ui(label: str = "Metadata shown") -> Tag:
    """Control to choose the level."""
    return tags.div(
        ui.input_radio_buttons("level", label, LEVELS),
        ui.tooltip(
            ui.output_text("hidden_count", inline=True), ui.output_text("hidden_list", inline=True)
        ),
        state_ui("state"),
        class_="odm-module",
    )


@module.server
def metadata_detail_server(
    input: Inputs,
    output: Outputs,
    session: Session,
    client: Client | Callable[[], Client],
    query: Callable[[], Query],
) -> MetadataDetail:
    """Add the chosen level to `query`, which should hold no conditions on samples yet."""
    get_client = as_reactive(client)
    level = kept_input(
        session,
        "level",
        default="all",
        choices=LEVELS,
        restore=lambda value: ui.update_radio_buttons("level", selected=value),
    )
    work = latest(lambda: partial(_describe, get_client(), query(), level()), after=after_of(query))

    @reactive.calc
    def hidden() -> list[str]:
        return hidden_names(*work.result())

    @render.text
    def hidden_count() -> str:
        n_shown = sum(1 for one in work.result()[1] if one.n_set)
        return hidden_text(level(), hidden(), n_shown)

    @render.text
    def hidden_list() -> str:
        return ", ".join(hidden()) or "No attribute is hidden."

    state_server("state", work, loading="Reading the attributes")
    return MetadataDetail(
        query=Asked(
            reactive.calc(lambda: query().metadata(level())),
            after=after_of(query),
            why=lambda: why_of(query),
        ),
        level=level,
        attributes=reactive.calc(lambda: work.result()[1]),
        hidden=hidden,
        work=work,
    )


def _describe(
    client: Client, query: Query, level: str
) -> tuple[tuple[Attribute, ...], tuple[Attribute, ...]]:
    everything = describe_samples(client, query.metadata("all"))
    if level == "all":
        return everything, everything
    return everything, describe_samples(client, query.metadata(level))
