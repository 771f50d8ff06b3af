from __future__ import annotations

import gzip
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.errors import FileError
from odm_shiny.formats.data_frame import open_data_frame
from odm_shiny.formats.gct import open_gct
from odm_shiny.formats.lines import TextBlock
from odm_shiny.formats.matrix_rows import MatrixHeader, parse_plain
from odm_shiny.formats.matrix_scan import parse_compiled

HEADER = MatrixHeader(("gene", "chrom"), ("S1", "S2", "S3"))


def text_block(text: str) -> TextBlock:
    raw = text.encode()
    return TextBlock(raw, 4, "a.gct", 0, raw)


def outcome(parse, block: TextBlock):
    """Rows, or the fault, in a form that can be compared."""
    try:
        rows = parse(block, HEADER)
    except FileError as exc:
        return str(exc)
    return rows.starts, rows.lead, [[repr(value) for value in row] for row in rows.values.tolist()]


CELL = st.sampled_from(
    ["", "1", "-0.25", "4.9e-324", "12345678901234567890", "NA", "null", " 3 ", '"2"', "x", "1e999",
     "0.30000000000000004", "NaN", "é", "1,5"]
)  # fmt: skip
ROW = st.lists(CELL, max_size=7).map(lambda cells: "\t".join(["TP53", "chr1", *cells]))
LINE = ROW | st.sampled_from(["", " ", "\t\t", "g", "g\tc", "g\tc\t1\t2\t3", "g\tc\t1\t2\t3\t\t"])


@given(st.lists(LINE, max_size=5))
def test_compiled_and_plain_reader_agree_row_by_row_and_fault_by_fault(lines):
    block = text_block("".join(line + "\n" for line in lines))
    assert outcome(parse_compiled, block) == outcome(parse_plain, block)


@given(st.lists(st.floats(width=64), min_size=3, max_size=3))
def test_both_readers_give_every_float_back(numbers):
    texts = ["" if number != number else repr(number) for number in numbers]
    block = text_block("g\tc\t" + "\t".join(texts) + "\n")
    finite = [np.nan if np.isinf(number) else number for number in numbers]
    for parse in (parse_plain, parse_compiled):
        np.testing.assert_array_equal(parse(block, HEADER).values[0], finite)


def test_more_odd_cells_than_fit_at_once_are_all_read():
    header = MatrixHeader(("g",), tuple(f"S{i}" for i in range(70_000)))
    row = "g\t" + "\t".join(["null"] * 69_999 + ["5"]) + "\n"
    rows = parse_compiled(text_block(row * 3), header)
    assert rows.values.shape == (3, 70_000)
    assert np.isnan(rows.values[:, :-1]).all()
    assert rows.values[:, -1].tolist() == [5.0, 5.0, 5.0]


@pytest.fixture(scope="module")
def large() -> tuple[bytes, np.ndarray]:
    """A GCT file beyond the size of small ones, and its values."""
    rng = np.random.default_rng(7)
    values = np.round(rng.gamma(1.5, 40, (4000, 90)), 3)
    values[rng.random(values.shape) < 0.2] = 0
    values[5, 3] = np.nan
    lines = ["#1.2", "4000\t90", "Name\tDescription\t" + "\t".join(f"S{i}" for i in range(90))]
    for number, row in enumerate(values.tolist()):
        cells = ["" if value != value else repr(value) for value in row]
        lines.append(f"gene{number}\tno. {number} é\t" + "\t".join(cells))
    return "\n".join(lines).encode() + b"\n", values


@pytest.mark.parametrize(
    "change",
    [
        bytes,
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: content.replace(b"\n", b"\r"),
        gzip.compress,
    ],
    ids=["LF", "CRLF", "CR", "gzip"],
)
def test_large_file_is_read_in_blocks(large, change):
    content, values = large
    with open_gct(change(content)) as blocks:
        parts = list(blocks)
    assert len(parts) > 1
    assert [part.first_row for part in parts] == list(
        np.cumsum([0] + [len(part.values) for part in parts[:-1]])
    )
    np.testing.assert_array_equal(np.concatenate([p.values for p in parts])[:, :, 0], values)
    texts = [text for part in parts for text in part.features["Description"]]
    assert texts == [f"no. {number} é" for number in range(4000)]
    assert blocks.n_rows == 4000


def test_fault_far_down_a_large_file_is_told_with_its_line(large):
    content, _ = large
    lines = content.split(b"\n")
    lines[3 + 3900] = lines[3 + 3900].replace(b"gene3900\tno. 3900", b"gene3900\tno. 3900\t7")
    with (
        open_gct(b"\r\n".join(lines), name="big.gct") as blocks,
        pytest.raises(FileError, match="has 93 cells where the header has 92") as caught,
    ):
        list(blocks)
    assert caught.value.line == 3904


def test_reading_can_stop_early_without_leaving_threads(large):
    content, _ = large
    with open_gct(content) as blocks:
        rows = iter(blocks)
        next(rows)
        rows.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("matrix-parse")]


def test_rows_can_be_read_once_only():
    with open_data_frame(b"g\tS1\nx\t1\n", n_feature_columns=1) as blocks:
        list(blocks)
        with pytest.raises(RuntimeError, match="once only"):
            list(blocks)


def test_cut_gzip_is_an_error_in_a_large_file(large):
    content, _ = large
    packed = gzip.compress(content)
    with (
        open_gct(packed[: len(packed) // 2]) as blocks,
        pytest.raises(FileError, match="cut short or damaged"),
    ):
        list(blocks)


def test_zeros_can_be_left_out():
    content = b"g\tS1\tS2\nx\t0\t-0.0\ny\t1\t\n"
    with open_data_frame(content, n_feature_columns=1, zero_is_missing=True) as blocks:
        (block,) = blocks
    np.testing.assert_array_equal(block.values[:, :, 0], [[np.nan, np.nan], [1, np.nan]])


def test_feature_kinds_need_every_cell_to_be_a_number():
    content = (
        b"id\tstart\tchrom\tnone\tlate\tS1\n1\t5\t1\t\t1\t0\n2\tNA\tX\tNA\t2\t0\n3\t7\t2\t\tx\t0\n"
    )
    with open_data_frame(content, n_feature_columns=5) as blocks:
        (block,) = blocks
        assert blocks.feature_kinds == {
            "id": "number",
            "start": "number",
            "chrom": "string",
            "none": "string",
            "late": "string",
        }
    assert block.features["start"] == ["5", None, "7"]
