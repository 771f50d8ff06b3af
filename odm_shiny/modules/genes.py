"""Choose a gene, or any other feature, by typing the start of its name."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from htmltools import Tag, tags
from shiny import Inputs, Outputs, Session, module, reactive, render, req, ui
from starlette.requests import Request
from starlette.responses import JSONResponse

from odm_shiny.errors import OdmError
from odm_shiny.modules.bookmarks import keep, value_of
from odm_shiny.modules.controls import combobox, hint
from odm_shiny.modules.matrix import DataFile, MatrixChoice
from odm_shiny.modules.reactives import as_reactive
from odm_shiny.modules.states import state_server, state_ui
from odm_shiny.modules.work import Latest, latest
from odm_shiny.query.expr import feature
from odm_shiny.query.query import Query

if TYPE_CHECKING:
    from odm_shiny.client.client import Client
    from odm_shiny.client.results import ExpressionTable

N_SUGGESTED = 12
_PROSE = re.compile("desc|title|comment|note|summary", re.IGNORECASE)
MAX_TYPED = 200
# Names of columns that hold what people call a gene, best first.
_SYMBOL_COLUMNS = ("gene", "symbol", "gene symbol", "gene name", "hgnc symbol", "hugo symbol")


@dataclass(frozen=True)
class Suggestion:
    """A feature to choose.

    Attributes
    ----------
    value
        Its name.
    column
        Column it stands in; ``None`` for the first one, which identifies features.
    """

    value: str
    column: str | None


@dataclass(frozen=True)
class Found:
    """What was typed, looked up in a file.

    Attributes
    ----------
    text
        What was typed.
    match
        The feature of that name; ``None`` if there is none.
    near
        Names like it.
    """

    text: str
    match: Suggestion | None
    near: tuple[str, ...] = ()


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

    query: Callable[[], Query]
    gene: Callable[[], str]
    work: Latest[Found]


def searched_columns(file: DataFile) -> tuple[str | None, ...]:
    """Columns to look a name up in: of gene symbols, the first one, then others with names."""
    plain = {re.sub(r"[_-]", " ", name.casefold()): name for name in file.text_columns}
    symbols = [plain[name] for name in _SYMBOL_COLUMNS if name in plain][:1]
    # Which column is the first is not known, so that it may be looked up twice.
    names = [one for one in file.text_columns if one not in symbols and not _PROSE.search(one)]
    return (*symbols, None, *names)


def suggest(
    client: Client, file: DataFile, text: str, limit: int = N_SUGGESTED
) -> list[Suggestion]:
    """Suggest features whose name begins with a text, gene symbols before identifiers."""
    found: dict[str, Suggestion] = {}
    for column in searched_columns(file):
        names = client.suggest_features([file.accession], text, limit=limit, column=column)
        for name in names:
            found.setdefault(name, Suggestion(name, column))
    return list(found.values())[:limit]


def look_up(client: Client, file: DataFile, text: str) -> Found:
    """Find the feature of that name, in other case if need be; without one, names like it."""
    # One item is asked for: an ODM without gene search would have to list all features.
    for column in searched_columns(file):
        match = Suggestion(text, column)
        asked = file.narrow(Query()).data(condition_on(match)).expression()
        if cast("ExpressionTable", client.run(asked.limited_to(1))):
            return Found(text, match)
    found = suggest(client, file, text)
    alike = [one for one in found if one.value.casefold() == text.casefold()]
    if alike:
        return Found(text, alike[0])
    shorter = found or suggest(client, file, text[:2], limit=200)
    names = [one.value for one in shorter]
    near = get_close_matches(text.upper(), names, n=3, cutoff=0.5) or names[:3]
    return Found(text, None, tuple(near))


def condition_on(match: Suggestion) -> Any:
    """Return the condition on rows of data that finds a feature."""
    return feature(match.column) == match.value


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
    input: Inputs,  # noqa: A002 - Shiny's own word
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
    offered: set[str] = set()

    @reactive.calc
    def gene() -> str:
        typed = value_of(session, "gene", None)
        if typed is None:
            typed = restored.text("gene") or next(iter(get_examples()), "")
        return str(req(str(typed).strip()[:MAX_TYPED]))

    work = latest(
        lambda: partial(look_up, get_client(), matrix.file(), gene()), after=[matrix.work]
    )

    async def answer(request: Request) -> JSONResponse:
        text = request.query_params.get("q", "").strip()[:MAX_TYPED]
        try:
            with reactive.isolate():
                asked = partial(suggest, get_client(), matrix.file(), text)
            found = await asyncio.to_thread(asked)
        except OdmError:
            return JSONResponse({"found": []}, status_code=503)
        return JSONResponse(
            {"found": [{"value": one.value, "note": one.column or ""} for one in found]}
        )

    url = session.dynamic_route("suggest", cast("Any", answer))

    @reactive.effect
    def _fill() -> None:
        picks = [{"value": name, "note": note} for name, note in get_examples().items()]
        with reactive.isolate():
            typed = value_of(session, "gene", None)
            message: dict[str, object] = {"url": url, "examples": picks}
            if typed is None:
                message["value"] = restored.text("gene") or next(iter(get_examples()), "")
        session.send_input_message("gene", message)

    @reactive.effect
    def _next_example() -> None:
        # An example of the study before, which this one does not have, was nobody's question.
        found, here = work.result(), get_examples()
        stale = found.match is None and found.text in offered and found.text not in here
        offered.update(here)
        if stale and here:
            session.send_input_message("gene", {"value": next(iter(here))})

    @render.ui
    def missing() -> Tag | None:
        return _missing(work.result(), matrix.file())

    @reactive.calc
    def query() -> Query:
        found = work.result()
        req(found.match is not None)
        assert found.match is not None
        return matrix.query().data(condition_on(found.match), replace=True)

    state_server("state", work, loading="Looking it up")
    return GeneChoice(query=query, gene=gene, work=work)


def _missing(found: Found, file: DataFile) -> Tag | None:
    if found.match is not None:
        return None
    near = f" Near it: {', '.join(found.near)}." if found.near else ""
    text = f"“{found.text}” is not in “{file.name}” {file.version_label}."
    return hint(tags.span(text + near, class_="text-danger"))
