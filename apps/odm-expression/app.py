"""Expression of a gene by groups of samples, for the studies of an ODM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shiny import App, Inputs, Outputs, Session, ui

from odm_shiny import Client, connect
from odm_shiny import modules as m
from odm_shiny.demo import demo_studies

GROUP_BY_FIRST = ("Cell Type", "Tumor Class", "Tissue", "Disease", "Sex")


def page(request: object) -> ui.Tag:
    sidebar = ui.sidebar(
        m.study_ui("study"),
        m.gene_ui("gene"),
        m.matrix_ui("matrix"),
        m.sample_filter_ui("samples"),
        m.metadata_detail_ui("metadata"),
        width=330,
        gap="0.75rem",
        open={"desktop": "open", "mobile": "closed"},
    )
    return ui.page_sidebar(
        sidebar,
        m.main(
            m.matrix_banner_ui("matrix"),
            m.headline_ui("headline"),
            ui.layout_columns(
                m.group_plot_ui("plot"),
                m.group_summary_ui("groups"),
                col_widths={"sm": 12, "xl": (7, 5)},
            ),
            ui.navset_card_underline(
                ui.nav_panel("Samples", m.sample_table_ui("table")),
                ui.nav_panel("Why these samples", m.funnel_ui("funnel")),
                ui.nav_panel("Code", m.show_code_ui("code")),
            ),
        ),
        title=m.page_title(
            "Expression", m.connection_ui("odm"), m.share_ui("share"), ui.input_dark_mode(id="mode")
        ),
        window_title="Expression",
        fillable=False,
        lang="en",
    )


def create_app(client: Client | None = None) -> App:
    """Make the app; without a client, ``connect()`` finds the ODM as it does everywhere."""
    shared = client if client is not None else connect()

    def server(input: Inputs, output: Outputs, session: Session) -> None:
        odm = m.connection_server("odm", shared, sign_in=connect).client
        study = m.study_server("study", odm)
        metadata = m.metadata_detail_server("metadata", odm, study.query)
        samples = m.sample_filter_server("samples", odm, metadata.query, metadata.attributes)
        matrix = m.matrix_server("matrix", odm, samples.query)
        gene = m.gene_server("gene", odm, matrix, lambda: genes_to_start_with(study.record()))
        records = m.sample_records(odm, samples.query)
        plot = m.group_plot_server(
            "plot",
            odm,
            gene.query,
            samples=records,
            matrix=matrix,
            group=GROUP_BY_FIRST,
        )
        m.group_summary_server("groups", plot)
        m.headline_server("headline", samples, plot)
        m.sample_table_server("table", odm, samples.query, samples=records)
        m.funnel_server("funnel", odm, gene.query)
        m.show_code_server("code", odm, plot.queries, plot.code)
        m.share_server("share", samples.query, gene.query, plot.view)

    return App(page, server, bookmark_store="url")


def genes_to_start_with(study: Mapping[str, Any]) -> dict[str, str]:
    """Return genes that are worth a first look, with a note; only the demo studies have some."""
    return {
        gene.symbol: gene.note
        for demo in demo_studies()
        if demo.title == study.get("Study Title")
        for gene in demo.genes
    }


app = create_app()
m.warm_up()
