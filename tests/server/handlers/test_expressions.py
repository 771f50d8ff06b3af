"""Tabular data as single objects: items, files, runs."""

from __future__ import annotations

import pytest

from odm_shiny.store import chains, deletion, objects

METADATA = [
    "Data Class",
    "Experimental Platform",
    "Data Processing Method",
    "Scale",
    "Genome Version",
    "Pipeline ID",
    "Data Files / Raw",
    "Data Files / Processed",
    "Import Source URL",
    "Data Species",
    "Name",
    "Features (string)",
    "Features (numeric)",
    "Values (numeric)",
]


def ids_of(shown, **query):
    return [item["itemId"] for item in shown.get("as-user/expressions", **query)["data"]]


def test_an_item_says_what_it_is_and_where_it_comes_from(shown) -> None:
    run = shown.runs(shown.id["rna"])["S-1"]
    item = shown.get(f"as-user/expressions/{run}-ABCB1")
    assert list(item) == ["itemId", "itemOrigin", "metadata", "feature", "value"]
    assert item["itemId"] == f"{run}-ABCB1"
    assert item["itemOrigin"] == {"runSourceId": "S-1", "runId": run, "groupId": shown.id["rna"]}
    assert list(item["metadata"]) == METADATA
    assert item["metadata"]["Genome Version"] == "GRCh38"
    assert item["feature"] == {"gene": "ABCB1", "length": None}
    assert item["value"] == {"value": 6.55906688284104}


def test_features_that_share_an_accession_share_their_id_and_the_first_is_given(shown) -> None:
    run = shown.runs(shown.id["rna"])["S-1"]
    found = ids_of(shown, useVersions="*", runFilter=run, featureList="TP53")
    assert found == [f"{run}-TP53", f"{run}-TP53"]
    item = shown.get(f"as-user/expressions/{run}-TP53")
    assert (item["value"], item["feature"]["length"]) == ({"value": 1.5}, 100)


def test_an_accession_may_hold_blanks_commas_and_other_alphabets(shown) -> None:
    run = shown.runs(shown.id["rna"])["S-3"]
    item = shown.get(f"as-user/expressions/{run}-ERBB2%2C%20%CE%B1")
    assert item["value"] == {"value": 1000000.0}


@pytest.mark.parametrize("item", ["{run}-EGFR", "{run}-none", "{run}", "{run}-", "-TP53", "x-y"])
def test_an_item_without_a_value_does_not_exist(shown, item) -> None:
    run = shown.runs(shown.id["rna"])["S-1"]  # EGFR is missing there
    answer = shown.ask("GET", f"as-user/expressions/{item.format(run=run)}")
    assert answer.status == 404


def test_gct_items_have_the_fixed_keys(shown) -> None:
    run = shown.runs(shown.id["gct"])["L-2"]
    item = shown.get(f"as-user/expressions/{run}-ENSG02")
    assert item["feature"] == {"feature": "ENSG02"}
    assert item["value"] == {"value": 5.0}
    assert item["metadata"]["Data Class"] == "Bulk transcriptomics"
    assert item["metadata"]["Features (string)"] is None


def test_items_with_several_measurements_have_one_key_each_and_null_for_missing(shown) -> None:
    run = shown.runs(shown.id["folds"])["P-1"]
    item = shown.get(f"as-user/expressions/{run}-1956")
    assert item["feature"] == {"entrez": 1956, "symbol": "EGFR"}
    assert item["value"] == {"FC": -2.0, "p": None}
    assert item["metadata"]["Values (numeric)"] == ["FC", "p"]
    assert shown.ask("GET", f"as-user/expressions/{run}-672").status == 404  # no value at all


def test_items_are_found_by_feature_level_run_and_file(shown) -> None:
    runs = shown.runs(shown.id["rna"])
    one, three = runs["S-1"], runs["S-3"]
    every = {"useVersions": "v1"}
    assert ids_of(shown, featureList=["EGFR", "ABCB1"], **every) == [
        f"{one}-ABCB1",
        f"{runs['S-2']}-EGFR",
        f"{runs['S-4']}-ABCB1",
        f"{runs['S-4']}-EGFR",
    ]
    assert ids_of(shown, minExpressionLevel="7.0595981", featureList="EGFR", **every) == [
        f"{runs['S-4']}-EGFR"
    ]
    assert ids_of(shown, minExpressionLevel="7.05959811", featureList="EGFR", **every) == []
    assert ids_of(shown, runFilter=[one, three], minExpressionLevel=9, **every) == [
        f"{one}-TP53",
        f"{three}-ERBB2, α",
        f"{three}-TP53",
    ]
    assert ids_of(shown, runSourceFilter="S-3", minExpressionLevel=12, **every) == [
        f"{three}-ERBB2, α",
        f"{three}-TP53",
    ]
    assert ids_of(shown, runFilter="x", **every) == []
    found = ids_of(shown, filter='"Genome Version" = GRCh38 AND Pipeline = p', **every)
    assert len(found) == 15
    assert ids_of(shown, query="GRCh38") == []  # only the older version says so
    assert len(ids_of(shown, filter=f"genestack:accession = {shown.id['gct']}")) == 10


