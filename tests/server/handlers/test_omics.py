"""Omics queries: samples, files and data that meet conditions on all kinds at once."""

from __future__ import annotations

import json
import re

import pyarrow as pa
import pytest

from odm_shiny.server.handlers import omics

SEARCH_TOOK = re.compile(r"Search took [0-9]+ms")


def samples(shown, **query):
    data = shown.get("as-user/omics/samples", **query)["data"]
    return " ".join(one["metadata"]["Sample Source ID"] for one in data)


def items(shown, **query):
    data = shown.get("as-user/omics/expression/data", **query)["data"]
    return [(one["itemOrigin"]["runSourceId"], one["feature"], one["value"]) for one in data]


def names_of_files(shown, **query):
    by_id = {accession: name for name, accession in shown.id.items()}
    data = shown.get("as-user/omics/expression/group", **query)["data"]
    return " ".join(by_id[one["itemId"]] for one in data)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({}, "S-1 S-2 S-3 S-4 S-5 X-1 X-2"),
        ({"studyFilter": '"Study Source" = GEO'}, "S-1 S-2 S-3 S-4 S-5"),
        ({"studyQuery": "nothing"}, ""),
        ({"sampleFilter": "Sex = male", "sampleQuery": "liver"}, "S-2"),
        ({"libraryFilter": '"Read Length" = 150'}, "S-1 S-3"),
        ({"libraryQuery": "k2", "sampleFilter": "Age = null"}, "S-3"),
        ({"preparationQuery": "trypsin"}, "S-2"),
        ({"preparationFilter": "Scope != Targeted"}, "S-4"),
        ({"libraryQuery": "k1", "preparationQuery": "trypsin"}, ""),
        ({"exQuery": "feature = MYC"}, "S-1 S-2"),
        ({"exQuery": "feature = TP53 value >= 2.5"}, "S-1 S-3"),
        ({"exQuery": "feature = TP53 value >= 9", "useVersions": "v1"}, "S-1 S-3"),
        ({"exQuery": "feature = EGFR", "useVersions": "v1"}, "S-2 S-4"),
        ({"exQuery": "feature = ENSG02"}, "S-1 S-3"),
        ({"exQuery": "feature = 7157 value.FC > 1"}, "S-2"),
        ({"exQuery": "value.p < 0.6"}, "S-2 S-4"),
        ({"exQuery": "feature = ENSG02", "libraryFilter": "Kit = k1"}, ""),
        ({"exFilter": '"Data Class" = "Bulk transcriptomics"'}, "S-1 S-3"),
        ({"exFilter": '"Genome Version" = GRCh38', "useVersions": "*"}, "S-1 S-2 S-3 S-4"),
        ({"exFilter": '"Genome Version" = GRCh38'}, ""),
        ({"useVersions": "v1"}, "S-1 S-2 S-3 S-4"),
        ({"useVersions": "v9"}, ""),
        ({"exQuery": "feature.unknown = 1 or not feature.unknown = 1"}, ""),
    ],
    ids=str,
)
def test_samples_meet_every_condition(shown, query, ids) -> None:
    assert samples(shown, **query) == ids


def test_samples_are_the_same_whichever_number_is_made_json_at_a_time(shown, monkeypatch) -> None:
    whole = shown.ask("GET", "as-user/omics/samples").body
    monkeypatch.setattr(omics, "BATCH", 2)
    assert shown.ask("GET", "as-user/omics/samples").body == whole
    assert json.loads(whole)["data"][6]["metadata"]["Sample Source ID"] == "X-2"


def test_a_sample_has_its_record_and_no_more(shown) -> None:
    reply = shown.get("as-user/omics/samples", pageLimit=1)
    record = shown.get("as-user/samples", pageLimit=1)["data"][0]
    assert reply["data"] == [{"metadata": record}]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, "rna2 gct folds"),
        ({"useVersions": "*"}, "rna rna2 gct folds"),
        ({"sampleFilter": "Sex = female"}, "rna2 gct"),
        ({"sampleQuery": "S-4", "useVersions": "*"}, "rna folds"),
        ({"preparationFilter": "Digestion = trypsin"}, "rna2 folds"),
        ({"exFilter": "Name = null"}, "rna2 gct folds"),
        ({"exQuery": "feature = MYC"}, "rna2"),
        ({"sampleQuery": "X-1"}, ""),
    ],
    ids=str,
)
def test_files_with_a_run_linked_to_a_matching_sample(shown, query, names) -> None:
    assert names_of_files(shown, **query) == names


def test_a_file_without_links_is_left_out(odm) -> None:
    new = odm.load("expression", "gene\tN-1\nTP53\t1\n", numberOfFeatureAttributes=1)
    found = [one["itemId"] for one in odm.get("as-user/omics/expression/group")["data"]]
    assert new not in found
    listed = [one["itemId"] for one in odm.get("as-user/expressions/group")["data"]]
    assert new in listed


