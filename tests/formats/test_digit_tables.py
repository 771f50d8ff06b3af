from __future__ import annotations

import numpy as np

from odm_shiny.formats.digit_tables import COUNT, digit_tables


def texts(words, sizes):
    rows = words.view(np.uint8).reshape(-1, 8)
    return [bytes(row[:size]).decode() for row, size in zip(rows, sizes, strict=True)]


def test_whole_numbers_are_those_of_python():
    tables = digit_tables()
    assert texts(tables.whole, tables.whole_sizes) == [str(number) for number in range(COUNT)]


def test_decimals_are_those_of_python():
    tables = digit_tables()
    expected = [f"{number / COUNT:.4f}"[1:].rstrip("0") for number in range(COUNT)]
    assert texts(tables.decimals, tables.decimal_sizes) == [
        text if len(text) > 1 else ".0" for text in expected
    ]
    assert texts(tables.decimals[[0, 1, 5000, 9990]], [2, 5, 2, 4]) == [".0", ".0001", ".5", ".999"]
