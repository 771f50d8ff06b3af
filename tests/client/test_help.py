from __future__ import annotations

import pytest

from odm_shiny.connect import connect
from odm_shiny.errors import QueryError


@pytest.fixture(params=[True, False], ids=["extensions", "none"])
def client(request, filled):
    with connect(store=filled.where, extensions=request.param) as found:
        yield found


def test_facets_are_read_by_people(client):
    facets = client.facets(client.query(), ["Tissue", "Age"], limit=1)
    assert repr(facets).splitlines() == [
        "values of 5 records (sample)",
        "  Tissue: liver (3), 1 more values",
        "  Age: 38 (1), 1 more values, not set (3)",
    ]
    assert list(facets) == ["Tissue", "Age"]
    assert "<td>Tissue</td><td>liver (3), 1 more values</td>" in facets._repr_html_()
    frame = facets.to_pandas()
    assert frame["value"].to_list() == ["liver", "38", None]
    assert frame["count"].to_list() == [3, 1, 3]


def test_an_attribute_that_was_not_counted_is_named_with_the_nearest(client):
    facets = client.facets(client.query(), ["Tissue", "Age"])
    with pytest.raises(QueryError, match="'tissue' was not counted: did you mean 'Tissue'"):
        facets["tissue"]


def test_a_template_is_read_by_people(client, filled):
    template = client.template_of(filled.study)
    first, *lines = repr(template).splitlines()
    assert first.endswith(f"{len(template)} attributes")
    assert lines[0] == "study:"
    assert any(line.startswith("  Study Title") for line in lines)
    assert len(lines) == len(template) + len({one.data_type for one in template})
    assert "<td>Study Title</td>" in template._repr_html_()


def test_markup_in_values_is_shown_and_never_run(embedded, study_folder):
    table = study_folder / "Demo.samples.tsv"
    table.write_text(table.read_text().replace("lung", "<b>lung</b>"))
    embedded.import_folder(study_folder)
    shown = embedded.facets(embedded.query(), ["Tissue"])._repr_html_()
    assert "&lt;b&gt;lung" in shown
    assert "<b>" not in shown