def test_an_item_is_related_to_what_its_run_is_linked_to_directly(shown) -> None:
    sample = shown.ids("sample", shown.id["samples"])["S-1"]
    library = shown.ids("library", shown.id["libraries"])["L-1"]
    preparation = shown.ids("preparation", shown.id["preparations"])["P-1"]
    expected = {
        "feature = MYC value = 0": {"sample": sample},
        "feature = ENSG01 value = 1": {"library": library},
        "feature = 1956 value.FC = -2": {"preparation": preparation},
    }
    for query, relationships in expected.items():
        (item,) = shown.get("as-user/omics/expression/data", exQuery=query)["data"]
        assert list(item) == [
            "itemId",
            "itemOrigin",
            "metadata",
            "feature",
            "value",
            "relationships",
        ]
        assert item["relationships"] == relationships


def test_only_the_rows_that_match_are_given_in_order(shown) -> None:
    found = items(shown, exQuery="feature = TP53,EGFR value > 1", useVersions="v1")
    assert found == [
        ("S-1", {"gene": "TP53", "length": 100}, {"value": 1.5}),
        ("S-1", {"gene": "TP53", "length": 300}, {"value": 9.0}),
        ("S-2", {"gene": "EGFR", "length": 200}, {"value": 2.25}),
        ("S-2", {"gene": "TP53", "length": 300}, {"value": 8.0}),
        ("S-3", {"gene": "TP53", "length": 100}, {"value": 12.0}),
        ("S-3", {"gene": "TP53", "length": 300}, {"value": 7.0}),
        ("S-4", {"gene": "EGFR", "length": 200}, {"value": 7.0595981}),
        ("S-4", {"gene": "TP53", "length": 100}, {"value": 4.0}),
        ("S-4", {"gene": "TP53", "length": 300}, {"value": 6.0}),
    ]


def test_conditions_on_samples_choose_the_runs(shown) -> None:
    found = items(shown, exQuery="feature = TP53", sampleFilter="Sex = male", useVersions="*")
    assert [run for run, _, _ in found] == ["S-2", "S-2", "S-4", "S-4", "S-2"]
    found = items(shown, exQuery="value != null", libraryFilter="Kit = k2")
    assert {run for run, _, _ in found} == {"S-3", "L-3"}


@pytest.mark.parametrize("query", [{}, {"exQuery": ""}, {"exQuery": "  "}], ids=str)
def test_data_needs_a_data_query(shown, query) -> None:
    answer = shown.ask("GET", "as-user/omics/expression/data", **query)
    assert (answer.status, answer.error) == (400, "exQuery must be specified")


PAGED = {
    "omics/samples": {},
    "omics/expression/group": {"useVersions": "*"},
    "omics/expression/data": {"exQuery": "value >= 0", "useVersions": "*"},
}


@pytest.mark.parametrize("path", PAGED)
@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
def test_pages_of_any_size_add_up(shown, path, limit) -> None:
    whole = shown.get(f"as-user/{path}", **PAGED[path])["data"]
    assert len(whole) > 3
    found, cursor = [], {}
    while True:
        page = shown.get(f"as-user/{path}", pageLimit=limit, **PAGED[path], **cursor)
        assert list(page) == ["data", "resultsExhausted", "log", "cursor"]
        found += page["data"]
        if page["resultsExhausted"]:
            break
        assert len(page["data"]) == limit
        cursor = {"cursor": page["cursor"]}
    assert found == whole
    query = {**PAGED[path], "cursor": page["cursor"]}
    behind = shown.get(f"as-user/{path}", **query)
    assert (behind["data"], behind["resultsExhausted"]) == ([], True)
    assert behind["cursor"] == page["cursor"]


@pytest.mark.parametrize("path", PAGED)
def test_a_page_of_nothing_is_not_the_last(shown, path) -> None:
    page = shown.get(f"as-user/{path}", pageLimit=0, **PAGED[path])
    assert (page["data"], page["resultsExhausted"]) == ([], False)
    first = shown.get(f"as-user/{path}", pageLimit=2, **PAGED[path])
    again = shown.get(f"as-user/{path}", pageLimit=2, cursor=page["cursor"], **PAGED[path])
    assert again["data"] == first["data"]


@pytest.mark.parametrize("path", PAGED)
@pytest.mark.parametrize("cursor", ["x", "GSF000020", "AAAA", "é", "0" * 5000, "-1", "null"])
def test_a_cursor_that_nobody_gave_is_400(shown, path, cursor) -> None:
    answer = shown.ask("GET", f"as-user/{path}", cursor=cursor, **PAGED[path])
    assert answer.status == 400
    assert answer.error.startswith("cursor: ")
    assert len(answer.body) < 400


def test_a_cursor_of_another_endpoint_is_400(shown) -> None:
    cursor = shown.get("as-user/omics/samples", pageLimit=1)["cursor"]
    for path in ("omics/expression/group", "omics/expression/data", "expressions"):
        query = PAGED.get(path, {})
        assert shown.ask("GET", f"as-user/{path}", cursor=cursor, **query).status == 400


