"""Files are told apart by name, then by header; what is unclear is said before anything is sent."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from odm_shiny.cli.import_plan import (
    DataFile,
    find_files,
    header_of,
    ids_in,
    link_data,
    make_plan,
    role_of,
)
from odm_shiny.demo import demo_studies
from odm_shiny.errors import FileError

Write = Callable[..., Path]

SAMPLES = "Sample Source ID\tSample Name\nS-1\tLunge ä\nS-2\t\nS-3\t7\n"
LIBRARIES = "Library ID\tSample Source ID\nL1\tS-1\nL2\tS-2\n"
GCT = "#1.2\n1\t2\nNAME\tDescription\tL1\tL2\nG1\t\t1\t2\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, text: str = "") -> Path:
        path = tmp_path / name
        if name.endswith(".gz"):
            path.write_bytes(gzip.compress(text.encode()))
        elif name.endswith(".zip"):
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr(name.removesuffix(".zip"), text)
        else:
            path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("name", "text", "role"),
    [
        ("A.study.tsv", "", "study"),
        ("samples.tsv", "", "samples"),
        ("my_libraries.tsv", "", "libraries"),
        ("A.preparations.tsv.gz", "", "preparations"),
        ("A.gct", "", "expression"),
        ("A.GCT.zip", "", "expression"),
        ("A.vcf.gz", "", "variant"),
        ("A.expression.tsv", "", "expression"),
        ("a.tsv", SAMPLES, "samples"),
        ("b.tsv", LIBRARIES, "libraries"),
        ("c.tsv", "\ufeffPreparation ID\tSample Source ID\r\n", "preparations"),
        ("d.tsv", "Study Title\nOne\n", "study"),
    ],
)
def test_a_role_is_told_by_name_then_by_header(
    write: Write, name: str, text: str, role: str
) -> None:
    assert role_of(write(name, text)) == role


def test_a_file_of_no_role_names_the_flags(write: Write) -> None:
    with pytest.raises(FileError, match=r"x\.tsv: .* --samples, --libraries"):
        role_of(write("x.tsv", "gene\tS-1\n"))


def test_a_folder_is_its_files_without_those_for_people(write: Write, tmp_path: Path) -> None:
    wanted = [write("A.study.tsv"), write("B.samples.tsv")]
    for name in ("README.md", "LICENSE.txt", ".hidden.tsv", "SHA256SUMS"):
        write(name)
    (tmp_path / "deeper").mkdir()
    assert find_files([tmp_path]) == wanted
    assert find_files([wanted[1], tmp_path]) == [wanted[1], wanted[0]]


def test_a_path_that_is_not_there_and_an_empty_folder_are_errors(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no such file"):
        find_files([tmp_path / "nowhere"])
    with pytest.raises(FileError, match="nothing to import"):
        find_files([tmp_path])


def test_metadata_goes_with_its_data(write: Write) -> None:
    gct, vcf, frame = write("A.gct.gz", GCT), write("A.vcf"), write("B.expression.tsv.gz")
    of_gct, of_vcf, of_frame = write("A.gct.tsv"), write("A.tsv"), write("B.expression.tsv.tsv")
    plan = make_plan([gct, of_gct, vcf, of_vcf, frame, of_frame])
    assert plan.data == (
        DataFile(gct, "expression", of_gct),
        DataFile(frame, "expression", of_frame),
        DataFile(vcf, "variant", of_vcf),
    )


def test_two_studies_are_one_too_many(write: Write) -> None:
    with pytest.raises(FileError, match=r"only one study .*A\.study\.tsv and B\.study\.tsv"):
        make_plan([write("A.study.tsv"), write("B.study.tsv")])


def test_a_flag_wins_over_the_name(write: Write) -> None:
    file = write("samples.tsv")
    assert make_plan([file], {file: "expression"}).data == (DataFile(file, "expression"),)


def test_data_links_to_the_kind_that_its_columns_name(write: Write) -> None:
    files = [write("A.samples.tsv", SAMPLES), write("A.libraries.tsv", LIBRARIES)]
    plan = make_plan([*files, write("A.gct", GCT)])
    assert link_data(plan, ids_in(plan)).data[0].links_to == "libraries"


@pytest.mark.parametrize(
    ("header", "n_features", "separator"),
    [
        pytest.param("gene\tS-1\tS-3", 1, None, id="plain"),
        pytest.param("gene\tchrom\tstart\tS-2\tS-9", 3, None, id="three features, a stranger"),
        pytest.param("gene\tS-1:FC\tS-1:p\tS-2:FC\tS-2:p", 1, ":", id="two measurements"),
        pytest.param("gene\tS-1.raw\tS-2.raw", 1, ".", id="a dash inside the id"),
    ],
)
def test_a_data_frame_is_cut_where_its_samples_begin(
    write: Write, header: str, n_features: int, separator: str | None
) -> None:
    plan = make_plan(
        [write("A.samples.tsv", SAMPLES), write("A.expression.tsv", f"{header}\nG1\t1\n")]
    )
    (data,) = link_data(plan, ids_in(plan)).data
    assert (data.n_feature_columns, data.separator) == (n_features, separator)


def test_columns_that_are_nobodys_ids_stop_the_import(write: Write) -> None:
    plan = make_plan([write("A.samples.tsv", SAMPLES), write("A.gct", GCT)])
    with pytest.raises(FileError, match=r"A\.gct: no column is the ID of .*samples.*--link-by"):
        link_data(plan, ids_in(plan))


def test_columns_that_are_ids_of_two_kinds_stop_the_import(write: Write) -> None:
    plan = make_plan([write("A.gct", GCT)])
    with pytest.raises(FileError, match="--link-to"):
        link_data(plan, {"libraries": {"L1"}, "preparations": {"L2"}})


def test_another_attribute_can_name_the_columns(write: Write) -> None:
    samples = write("A.samples.tsv", "Sample Source ID\tBarcode\nS-1\tL1\n")
    plan = make_plan([samples, write("A.gct", GCT)])
    ids = ids_in(plan, {"samples": "Barcode"})
    assert link_data(plan, ids).data[0].links_to == "samples"
    with pytest.raises(FileError, match=r"A\.samples\.tsv, line 1: has no attribute 'Bar'"):
        ids_in(plan, {"samples": "Bar"})


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        pytest.param("A.gct", "#1.2\n", "ends before its header", id="cut"),
        pytest.param("A.tsv", "", "ends before its header", id="empty"),
    ],
)
def test_a_file_without_header_is_named(write: Write, name: str, text: str, problem: str) -> None:
    with pytest.raises(FileError, match=problem):
        header_of(write(name, text))


@pytest.mark.parametrize("name", ["A.tsv.gz", "A.tsv.zip"])
def test_a_file_that_is_not_what_its_name_says_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"gene\tS-1\n")
    with pytest.raises(FileError, match=rf"{name}: cannot be read"):
        header_of(tmp_path / name)


def test_text_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "A.tsv").write_bytes(b"gr\xf6\xdfe\n")
    with pytest.raises(FileError, match="cannot be read"):
        header_of(tmp_path / "A.tsv")


@pytest.mark.parametrize("study", demo_studies(), ids=lambda study: study.name)
def test_the_demo_studies_are_understood_without_flags(study: object) -> None:
    folder = Path(str(study.folder))  # type: ignore[attr-defined]
    plan = make_plan(find_files([folder]))
    plan = link_data(plan, ids_in(plan))
    assert plan.study is not None
    assert {data.path.name: data.n_feature_columns for data in plan.data} == {
        matrix.file: matrix.number_of_feature_attributes
        for matrix in study.matrices  # type: ignore[attr-defined]
    }
    assert {data.path.name: data.separator for data in plan.data} == {
        matrix.file: matrix.measurement_separator
        for matrix in study.matrices  # type: ignore[attr-defined]
    }
    assert all(data.metadata is not None for data in plan.data)
