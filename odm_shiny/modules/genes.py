"""Choose a gene, or any other feature, by typing the start of its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from htmltools import Tag, tags
from shiny import Inputs, Outputs, Session, module, reactive, render, req, ui
from shiny.types import SilentException
from starlette.requests import Request
from starlette.responses import JSONResponse

from odm_shiny.errors import OdmError
from odm_shiny.modules.asked import Asked
from odm_shiny.modules.bookmarks import keep, value_of
from odm_shiny.modules.controls import combobox, hint
from odm_shiny.modules.gene_search import (
    Found,
    Suggestion,
    condition_on,
    look_up,
    missing_text,
    suggest,
)
from odm_shiny.modules.matrix import MatrixChoice
from odm_shiny.modules.reactives import as_reactive
from odm_shiny.modules.states import state_server, state_ui
from odm_shiny.modules.work import Latest, in_thread, latest
from odm_shiny.query.query import Query

if TYPE_CHECKING:
    from odm_shiny.client.client import Client

MAX_TYPED = 200


@dataclass(frozen=True)
class GeneChoice:
    """A chosen gene.

    Attributes
    ----------
    query
        Reactive `Query` for its values.
    gene
        Reactive name.
    work
        How the search for it stands.
    """

    query: Asked
    gene: Callable[[], str]
    work: Latest[Found]


@module.ui
def gene_ui(label: str = "Gene") -> Tag:
    """Control to choose a gene."""
    return tags.div(
        combobox("gene", label, placeholder="Symbol or identifier"),
        tags.div(ui.output_ui("missing"), aria_live="polite"),
        state_ui("state"),
        class_="odm-module",
    )


@module.server
def gene_server(
    input: Inputs,
    output: Outputs,
    session: Session,
    client: Client | Callable[[], Client],
    matrix: MatrixChoice,
    examples: Callable[[], Mapping[str, str]] | Mapping[str, str] | None = None,
) -> GeneChoice:
    """Add the condition on a gene to the query of `matrix`.

    Parameters
    ----------
    matrix
        Whose features are offered.
    examples
        Names to offer at once, each with a note; the first is shown first.
    """
    get_client = as_reactive(client)
    get_examples: Callable[[], Mapping[str, str]] = as_reactive(examples or {})
    restored = keep(session, gene=lambda: gene())

    @reactive.calc
    def typed() -> str:
        sent = value_of(session, "gene", None)
        if sent is None:
            sent = restored.text("gene") or next(iter(get_examples()), "")
        return str(sent).strip()[:MAX_TYPED]

    @reactive.calc
    def gene() -> str:
        return str(req(typed()))

    work = latest(
        lambda: partial(look_up, get_client(), matrix.file(), gene()), after=[matrix.work]
    )

    @render.ui
    def missing() -> Tag | None:
        text = missing_text(work.result(), matrix.file())
        return hint(tags.span(text, class_="text-danger")) if text else None

    @reactive.calc
    def query() -> Query:
        match = work.result().match
        return matrix.query().data(condition_on(cast("Suggestion", req(match))), replace=True)

    def why() -> str:
        if not typed():
            return matrix.query.why() or "Choose a gene."
        return missing_text(work.result(), matrix.file())

    url = _suggestions(session, lambda text: partial(suggest, get_client(), matrix.file(), text))
    _fill(session, url, get_examples, lambda: restored.text("gene"), work)
    state_server("state", work, loading="Looking it up")
    return GeneChoice(query=Asked(query, after=[work], why=why), gene=gene, work=work)


def _suggestions(session: Session, plan: Callable[[str], partial[list[Suggestion]]]) -> str:
    """Answer the page while somebody types; return the address where it asks."""

    async def answer(request: Request) -> JSONResponse:
        text = request.query_params.get("q", "").strip()[:MAX_TYPED]
        try:
            with reactive.isolate():
                asked = plan(text)
            found = await in_thread(asked)
        except SilentException:  # no file is chosen yet: the page asks again
            return JSONResponse({"found": [], "wait": True})
        except OdmError:
            return JSONResponse({"found": []}, status_code=503)
        return JSONResponse(
            {"found": [{"value": one.value, "note": one.column or ""} for one in found]}
        )

    return session.dynamic_route("suggest", cast("Any", answer))


def _fill(
    session: Session,
    url: str,
    examples: Callable[[], Mapping[str, str]],
    restored: Callable[[], str | None],
    work: Latest[Found],
) -> None:
    """Tell the page where to ask, what to offer, and what to begin with."""
    offered: set[str] = set()

    @reactive.effect
    def _offer() -> None:
        here = examples()
        picks = [{"value": name, "note": note} for name, note in here.items()]
        message: dict[str, object] = {"url": url, "examples": picks}
        with reactive.isolate():
            if value_of(session, "gene", None) is None:
                message["value"] = restored() or next(iter(here), "")
        session.send_input_message("gene", message)

    @reactive.effect
    def _next_example() -> None:
        # An example of the study before, which this one does not have, was nobody's question.
        found, here = work.result(), examples()
        stale = found.match is None and found.text in offered and found.text not in here
        offered.update(here)
        if stale and here:
            session.send_input_message("gene", {"value": next(iter(here))})