def test_the_log_says_what_the_search_did(shown) -> None:
    plain = shown.get("as-user/omics/samples", sampleFilter="Sex = male")["log"]
    assert plain == [
        "Found 2 samples matched the samples/study query (total number of found samples is 2 now)"
    ]
    *log, took = shown.get(
        "as-user/omics/samples",
        studyQuery="liver",
        sampleFilter="Age > 0",
        exQuery="feature = MYC value > 0",
    )["log"]
    assert log == [
        "Found 1 studies matched the study query (total number of found studies is 1 now)",
        "Found 3 samples matched the samples/study query (total number of found samples is 3 now)",
        "Filtering using EXPRESSION signal data queries...",
        "Found 1 samples/libraries/preparations matching EXPRESSION queries",
    ]
    assert SEARCH_TOOK.fullmatch(took)
    log = shown.get("as-user/omics/expression/data", exQuery="feature = MYC")["log"]
    assert log[1:3] == [
        "Filtering using EXPRESSION signal data queries...",
        "Found 2 samples/libraries/preparations matching EXPRESSION queries",
    ]


@pytest.mark.parametrize(
    ("query", "n"), [("feature = MYC", 2), ("feature = MYC value > 0", 1), ("feature = none", 0)]
)
def test_a_page_of_no_items_counts_all_that_match(shown, query, n) -> None:
    reply = shown.get("as-user/omics/expression/data", exQuery=query, pageLimit=0)
    assert (reply["data"], reply["resultsExhausted"]) == ([], n == 0)
    assert reply["log"][2] == (
        f"Found {n} samples/libraries/preparations matching EXPRESSION queries"
    )


@pytest.mark.parametrize("level", ["minimal_data", "original_data_included"])
def test_the_level_holds_for_items_and_files(shown, level) -> None:
    query = {"useVersions": "v1", "returnedMetadataFields": level, "exQuery": "feature = EGFR"}
    for path in ("omics/expression/data", "omics/expression/group"):
        one = shown.get(f"as-user/{path}", **query)["data"][0]
        pipeline = one["metadata"].get("Pipeline")
        assert pipeline == (["p", "q"] if level == "original_data_included" else None)


def test_arrow_holds_the_same_items(shown) -> None:
    query = {"exQuery": "value != null", "useVersions": "*", "pageLimit": 20}
    plain = shown.get("as-user/omics/expression/data", **query)
    answer = shown.ask(
        "GET",
        "as-user/omics/expression/data",
        headers={"accept": "application/vnd.apache.arrow.stream"},
        **query,
    )
    assert answer.headers["content-type"] == "application/vnd.apache.arrow.stream"
    table = pa.ipc.open_stream(answer.body).read_all()
    assert table.column("itemId").to_pylist() == [item["itemId"] for item in plain["data"]]
    for name in ("itemOrigin", "feature", "metadata", "relationships"):
        cells = [json.loads(text) for text in table.column(name).to_pylist()]
        assert cells == [item[name] for item in plain["data"]]
    assert table.column("value.value").to_pylist() == [
        item["value"].get("value") for item in plain["data"]
    ]
    beside = json.loads(table.schema.metadata[b"odm"])
    assert beside["cursor"] == plain["cursor"]
    assert beside["resultsExhausted"] is False
    assert beside["log"][0] == plain["log"][0]


@pytest.mark.parametrize("accept", ["application/json", "application/vnd.apache.arrow.stream"])
def test_a_run_with_metadata_of_its_own_shows_them_among_others(odm, accept) -> None:
    runs = odm.runs(odm.id["rna"])
    path = f"as-curator/expressions/{runs['S-2']}"
    odm.ask("PATCH", path, body={"Scale": "log2", "Genome Version": None})
    answer = odm.ask(
        "GET",
        "as-user/omics/expression/data",
        headers={"accept": accept},
        exQuery="feature = TP53,ABCB1",
        useVersions="*",
        exFilter=f'"genestack:accession"={odm.id["rna"]}',
    )
    if accept == "application/json":
        shown = [(one["itemOrigin"], one["metadata"]) for one in answer.json["data"]]
    else:
        table = pa.ipc.open_stream(answer.body).read_all()
        columns = [table.column(name).to_pylist() for name in ("itemOrigin", "metadata")]
        shown = [(json.loads(one), json.loads(two)) for one, two in zip(*columns, strict=True)]
    said = {o["runSourceId"]: (m["Scale"], m["Genome Version"]) for o, m in shown}
    assert len(said) > 1
    assert said.pop("S-2") == ("log2", None)
    assert set(said.values()) == {(None, "GRCh38")}


@pytest.mark.parametrize("name", ["vxQuery", "vxFilter", "fxQuery", "fxFilter"])
def test_conditions_on_data_that_is_not_held_are_refused(shown, name) -> None:
    answer = shown.ask("GET", "as-user/omics/samples", **{name: "id=rs1"})
    assert answer.status == 501
    assert name in answer.error
