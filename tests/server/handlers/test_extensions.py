"""What odm-shiny adds to the API."""

from __future__ import annotations

import pytest

BASE = "/api/odm-shiny/v1"


def facets(shown, *attributes, **query):
    answer = shown.get(f"{BASE}/facets", attribute=list(attributes), **query)
    return {
        name: {one["value"]: one["count"] for one in facet["values"]}
        for name, facet in answer["facets"].items()
    }


def test_facets_count_every_value_of_the_matching_samples(shown) -> None:
    assert facets(shown, "Tissue", "Sex") == {
        "Tissue": {"liver": 2, "cerebellum": 1, "kidney": 1, "lung": 1, "spleen": 1},
        "Sex": {"male": 2, "F": 1, "female": 1, "n.a.": 1},
    }
    answer = shown.get(f"{BASE}/facets", attribute=["Age", "none"], limit=2)
    assert answer["total"] == 7
    assert answer["kind"] == "sample"
    assert answer["facets"]["Age"]["nValues"] == 4
    assert answer["facets"]["Age"]["nUnset"] == 3
    assert len(answer["facets"]["Age"]["values"]) == 2
    assert answer["facets"]["none"] == {"values": [], "nValues": 0, "nUnset": 7}


@pytest.mark.parametrize(
    ("query", "tissues"),
    [
        ({"sampleFilter": "Sex = male"}, {"kidney": 1, "liver": 1, "spleen": 1}),
        ({"studyQuery": "liver", "sampleQuery": "lung"}, {"lung": 1}),
        ({"exQuery": "feature = MYC value > 1"}, {"kidney": 1, "liver": 1}),
        ({"libraryFilter": "Kit = k2"}, {"lung": 1}),
        ({"useVersions": "v9"}, {}),
    ],
    ids=str,
)
def test_facets_count_under_all_conditions(shown, query, tissues) -> None:
    assert facets(shown, "Tissue", **query) == {"Tissue": tissues}


def test_facets_of_other_kinds_follow_the_links(shown) -> None:
    assert facets(shown, "Study Source", kind="study") == {"Study Source": {"GEO": 1}}
    assert facets(shown, "Kit", kind="library", sampleFilter="Sex = female") == {"Kit": {"k1": 1}}
    assert facets(shown, "Kit", kind="library", libraryFilter="Kit = k2") == {"Kit": {"k2": 1}}
    assert facets(shown, "Scope", kind="preparation", exQuery="feature = 672") == {
        "Scope": {"untargeted": 1}
    }
    assert facets(shown, "Study Source", kind="study", sampleQuery="nothing") == {
        "Study Source": {}
    }


def test_without_names_the_attributes_that_occur_are_counted(shown) -> None:
    own = shown.get(f"{BASE}/facets")["facets"]
    assert {"Tissue", "Batch", "BMI"} <= set(own)
    assert "Cell Line" not in own
    assert "Hidden Attribute" not in own  # only Ben's samples have it
    assert "Hidden Attribute" in shown.get(f"{BASE}/facets", by="ben")["facets"]
    assert shown.get(f"{BASE}/facets", by="dora")["facets"] == {}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"prefix": "TP"}, ["TP53"]),
        ({"prefix": "ens", "limit": 2}, ["ENSG01", "ENSG02"]),
        ({"prefix": "G0"}, ["ENSG01", "ENSG02", "ENSG03", "ENSG04"]),
        ({"prefix": "α"}, []),
        ({"prefix": "671"}, []),
        ({"prefix": "zz"}, []),
        ({"limit": 0}, []),
    ],
    ids=str,
)
def test_features_are_suggested_by_their_beginning_or_what_they_hold(shown, query, found) -> None:
    assert shown.get(f"{BASE}/features", **query)["features"] == found


def test_features_of_chosen_files_and_columns(shown) -> None:
    rna, folds = shown.id["rna"], shown.id["folds"]

    def features(**query):
        return shown.get(f"{BASE}/features", **query)["features"]

    assert features(groupAccession=rna, prefix="α") == ["ERBB2, α"]
    assert features(groupAccession=[rna, folds], prefix="TP", column="symbol") == ["TP53"]
    assert features(groupAccession=folds, prefix="7") == ["7157", "672"]
    assert features(groupAccession=rna, column="symbol") == []
    assert features(groupAccession=rna) == ["ABCB1", "EGFR", "ERBB2, α", "TP53"]
    for wrong in (shown.id["secret rna"], "GSF999999", shown.id["samples"]):
        assert shown.ask("GET", f"{BASE}/features", groupAccession=[rna, wrong]).status == 404
    assert features(prefix="BANANA") == []
    assert features(prefix="BANANA", by="ben") == ["BANANA1"]


STEPS = (
    "studies",
    "samplesInStudies",
    "samplesMatching",
    "samplesWithData",
    "samplesWithMatchingData",
)


@pytest.mark.parametrize(
    ("query", "counts"),
    [
        ({}, (1, 7, 7, 4, 4)),
        ({"studyQuery": "liver"}, (1, 5, 5, 4, 4)),
        ({"studyQuery": "nothing"}, (0, 0, 0, 0, 0)),
        ({"sampleFilter": "Tissue = liver"}, (1, 7, 2, 2, 2)),
        ({"exQuery": "feature = MYC value > 1"}, (1, 7, 7, 4, 1)),
        ({"sampleQuery": "S-5"}, (1, 7, 1, 0, 0)),
        ({"exFilter": '"Data Class" = "Bulk transcriptomics"'}, (1, 7, 7, 2, 2)),
        ({"useVersions": "v2"}, (1, 7, 7, 3, 3)),
        ({"libraryFilter": "Kit = k1", "exQuery": "feature = ENSG02"}, (1, 7, 1, 1, 0)),
    ],
    ids=str,
)
def test_the_funnel_counts_what_each_condition_leaves(shown, query, counts) -> None:
    steps = shown.get(f"{BASE}/funnel", **query)["steps"]
    assert [(one["name"], one["count"]) for one in steps] == list(zip(STEPS, counts, strict=True))
    samples = shown.get("as-user/omics/samples", **query)["data"]
    if "exQuery" in query or "exFilter" in query or "useVersions" in query:
        assert len(samples) == counts[-1]
    else:
        assert len(samples) == counts[2]


def test_templates_are_described(shown) -> None:
    default = shown.get(f"{BASE}/templates/default")
    assert list(default) == ["accession", "name", "isDefault", "attributes"]
    assert default["isDefault"] is True
    first = default["attributes"][0]
    assert {"name", "dataType", "metainfoType", "isRequired"} <= set(first)
    assert shown.get(f"{BASE}/templates/by/study/{shown.id['study']}") == default
    for wrong in (shown.id["secret study"], "GSF999999"):
        assert shown.ask("GET", f"{BASE}/templates/by/study/{wrong}").status == 404


@pytest.mark.parametrize(
    ("name", "is_curator", "is_admin"),
    [("ann", True, False), ("dora", False, False), ("root", True, True)],
)
def test_a_caller_learns_who_they_are(shown, name, is_curator, is_admin) -> None:
    me = shown.get(f"{BASE}/whoami", by=name)
    assert me["email"] == f"{name}@example.org"
    assert (me["isCurator"], me["isAdmin"]) == (is_curator, is_admin)
    assert (me["permissions"] == []) != is_admin
