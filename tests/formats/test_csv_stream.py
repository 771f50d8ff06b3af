from __future__ import annotations

import csv
import io
import struct
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.formats import csv_kernel
from odm_shiny.formats.csv_stream import stream_csv
from odm_shiny.formats.rounding import rounded_text, write_rows

BITS = st.binary(min_size=8, max_size=8).map(lambda bits: struct.unpack("d", bits)[0])
DECIMAL = st.builds(
    lambda whole, decimals: whole / 10**decimals, st.integers(-(10**9), 10**9), st.integers(0, 9)
)
NUMBER = BITS | DECIMAL | st.floats() | st.integers(-(2**60), 2**60).map(float)


def written_by_kernel(row: list[float], digits: int) -> bytes | None:
    """One row by the compiled writer; ``None`` if it leaves the row to the caller."""
    out = np.empty(csv_kernel.CELL_BYTES * len(row) + 10, np.uint8)
    prefix = np.frombuffer(b"g", np.uint8)
    done, size = csv_kernel.format_rows(
        np.array([row], np.float64), 0, digits, prefix, np.array([1]), out
    )
    return out[:size].tobytes() if done else None


@given(st.lists(NUMBER, min_size=1, max_size=4), st.integers(0, 40))
def test_compiled_rows_are_those_of_plain_python(row, digits):
    text = written_by_kernel(row, digits)
    assert text is None or text == write_rows([b"g"], np.array([row]), digits)


@given(
    st.integers(0, 10**17).map(lambda digits: digits / 10**10)
    | st.floats(1e-9, 1e15).filter(lambda value: value >= 1e-9),
    st.integers(0, 36),
)
def test_usual_numbers_are_never_left_to_the_caller(value, digits):
    assert written_by_kernel([value, -value, 0.0], digits) is not None


@given(st.integers(0, 10**7), st.integers(0, 6))
def test_halves_are_rounded_up_by_the_compiled_writer(whole, digits):
    value = float(f"{whole}5e-{digits + 1}")
    assert (
        written_by_kernel([value], digits) == b"g," + rounded_text(value, digits).encode() + b"\n"
    )


@pytest.mark.parametrize("digits", [3, 4, 17])
@pytest.mark.parametrize("whole", [0, 42, 9_999, 10_000, 99_999_999_999])
def test_every_number_of_four_decimals_is_written_as_in_plain_python(whole, digits):
    values = (whole * 10_000 + np.arange(10_000.0)) / 10_000
    for row in (values, -values[::7], np.nextafter(values[::31], np.inf)):
        text = written_by_kernel(row.tolist(), digits)
        assert text == write_rows([b"g"], row[None], digits)


@given(st.lists(NUMBER | st.just(0.0) | st.just(-0.0), max_size=40), st.integers(4, 17))
def test_short_and_long_numbers_stand_side_by_side(row, digits):
    text = written_by_kernel(row, digits)
    assert text is None or text == write_rows([b"g"], np.array([row], np.float64), digits)


@pytest.mark.parametrize("digits", [0, 4, 17, 400])
def test_large_and_small_matrices_are_written_alike(large_values, digits):
    values = large_values
    names, runs = [f"é{i}" for i in range(900)], [f"S{i}" for i in range(211)]
    blocks = [([names[a : a + 300]], values[a : a + 300]) for a in (0, 300, 600)]
    chunks = list(stream_csv(["gene"], runs, blocks, round_digits=digits))
    assert chunks[0] == ("gene," + ",".join(runs) + "\n").encode()
    assert b"".join(chunks[1:]) == write_rows([name.encode() for name in names], values, digits)


def test_csv_quotes_what_needs_it_and_leaves_missing_cells_empty():
    features = [['a"b', "c,d", None, "e\nf"], np.array([1.0, 2.5, np.nan, 1e7])]
    values = np.array([[1.25, np.nan], [0, -1], [2.00004, 3], [np.nan, np.nan]])
    chunks = list(
        stream_csv(["ge,ne", "start"], ["S1", 'S"2'], [(features, values)], round_digits=4)
    )
    text = b"".join(chunks).decode()
    assert text.splitlines()[:2] == ['"ge,ne",start,S1,"S""2"', '"a""b",1,1.25,']
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["ge,ne", "start", "S1", 'S"2']
    assert rows[2] == ["c,d", "2.5", "0.0", "-1.0"]
    assert rows[3] == ["", "", "2.0", "3.0"]
    assert rows[4] == ["e\nf", "10000000", "", ""]


def test_header_comes_before_any_block_is_asked_for():
    def blocks():
        raise AssertionError("asked too early")
        yield

    assert next(stream_csv(["g"], ["S1"], blocks(), round_digits=4)) == b"g,S1\n"


def test_matrix_without_runs_or_rows_is_a_header_and_names():
    empty = np.empty((0, 2))
    assert b"".join(stream_csv(["g"], ["a", "b"], [([[]], empty)], round_digits=1)) == b"g,a,b\n"
    none = np.empty((2, 0))
    assert b"".join(stream_csv(["g"], [], [([["x", "y"]], none)], round_digits=1)) == b"g\nx\ny\n"


def test_small_streams_load_no_heavy_library():
    script = """
        import sys
        import numpy as np
        from odm_shiny.formats.csv_stream import stream_csv
        blocks = [([["a"], np.array([1.5])], np.array([[0.25, np.nan]]))]
        list(stream_csv(["g", "n"], ["S1", "S2"], blocks, round_digits=4))
        print([name for name in ("numba", "pandas", "pyarrow") if name in sys.modules])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "[]\n", done.stderr


def test_stream_can_be_left_early_without_leaving_threads(large_values):
    values = large_values
    blocks = ([[f"g{i}" for i in range(900)]], values)
    stream = stream_csv(["g"], [f"S{i}" for i in range(211)], iter([blocks] * 20), round_digits=4)
    for _ in range(5):
        next(stream)
    stream.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("csv-write")]


def test_fault_of_a_block_ends_the_stream_after_what_came_before(large_values):
    def blocks():
        for _ in range(3):
            yield [[f"g{i}" for i in range(900)]], large_values
        raise RuntimeError("damaged")

    received: list[bytes] = []
    stream = stream_csv(["g"], [f"S{i}" for i in range(211)], blocks(), round_digits=4)
    with pytest.raises(RuntimeError, match="damaged"):
        received.extend(stream)
    assert b"".join(received).count(b"\n") > 900
