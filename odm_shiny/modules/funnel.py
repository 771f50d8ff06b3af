"""Why so few samples? How many each condition of a query leaves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from htmltools import Tag, tags
from shiny import Inputs, Outputs, Session, module, render, ui

from odm_shiny.modules.asked import after_of, why_of
from odm_shiny.modules.assets import page_assets
from odm_shiny.modules.reactives import as_reactive
from odm_shiny.modules.states import state_server, state_ui
from odm_shiny.modules.work import Latest, latest
from odm_shiny.query.query import Query

if TYPE_CHECKING:
    from odm_shiny.client.client import Client
    from odm_shiny.client.funnel import Funnel

_TEXTS = {
    "studies": "studies chosen",
    "samplesInStudies": "samples in them",
    "samplesMatching": "match the filters on samples",
    "samplesWithData": "are linked to data of this matrix",
    "samplesWithMatchingData": "have a value of this gene",
}


def funnel_tag(funnel: Funnel) -> Tag:
    """Draw a funnel as a list with bars; the bar is only for the eye."""
    samples = [step for step in funnel if step.name != "studies"]
    most = max((step.count for step in samples), default=0) or 1
    items = []
    for step in funnel:
        share = 100 if step.name == "studies" else 100 * step.count / most
        bar = tags.span(style=f"width:{share:.1f}%", class_="odm-funnel-bar", aria_hidden="true")
        text = tags.span(tags.strong(str(step)), " ", _TEXTS.get(step.name, step.label))
        items.append(tags.li(bar, text))
    return tags.ol(*items, class_="odm-funnel")


@module.ui
def funnel_ui() -> Tag:
    """Place for the funnel."""
    return tags.div(page_assets(), state_ui("state"), ui.output_ui("steps"))


@module.server
def funnel_server(
    input: Inputs,
    output: Outputs,
    session: Session,
    client: Client | Callable[[], Client],
    query: Callable[[], Query],
) -> Latest[Funnel]:
    """Count what each condition of `query` leaves; only while it is looked at."""
    get_client = as_reactive(client)

    def plan() -> partial[Funnel] | None:
        # On an ODM that does not count by itself, this reads all samples.
        hidden = session.clientdata.output_hidden("steps")
        return None if hidden else partial(_explain, get_client(), query())

    work = latest(plan, after=after_of(query))

    @render.ui
    def steps() -> Tag:
        return funnel_tag(work.result())

    state_server("state", work, loading="Counting", waiting=lambda: why_of(query), whole=True)
    return work


def _explain(client: Client, query: Query) -> Funnel:
    return client.explain(query)
