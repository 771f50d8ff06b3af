from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from shiny import render

from odm_shiny import modules as m
from odm_shiny.modules import group_plot
from odm_shiny.modules.matrix import _list_files
from odm_shiny.modules.sample_filter import UNSET
from odm_shiny.query.expr import field
from odm_shiny.query.query import Query

LEUKEMIA = Query().where(study=field("Study Title") == "Leukemia, 7 people é")


def server_of(client, **options):
    """The modules of an app, wired as in one."""

    def server(input, output, session):
        study = m.study_server("study", client)
        detail = m.metadata_detail_server("detail", client, study.query)
        samples = m.sample_filter_server("samples", client, detail.query, detail.attributes)
        matrix = m.matrix_server("matrix", client, samples.query)
        gene = m.gene_server("gene", client, matrix, options.get("examples", {"G1": "a gene"}))
        records = m.sample_records(client, samples.query)
        plot = m.group_plot_server(
            "plot",
            client,
            gene.query,
            samples=records,
            matrix=matrix,
            group=["Cell Type"],
        )
        m.group_summary_server("groups", plot)
        m.headline_server("headline", samples, plot)
        m.sample_table_server("table", client, samples.query, samples=records)
        m.funnel_server("funnel", client, gene.query)
        m.show_code_server("code", client, plot.queries, plot.code)
        m.share_server("share", samples.query, gene.query, plot.view)

        @render.text
        def context():
            return detail.query().metadata("all").to_url()

        @render.text
        async def link():
            plot.view(), samples.query()
            return await session.bookmark.get_bookmark_url()

    return server


def text(page):
    return page.html("plot-said")


async def choose(page, **selected):
    """Tick values in the facets, as the page would tell."""
    context = await page.until(lambda p: p.output("context"))
    value = {"context": context, "selected": selected, "added": []}
    await page.set(samples__facets=value)


def test_the_first_study_and_the_first_example_are_shown_at_once(client, on_page):
    async def steps(page):
        await page.until(lambda p: "n = 7 in 2 groups" in text(p))
        assert "by gene · GSVC" in text(page)
        assert "v2 (active)" in text(page)
        assert "not corrected for the number of genes" in text(page)
        figure = page.output("plot-plot")
        assert [trace["name"] for trace in figure["data"]] == ["B cell<br>n = 3", "T cell<br>n = 4"]
        assert figure["data"][1]["y"] == [7.0, 8.0, 9.5, 8.25]
        assert figure["layout"]["yaxis"]["title"]["text"] == "log2"
        await page.until(lambda p: "<strong>7</strong>" in p.html("headline-samples_"))
        await page.until(lambda p: "samples in them" in p.html("funnel-steps"))

    on_page(server_of(client), steps)


# The page says it itself, beside the filter.
@pytest.mark.filterwarnings("ignore:nothing was found")
def test_samples_are_chosen_by_values_and_by_text(client, on_page):
    async def steps(page):
        await page.until(lambda p: "n = 7" in text(p))
        await choose(page, Sex=["male", None])
        await page.until(lambda p: "<strong>4</strong> of 7" in p.html("samples-count"))
        await page.set(samples__text="Age > 50")
        await page.until(lambda p: "<strong>1</strong> of 7" in p.html("samples-count"))
        await page.until(lambda p: "samples: Age&gt;50 AND (Sex=male OR Sex=null)" in text(p))
        await page.set(samples__text="Age >> 50")
        await page.until(lambda p: "^" in p.html("samples-text_check"))
        assert "“Age &gt; 50” still applies" in page.html("samples-text_check")
        assert "<strong>1</strong> of 7" in page.html("samples-count")
        await page.set(samples__text="Agee > 5000")
        await page.until(lambda p: "did you mean “Age”" in p.html("samples-text_check"))
        await page.until(lambda p: "No samples match" in p.html("plot-state-shown"))

    on_page(server_of(client), steps)


def test_another_level_of_metadata_reads_samples_again_and_no_values(client, on_page, monkeypatch):
    read = []
    original = group_plot.read_values
    monkeypatch.setattr(
        group_plot, "read_values", lambda *given: read.append(given) or original(*given)
    )

    async def steps(page):
        await page.until(lambda p: "n = 7" in text(p))
        await page.until(lambda p: "7 samples" in p.html("table-said"))
        before = page.html("table-said")
        await page.set(detail__level="default")
        await page.until(lambda p: p.html("table-said") != before)
        await page.until(lambda p: "n = 7" in text(p))
        await page.until(lambda p: p.html("code-code").count("metadata") == 2)
        assert len(read) == 1

    on_page(server_of(client), steps)


