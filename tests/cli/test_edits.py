"""Links, patches, versions, validation, jobs and sharing from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from odm_shiny.cli.patch import read_changes, read_table
from odm_shiny.cli.versions import difference
from odm_shiny.connect import connect
from odm_shiny.errors import FileError, QueryError

Command = Callable[..., Any]


@pytest.fixture
def sample(filled: Any) -> str:
    """Accession of sample S-1."""
    with connect(store=filled.folder) as client:
        first = client.samples.find('"Sample Source ID" = S-1').to_list()[0]
    return str(first["genestack:accession"])


def record(filled: Any, accession: str) -> dict[str, Any]:
    with connect(store=filled.folder) as client:
        return dict(client.samples.get(accession))


# ---- patch --------------------------------------------------------------------------------------


def test_attributes_are_set_replaced_and_removed(
    command: Command, filled: Any, sample: str
) -> None:
    words = ("Tissue=Größe", "Batch=B7", "Batch=B8", "Sample Name=")
    ended = command("patch", sample, *words, "--store", filled.folder, "--json")
    assert ended.code == 0, ended.err
    assert len(json.loads(ended.out)["changes"]) == 3
    changed = record(filled, sample)
    assert (changed["Tissue"], changed["Batch"]) == ("Größe", ["B7", "B8"])
    assert changed["Sample Name"] is None


def test_a_dry_run_shows_what_would_change(command: Command, filled: Any, sample: str) -> None:
    ended = command("patch", sample, "Tissue=skin", "--dry-run", "--store", filled.folder)
    assert ended.out.splitlines()[1] == f"{sample}\tTissue\tliver\tskin"
    assert "would change 1 values" in ended.err
    assert record(filled, sample)["Tissue"] == "liver"


def test_a_table_changes_many_and_its_empty_cells_nothing(
    command: Command, filled: Any, sample: str, tmp_path: Path
) -> None:
    table = tmp_path / "edits.tsv"
    table.write_text("Sample Source ID\tTissue\tBatch\nS-1\t\tX|Y\nS-2\tliver\t\n")
    words = ("patch", "--from", table, "--key", "Sample Source ID", "--store", filled.folder)
    assert command(*words).code == 0
    changed = record(filled, sample)
    assert (changed["Tissue"], changed["Batch"]) == ("liver", ["X", "Y"])
    again = json.loads(command(*words, "--json").out)
    assert again["changes"] == []
    assert command(*words, "--clear").code == 0
    assert record(filled, sample)["Tissue"] is None


def test_an_unknown_accession_is_named(command: Command, filled: Any) -> None:
    ended = command("patch", "GSF999999", "A=b", "--store", filled.folder)
    assert ended.code == 1
    assert "GSF999999 is no study, sample, library or preparation" in ended.err


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        pytest.param([], "say either one accession", id="nothing"),
        pytest.param(["GSF1"], "say what to change", id="no change"),
        pytest.param(["GSF1", "Tissue"], "'Tissue' is not ATTRIBUTE=VALUE", id="no value"),
        pytest.param(["--from", "x.tsv", "--kind", "mice"], "cannot be read", id="no file"),
    ],
)
def test_a_patch_that_makes_no_sense_is_one_line(
    command: Command, filled: Any, words: list[str], problem: str
) -> None:
    ended = command("patch", *words, "--store", filled.folder)
    assert ended.code == 1
    assert problem in ended.err


def test_changes_are_read_with_equals_signs_in_values() -> None:
    assert read_changes(["A=x=y", "B="]) == {"A": "x=y", "B": None}
    with pytest.raises(QueryError):
        read_changes(["=x"])


@pytest.mark.parametrize(
    ("name", "text", "rows"),
    [
        pytest.param("a.csv", 'id,T\n1,"x, y"\n', [{"id": "1", "T": "x, y"}], id="comma"),
        pytest.param(
            "a.tsv", "\ufeffid\tT\r\n1\ta||b|c\r\n", [{"id": "1", "T": ["a|b", "c"]}], id="tab"
        ),
        pytest.param("a.tsv", "id\tT\n1\t\n", [{"id": "1"}], id="empty"),
        pytest.param("a.tsv", "id\tT\n\n1\tx\n\n", [{"id": "1", "T": "x"}], id="blank lines"),
    ],
)
def test_a_table_is_read_as_odm_writes_it(
    tmp_path: Path, name: str, text: str, rows: list[dict[str, Any]]
) -> None:
    (tmp_path / name).write_bytes(text.encode())
    assert read_table(tmp_path / name, "id", clear=False) == rows


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("a\tb\n", "has no column 'id'", id="no key"),
        pytest.param("id\n1\t2\n", "line 2, column 2: has 2 cells where", id="long line"),
        pytest.param("id\tA\tB\n1\t2\n", "line 2, column 3: has 2 cells where", id="short line"),
        pytest.param("", "has no column 'id'", id="empty"),
    ],
)
def test_a_table_that_is_none_is_named(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "a.tsv").write_text(text)
    with pytest.raises(FileError, match=problem):
        read_table(tmp_path / "a.tsv", "id", clear=False)


# ---- versions -----------------------------------------------------------------------------------


def test_versions_of_a_record_are_listed_and_compared(
    command: Command, filled: Any, sample: str
) -> None:
    command("patch", sample, "Tissue=skin", "--store", filled.folder)
    listed = json.loads(command("versions", sample, "--store", filled.folder, "--json").out)
    assert len(listed) == 2
    assert listed[0]["message"] == "Edited via API"
    old, new = listed[1]["version"], listed[0]["version"]
    words = ("versions", sample, "--diff", old, new, "--store", filled.folder)
    assert command(*words).out.splitlines()[1:] == ["Tissue\tliver\tskin"]
    same = command("versions", sample, "--diff", old, old, "--store", filled.folder)
    assert "are the same" in same.err


def test_a_file_without_chain_is_its_only_version(command: Command, filled: Any) -> None:
    (row,) = json.loads(command("versions", filled.data, "--store", filled.folder, "--json").out)
    assert row == {"version": None, "accession": filled.data, "active": None, "chain": None}


def test_a_chain_lists_its_files_newest_first(
    command: Command, filled: Any, study_folder: Path
) -> None:
    files = [study_folder / name for name in ("T.samples.tsv", "T.gct", "T.gct.tsv")]
    options = ("--study", filled.study, "--previous-version", filled.data)
    made = command("import", *files, *options, "--store", filled.folder, "--json")
    new = json.loads(made.out)["groups"]["T.gct"]
    rows = json.loads(command("versions", filled.data, "--store", filled.folder, "--json").out)
    assert [(row["version"], row["accession"], row["active"]) for row in rows] == [
        (2, new, True),
        (1, filled.data, False),
    ]


def test_difference_names_what_came_and_went() -> None:
    assert difference({"a": 1, "b": 2}, {"c": 3, "b": 2}) == [
        {"attribute": "c", "before": None, "after": 3},
        {"attribute": "a", "before": 1, "after": None},
    ]


# ---- link ---------------------------------------------------------------------------------------


def test_a_group_is_unlinked_and_linked_again(command: Command, filled: Any) -> None:
    words = ("expression-group", filled.data, "sample-group", filled.samples)
    gone = command("link", *words, "--remove", "--store", filled.folder)
    assert (
        gone.out == f"unlinked expression-group {filled.data} from sample-group {filled.samples}\n"
    )
    with connect(store=filled.folder) as client:
        assert len(client.omics.samples(ex_query="feature=TP53")) == 0
    made = command("link", *words, "--store", filled.folder, "--json")
    assert json.loads(made.out)["complete"] is True
    with connect(store=filled.folder) as client:
        assert len(client.omics.samples(ex_query="feature=TP53")) == 3


def test_a_group_is_not_linked_to_one_object(command: Command, filled: Any, sample: str) -> None:
    words = ("expression-group", filled.data, "sample", sample)
    ended = command("link", *words, "--store", filled.folder)
    assert ended.code == 1
    assert "link a group to a group" in ended.err


# ---- validate -----------------------------------------------------------------------------------


def test_invalid_values_are_listed_and_strictness_ends_with_1(
    command: Command, filled: Any, sample: str
) -> None:
    command("patch", sample, "Age=old", "--store", filled.folder)
    listed = json.loads(command("validate", filled.study, "--store", filled.folder, "--json").out)
    of_age = [row for row in listed if row["attribute"] == "Age"]
    assert of_age[0]["value"] == "old"
    assert command("validate", filled.study, "--strict", "--store", filled.folder).code == 1


# ---- jobs ---------------------------------------------------------------------------------------


def test_jobs_are_listed_and_shown(command: Command, filled: Any) -> None:
    listed = json.loads(command("jobs", "list", "--store", filled.folder, "--json").out)
    assert {job["status"] for job in listed} == {"COMPLETED"}
    number = listed[0]["id"]
    shown = json.loads(command("jobs", "show", number, "--store", filled.folder, "--json").out)
    assert shown["result"]["groupAccession"].startswith("GSF")
    waited = command("jobs", "wait", number, "--store", filled.folder)
    assert waited.out.startswith("groupAccession: GSF")


def test_a_job_that_is_over_cannot_be_stopped(command: Command, filled: Any) -> None:
    ended = command("jobs", "stop", 1, "--store", filled.folder)
    assert ended.code == 1
    assert ended.err.count("\n") == 1


# ---- share --------------------------------------------------------------------------------------


def test_a_study_is_shared_with_a_group_and_taken_back(command: Command, filled: Any) -> None:
    store = ("--store", filled.folder)
    command("share", "groups", "--new", "Labor Ä", "--member", "ann@example.org", *store)
    listed = json.loads(command("share", "groups", *store, "--json").out)
    assert {"name": "Labor Ä", "members": ["ann@example.org"]}.items() <= listed[-1].items()
    assert "is now shared" in command("share", "add", filled.study, "labor ä", *store).out
    assert "is already shared" in command("share", "add", filled.study, "labor ä", *store).out
    (row,) = json.loads(command("share", "list", filled.study, *store, "--json").out)
    assert row["name"] == "Labor Ä"
    assert "is no longer" in command("share", "remove", filled.study, "Labor Ä", *store).out
    assert json.loads(command("share", "list", filled.study, *store, "--json").out) == []


def test_an_unknown_group_names_the_known(command: Command, filled: Any) -> None:
    ended = command("share", "add", filled.study, "Lab", "--store", filled.folder)
    assert ended.code == 1
    assert "there is no group 'Lab'; there are" in ended.err


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("share", "add", "GSF000018", "Lab"), "ODM's API has no operation that shares a study"),
        (("share", "remove", "GSF000018", "Lab"), "ODM's API has no operation that shares a study"),
        (("share", "list", "GSF000018"), "ODM's API has no operation that shares a study"),
        (("jobs", "list"), "ODM's API has no list of jobs: `odm-shiny jobs show ID --url"),
    ],
    ids=lambda one: " ".join(one[:2]) if isinstance(one, tuple) else "",
)
def test_what_the_api_cannot_do_is_said_and_nothing_is_opened(
    command: Command, tmp_path: Path, words: tuple[str, ...], problem: str
) -> None:
    store = tmp_path / "store"
    ended = command(*words, "--url", "http://127.0.0.1:9", "--store", store)
    assert ended.code == 1
    assert problem in ended.err
    assert "--store" in ended.err
    assert not store.exists()
