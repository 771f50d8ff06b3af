from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.errors import FrameError, MalformedResponse
from odm_shiny.frames.wide import CsvShape, csv_to_arrow, csv_to_matrix, csv_to_pandas

CSV = (
    "chrom,gene,start,S-01,S-02,Mü 3\n"
    "chr1,TP53,100,4.3923,0.0,1e-20\n"
    '"chr,2","a ""b""",200,,7.0595981,-1.5\n'
    ",NA,300,0.1,0.30000000000000004,\n"
).encode()


def test_text_that_looks_like_missing_is_kept_in_features():
    frame = csv_to_pandas(CSV)
    assert list(frame["gene"]) == ["TP53", 'a "b"', "NA"]
    assert frame["chrom"].tolist()[:2] == ["chr1", "chr,2"]
    assert frame["chrom"].isna().tolist() == [False, False, True]
    assert frame["S-02"].tolist() == [0.0, 7.0595981, 0.30000000000000004]
    assert csv_to_arrow(CSV).to_pylist()[2] == {
        "chrom": None,
        "gene": "NA",
        "start": 300,
        "S-01": 0.1,
        "S-02": 0.30000000000000004,
        "Mü 3": None,
    }


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
def test_every_number_keeps_its_last_bit(numbers):
    body = b"gene,S-01\n" + "".join(f"G{n},{x!r}\n" for n, x in enumerate(numbers)).encode()
    assert csv_to_matrix(body).X[0].tolist() == numbers
    assert csv_to_arrow(body).column("S-01").cast("float64").to_pylist() == numbers


def test_a_matrix_is_runs_by_features():
    found = csv_to_matrix(CSV, CsvShape(3, "gene"))
    assert list(found.obs.index) == ["S-01", "S-02", "Mü 3"]
    assert list(found.var.index) == ["TP53", 'a "b"', "NA"]
    assert list(found.var.columns) == ["gene", "chrom", "start"]
    wanted = [[4.3923, np.nan, 0.1], [0.0, 7.0595981, 0.30000000000000004], [1e-20, -1.5, np.nan]]
    assert np.array_equal(found.X, wanted, equal_nan=True)


def test_without_a_shape_features_end_with_the_last_text():
    found = csv_to_matrix(b"gene,chrom,S-01,S-02\nA,1,2.5,NaN\nB,X,null,3\n")
    assert list(found.var.columns) == ["gene", "chrom"]
    assert np.array_equal(found.X, [[2.5, np.nan], [np.nan, 3]], equal_nan=True)


def test_the_naming_column_is_the_first_whose_values_differ():
    found = csv_to_matrix(b"chrom,gene,S-01\n1,A,2\n1,B,3\n")
    assert list(found.var.index) == ["A", "B"]


@pytest.mark.parametrize("separator", [".", "::", "_-"])
def test_one_of_several_measurements_is_taken(separator):
    names = [f"{run}{separator}{what}" for run in ("S-01", "S_2") for what in ("FC", "logFC")]
    body = f"gene,{','.join(names)}\nA,1,2,3,4\nB,5,6,7,8\n".encode()
    shape = CsvShape(1, None, ("FC", "logFC"))
    found = csv_to_matrix(body, shape, "FC")
    assert list(found.obs.index) == ["S-01", "S_2"]
    assert found.X.tolist() == [[1, 5], [3, 7]]
    assert csv_to_matrix(body, shape, "logFC").X.tolist() == [[2, 6], [4, 8]]
    for wrong in (None, "p"):
        with pytest.raises(FrameError, match="FC, logFC: say which one with measurement='FC'"):
            csv_to_matrix(body, shape, wrong)


def test_a_measurement_of_a_file_with_one_must_be_right():
    assert csv_to_matrix(b"gene,S\nA,1\n", None, "value").X.tolist() == [[1]]
    with pytest.raises(FrameError, match="one value for each run"):
        csv_to_matrix(b"gene,S\nA,1\n", None, "p")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"gene,S,S\nA,1,2\n", FrameError),
        (b"gene,S\nA,1,2,3\nB,1\n", MalformedResponse),
        (b"gene,S\n\xff,1\n", MalformedResponse),
        (b"\xff,S\nA,1\n", MalformedResponse),
    ],
    ids=["twice", "ragged", "latin-1", "latin-1 header"],
)
def test_what_is_no_table_is_a_typed_error(body, error):
    with pytest.raises(error):
        csv_to_pandas(body)


def test_text_in_a_run_is_told_with_its_name():
    with pytest.raises(FrameError, match="run 'S' holds"):
        csv_to_matrix(b"gene,S\nA,high\nB,2\n", CsvShape(1))


def test_a_header_alone_is_a_matrix_without_features():
    assert csv_to_matrix(b"gene,S-01\n").X.shape == (1, 0)


def test_all_numbers_are_float64_whole_or_not():
    frame = csv_to_pandas(b"gene,a,b,c\nA,1,1,1\nB,2,,2.5\n")
    kinds = [str(kind) for kind in frame.dtypes]
    assert kinds[0] in ("object", "str")  # pandas 2, pandas 3
    assert kinds[1:] == ["float64"] * 3


@pytest.mark.parametrize("late", [b"X", b"2020-01-01", b"true", b"1e5x", b"07:00"])
def test_text_far_down_makes_its_column_text(late):
    lines = b"".join(b"G%d,%d,%d.5\n" % (n, n, n) for n in range(40_000))
    found = csv_to_arrow(b"gene,chrom,S-01\n" + lines + b"last," + late + b",7.25\n")
    assert str(found.schema.field("chrom").type) == "string"
    assert found.column("chrom")[-1].as_py() == late.decode()
    assert found.column("chrom")[0].as_py() == "0"
    assert found.column("S-01")[-1].as_py() == 7.25


@pytest.mark.parametrize("text", [b"2020-01-01", b"12:30", b"true", b"2020-01-01 12:00:00"])
def test_no_text_is_taken_for_a_date_or_a_truth_value(text):
    assert csv_to_arrow(b"gene,S\n" + text + b",1\n").column("gene")[0].as_py() == text.decode()


def test_lines_longer_than_a_block_are_read():
    n = 300_000
    names = ",".join(f"S{number:06}" for number in range(n))
    body = f"gene,{names}\nA,{','.join(['1.25'] * n)}\nB,{','.join(['2.5'] * n)}\n".encode()
    found = csv_to_matrix(body, CsvShape(1))
    assert found.X.shape == (n, 2)
    assert found.X[-1].tolist() == [1.25, 2.5]
