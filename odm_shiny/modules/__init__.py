"""Shiny for Python modules that edit and show one query."""

from __future__ import annotations

from odm_shiny.modules.connection import Connection, connection_server, connection_ui
from odm_shiny.modules.controls import main, page_title
from odm_shiny.modules.funnel import funnel_server, funnel_ui
from odm_shiny.modules.genes import GeneChoice, gene_server, gene_ui
from odm_shiny.modules.group_plot import GroupPlot, group_plot_server, group_plot_ui
from odm_shiny.modules.group_summary import group_summary_server, group_summary_ui
from odm_shiny.modules.headline import headline_server, headline_ui
from odm_shiny.modules.matrix import MatrixChoice, matrix_banner_ui, matrix_server, matrix_ui
from odm_shiny.modules.metadata_detail import (
    MetadataDetail,
    metadata_detail_server,
    metadata_detail_ui,
)
from odm_shiny.modules.sample_filter import SampleFilter, sample_filter_server, sample_filter_ui
from odm_shiny.modules.sample_records import sample_records
from odm_shiny.modules.sample_table import sample_table_server, sample_table_ui
from odm_shiny.modules.share import share_server, share_ui
from odm_shiny.modules.show_code import show_code_server, show_code_ui
from odm_shiny.modules.study import StudyChoice, study_server, study_ui
from odm_shiny.modules.warm import warm_up

__all__ = [
    "Connection",
    "GeneChoice",
    "GroupPlot",
    "MatrixChoice",
    "MetadataDetail",
    "SampleFilter",
    "StudyChoice",
    "connection_server",
    "connection_ui",
    "funnel_server",
    "funnel_ui",
    "gene_server",
    "gene_ui",
    "group_plot_server",
    "group_plot_ui",
    "group_summary_server",
    "group_summary_ui",
    "headline_server",
    "headline_ui",
    "main",
    "matrix_banner_ui",
    "matrix_server",
    "matrix_ui",
    "metadata_detail_server",
    "metadata_detail_ui",
    "page_title",
    "sample_filter_server",
    "sample_filter_ui",
    "sample_records",
    "sample_table_server",
    "sample_table_ui",
    "share_server",
    "share_ui",
    "show_code_server",
    "show_code_ui",
    "study_server",
    "study_ui",
    "warm_up",
]
