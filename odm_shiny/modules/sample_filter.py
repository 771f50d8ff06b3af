"""Choose samples: by the values of attributes, with counts, and by a filter of one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from htmltools import Tag, tags
from shiny import Inputs, Outputs, Session, module, reactive, render, ui
from shiny.module import resolve_id

from odm_shiny.analysis.profile import Attribute, facet_names
from odm_shiny.modules.asked import Asked, after_of, why_of
from odm_shiny.modules.asking import Chosen, Counts, condition_of, count_values, describe_samples
from odm_shiny.modules.bookmarks import keep, kept_input, value_of
from odm_shiny.modules.controls import described_by, facets, hint
from odm_shiny.modules.filter_help import FilterCheck, check_filter, unknown_names
from odm_shiny.modules.reactives import as_reactive, changed, settled
from odm_shiny.modules.states import state_server, state_ui
from odm_shiny.modules.work import Latest, latest
from odm_shiny.query.query import Query

if TYPE_CHECKING:
    from odm_shiny.client.client import Client

TYPING_S = 0.5
N_OPEN = 2
UNSET = "\0not set"
"""Stands for "not set" in a bookmark, where a list holds texts only."""


@dataclass(frozen=True)
class SampleFilter:
    """Chosen samples.

    Attributes
    ----------
    query
        Reactive `Query` with the conditions on samples.
    n_samples, n_all
        Reactive counts: samples chosen, samples without any filter.
    work
        How the counting stands.
    """

    query: Asked
    n_samples: Callable[[], int]
    n_all: Callable[[], int]
    work: Latest[Counts]


def facet_message(
    counts: Counts,
    everything: Counts,
    chosen: Chosen,
    added: Sequence[str],
    available: Sequence[str],
    context: str,
) -> dict[str, Any]:
    """Return what the page needs to draw the facets; see ``odm-facets.js``.

    Parameters
    ----------
    counts, everything
        Samples with the present choices, and without any: the latter say which values there are
        and in which order, so that a value keeps its place and stays when its count is 0.
    """
    return {
        "context": context,
        "facets": [
            {
                "name": name,
                "values": _merged(pairs, everything.of.get(name, ()), chosen.get(name, ())),
            }
            for name, pairs in counts.of.items()
        ],
        "selected": {name: list(values) for name, values in chosen.items() if values},
        "added": list(added),
        "available": list(available),
        "open": [*list(counts.of)[:N_OPEN], *chosen],
    }


def chosen_in(value: object, context: str) -> dict[str, list[str | None]] | None:
    """Read the choices that the page sent; ``None`` if they were made for another context."""
    if not isinstance(value, dict) or value.get("context") != context:
        return None
    selected = value.get("selected")
    if not isinstance(selected, dict):
        return None
    return {
        str(name): [one for one in values if one is None or isinstance(one, str)]
        for name, values in selected.items()
        if isinstance(values, list | tuple) and values  # Shiny makes tuples of arrays
    }


@module.ui
def sample_filter_ui(label: str = "Samples") -> Tag:
    """Controls to choose samples."""
    error_id = resolve_id("text_check")
    text = ui.input_text(
        "text", "Filter", placeholder='Age > 40 AND "Cell Type"="T cell"', width="100%"
    )
    return tags.div(
        tags.div(label, class_="odm-section", role="heading", aria_level="2"),
        ui.output_ui("count"),
        facets("facets", f"{label}: filter by value"),
        described_by(text, field=resolve_id("text"), text_id=error_id),
        tags.div(ui.output_ui("text_check"), aria_live="polite"),
        state_ui("state"),
        class_="odm-module",
    )


@module.server
def sample_filter_server(
    input: Inputs,
    output: Outputs,
    session: Session,
    client: Client | Callable[[], Client],
    query: Callable[[], Query],
    attributes: Callable[[], Sequence[Attribute]] | None = None,
) -> SampleFilter:
    """Add conditions on samples to `query`.

    Parameters
    ----------
    query
        Says which samples there are, such as those of a study.
    attributes
        Reactive attributes of these samples, if they are known; else they are read here.
    """
    get_client = as_reactive(client)
    described: Latest[tuple[Attribute, ...]] | None = None
    if attributes is None:
        described = latest(
            lambda: partial(describe_samples, get_client(), query()), after=after_of(query)
        )
        attributes = described.result
    needed = [*after_of(query), *([described] if described is not None else [])]
    known = changed(attributes)
    context = changed(lambda: query().metadata("all").to_url())
    text = kept_input(
        session,
        "text",
        default="",
        restore=lambda value: ui.update_text("text", value=value),
    )
    restored = keep(session, facets=lambda: _to_bookmark(chosen()))
    checked = reactive.calc(lambda: check_filter(text()))
    applied = _last_valid(settled(checked, TYPING_S))

    @reactive.calc
    def sent() -> dict[str, Any]:
        value = value_of(session, "facets", None)
        return value if isinstance(value, dict) and value.get("context") == context() else {}

    @reactive.calc
    def chosen() -> dict[str, list[str | None]]:
        found = chosen_in(sent(), context())
        return _from_bookmark(restored.texts_by_name("facets")) if found is None else found

    @reactive.calc
    def names() -> list[str]:
        able = [one.name for one in known() if one.is_facet]
        wanted = {*facet_names(known()), *chosen(), *sent().get("added", ())}
        return [name for name in able if name in wanted]

    @reactive.calc
    def filtered() -> Query:
        return query().where(sample=applied().condition)

    work = latest(
        lambda: partial(count_values, get_client(), filtered(), chosen(), tuple(names())),
        after=needed,
    )
    everything = latest(
        lambda: partial(count_values, get_client(), query(), {}, tuple(names())), after=needed
    )

    @reactive.effect
    def _draw() -> None:
        counts, there = work.result(), everything.result()
        with reactive.isolate():
            able = [one.name for one in known() if one.is_facet and one.name not in counts.of]
            added = sent().get("added", [])
            message = facet_message(counts, there, chosen(), added, able, context())
        session.send_input_message("facets", message)

    @render.ui
    def count() -> Tag:
        return _count_tag(work.result().total, everything.result().total)

    @render.ui
    def text_check() -> Tag | None:
        return _check_tag(checked(), applied(), [one.name for one in known()])

    state_server("state", work, loading="Counting samples")
    return SampleFilter(
        query=Asked(
            reactive.calc(lambda: filtered().where(sample=condition_of(chosen()))),
            after=after_of(query),
            why=lambda: why_of(query),
        ),
        n_samples=reactive.calc(lambda: work.result().total),
        n_all=reactive.calc(lambda: everything.result().total),
        work=work,
    )


def _last_valid(check: Callable[[], FilterCheck]) -> Callable[[], FilterCheck]:
    last = FilterCheck("")

    def valid() -> FilterCheck:
        nonlocal last
        now = check()
        if now.is_valid:
            last = now
        return last

    return changed(valid)


def _merged(
    pairs: Sequence[tuple[str | None, int]],
    everything: Sequence[tuple[str | None, int]],
    chosen: Sequence[str | None],
) -> list[list[str | int | None]]:
    counts = dict(pairs)
    values = dict.fromkeys([*(value for value, _ in everything), *counts, *chosen])
    return [[value, counts.get(value, 0)] for value in values]


def _to_bookmark(chosen: Chosen) -> dict[str, list[str]]:
    return {
        name: [UNSET if value is None else value for value in values]
        for name, values in chosen.items()
    }


def _from_bookmark(texts: Mapping[str, Sequence[str]]) -> dict[str, list[str | None]]:
    return {
        name: [None if value == UNSET else value for value in values]
        for name, values in texts.items()
        if values
    }


def _count_tag(n: int, n_all: int) -> Tag:
    return tags.div(
        tags.strong(f"{n:,}"), f" of {n_all:,} samples", class_="odm-count", role="status"
    )


def _check_tag(checked: FilterCheck, applied: FilterCheck, known: Sequence[str]) -> Tag | None:
    if not checked.is_valid:
        still = f"“{applied.text}” still applies." if applied.text else "No filter applies yet."
        return tags.div(
            tags.pre(checked.pointer),
            tags.p(checked.message),
            tags.p(still),
            class_="odm-filter-error",
        )
    told = unknown_names(checked.condition, known)
    return hint(*(tags.p(text) for text in told)) if told else None
