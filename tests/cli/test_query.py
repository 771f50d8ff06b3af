"""The query command asks what its options say, and writes it in every format alike."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest

Command = Callable[..., Any]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_pipe_gets_every_row_as_csv(command: Command, filled: Any) -> None:
    ended = command("query", "samples", "--store", filled.folder)
    assert ended.code == 0
    found = rows(ended.out)
    assert [row["Sample Source ID"] for row in found] == ["S-1", "S-2", "S-3"]
    assert [row["Sample Name"] for row in found] == ["probe ä", "", "007"]
    assert found[0]["Batch"] == "B1|B2"


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        pytest.param(["--sample-filter", "Tissue = liver"], ["S-1", "S-3"], id="filter"),
        pytest.param(["--sample-query", "lung"], ["S-2"], id="full text"),
        pytest.param(["--ex-query", "feature=TP53 value>=4"], ["S-1"], id="data"),
        pytest.param(["--library-filter", '"Library ID" = L2'], ["S-2"], id="library"),
        pytest.param(["--study-query", "Leber", "--limit", "2"], ["S-1", "S-2"], id="study"),
        pytest.param(["--sort", "-id"], ["S-3", "S-2", "S-1"], id="order"),
    ],
)
def test_conditions_choose_rows(
    command: Command, filled: Any, words: list[str], ids: list[str]
) -> None:
    ended = command("query", "samples", *words, "--store", filled.folder, "--json")
    assert [row["Sample Source ID"] for row in json.loads(ended.out)] == ids


@pytest.mark.parametrize(
    "kind", ["studies", "samples", "libraries", "preparations", "expression", "files"]
)
def test_an_answer_without_rows_has_its_header(command: Command, filled: Any, kind: str) -> None:
    whole = command(
        "query",
        kind,
        *(["--ex-query", "feature=TP53"] * (kind == "expression")),
        "--store",
        filled.folder,
    )
    words = ["--ex-query", "feature=NONE"] if kind == "expression" else ["--sample-query", "brain"]
    ended = command("query", kind, *words, "--store", filled.folder)
    assert ended.code == 0
    (header,) = ended.out.splitlines()
    known = whole.out.splitlines()[0] if kind != "preparations" else "genestack:accession"
    assert known.startswith(header)


@pytest.mark.parametrize("kind", ["studies", "libraries", "files"])
def test_other_kinds_are_found_too(command: Command, filled: Any, kind: str) -> None:
    found = json.loads(command("query", kind, "--store", filled.folder, "--json").out)
    first = {"studies": filled.study, "files": filled.data}.get(kind)
    accessions = [row.get("genestack:accession") or row.get("itemId") for row in found]
    assert len(found) == {"studies": 1, "libraries": 2, "files": 1}[kind]
    assert first is None or first in accessions


def test_formats_hold_the_same_values(command: Command, filled: Any, tmp_path: Path) -> None:
    words = ("query", "expression", "--ex-query", "feature=TP53,CD19", "--store", filled.folder)
    for name in ("v.csv", "v.tsv", "v.parquet", "v.h5ad", "v.json"):
        ended = command(*words, "-o", tmp_path / name)
        assert ended.code == 0, ended.err
        assert ended.out == ""
    frame = pd.read_csv(tmp_path / "v.csv").set_index(["feature", "runSourceId"])["value"]
    assert dict(frame) == {
        ("TP53", "S-1"): 12.5,
        ("TP53", "S-2"): 3.25,
        ("TP53", "S-3"): 0.0,
        ("CD19", "S-1"): 1.0,
        ("CD19", "S-3"): 7.0,
    }
    of_tsv = pd.read_csv(tmp_path / "v.tsv", sep="\t")
    of_parquet = pd.read_parquet(tmp_path / "v.parquet")
    assert list(of_tsv["value"]) == list(of_parquet["value"]) == list(frame)
    assert len(json.loads((tmp_path / "v.json").read_text())) == 5
    matrix = anndata.read_h5ad(tmp_path / "v.h5ad")
    assert matrix.shape == (3, 2)
    assert np.nansum(matrix.X) == pytest.approx(frame.sum())


def test_a_data_file_is_read_as_a_matrix(command: Command, filled: Any) -> None:
    ended = command("query", "expression", "--group", filled.data, "--store", filled.folder)
    found = rows(ended.out)
    assert [row["feature"] for row in found] == ["TP53", "CD19", "ABL1", "MYC", "APP"]
    assert found[1]["S-2"] == ""


def test_a_terminal_shows_the_first_rows(
    command: Command, filled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "200")
    ended = command("query", "samples", "--store", filled.folder)
    assert ended.code == 0
    assert "probe ä" in terminal.getvalue()
    assert "the first 3 rows" in ended.err


def test_counts_explain_a_query(command: Command, filled: Any) -> None:
    words = ("query", "samples", "--sample-filter", "Tissue=liver", "--explain")
    ended = command(*words, "--store", filled.folder, "--json")
    counts = {step["name"]: step["count"] for step in json.loads(ended.out)}
    assert (counts["studies"], counts["samplesInStudies"], counts["samplesMatching"]) == (1, 3, 2)


@pytest.mark.parametrize(
    ("language", "part"),
    [
        ("python", 'field("Tissue") == "liver"'),
        ("curl", "--data-urlencode filter=Tissue=liver"),
        ("url", "Tissue"),
    ],
)
def test_the_query_is_printed_without_asking(
    command: Command, tmp_path: Path, language: str, part: str
) -> None:
    store = tmp_path / "never"
    words = ("query", "samples", "--sample-filter", "Tissue=liver", "--code", language)
    where = ("--url", "https://odm.example.org") if language == "curl" else ("--store", store)
    ended = command(*words, *where)
    assert ended.code == 0, ended.err
    assert part in ended.out
    assert not store.exists()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        pytest.param(["sampels"], "nothing is called 'sampels'", id="kind"),
        pytest.param(["samples", "--sample-filter", "Tissue ="], "at character", id="filter"),
        pytest.param(["samples", "--as", "xlsx"], "'xlsx' is no format", id="format"),
        pytest.param(["samples", "--as", "parquet"], "parquet goes to a file", id="no file"),
        pytest.param(["samples", "--as", "h5ad", "-o", "x.h5ad"], "query expression", id="h5ad"),
        pytest.param(["samples", "--code", "perl"], "it is one of python", id="language"),
        pytest.param(["samples", "--code", "curl"], "--url https://HOST", id="no address"),
        pytest.param(["samples", "--metadata", "much"], "metadata", id="metadata"),
    ],
)
def test_what_cannot_be_asked_is_one_line(
    command: Command, filled: Any, words: list[str], problem: str
) -> None:
    ended = command("query", *words, "--store", filled.folder)
    assert ended.code == 1
    assert ended.err.count("\n") == 1
    assert problem in ended.err
