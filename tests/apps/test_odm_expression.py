from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PLOT = ".odm-plotly"


def opened(page: Page, address: str, query: str = "") -> Page:
    page.goto(f"{address}/{query}")
    drawn(page, "CD19 · 1096_g_at" if not query else "")
    return page


def drawn(page: Page, text: str) -> None:
    """Wait until the plot says `text`."""
    expect(page.locator(PLOT)).to_have_attribute("aria-label", re.compile(re.escape(text)))
    expect(page.locator(f"{PLOT} .plot-container")).to_be_visible()


def type_gene(page: Page, text: str) -> None:
    page.get_by_role("combobox", name="Gene").fill(text)


def test_it_opens_on_the_first_study_with_a_plot_and_a_test(page, demo_app):
    opened(page, demo_app)
    headline = page.locator(".odm-headline")
    expect(headline).to_contain_text("128 of 128")
    expect(headline).to_contain_text("B cell 95 · T cell 33")
    expect(headline).to_contain_text("p = 2.1e-16")
    expect(page.locator(".odm-test")).to_contain_text("Mann-Whitney U: p = 2.1e-16 (n = 128")
    expect(page.locator("#plot-said")).to_contain_text("ALL expression by gene")
    expect(page.locator("#groups-groups")).to_contain_text("9.596")
    expect(page.locator("#table-grid")).to_contain_text("ALL 01005")


def test_a_gene_is_found_by_keyboard_alone_and_little_is_sent(page, demo_app):
    received: list[int] = []
    page.on("websocket", lambda ws: ws.on("framereceived", lambda f: received.append(len(f))))
    opened(page, demo_app)
    page.get_by_role("combobox", name="Gene").focus()
    type_gene(page, "meis")
    options = page.get_by_role("listbox", name="Gene").get_by_role("option")
    expect(options.first).to_contain_text("MEIS1")
    before = sum(received)
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    drawn(page, "MEIS1")
    expect(page.get_by_role("listbox", name="Gene")).to_be_hidden()
    assert sum(received) - before < 150_000
    type_gene(page, "1096_g_at")
    page.keyboard.press("Enter")
    drawn(page, "CD19 · 1096_g_at")
    type_gene(page, "NOSUCHGENE")
    page.keyboard.press("Enter")
    expect(page.locator("#gene-missing")).to_contain_text("“NOSUCHGENE” is not in")


def test_samples_are_filtered_by_value_and_by_text(page, demo_app):
    opened(page, demo_app)
    page.get_by_role("checkbox", name="female").check()
    expect(page.locator(".odm-count")).to_have_text("42 of 128 samples")
    expect(page.locator(".odm-headline")).to_contain_text("42 of 128")
    field = page.get_by_label("Filter", exact=True)
    field.fill("Age >> 40")
    expect(page.locator(".odm-filter-error pre")).to_have_text("Age >> 40\n     ^")
    expect(page.locator(".odm-count")).to_have_text("42 of 128 samples")
    field.fill("Age > 400")
    expect(page.locator("#plot-state-shown")).to_contain_text("No samples match these filters")
    field.fill("Age > 40")
    expect(page.locator("#plot-said")).to_contain_text("samples: Age>40 AND Sex=female")
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator("#plot-said")).not_to_contain_text("Sex=female")
    page.get_by_label("Filter by another attribute").select_option("Bone Marrow Transplant")
    expect(page.locator(".odm-facet summary").filter(has_text="Transplant")).to_be_visible()


def test_a_link_brings_the_view_back_and_an_old_version_is_marked(page, demo_app):
    opened(page, demo_app)
    page.get_by_label("Version").select_option(label="v1: ALL expression by probe")
    expect(page.locator(".odm-banner")).to_contain_text("v1 of the matrix, which is not its active")
    page.get_by_role("button", name="ABL1").click()
    drawn(page, "ABL1")
    page.get_by_label("Feature").select_option("39730_at")
    page.get_by_label("Group by").select_option("Molecular Biology")
    page.get_by_role("checkbox", name="T cell").check()
    page.get_by_label("Violin").check()
    page.get_by_label("Filter", exact=True).fill("Age < 60")
    expect(page.locator("#plot-said")).to_contain_text('samples: Age<60 AND "Cell Type"="T cell"')
    expect(page.locator(".odm-headline")).to_contain_text("39730_at")
    page.wait_for_url(re.compile("39730_at.*violin|violin.*39730_at"))
    page.wait_for_url(re.compile("Age"))
    shown = page.locator(PLOT).get_attribute("aria-label")
    link = page.url
    assert len(link) < 600
    assert "token" not in link.lower()

    page.goto("about:blank")
    page.goto(link)
    expect(page.locator(PLOT)).to_have_attribute("aria-label", str(shown))
    expect(page.locator(".odm-banner")).to_be_visible()
    expect(page.get_by_role("checkbox", name="T cell")).to_be_checked()
    expect(page.get_by_label("Violin")).to_be_checked()
    expect(page.get_by_label("Filter", exact=True)).to_have_value("Age < 60")
    expect(page.get_by_role("combobox", name="Gene")).to_have_value("ABL1")
    expect(page.get_by_label("Group by")).to_have_value("Molecular Biology")
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_label("Link to what is shown")).to_have_value(link)


