from __future__ import annotations

import contextlib
import io
import os
import shlex

import pytest

from odm_shiny import connect
from odm_shiny.modules.asking import read_samples
from odm_shiny.modules.matrix import _list_files
from odm_shiny.modules.plot_data import compare, plot_data, script_ending
from odm_shiny.modules.sample_records import samples_of
from odm_shiny.modules.show_code import address_of, curl_script, python_script, r_script
from odm_shiny.modules.values import most_variable, read_values
from odm_shiny.query.expr import feature, field
from odm_shiny.query.query import Query

LEUKEMIA = Query().where(
    study=field("Study Title") == "Leukemia, 7 people é", sample=field("Age") > 20
)


@pytest.mark.parametrize("test", ["rank", "mean"])
@pytest.mark.parametrize("attribute", ["Cell Type", "Age"])
def test_the_script_gives_the_result_that_is_shown(store, monkeypatch, test, attribute):
    with connect(store=store) as client:
        old = next(file for file in _list_files(client, LEUKEMIA) if file.number == 1)
        query = old.narrow(LEUKEMIA).data(feature("gene") == "G1")
        values = read_values(client, query.expression())
        samples = read_samples(client, samples_of(query)).frame
        probe = most_variable(values, "value")
        shown = compare(plot_data(values, "value", probe, samples, attribute).groups, test)
    script = python_script(
        {"values": query.expression(), "samples": samples_of(query)},
        None,
        script_ending(values, "value", probe, attribute, test),
    )
    monkeypatch.setitem(os.environ, "ODM_SHINY_STORE", str(store))
    out, names = io.StringIO(), {}
    with contextlib.redirect_stdout(out):
        exec(compile(script, "shown.py", "exec"), names)
    names["client"].close()
    assert out.getvalue().strip() == shown.sentence()


def test_the_script_has_no_ending_where_runs_are_of_libraries(store):
    query = Query().where(study=field("Study Title") == "Libraries & <b>bulk</b>")
    with connect(store=store) as client:
        values = read_values(client, query.data(feature() == "TP53").expression())
    assert script_ending(values, "count", 0, "Sex", "rank") == ""


def test_a_remote_odm_is_named_and_no_token_is():
    script = python_script({"values": LEUKEMIA}, "https://odm.example.org")
    assert 'connect("https://odm.example.org")' in script
    assert "token" not in script.lower()


def test_r_asks_every_query_and_keeps_each_answer():
    queries = {"samples": LEUKEMIA, "values": LEUKEMIA.genes("CD19").expression()}
    script = r_script(queries, "https://odm.example.org")
    assert [line for line in script.splitlines() if line.endswith("<- result")] == [
        "samples <- result",
        "values <- result",
    ]
    assert script.count('con <- odm_connect("https://odm.example.org")') == 2
    assert script.count('study = `Study Title` == "Leukemia, 7 people é",') == 2
    assert 'odm_genes("CD19")' in script
    assert "token" not in script.lower()


def test_curl_lines_are_words_for_a_shell():
    script = curl_script({"samples": LEUKEMIA}, "https://odm.example.org")
    words = shlex.split(script, comments=True)
    assert words[:3] == ["curl", "--get", "https://odm.example.org/api/v1/as-user/omics/samples"]
    assert "sampleFilter=Age>20" in words


def test_an_odm_inside_the_app_has_no_address(store):
    with connect(store=store) as client:
        assert address_of(client) is None
    assert curl_script({"samples": LEUKEMIA}, None).startswith("# This app holds its ODM inside.")
