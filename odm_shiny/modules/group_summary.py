"""The numbers behind a plot by group, as tables."""

from __future__ import annotations

from htmltools import Tag, TagList, tags
from shiny import Inputs, Outputs, Session, module, render, ui

from odm_shiny.modules.assets import page_assets
from odm_shiny.modules.controls import hint
from odm_shiny.modules.group_plot import GroupPlot
from odm_shiny.modules.tables import MAX_PAIRS, pairs_table, summary_table


@module.ui
def group_summary_ui() -> Tag:
    """Card with the statistics of the groups."""
    return ui.card(
        ui.card_header("Groups ", ui.output_text("title", inline=True), class_="odm-card-title"),
        tags.div(page_assets(), ui.output_ui("groups")),
        ui.output_ui("pairs"),
        full_screen=True,
    )


@module.server
def group_summary_server(
    input: Inputs,
    output: Outputs,
    session: Session,
    plot: GroupPlot,
) -> None:
    """Show the statistics of `plot`."""

    @render.text
    def title() -> str:
        return f"by {plot.attribute()}"

    @render.ui
    def groups() -> Tag:
        return tags.div(summary_table(plot.data()), class_="odm-table")

    @render.ui
    def pairs() -> TagList | None:
        found = plot.comparison()
        table = pairs_table(found)
        if table is None:
            return None
        more = f", the {MAX_PAIRS} smallest p" if len(found.pairs) > MAX_PAIRS else ""
        said = f"Pairs: {found.pair_test}; adjusted by {found.correction}{more}."
        return TagList(
            tags.details(
                tags.summary(f"{len(found.pairs)} pairs of groups"),
                tags.div(table, class_="odm-table"),
                hint(said),
                class_="odm-about",
                open="" if len(found.pairs) <= 6 else None,
            )
        )