def test_a_forged_link_opens_the_app_as_it_is(page, demo_app):
    forged = (
        "?_values_&study-study=%5B1%5D&samples-facets=%7B%22Sex%22%3A%22x%22%2C%22Nope%22%3A%5B"
        "%22v%22%5D%7D&plot-kind=%22pie%22&matrix-version=%22GSF999999%22&gene-gene=7"
        "&plot-attribute=%22%3Cimg+src%3Dx+onerror%3Dalert(1)%3E%22&metadata-level=%22x%22"
    )
    page.goto(f"{demo_app}/{forged}")
    expect(page.locator(".odm-count")).to_contain_text("of 128 samples")
    expect(page.get_by_label("Box")).to_be_checked()


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_numbers_behind_the_plot_are_files(page, demo_app, tmp_path):
    opened(page, demo_app)
    with page.expect_download() as download:
        page.get_by_role("link", name="Values (CSV)").click()
    assert download.value.suggested_filename == "CD19-1096_g_at_GSF000149_v2_values.csv"
    path = Path(tmp_path, "values.csv")
    download.value.save_as(path)
    rows = rows_of(path)
    assert len(rows) == 128
    assert {row["Cell Type"] for row in rows} == {"B cell", "T cell"}
    with page.expect_download() as download:
        page.get_by_role("link", name="Statistics (CSV)").click()
    download.value.save_as(path)
    (b_cell, _) = rows_of(path)
    assert (b_cell["group"], b_cell["n"], b_cell["median"]) == ("B cell", "95", "9.5962")


def test_another_study_metadata_detail_funnel_and_code(page, demo_app):
    opened(page, demo_app)
    page.get_by_label("Those of the default template").check()
    expect(page.locator("#metadata-hidden_count")).to_contain_text("more are hidden")
    page.get_by_role("tab", name="Why these samples").click()
    expect(page.locator(".odm-funnel")).to_contain_text("128 have a value of this gene")
    page.get_by_role("tab", name="Code").click()
    expect(page.locator("#code-code")).to_contain_text('.data(feature("gene") == "CD19")')
    page.get_by_label("R", exact=True).check()
    expect(page.locator("#code-code")).to_contain_text('odm_data(feature("gene") == "CD19")')
    page.get_by_label("curl").check()
    expect(page.locator("#code-code")).to_contain_text("exQuery=feature.gene=CD19")
    page.locator(".odm-module .selectize-input").click()
    page.get_by_role("option", name="GTEx V8 lung").click()
    drawn(page, "COL6A2")
    expect(page.locator("#matrix-about")).to_contain_text("GSF000224")
    page.get_by_label("Measurement").select_option("tpm_chr21")
    expect(page.locator(PLOT)).to_contain_text("tpm_chr21")


def test_every_control_has_a_name(page, demo_app):
    opened(page, demo_app)
    expect(page.get_by_label("Filter Age, at least")).to_be_visible()
    assert_named(page)
    page.get_by_role("tab", name="Code").click()
    expect(page.locator("#code-code")).to_be_visible()
    assert_named(page)
    label = page.locator(PLOT).get_attribute("aria-label")
    assert label is not None
    assert "B cell: n 95, median" in label


def assert_named(page: Page) -> None:
    nameless = page.evaluate(
        """() => Array.from(document.querySelectorAll(
             'input:not([type=hidden]), select, textarea, button, a[href], [role=combobox]'))
           .filter(el => el.offsetParent !== null && el.tabIndex >= 0)
           .filter(el => !(el.labels && el.labels.length) && !el.getAttribute('aria-label')
             && !el.getAttribute('aria-labelledby') && !el.textContent.trim() && !el.title)
           .map(el => el.outerHTML.slice(0, 200))"""
    )
    assert nameless == []


def test_the_plot_offers_no_upload(page, demo_app):
    opened(page, demo_app)
    page.locator(PLOT).hover()
    offered = page.locator(f"{PLOT} .modebar-btn").evaluate_all(
        "all => all.map(one => one.getAttribute('data-title'))"
    )
    assert "Download plot as a PNG" in offered
    assert not [title for title in offered if "share" in title.lower() or "cloud" in title.lower()]


def test_dark_mode_is_dark_for_page_plot_and_table(page, demo_app):
    opened(page, demo_app)

    def colours() -> list[str]:
        return [
            page.locator(selector).first.evaluate(f"el => getComputedStyle(el).{which}")
            for selector, which in (
                ("body", "backgroundColor"),
                (f"{PLOT} .xtitle", "fill"),
                (".odm-table .gt_row", "color"),
                ("#table-grid td", "color"),
            )
        ]

    light = colours()
    page.locator("bslib-input-dark-mode").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.wait_for_function(
        "old => getComputedStyle(document.querySelector('.odm-plotly .xtitle')).fill != old",
        arg=light[1],
    )
    assert all(now != before for now, before in zip(colours(), light, strict=True))


def test_on_a_phone_results_come_first_and_nothing_is_cut(phone, demo_app):
    opened(phone, demo_app)
    expect(phone.get_by_role("combobox", name="Gene")).to_be_hidden()
    expect(phone.locator(".odm-headline")).to_be_in_viewport()
    width = phone.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    phone.get_by_role("button", name="Study, gene, samples").click()
    expect(phone.get_by_role("combobox", name="Gene")).to_be_visible()
