"""What R may call, called from Python: no R is needed for any of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from odm_shiny.client.client import Client
from odm_shiny.connect import connect
from odm_shiny.errors import NotFound, QueryError
from odm_shiny.query.expr import feature, field, value
from odm_shiny.query.query import Query
from odm_shiny.rbridge import handles
from odm_shiny.rbridge.functions import table
from odm_shiny.rbridge.functions.questions import build

STUDY = "Study Title\nÄ study\n"
SAMPLES = "Sample Source ID\tTissue\tAge\ns1\tliver\t40\ns2\tlung\t\ns3\tliver\t7\n"
DATA = "gene\ts1\ts2\ts3\nTP53\t1\t2.5\t\nMYC\t4\t5\t6\n"


def step(verb: str, **arguments: Any) -> dict[str, Any]:
    return {"verb": verb, "arguments": arguments or []}


def leaf(op: str, name: str, *values: str, null: int = 0) -> dict[str, Any]:
    # R has no single values: one comes as itself, several as a list.
    found = list(values) if len(values) != 1 else values[0]
    return {"op": op, "name": name, "values": found, "null": null}


@pytest.fixture(scope="module")
def odm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("files")
    (folder / "my.study.tsv").write_text(STUDY, encoding="utf-8")
    (folder / "my.samples.tsv").write_text(SAMPLES, encoding="utf-8")
    (folder / "my.tsv").write_text(DATA, encoding="utf-8")
    (folder / "my.tsv.tsv").write_text("Data Class\nBulk transcriptomics\n", encoding="utf-8")
    with connect(store=tmp_path_factory.mktemp("odm") / "store") as client:
        client.import_folder(folder)
        yield client


def test_steps_make_the_query_that_methods_make() -> None:
    steps = [
        step("studies"),
        step("where", study=leaf("==", "A", "a"), sample={"op": "text", "text": "Age>3 OR B=b"}),
        step("text", sample="liver"),
        step("genes", names=["TP53", "MYC"]),
        step("at_least", threshold="4"),
        step("versions", text="v1"),
        step("metadata", level="template"),
        step("specific_terms", on=True),
        step("terms", on=True),
        step("sorted_by", key="name", descending=True),
        step("limited_to", n=5.0),
        step("without", names="study_filter"),
    ]
    assert build(steps) == (
        Query()
        .studies()
        .where(sample="Age>3 OR B=b")
        .text(sample="liver")
        .genes("TP53", "MYC")
        .at_least(4)
        .versions("v1")
        .metadata("template")
        .specific_terms()
        .terms()
        .sorted_by("name", descending=True)
        .limited_to(5)
    )


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (leaf("in", "A", "x", "y", null=2), field("A").is_in(["x", None, "y"])),
        (leaf("in", "A", null=1), field("A").is_null()),
        (leaf("notin", "A", "x", "y"), field("A").not_in(["x", "y"])),
        (leaf("is.na", "A"), field("A").is_null()),
        (leaf("not.na", "A"), field("A").not_null()),
        (leaf(">=", "A", "40"), field("A") >= 40),
        (
            {
                "op": "not",
                "items": [{"op": "or", "items": [leaf("<", "A", "4"), leaf("is.na", "A")]}],
            },
            ~((field("A") < 4) | field("A").is_null()),
        ),
    ],
    ids=["in", "in-na", "notin", "is-na", "not-na", "order", "nested"],
)
def test_a_tree_is_the_condition_on_attributes(tree: dict[str, Any], expected: Any) -> None:
    assert build([step("where", sample=tree)]).sample_filter == expected


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (
            {**leaf("in", "gene", "A", "B", null=3), "target": "feature"},
            feature("gene").is_in(["A", "B", None]),
        ),
        ({"op": "contains", "target": "feature", "values": "CD"}, feature().contains("CD")),
        ({"op": ">", "target": "value", "name": "FC", "values": "1.5"}, value("FC") > 1.5),
    ],
    ids=["in", "contains", "value"],
)
def test_a_tree_is_the_condition_on_data(tree: dict[str, Any], expected: Any) -> None:
    assert build([step("data", condition=tree)]).data_query == expected


@pytest.mark.parametrize(
    "steps",
    [
        [step("where", sample=leaf("~", "A", "x"))],
        [step("where", sample=leaf(">", "A", "old"))],
        [step("drop")],
        [step("limited_to", n=1.5)],
        [step("where", sample=leaf("==", "A", "x", "y"))],
    ],
    ids=["operator", "order", "verb", "number", "values"],
)
def test_what_odm_cannot_be_asked_is_refused(steps: list[dict[str, Any]]) -> None:
    with pytest.raises(QueryError):
        build(steps)


def test_a_question_is_described_and_written() -> None:
    steps = [step("where", sample=leaf("==", "Tissue", "liver"))]
    assert table()["describe"](steps) == {"kind": "samples", "text": "samples: sample Tissue=liver"}
    write = table()["code"]
    assert 'odm_where(sample = Tissue == "liver")' in write(steps, "R")
    assert "con <- odm_connect()" in write(steps, "R", bound=True)
    assert "odm_connect" not in write(steps, "R", bound=False)
    assert 'field("Tissue") == "liver"' in write(steps, "Python", "https://odm.example.org")
    with pytest.raises(QueryError, match="url ="):
        write(steps, "curl")


def test_a_matrix_has_features_in_rows_and_the_attributes_of_its_samples(odm: Client) -> None:
    found = table()["matrix"](odm, [])
    assert found["values"].row_names == ["TP53", "MYC"]
    assert found["values"].column_names == ["s1", "s2", "s3"]
    assert found["values"].nan_is_missing
    np.testing.assert_array_equal(found["values"].values, [[1, 2.5, np.nan], [4, 5, 6]])
    assert list(found["col_data"]["Tissue"]) == ["liver", "lung", "liver"]
    assert "Tissue" not in table()["matrix"](odm, [], attributes=False)["col_data"]
    assert found["assay"] == "value"
    assert "odm_query(con) |> odm_samples()" in found["source"]["code"]


def test_answers_are_tables_and_counts(odm: Client) -> None:
    functions = table()
    liver = [step("where", sample=leaf("==", "Tissue", "liver"))]
    assert len(functions["collect"](odm, liver)) == functions["total"](odm, liver) == 2
    funnel = functions["explain"](odm, liver)
    assert list(funnel["count"])[:3] == [1, 3, 2]
    counts = functions["facets"](odm, [], ["Age"], 5.0)
    assert counts.iloc[-1].to_list() == ["Age", None, 1]
    assert functions["about"](odm) == {
        "studies": 1,
        "samples": 3,
        "libraries": 0,
        "preparations": 0,
    }


def test_records_are_found_whatever_their_kind(odm: Client) -> None:
    sample = odm.samples.find(field("Sample Source ID") == "s2").to_list()[0]
    record = table()["record"]
    assert record(odm, sample["genestack:accession"])["Tissue"] == "lung"
    with pytest.raises(NotFound, match="GSF999999 is no study, sample"):
        record(odm, "GSF999999")


def test_versions_of_records_have_times(odm: Client) -> None:
    sample = odm.samples.find().to_list()[0]["genestack:accession"]
    found = table()["versions"](odm, sample)
    assert isinstance(found["time"].dtype, pd.DatetimeTZDtype)
    assert found["time"].dt.year.min() >= 2025


def test_a_file_outside_of_any_chain_is_a_version_of_its_own(odm: Client) -> None:
    group = odm.query().expression_groups().run().to_list()[0]["itemId"]
    found = table()["versions"](odm, group)
    assert list(found["accession"]) == [group]


def test_a_table_changes_records_and_says_so(odm: Client) -> None:
    wanted = pd.DataFrame({"Sample Source ID": ["s1", "s3"], "Sex": ["male", "ä"]})
    patch = table()["patch"]
    planned = patch(odm, wanted, "samples", "Sample Source ID", True)
    assert list(planned["changes"]["new"]) == ["male", "ä"]
    assert planned["said"].startswith("would change 2 values")
    patch(odm, wanted, "samples", "Sample Source ID")
    assert patch(odm, wanted, "samples", "Sample Source ID")["changes"].empty


def test_whole_numbers_of_r_are_written_without_a_point(odm: Client) -> None:
    # R has doubles where others have integers, in values and in keys.
    wanted = pd.DataFrame(
        {"Sample Source ID": ["s1", "s2", "s3"], "Age": [40.0, 1.5, np.nan], "Alive": [True] * 3}
    )
    patch = table()["patch"]
    changes = patch(odm, wanted, "samples", "Sample Source ID")["changes"]
    assert dict(zip(changes["attribute"], changes["new"], strict=False))["Alive"] == "true"
    found = {one["Sample Source ID"]: one.get("Age") for one in odm.samples.find()}
    assert found == {"s1": 40, "s2": 1.5, "s3": None}
    assert isinstance(found["s1"], int)
    of_numbers = pd.DataFrame({"Age": [40.0], "Alive": [False]})
    changes = patch(odm, of_numbers, "samples", "Age")["changes"]
    assert changes[["attribute", "old", "new"]].values.tolist() == [["Alive", "true", "false"]]


def test_no_rows_change_nothing(odm: Client) -> None:
    nothing = pd.DataFrame(
        {"Sample Source ID": pd.Series(dtype=object), "Age": pd.Series(dtype=float)}
    )
    assert table()["patch"](odm, nothing, "samples", "Sample Source ID")["changes"].empty


def test_templates_and_problems_are_tables(odm: Client) -> None:
    study = odm.studies.find().to_list()[0]["genestack:accession"]
    assert {"name", "is_required"} <= set(table()["template"](odm, study))
    assert list(table()["validate"](odm, study)) == [
        "group",
        "attribute",
        "value",
        "count",
        "error",
        "message",
    ]


def test_a_connection_is_kept_until_r_lets_it_go(tmp_path: Path) -> None:
    opened = table()["connect"](store=str(tmp_path / "odm"), retries=2.0)
    assert opened["url"] is None
    client = handles.get(opened["handle"])
    table()["close"](client)
    kept = handles.count_kept()
    table()["release"](float(opened["handle"].number))
    assert handles.count_kept() == kept - 1


def test_the_variables_of_r_say_which_odm_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ODM_URL", "https://odm.example.org")
    monkeypatch.setenv("ODM_SHINY_STORE", "elsewhere")
    monkeypatch.setenv("OTHER", "kept")
    opened = table()["connect"](environment={"ODM_SHINY_STORE": [str(tmp_path / "odm")]})
    table()["close"](handles.get(opened["handle"]))
    assert opened["where"] == str(tmp_path / "odm")
    assert "ODM_URL" not in os.environ
    assert os.environ["OTHER"] == "kept"


def test_what_is_no_connection_is_refused() -> None:
    with pytest.raises(QueryError, match="a connection must stand here"):
        table()["collect"]("https://odm.example.org", [])
