from __future__ import annotations

import csv
import io

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.formats import csv_kernel
from odm_shiny.formats.arrow_stream import round_half_up, stream_arrow
from odm_shiny.formats.csv_stream import stream_csv
from odm_shiny.formats.rounding import rounded_text

numbers = st.floats() | st.builds(
    lambda whole, decimals: whole / 10**decimals, st.integers(-(10**9), 10**9), st.integers(0, 9)
)


@pytest.mark.parametrize("digits", [0, 2, 17])
def test_arrow_stream_holds_the_numbers_of_the_csv(large_values, digits):
    values = large_values
    names = [f"g{i}" for i in range(900)]
    start = np.where(np.arange(900) == 5, np.nan, np.arange(900) / 4)
    runs = [f"S{i}" for i in range(211)]
    blocks = [([names[a : a + 450], start[a : a + 450]], values[a : a + 450]) for a in (0, 450)]
    chunks = list(
        stream_arrow(
            ["gene", "start"],
            runs,
            blocks,
            round_digits=digits,
            feature_kinds=["string", "number"],
        )
    )
    assert len(chunks) >= 3
    table = pa.ipc.open_stream(b"".join(chunks)).read_all()
    assert table.column_names == ["gene", "start", *runs]
    assert table["gene"].to_pylist() == names
    assert table["start"].null_count == 1
    texts = list(
        csv.reader(
            io.StringIO(
                b"".join(stream_csv(["gene", "start"], runs, blocks, round_digits=digits)).decode()
            )
        )
    )
    expected = np.array([[float(cell or "nan") for cell in row[2:]] for row in texts[1:]])
    for number, run in enumerate(runs):
        column = table[run]
        assert column.null_count == np.isnan(expected[:, number]).sum()
        np.testing.assert_array_equal(column.to_numpy(), expected[:, number])


@given(st.lists(numbers, min_size=1, max_size=3), st.integers(0, 25))
def test_rounded_numbers_are_what_the_text_stands_for(row, digits):
    expected = [float(rounded_text(value, digits) or "nan") for value in row]
    small = np.array([row])
    np.testing.assert_array_equal(round_half_up(small, digits)[0], expected)
    rounded, doubtful = csv_kernel.round_values(small, digits)
    certain = ~doubtful[0]
    np.testing.assert_array_equal(rounded[0][certain], np.array(expected)[certain])
