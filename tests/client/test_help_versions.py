"""What a form needs to know about versions that are not active, with and without extensions."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from odm_shiny.connect import connect
from odm_shiny.query.expr import field

NEXT = {"Next.gct": "#1.2\n2\t2\nName\tDescription\tS-01\tS-02\nNEU1\tx\t1\t0\nMDM2\t\t1\t\n"}
NEXT_TABLE = {"Two.tsv": "probe\tgene\tL-01:FC\tL-01:p\nz9\tMDM2\t1.5\t0.01\n"}


@dataclass
class Versioned:
    where: str
    old: str
    new: str
    old_table: str


@pytest.fixture(scope="module")
def versioned(tmp_path_factory, study_files, layered_files, write_files):
    """Both studies, each with a second version of its data, which is the active one."""
    folder = tmp_path_factory.mktemp("versioned")
    with connect(store=folder / "store") as client:
        one = client.import_folder(write_files(folder / "one", study_files))
        old = one.groups["Demo.gct"]
        new = client.import_folder(
            write_files(folder / "next", NEXT), study=one.study, previous_version=old
        )
        two = client.import_folder(write_files(folder / "two", layered_files))
        tables = {name: text for name, text in layered_files.items() if "study" not in name}
        client.import_folder(
            write_files(folder / "next-table", tables | NEXT_TABLE),
            study=two.study,
            previous_version=two.groups["Two.tsv"],
        )
    return Versioned(str(folder / "store"), old, new.groups["Next.gct"], two.groups["Two.tsv"])


@pytest.fixture(params=[True, False], ids=["extensions", "none"])
def client(request, versioned):
    with connect(store=versioned.where, extensions=request.param) as found:
        yield found


def test_features_of_a_version_that_is_not_active_are_suggested(client, versioned):
    assert client.suggest_features(versioned.old) == ["ABCB1", "ACTB", "CD36", "MÜ", "TP53"]
    assert client.suggest_features(versioned.new) == ["MDM2", "NEU1"]
    assert client.suggest_features(versioned.old_table, column="gene") == ["MÜ", "TP53"]


def test_features_of_an_old_version_are_named_by_their_accession(client, versioned):
    matrix = client.expressions.stream(versioned.old_table).to_matrix("FC")
    assert list(matrix.var.index) == ["x1", "x2"]


QUERIES = {
    "nothing": lambda query: query,
    "old": lambda query: query.versions("v1"),
    "new": lambda query: query.versions("v2"),
    "old gene": lambda query: query.versions("v1").genes("TP53"),
    "gene that is gone": lambda query: query.genes("TP53"),
    "any": lambda query: query.versions("*").genes("MDM2", "TP53").at_least(1),
    "old of some": lambda query: query.versions("v1").where(sample=field("Tissue") == "lung"),
}


@pytest.mark.parametrize("name", QUERIES)
def test_counts_of_versions_need_no_extensions(versioned, name):
    found = []
    for extensions in (True, False):
        with connect(store=versioned.where, extensions=extensions) as client:
            query = QUERIES[name](client.query())
            facets = [
                client.facets(kind, [attribute]).facets
                for kind, attribute in (
                    (query, "Tissue"),
                    (query.studies(), "Study Title"),
                    (query.libraries(), "RIN"),
                )
            ]
            found.append(([(one.name, one.count) for one in client.explain(query)], facets))
    assert found[0] == found[1]
