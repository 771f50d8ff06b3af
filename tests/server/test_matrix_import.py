"""Data files become matrices and files with runs."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from odm_shiny.errors import FileError
from odm_shiny.server.fetch import Fetched
from odm_shiny.server.matrix_import import (
    MatrixOptions,
    is_gct,
    read_group_metadata,
    write_matrix,
)
from odm_shiny.store.matrices import MatrixStore

GCT = "#1.2\n2\t2\nName\tDescription\tS-1\tS-2\nTP53\ttumour protein\t1\t\nEGFR\tna\t3\t4\n"
GCT3 = "#1.3\n1\t2\t1\t1\nid\tchrom\tS-1\tS-2\nsex\tna\tf\tm\nTP53\tchr17\t1\t2\n"


@pytest.fixture
def written(tmp_path):
    """Write a text as a matrix; what came out, and the matrix."""

    def write(text, name="f.tsv", metadata=None, **options):
        path = tmp_path / "upload-0"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        store = MatrixStore(tmp_path / "matrices")
        told: list[int] = []
        options = MatrixOptions(**options)
        file = Fetched(name, path)
        found = write_matrix(store, file, options, metadata or {}, told.append)
        return found, store.open(found.info.matrix_id), told

    return write


def test_a_table_says_what_its_columns_are(written) -> None:
    text = "gene\tlength\tchrom\tS-1\nTP53\t10\t17\t1.5\nEGFR\tNA\tX\t2\n"
    found, matrix, told = written(text, n_feature_columns=3)
    assert found.decided == {
        "Data Class": "Other",
        "Features (string)": ["chrom", "gene"],
        "Features (numeric)": "length",
    }
    assert found.run_names == ["S-1"]
    assert matrix.feature_columns == {"gene": "string", "length": "number", "chrom": "string"}
    assert told[-1] == 2
    assert found.warnings == []


def test_named_measurements_are_told_with_their_separator(written) -> None:
    text = "gene\tS-1_p\tS-1_FC\tS-2_p\tS-2_FC\nTP53\t1\t2\t\t4\n"
    found, matrix, _ = written(text, n_feature_columns=1, separator="_", data_class="Proteomics")
    assert found.decided == {
        "Data Class": "Proteomics",
        "Features (string)": "gene",
        "Values (numeric)": ["FC", "p"],
        "Measurement Separator": "_",
    }
    assert matrix.measurements == ["p", "FC"]
    np.testing.assert_array_equal(matrix.read([0], measurement="p"), [[1.0], [np.nan]])
    np.testing.assert_array_equal(matrix.read([0], measurement="FC"), [[2.0], [4.0]])


@pytest.mark.parametrize(
    ("metadata", "asked", "data_class"),
    [
        ({"Data Class": "Metabolomics"}, None, "Metabolomics"),
        ({"Data Class": "Metabolomics"}, "Lipidomics", "Lipidomics"),
        ({"Data Class": "Nonsense"}, None, "Other"),
        ({"Data Class": ["Lipidomics", "Other"]}, None, "Other"),
        ({}, None, "Other"),
    ],
    ids=str,
)
def test_the_data_class_is_the_one_asked_for_else_that_of_the_metadata(
    written, metadata, asked, data_class
) -> None:
    found, _, _ = written(
        "gene\tA\nx\t1\n", metadata=metadata, n_feature_columns=1, data_class=asked
    )
    assert found.decided["Data Class"] == data_class


def test_a_gct_keeps_its_ids_alone_and_decides_its_class(written) -> None:
    found, matrix, _ = written(GCT, name="f.gct", data_class="Proteomics", n_feature_columns=7)
    assert found.decided == {"Data Class": "Bulk transcriptomics"}
    assert matrix.feature_columns == {"feature": "string"}
    np.testing.assert_array_equal(matrix.read([0, 1]), [[1.0, 3.0], [np.nan, 4.0]])


def test_attributes_of_a_later_gct_are_feature_columns(written) -> None:
    found, matrix, _ = written(GCT3, name="f.gct")
    assert list(matrix.feature_columns) == ["feature", "chrom"]
    assert found.warnings == [
        "column attribute 'sex' was left out: samples have metadata of their own"
    ]


@pytest.mark.parametrize("skip", [True, False])
def test_zeros_are_missing_only_when_that_was_asked_for(written, skip) -> None:
    metadata = {"Skip zero values": "yes"} if skip else {}
    _, matrix, _ = written(
        "gene\tA\tB\nx\t0\t1\ny\t0.0\t-0\n", metadata=metadata, n_feature_columns=1
    )
    zero = np.nan if skip else 0.0
    np.testing.assert_array_equal(matrix.read([0, 1]), [[zero, zero], [1.0, zero]])


@pytest.mark.parametrize(
    ("name", "content", "yes"),
    [
        ("a.gct", "anything", True),
        ("a.GCT", "anything", True),
        ("a.gct.gz", gzip.compress(b"x", mtime=0), True),
        ("a.tsv", "#1.2\n", True),
        ("a", "#1.3\n", True),
        ("a.tsv.gz", gzip.compress(GCT.encode(), mtime=0), True),
        ("a.tsv", "gene\tA\n", False),
        ("a.gct.tsv", "gene\tA\n", False),
        ("a.tsv", "", False),
        ("a.tsv", "#1", False),
    ],
)
def test_a_gct_is_told_by_its_name_or_its_first_bytes(tmp_path, name, content, yes) -> None:
    path = tmp_path / "upload-0"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert is_gct(Fetched(name, path)) == yes


def test_whoever_is_told_of_progress_may_stop_the_import(tmp_path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("gene\tA\n" + "".join(f"G{i}\t{i}\n" for i in range(100)))
    store = MatrixStore(tmp_path / "matrices")

    def stop(n_rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_matrix(store, Fetched("t.tsv", path), MatrixOptions(1), {}, stop)
    assert store.ids() == set()
    assert store.sweep() == 0


def test_metadata_of_a_file_are_one_record_or_nothing(tmp_path) -> None:
    assert read_group_metadata(None) == ({}, [])
    path = tmp_path / "m.tsv"
    path.write_text("Scale\tTools\nlog2\ta|b\n")
    document = {"Scale": "log2", "Tools": ["a", "b"]}
    assert read_group_metadata(Fetched("m.tsv", path)) == (document, [])
    path.write_text("Scale\nlog2\nraw\n")
    with pytest.raises(FileError, match=r"m\.tsv, line 3"):
        read_group_metadata(Fetched("m.tsv", path))