@pytest.mark.parametrize("limit", [1, 2, 7, 100])
def test_pages_of_items_add_up(shown, limit) -> None:
    whole = shown.get("as-curator/expressions", useVersions="*")["data"]
    found, cursor = [], {}
    while True:
        page = shown.get("as-curator/expressions", useVersions="*", pageLimit=limit, **cursor)
        found += page["data"]
        if "cursor" not in page:
            break
        assert len(page["data"]) == limit
        cursor = {"cursor": page["cursor"]}
    assert found == whole
    assert len(whole) > 30


def test_a_page_of_nothing_can_be_continued(shown) -> None:
    page = shown.get("as-user/expressions", pageLimit=0)
    assert page["data"] == []
    again = shown.get("as-user/expressions", pageLimit=0, cursor=page["cursor"])
    assert again == page
    assert shown.get("as-user/expressions", cursor=page["cursor"]) == shown.get(
        "as-user/expressions"
    )


def test_groups_show_their_place_in_the_chain(shown) -> None:
    places = {}
    for name in ("rna", "rna2", "gct"):
        group = shown.get(f"as-user/expressions/group/{shown.id[name]}")
        assert group["itemId"] == shown.id[name]
        metadata = group["metadata"]
        assert metadata["genestack:accession"] == shown.id[name]
        places[name] = [
            metadata[f"genestack:{key}"] for key in ("chain", "versionInChain", "activeInChain")
        ]
    chain = places["rna"][0]
    assert chain.startswith("GSVC")
    assert places == {
        "rna": [chain, 1, False],
        "rna2": [chain, 2, True],
        "gct": [None, None, None],
    }


def test_groups_are_listed_linked_or_not_of_the_versions_asked_for(shown) -> None:
    def groups(**query):
        return [
            group["itemId"] for group in shown.get("as-user/expressions/group", **query)["data"]
        ]

    rna, rna2, gct, folds = (shown.id[name] for name in ("rna", "rna2", "gct", "folds"))
    assert groups() == [rna2, gct, folds]
    assert groups(useVersions="*") == [rna, rna2, gct, folds]
    assert groups(filter='"Data Class" = "Bulk transcriptomics"') == [gct]
    assert groups(query="liver", useVersions="*") == [rna]
    assert groups(query="GRCh38", useVersions="v2") == []
    page = shown.get("as-user/expressions/group", pageLimit=1, pageOffset=1)
    assert page["meta"]["pagination"] == {"count": 1, "total": 3, "offset": 1, "limit": 1}


VERSIONS = {
    None: "rna2 gct folds",
    "*": "rna rna2 gct folds",
    "v1": "rna",
    "v2": "rna2",
    "v0": "gct folds",
    "v1,v0": "rna gct folds",
    "v1, v2": "rna rna2",
    "v9": "",
    "V2": "rna2",
    "{chain}:v1": "rna",
    "{chain}:v1,v2": "rna rna2",
    "{chain}:{rna}": "rna",
    "{chain}:{rna},{rna2}": "rna rna2",
    "{chain}:{gct}": "",
    "{chain} : v2": "rna2",
    "{chain}:v1;v0": "rna gct folds",
    "{chain}:v1;{chain}:v2": "rna rna2",
    "GSVC999999:v1": "",
    "GSVC999999:v1;v0": "gct folds",
    "*;v1": "rna rna2 gct folds",
}


@pytest.mark.parametrize(("text", "names"), VERSIONS.items(), ids=map(str, VERSIONS))
def test_the_versions_asked_for_are_read(shown, text, names) -> None:
    group = shown.get(f"as-user/expressions/group/{shown.id['rna']}")
    chain = group["metadata"]["genestack:chain"]
    query = {} if text is None else {"useVersions": text.format(chain=chain, **shown.id)}
    wanted = [shown.id[name] for name in names.split()]
    for path in ("as-user/expressions/group", "as-curator/omics/expression/group"):
        assert [group["itemId"] for group in shown.get(path, **query)["data"]] == wanted
    study = shown.get(
        f"as-user/integration/link/expression/group/by/study/{shown.id['study']}", **query
    )
    assert [group["itemId"] for group in study] == wanted
    items = shown.get("as-user/expressions", **query)["data"]
    assert {item["itemOrigin"]["groupId"] for item in items} == set(wanted)


