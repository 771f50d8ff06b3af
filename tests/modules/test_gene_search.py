from __future__ import annotations

import pytest

from odm_shiny.modules.gene_search import (
    Suggestion,
    condition_on,
    look_up,
    searched_columns,
    suggest,
)
from odm_shiny.modules.matrix import DataFile, _list_files
from odm_shiny.query.data_query import render_data_query
from odm_shiny.query.expr import field
from odm_shiny.query.query import Query

LEUKEMIA = Query().where(study=field("Study Title") == "Leukemia, 7 people é")


@pytest.fixture
def by_gene(client):
    return next(file for file in _list_files(client, LEUKEMIA) if file.number == 2)


@pytest.fixture
def by_probe(client):
    return next(file for file in _list_files(client, LEUKEMIA) if file.number == 1)


@pytest.mark.parametrize(
    ("columns", "searched"),
    [
        (("gene", "probe"), ("gene", None, "probe")),
        (("description", "Gene_Symbol"), ("Gene_Symbol", None)),
        (("HGNC symbol", "gene"), ("gene", None, "HGNC symbol")),
        (("probe",), (None, "probe")),
        ((), (None,)),
    ],
)
def test_symbols_are_looked_up_before_identifiers(columns, searched):
    assert searched_columns(DataFile("GSF1", "x", text_columns=columns)) == searched


def test_suggestions_come_from_both_columns(client, by_gene):
    genes = [Suggestion("G1", "gene"), Suggestion("G2", "gene")]
    assert suggest(client, by_gene, "g") == genes
    assert suggest(client, by_gene, "p1") == [Suggestion("p1_at", None)]
    assert suggest(client, by_gene, "zzz") == []
    assert len(suggest(client, by_gene, "", limit=2)) == 2


@pytest.mark.parametrize(
    ("typed", "match"),
    [
        ("G1", Suggestion("G1", "gene")),
        ("g1", Suggestion("G1", "gene")),
        ("P3_AT", Suggestion("p3_at", None)),
    ],
)
def test_a_name_is_found_in_any_case_and_in_either_column(client, by_gene, typed, match):
    assert look_up(client, by_gene, typed).match == match


def test_a_name_is_found_in_a_version_that_is_not_active(client, by_probe, by_gene):
    assert look_up(client, by_probe, "gène").match == Suggestion("gène", "gene")
    assert look_up(client, by_gene, "gène").match is None


def test_a_name_that_is_not_there_gets_names_like_it(client, by_gene):
    found = look_up(client, by_gene, "G11")
    assert found.match is None
    assert "G1" in found.near


def test_the_condition_names_the_column():
    assert render_data_query(condition_on(Suggestion("G1", "gene"))) == "feature.gene=G1"
    assert render_data_query(condition_on(Suggestion("p1_at", None))) == "feature=p1_at"
