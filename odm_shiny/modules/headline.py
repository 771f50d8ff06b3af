"""The result in a line: samples, gene, groups, p."""

from __future__ import annotations

from htmltools import Tag, tags
from shiny import Inputs, Outputs, Session, module, render, ui

from odm_shiny.analysis.compare import p_text
from odm_shiny.modules.assets import page_assets
from odm_shiny.modules.group_plot import GroupPlot
from odm_shiny.modules.plot_data import PlotData
from odm_shiny.modules.sample_filter import SampleFilter

_MOST_NAMED = 3


def groups_text(data: PlotData) -> str:
    """Name the groups with their n; only the first few where there are many."""
    told = [f"{name} {len(values):,}" for name, values in data.groups.items()]
    more = len(told) - _MOST_NAMED
    return " · ".join(told[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


@module.ui
def headline_ui() -> Tag:
    """Place for the line."""
    outputs = {"samples_": "Samples", "gene": "Gene", "groups": "Groups", "p": "Test"}
    cells = [
        tags.div(tags.dt(label), tags.dd(ui.output_ui(name)), class_="odm-headline-cell")
        for name, label in outputs.items()
    ]
    return tags.div(page_assets(), tags.dl(*cells, class_="odm-headline"))


@module.server
def headline_server(
    input: Inputs,
    output: Outputs,
    session: Session,
    samples: SampleFilter,
    plot: GroupPlot,
) -> None:
    """Sum up what `samples` and `plot` show."""

    def cell(main: str, more: str = "") -> Tag:
        return tags.div(tags.strong(main), " ", tags.span(more, class_="odm-hint"))

    @render.ui
    def samples_() -> Tag:
        return cell(f"{samples.n_samples():,}", f"of {samples.n_all():,}")

    @render.ui
    def gene() -> Tag:
        return cell(plot.heading())

    @render.ui
    def groups() -> Tag:
        return cell(f"{len(plot.data().groups)}", groups_text(plot.data()))

    @render.ui
    def p() -> Tag:
        found = plot.comparison()
        if not found.test:
            return cell("–", found.note)
        return cell(p_text(found.p_value), found.test)