@pytest.mark.parametrize("text", ["v", "1", "v1,", ",v1", "v1;", "GSVC000001:", "a:v1,b", "v1 v2"])
def test_versions_that_do_not_parse_are_400(shown, text) -> None:
    for path in ("expressions", "expressions/group", "omics/expression/group", "omics/samples"):
        assert shown.ask("GET", f"as-user/{path}", useVersions=text).status == 400


def test_when_the_newest_version_is_deleted_the_one_before_is_active(odm) -> None:
    with odm.store.write() as tx:
        deletion.delete(tx, objects.get(tx, odm.id["rna2"]))
    group = odm.get(f"as-user/expressions/group/{odm.id['rna']}")["metadata"]
    assert (group["genestack:versionInChain"], group["genestack:activeInChain"]) == (1, True)
    listed = odm.get("as-user/expressions/group")["data"]
    assert odm.id["rna"] in [one["itemId"] for one in listed]
    new = odm.load(
        "expression",
        "gene\tS-1\nTP53\t1\n",
        numberOfFeatureAttributes=1,
        previousVersion=group["genestack:chain"],
    )
    group = odm.get(f"as-user/expressions/group/{new}")["metadata"]
    assert group["genestack:versionInChain"] == 3  # 2 is not given out again
    with odm.store.write() as tx:
        deletion.delete(tx, objects.get(tx, new))
        deletion.delete(tx, objects.get(tx, odm.id["rna"]))
        assert chains.members(tx, group["genestack:chain"]) == []


def test_a_new_version_may_follow_any_file_of_the_chain(odm) -> None:
    group = odm.get(f"as-user/expressions/group/{odm.id['rna']}")["metadata"]
    new = odm.load(
        "expression",
        "gene\tS-1\nTP53\t1\n",
        numberOfFeatureAttributes=1,
        previousVersion=odm.id["rna"],  # not the newest one
    )
    metadata = odm.get(f"as-user/expressions/group/{new}")["metadata"]
    assert metadata["genestack:chain"] == group["genestack:chain"]
    assert metadata["genestack:versionInChain"] == 3
    assert odm.get("as-user/omics/expression/group")["data"][0]["itemId"] == odm.id["gct"]


def test_runs_are_listed_in_file_order_page_by_page(shown) -> None:
    path = f"as-user/expressions/runs/by/group/{shown.id['rna']}"
    whole = shown.get(path)
    assert list(whole) == ["data"]
    assert [run["itemOrigin"]["runSourceId"] for run in whole["data"]] == [
        "S-1",
        "S-2",
        "S-3",
        "S-4",
    ]
    assert list(whole["data"][0]) == ["itemOrigin", "metadata"]
    for limit in (1, 3, 4):
        found, cursor = [], {}
        while True:
            page = shown.get(path, pageLimit=limit, **cursor)
            found += page["data"]
            if "cursor" not in page:
                break
            cursor = {"cursor": page["cursor"]}
        assert found == whole["data"]
    run = whole["data"][2]["itemOrigin"]["runId"]
    group = shown.get(f"as-user/expressions/group/by/run/{run}")
    assert group == shown.get(f"as-user/expressions/group/{shown.id['rna']}")


def test_an_edit_of_a_run_changes_that_run_and_one_of_the_group_all(odm) -> None:
    runs = odm.runs(odm.id["rna"])
    answer = odm.ask(
        "PATCH",
        f"as-curator/expressions/{runs['S-1']}",
        body={"Scale": "log2", "Genome Version": "T2T"},
    )
    assert (answer.json["Scale"], answer.json["Genome Version"]) == ("log2", "T2T")
    answer = odm.ask("PATCH", f"as-curator/expressions/{odm.id['rna']}", body={"Scale": "raw"})
    assert answer.json["Scale"] == "raw"
    listed = odm.get(f"as-user/expressions/runs/by/group/{odm.id['rna']}")["data"]
    assert [run["metadata"]["Scale"] for run in listed] == ["log2", "raw", "raw", "raw"]
    assert ids_of(odm, useVersions="*", filter="Scale = log2") == [
        f"{runs['S-1']}-{gene}" for gene in ("ABCB1", "ERBB2, α", "TP53", "TP53")
    ]
    versions = odm.get(f"as-user/expressions/{runs['S-1']}/versions")
    assert [one["message"] for one in versions] == ["Edited via API", "Imported"]
    first = odm.get(f"as-user/expressions/{runs['S-1']}/versions/{versions[1]['version']}")
    assert first["itemOrigin"]["runId"] == runs["S-1"]
    assert first["metadata"]["Scale"] is None
    assert first["metadata"]["Genome Version"] == "GRCh38"
    group = odm.get(f"as-user/expressions/{odm.id['rna']}/versions/1")
    assert (group["itemId"], group["metadata"]["Scale"]) == (odm.id["rna"], None)
