"""The files of a study are imported and linked; what is unclear is said before anything is sent."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from odm_shiny.connect import connect

Command = Callable[..., Any]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "odm"


def test_a_folder_becomes_a_study_with_linked_data(
    command: Command, study_folder: Path, store: Path
) -> None:
    ended = command("import", study_folder, "--store", store, "--json")
    assert ended.code == 0
    done = json.loads(ended.out)
    assert set(done["groups"]) == {"T.samples.tsv", "T.libraries.tsv", "T.gct"}
    assert done["problems"] == []
    with connect(store=store) as client:
        assert client.studies.get(done["study"])["Study Title"] == "Lunge und Leber"
        values = client.query().expression().genes("CD19").run().to_list()
    assert [value["value"] for value in values] == [{"value": 1}, {"value": 7}]


def test_without_json_each_file_has_its_accession_on_a_line(
    command: Command, study_folder: Path, store: Path
) -> None:
    ended = command("import", study_folder, "--store", store)
    lines = dict(line.split("\t") for line in ended.out.splitlines())
    assert list(lines) == ["study", "T.samples.tsv", "T.libraries.tsv", "T.gct"]
    assert all(accession.startswith("GSF") for accession in lines.values())
    assert "linked sample" in ended.err


def test_files_can_be_named_and_a_study_can_be_there_already(
    command: Command, study_folder: Path, store: Path
) -> None:
    first = command("import", study_folder / "T.study.tsv", "--store", store, "--json")
    study = json.loads(first.out)["study"]
    files = [study_folder / name for name in ("T.samples.tsv", "T.gct", "T.gct.tsv")]
    second = command("import", *files, "--study", study, "--store", store, "--json")
    assert json.loads(second.out)["study"] == study
    with connect(store=store) as client:
        assert len(client.studies.find()) == 1
        assert len(client.omics.samples(ex_query="feature=TP53")) == 3


def test_a_dry_run_says_what_is_what_and_imports_nothing(
    command: Command, study_folder: Path, store: Path
) -> None:
    ended = command("import", study_folder, "--dry-run", "--store", store)
    assert "study: T.study.tsv" in ended.out
    assert "data: T.gct (3 of 3 columns are samples)" in ended.out
    with connect(store=store) as client:
        assert len(client.studies.find()) == 0


def test_what_is_unclear_names_the_flags(
    command: Command, study_folder: Path, store: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(study_folder, tmp_path / "two")
    shutil.copy(folder / "T.study.tsv", folder / "U.study.tsv")
    ended = command("import", folder, "--store", store)
    assert ended.code == 1
    assert "--study" in ended.err
    assert "study=" not in ended.err
    with connect(store=store) as client:
        assert len(client.studies.find()) == 0


def test_data_that_belongs_to_nothing_ends_with_1(
    command: Command, study_folder: Path, store: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(study_folder, tmp_path / "strange")
    gct = folder / "T.gct"
    gct.write_text(gct.read_text().replace("S-", "X-"))
    ended = command("import", folder, "--store", store)
    assert ended.code == 1
    assert "T.gct" in ended.err.splitlines()[-1]
    assert "not linked" in ended.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        pytest.param(["nowhere.tsv"], "there is no such file", id="no file"),
        pytest.param(["T.study.tsv", "."], "is a folder among files", id="a folder among files"),
        pytest.param(["T.gct", "T.gct"], "another file has the same name", id="twice"),
    ],
)
def test_paths_that_make_no_sense_are_named(
    command: Command, study_folder: Path, store: Path, names: list[str], problem: str
) -> None:
    ended = command("import", *(study_folder / name for name in names), "--store", store)
    assert ended.code == 1
    assert problem in ended.err


def test_errors_name_the_files_as_they_were_given(
    command: Command, study_folder: Path, store: Path
) -> None:
    odd = study_folder / "odd.tsv"
    odd.write_text("what\tis this\n1\t2\n")
    other = shutil.copy(study_folder / "T.study.tsv", study_folder / "U.study.tsv")
    for files in ([odd], [study_folder / "T.study.tsv", other]):
        ended = command("import", *files, "--store", store)
        assert ended.code == 1
        assert "odm-shiny-import-" not in ended.err
        assert str(files[-1]) in ended.err.splitlines()[-1]