def test_a_version_that_is_not_active_is_read_and_marked(client, on_page):
    (old, _) = _list_files(client, LEUKEMIA)

    async def steps(page):
        await page.until(lambda p: "n = 7" in text(p))
        await page.set(matrix__version=old.accession)
        await page.until(lambda p: "not its active version" in p.html("matrix-banner"))
        await page.until(lambda p: "v1 (not active)" in text(p))
        await page.until(lambda p: "Feature (2 match)" in p.html("plot-which_feature"))
        await page.set(plot__feature="p2_at")
        await page.until(lambda p: "n = 6" in text(p))  # one value of this probe is missing

    on_page(server_of(client), steps)


def test_another_study_takes_nothing_of_the_first_with_it(client, on_page):
    async def steps(page):
        await page.until(lambda p: "n = 7" in text(p))
        await choose(page, Sex=["male"])
        await page.until(lambda p: "<strong>3</strong> of 7" in p.html("samples-count"))
        (other,) = [
            study["genestack:accession"]
            for study in client.studies.find()
            if "bulk" in study["Study Title"]
        ]
        await page.set(study__study=other)
        await page.until(lambda p: "<strong>3</strong> of 3" in p.html("samples-count"))
        await page.until(lambda p: "“G1” is not in" in p.html("gene-missing"))
        await page.until(lambda p: p.output("plot-plot") is None)
        await page.set(gene__gene="tp53")
        await page.until(lambda p: "n counts runs: 3 runs of 2 samples" in text(p))
        await page.until(lambda p: "Measurement" in p.html("plot-which_measurement"))
        await page.set(plot__measurement="tpm")
        await page.until(lambda p: p.output("plot-plot")["data"][0]["y"] == [2.5, 3.5])

    on_page(server_of(client), steps)


def test_the_level_of_metadata_tells_what_it_hides(client, on_page):
    async def steps(page):
        await page.until(lambda p: "none hidden" in p.html("detail-hidden_count"))
        await page.set(detail__level="default")
        await page.until(lambda p: "more are hidden" in p.html("detail-hidden_count"))
        await page.until(lambda p: "Batch" in p.html("detail-hidden_list"))
        await page.until(lambda p: '.metadata("default")' in str(p.output("code-code")))

    on_page(server_of(client), steps)


def test_the_code_is_of_the_query_that_ran(client, on_page):
    async def steps(page):
        await page.until(lambda p: "n = 7" in text(p))
        await page.until(lambda p: 'feature("gene") == "G1"' in str(p.output("code-code")))
        assert ':v2")' in page.output("code-code")
        await page.set(code__language="curl")
        await page.until(lambda p: "exQuery=feature.gene=G1" in str(p.output("code-code")))

    on_page(server_of(client), steps)


def test_a_link_holds_what_the_modules_keep_and_nothing_else(client, on_page):
    async def steps(page):
        await page.until(lambda p: "n = 7" in text(p))
        await choose(page, Sex=["male", None])
        await page.set(samples__text="Age != 52", detail__level="template")
        await page.set(gene__gene="G2", plot__kind="violin", plot__test="none")
        await page.set(plot__attribute="Sex", secret="canary", table__grid_cell_selection={"a": 1})
        await page.until(lambda p: "No test was asked for" in text(p))
        await page.until(lambda p: "G2" in str(p.output("link")) and "Age" in str(p.output("link")))
        kept = parse_qs(urlsplit(page.output("link")).query)
        del kept["matrix-matrix"], kept["matrix-version"], kept["study-study"]
        assert {name: json.loads(value) for name, (value,) in kept.items()} == {
            "samples-facets": {"Sex": ["male", UNSET]},
            "samples-text": "Age != 52",
            "detail-level": "template",
            "gene-gene": "G2",
            "plot-kind": "violin",
            "plot-test": "none",
            "plot-attribute": "Sex",
        }

    on_page(server_of(client), steps)


@pytest.mark.parametrize("typed", ["", "   "])
def test_without_a_gene_the_page_asks_for_one(client, on_page, typed):
    async def steps(page):
        await page.until(lambda p: "of 7" in p.html("samples-count"))
        await page.set(gene__gene=typed)
        await page.until(lambda p: "Choose a gene" in p.html("plot-state-shown"))

    on_page(server_of(client, examples={}), steps)
