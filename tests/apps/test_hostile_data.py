"""Markup in metadata, names and values is shown as text, in a real browser."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import expect

from odm_shiny import connect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

IMG = "<img src=x onerror=alert(1)>"
SCRIPT = "</script><script>alert(2)</script>"
LINK = '<a href="javascript:alert(3)">x</a>'
TEMPLATE = "{{7*7}} ${8*8}"
ATTRIBUTE = f"Type {IMG}"


def write(folder: Path, name: str, rows: list[list[str]]) -> Path:
    path = folder / name
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter="\t", lineterminator="\n").writerows(rows)
    return path


@pytest.fixture(scope="module")
def hostile_store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    with connect(store=folder / "store") as client:
        study = client.imports.study(
            write(
                folder,
                "x.study.tsv",
                [["Study Title", "Study Description"], [f"Study {IMG}", SCRIPT]],
            )
        ).accession
        groups = [IMG, LINK, TEMPLATE, IMG, LINK, TEMPLATE, IMG]
        samples = client.imports.samples(
            write(
                folder,
                "x.samples.tsv",
                [
                    ["Sample Source ID", ATTRIBUTE, "Note"],
                    *([f"s{n} {IMG}", group, f"=cmd {SCRIPT}"] for n, group in enumerate(groups)),
                ],
            )
        ).accession
        client.links.create_groups("sample", samples, "study", study)
        names = [f"s{n} {IMG}" for n in range(len(groups))]
        data = client.imports.expression(
            write(
                folder,
                "x.tsv",
                [
                    ["gene", *names],
                    [f"G1 {IMG}", *map(str, range(7))],
                    [f"G2 {LINK}", *map(str, range(7))],
                ],
            ),
            metadata=write(
                folder, "x.tsv.tsv", [["Name", "Scale"], [f"Matrix {SCRIPT}", f"log2 {IMG}"]]
            ),
            n_feature_columns=1,
        ).accession
        client.links.create_groups("expression", data, "sample", samples)
    return folder / "store"


def test_nothing_in_the_data_becomes_markup(page, start_app, hostile_store):
    address = start_app(
        "run odm-expression --port 0 --no-browser", ODM_SHINY_STORE=str(hostile_store)
    )
    page.goto(address)
    gene = page.get_by_role("combobox", name="Gene")
    gene.fill("g1")
    option = page.get_by_role("listbox", name="Gene").get_by_role("option").first
    expect(option).to_contain_text(f"G1 {IMG}")
    option.click()
    expect(page.locator(".odm-headline")).to_contain_text(f"G1 {IMG}")
    page.get_by_label("Group by").select_option(ATTRIBUTE)
    expect(page.locator("#groups-title")).to_have_text(f"by {ATTRIBUTE}")
    expect(page.locator("#groups-groups")).to_contain_text(TEMPLATE)
    expect(page.locator(".odm-plotly .xaxislayer-above")).to_contain_text("javascript:alert(3)")
    expect(page.locator(".odm-plotly .ytitle")).to_have_text(f"log2 {IMG}")
    page.locator(".odm-plotly .boxlayer path.point").first.hover(force=True)
    expect(page.locator("#plot-said")).to_contain_text(f"Matrix {SCRIPT}")
    expect(page.locator("#table-grid")).to_contain_text(f"=cmd {SCRIPT}")
    expect(page.locator(".odm-facets")).to_contain_text(LINK)
    page.locator("#study-about summary").click()
    expect(page.locator("#study-about")).to_contain_text(SCRIPT)
    page.get_by_label("Filter", exact=True).fill(f"{IMG} >> 1")
    expect(page.locator(".odm-filter-error")).to_contain_text("<img")
    page.get_by_label("Filter", exact=True).fill(f'"Nope{IMG}"=1')
    expect(page.locator("#samples-text_check")).to_contain_text(f"Nope{IMG}")
    page.get_by_role("tab", name="Code").click()
    expect(page.locator("#code-code")).to_contain_text("G1 <img")
    gene.fill(IMG)
    gene.press("Enter")
    expect(page.locator("#gene-missing")).to_contain_text(f"“{IMG}” is not in")
    made = page.evaluate(
        """() => [document.querySelectorAll('img[src="x"], a[href^="javascript"]').length,
                  Array.from(document.scripts).filter(s => s.text.startsWith('alert')).length]"""
    )
    assert made == [0, 0]
