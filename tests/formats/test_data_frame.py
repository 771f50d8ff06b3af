from __future__ import annotations

import numpy as np
import pytest

from odm_shiny.errors import FileError
from odm_shiny.formats.data_frame import open_data_frame


def read(content: bytes, n: int = 1, **options):
    with open_data_frame(content, n_feature_columns=n, name="a.tsv", **options) as blocks:
        parts = list(blocks)
    return blocks, parts


def test_feature_columns_come_first_and_runs_follow():
    blocks, (block,) = read(
        "Ensembl_ID\tgène\tS 1\tS2\nENSG1\tTP53\t1\t2\n7157\t\t \tfiltered\n".encode(), 2
    )
    assert blocks.header.feature_columns == ("Ensembl_ID", "gène")
    assert blocks.header.run_names == ("S 1", "S2")
    assert block.features == {"Ensembl_ID": ["ENSG1", "7157"], "gène": ["TP53", None]}
    np.testing.assert_array_equal(block.values[:, :, 0], [[1, 2], [np.nan, np.nan]])


@pytest.mark.parametrize("code", ["", " ", "NaN", "null", "N/A", "NA", "filtered", "Inf", "-Inf"])
def test_missing_codes_are_missing_in_values_and_features(code):
    _, (block,) = read(f"g\tchrom\tS1\na\t{code}\t{code}\n".encode(), 2)
    assert block.features["chrom"] == [None]
    assert np.isnan(block.values).all()


def test_accession_may_repeat():
    _, (block,) = read(b"g\tS1\na\t1\na\t2\n")
    assert block.features["g"] == ["a", "a"]


def test_columns_are_split_at_the_first_separator():
    blocks, (block,) = read(b"g\tS1.FC.log\tS1.p\tS2.FC.log\tS2.p\na\t1\t2\t3\t4\n", separator=".")
    assert blocks.header.run_names == ("S1", "S2")
    assert blocks.header.measurements == ("FC.log", "p")
    assert block.values.tolist() == [[[1, 2], [3, 4]]]


def test_measurements_in_any_order_are_arranged_by_run():
    content = b"g\tS2_p\tS1_p\tS1_FC\tS2_FC\na\t1\t2\t3\t4\n"
    blocks, (block,) = read(content, separator="_")
    assert blocks.header.run_names == ("S2", "S1")
    assert blocks.header.measurements == ("p", "FC")
    assert block.values.tolist() == [[[1, 4], [2, 3]]]


def test_separator_may_have_several_characters():
    blocks, _ = read(b"g\tS-1--FC\tS-2--FC\na\t1\t2\n", separator="--")
    assert blocks.header.run_names == ("S-1", "S-2")


@pytest.mark.parametrize(
    ("content", "options", "line", "column", "message"),
    [
        (b"", {}, 1, None, "no header"),
        (b"\t\n", {}, 1, None, "no header"),
        (b"g,S1,S2\na,1,2\n", {}, 1, None, "separated by tabs"),
        (b"g\n", {}, 1, None, "at least one numeric column"),
        (b"g\tc\tS1\n", {"n": 3}, 1, None, "at least one numeric column"),
        (b"g\tS1\n", {"n": 0}, None, None, "at least 1 feature column"),
        (b"g\t\tS1\n", {}, 1, 2, "without a name"),
        (b"g\tS1\tS1\n", {}, 1, 3, "repeats the column 'S1' of column 2"),
        (b"g\tS1\tg\n", {}, 1, 3, "repeats the column 'g' of column 1"),
        (b"g\tS1\n", {}, None, None, "no data row"),
        (b"g\tS1\na\tb\n", {}, 2, 2, "'b' is not a number"),
        (b"g\tS1\nNA\t1\n", {}, 2, 1, "without feature accession"),
        (b"g\tS1\na\t1\t2\n", {}, 2, 3, r"write\.table"),
        (b"g\tS1\tS2\na\t1\n", {}, 2, 3, "has 2 cells where the header has 3"),
        (b"g\tS1\n", {"separator": "x"}, None, None, "cannot be split by 'x'"),
        (b"g\tS1\n", {"separator": ""}, None, None, "cannot be split by ''"),
        (b"g\tS1.a\tS2\n", {"separator": "."}, 1, 3, "no run and measurement"),
        (b"g\t.a\tS2.a\n", {"separator": "."}, 1, 2, "no run and measurement"),
        (b"g\tS1.\tS2.a\n", {"separator": "."}, 1, 2, "no run and measurement"),
        (b"g\tS1.a\tS1.b\tS2.a\n", {"separator": "."}, 1, 4, "all runs need the same ones"),
        (b"g\tS1.a\tS2.a\tS2.b\n", {"separator": "."}, 1, 4, "all runs need the same ones"),
        (b"g\tS1.a\tS1. a\n", {"separator": "."}, 1, 3, "all runs need the same ones"),
    ],
)
def test_fault_is_told_with_file_line_and_column(content, options, line, column, message):
    with pytest.raises(FileError, match=message) as caught:
        read(content, **options)
    assert (caught.value.path, caught.value.line, caught.value.column) == ("a.tsv", line, column)


def test_trailing_tabs_and_quotes_of_r_are_tolerated():
    blocks, (block,) = read(b'"g"\t"S1"\t\t\n"a"\t1\t\t\n"b"\t"NA"\n')
    assert blocks.header.run_names == ("S1",)
    assert block.features["g"] == ["a", "b"]
    np.testing.assert_array_equal(block.values[:, 0, 0], [1, np.nan])
