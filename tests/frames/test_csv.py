from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.errors import FrameError, IncompleteStream, MalformedResponse
from odm_shiny.frames.csv import (
    CsvShape,
    csv_to_arrow,
    csv_to_matrix,
    csv_to_pandas,
    header,
    whole_csv,
)

CSV = (
    "chrom,gene,start,S-01,S-02,Mü 3\n"
    "chr1,TP53,100,4.3923,0.0,1e-20\n"
    '"chr,2","a ""b""",200,,7.0595981,-1.5\n'
    ",NA,300,0.1,0.30000000000000004,\n"
).encode()


def test_a_whole_stream_is_given_back_as_it_is():
    assert whole_csv(CSV) is CSV


@given(st.integers(0, len(CSV) - 1))
def test_every_prefix_is_refused_unless_it_ends_with_a_line(cut):
    prefix = CSV[:cut]
    received = cut
    try:
        assert whole_csv(prefix) == prefix
        assert prefix.endswith(b"\n")
    except IncompleteStream as exc:
        received = exc.received
    assert received == cut
    kept = whole_csv(prefix, partial="keep")
    assert prefix.startswith(kept)
    assert kept == b"" or kept.endswith(b"\n")


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        (b"# Internal error: disk\n", "Internal error: disk"),
        (b"#Internal error: disk", "Internal error: disk"),
        (b'{"error":{"message":"Lost it"}}', "Lost it"),
        (b'{"error":"Lost it"}\n', "Lost it"),
        (b'{"error":{"mess', '{"error":{"mess'),
    ],
)
def test_an_error_in_the_tail_is_raised_with_its_text(tail, said):
    with pytest.raises(IncompleteStream) as caught:
        whole_csv(CSV + tail)
    assert said in str(caught.value)
    assert whole_csv(CSV + tail, partial="keep") == CSV


@pytest.mark.parametrize("line", [b"chr1,G,1,2\n", b"a,b,c,d,e,f,g\n", b"\n"])
def test_a_last_line_of_another_width_is_refused(line):
    with pytest.raises(IncompleteStream, match="fields, the header 6"):
        whole_csv(CSV + line)


def test_an_empty_stream_is_refused():
    with pytest.raises(IncompleteStream, match="empty"):
        whole_csv(b"")


def test_a_header_alone_is_whole():
    assert whole_csv(b"gene,S-01\n") == b"gene,S-01\n"
    assert csv_to_matrix(b"gene,S-01\n").X.shape == (1, 0)


def test_a_line_break_inside_quotes_does_not_end_a_line():
    body = b'gene,note,S-01\nA,"two\nlines",1\n'
    assert whole_csv(body) == body
    with pytest.raises(IncompleteStream):
        whole_csv(b'gene,note,S-01\nA,"two\nlines')


def test_many_odd_quotes_cost_no_time():
    body = b"gene,S-01\n" + b'G"x,1\n' * 200_001
    assert whole_csv(body) == body


def test_text_that_looks_like_missing_is_kept_in_features():
    frame = csv_to_pandas(CSV)
    assert list(frame["gene"]) == ["TP53", 'a "b"', "NA"]
    assert list(frame["chrom"]) == ["chr1", "chr,2", None]
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
        with pytest.raises(FrameError, match="FC, logFC: say which"):
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


def test_the_header_is_read_with_or_without_a_byte_order_mark():
    assert header(b"\xef\xbb\xbfgene,S\n") == ["gene", "S"]
    assert header(b"") == []
