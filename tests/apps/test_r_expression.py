"""The R template in a real browser: what is chosen is shown, and errors are told in place."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from odm_shiny.rbridge.install import install

pytestmark = [pytest.mark.browser, pytest.mark.r, pytest.mark.timeout(300)]

SHOWN = "#figure img"


@pytest.fixture(scope="module")
def r_app(start_app, demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of the R app on the demo studies, started as a person does."""
    library = tmp_path_factory.mktemp("r-library")
    install(library)
    return start_app(
        "run r-expression --port 0 --no-browser",
        ODM_SHINY_STORE=str(demo_store),
        R_LIBS=str(library),
    )


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    expect(page.locator(SHOWN)).to_have_attribute("alt", re.compile("CD19 · 1096_g_at"))
    return page


def tab(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()


def test_it_opens_with_a_plot_a_test_and_the_groups(page, r_app):
    opened(page, r_app)
    expect(page.locator("#test")).to_have_text("Mann-Whitney U: p = 2.1e-16 (n = 128 in 2 groups)")
    expect(page.locator(SHOWN)).to_have_attribute(
        "alt", re.compile(r"B cell: n 95, median 9\.596; T cell: n 33, median 6\.443")
    )
    expect(page.locator("#summary")).to_contain_text("9.596")
    expect(page.locator("#n_samples")).to_have_text("128 of 128 samples")


def test_samples_are_chosen_by_value_and_by_a_filter_that_is_checked(page, r_app):
    opened(page, r_app)
    page.get_by_label("female (42)").check()
    expect(page.locator("#n_samples")).to_have_text("42 of 128 samples")
    page.locator("#filter").fill("Age >> 40")
    expect(page.locator(".filter-error")).to_contain_text("Age >> 40\n       ^")
    expect(page.locator("#n_samples")).to_have_text("42 of 128 samples")
    page.locator("#filter").fill("Age > 400")
    expect(page.locator("#figure")).to_contain_text("No samples match these filters")
    page.locator("#filter").fill("Age > 40")
    expect(page.locator("#n_samples")).to_have_text("17 of 128 samples")
    tab(page, "Why these samples")
    expect(page.locator("#funnel")).to_contain_text("17")
    tab(page, "Samples")
    expect(page.locator("#samples tbody tr")).to_have_count(10)


def test_an_old_version_is_marked_and_its_features_are_offered(page, r_app, tmp_path):
    opened(page, r_app)
    page.get_by_label("Matrix and version").select_option(label="v1: ALL expression by probe")
    expect(page.locator(".alert")).to_contain_text("This is v1 of the matrix, which is not its")
    page.locator("#gene").fill("ABL1")
    page.get_by_label("Feature", exact=True).select_option("39730_at")
    page.get_by_label("Group by").select_option("Molecular Biology")
    expect(page.locator(SHOWN)).to_have_attribute("alt", re.compile("39730_at.*BCR/ABL: n 37"))
    expect(page.locator("#test")).to_contain_text("Kruskal-Wallis H: p = 2.1e-10 (n = 126")
    expect(page.locator("#pairs")).to_contain_text("Adjusted p")
    with page.expect_download() as download:
        page.get_by_role("link", name="Values (CSV)").click()
    path = tmp_path / "values.csv"
    download.value.save_as(path)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 128
    assert {row["feature"] for row in rows} == {"39730_at"}
    page.locator("#gene").fill("NOSUCHGENE")
    expect(page.locator("#figure")).to_contain_text("“NOSUCHGENE” has no values in this matrix")


def test_another_study_its_measurements_its_metadata_and_the_code(page, r_app):
    opened(page, r_app)
    page.get_by_label("Those of the default template").check()
    expect(page.get_by_label("Group by")).not_to_contain_text("Molecular Biology")
    page.locator(".selectize-input").click()
    page.get_by_text("GTEx V8 lung", exact=False).click()
    expect(page.locator(SHOWN)).to_have_attribute("alt", re.compile("COL6A2.*count.* all: n 30"))
    page.get_by_label("Measurement").select_option("tpm_chr21")
    expect(page.locator(SHOWN)).to_have_attribute("alt", re.compile("tpm_chr21"))
    tab(page, "Code")
    expect(page.locator("#code")).to_contain_text('odm_data(feature("gene") == "COL6A2")')
    expect(page.locator("#code")).to_contain_text('odm_metadata("default")')
    page.get_by_label("Python", exact=True).check()
    expect(page.locator("#code")).to_contain_text('.data(feature("gene") == "COL6A2")')
    page.get_by_label("curl", exact=True).check()
    expect(page.locator("#code")).to_contain_text("exQuery=feature.gene=COL6A2")


def test_on_a_phone_results_come_first_and_nothing_is_cut(phone, r_app):
    opened(phone, r_app)
    expect(phone.locator("#gene")).to_be_hidden()
    expect(phone.locator(SHOWN)).to_be_in_viewport()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_text("Study, gene, samples").click()
    expect(phone.locator("#gene")).to_be_visible()


def test_an_odm_that_does_not_answer_is_told_on_the_page(page, start_app, tmp_path_factory, r_app):
    address = start_app(
        "run r-expression --port 0 --no-browser --url http://127.0.0.1:9",
        ODM_TOKEN="not-to-be-shown",
        R_LIBS=str(tmp_path_factory.getbasetemp() / "r-library0"),
    )
    page.goto(address)
    expect(page.locator("#figure")).to_contain_text("127.0.0.1:9")
    expect(page.get_by_text("no connection").filter(visible=True)).to_have_count(1)
    expect(page.locator("body")).not_to_contain_text("not-to-be-shown")
