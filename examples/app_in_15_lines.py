"""A gene by groups of samples, in an app of 15 lines: shiny run examples/app_in_15_lines.py"""

from shiny import App, ui

from odm_shiny import connect
from odm_shiny import modules as m

client = connect()
controls = [m.study_ui("study"), m.gene_ui("gene"), m.matrix_ui("data"), m.sample_filter_ui("who")]
page = ui.page_sidebar(ui.sidebar(*controls, width=330), m.group_plot_ui("plot"), title="A gene")


def server(input, output, session):
    study = m.study_server("study", client)
    samples = m.sample_filter_server("who", client, study.query)
    matrix = m.matrix_server("data", client, samples.query)
    gene = m.gene_server("gene", client, matrix)
    m.group_plot_server("plot", client, gene.query, matrix=matrix)


app = App(page, server)
