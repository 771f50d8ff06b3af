from __future__ import annotations

import pytest

from odm_shiny.modules.matrix import (
    DataFile,
    _list_files,
    active_version,
    banner_text,
    data_file,
    matrix_choices,
    version_choices,
)
from odm_shiny.query.expr import field
from odm_shiny.query.query import Query

OLD = DataFile("GSF1", "by probe", "GSVC1", 1, False)
NEW = DataFile("GSF2", "by gene", "GSVC1", 2, True)
ALONE = DataFile("GSF3", "protein")
FILES = [OLD, NEW, ALONE]


def test_files_of_a_study_are_listed_with_their_versions(client):
    query = Query().where(study=field("Study Title") == "Leukemia, 7 people é")
    old, new = _list_files(client, query)
    assert (old.number, old.is_active, new.number, new.is_active) == (1, False, 2, True)
    assert old.chain == new.chain
    assert set(new.text_columns) == {"gene", "probe"}
    assert dict(new.metadata)["Scale"] == "log2"
    assert new.narrow(query).use_versions == f"{new.chain}:v2"


def test_a_file_outside_of_chains_is_named_by_its_accession(client):
    query = Query().where(study=field("Study Title") == "Libraries & <b>bulk</b>")
    (alone,) = _list_files(client, query)
    assert (alone.chain, alone.number, alone.is_active) == (None, None, True)
    narrowed = alone.narrow(query)
    assert narrowed.expression_filter == (field("genestack:accession") == alone.accession)
    assert [group["itemId"] for group in client.run(narrowed.expression_groups())] == [
        alone.accession
    ]


def test_a_matrix_is_called_as_its_active_version():
    assert matrix_choices(FILES) == {"GSVC1": "by gene", "GSF3": "protein"}
    assert active_version(FILES, "GSVC1") == "GSF2"


def test_versions_are_newest_first_and_the_active_one_is_marked():
    assert version_choices(FILES, "GSVC1") == {
        "GSF2": "v2 (active): by gene",
        "GSF1": "v1: by probe",
    }
    assert version_choices(FILES, "GSF3") == {"GSF3": "only version"}


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (NEW, ""),
        (ALONE, ""),
        (OLD, "This is v1 of the matrix, which is not its active version. The active one is v2, "
              "“by gene”."),
    ],
)  # fmt: skip
def test_only_a_version_that_is_not_active_has_a_banner(file, told):
    assert banner_text(file, FILES) == told


def test_a_group_without_a_name_is_called_by_its_accession():
    found = data_file({"itemId": "GSF9", "metadata": {"Features (string)": "symbol"}})
    assert (found.name, found.text_columns, found.version_label) == ("GSF9", ("symbol",), "")
