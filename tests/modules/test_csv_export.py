from __future__ import annotations

import csv
import io
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.modules.csv_export import cell, csv_text, file_name

PAYLOADS = [
    "=1+2",
    "=cmd|' /C calc'!A0",
    "+1+2",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "-",
    "+é",
    '=HYPERLINK("http://x","y")',
]


@pytest.mark.parametrize("text", PAYLOADS)
def test_a_formula_becomes_text(text):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-1.5", "+3", "-.5e-3", "12", "a=b", "", "B-cell"])
def test_numbers_and_plain_text_stay(text):
    assert cell(text) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (-1.5, "-1.5"),
        (np.float64(0.1), "0.1"),
        (7, "7"),
        (True, "True"),
        (["a", "b"], "a|b"),
        (["=a"], "'=a"),
    ],
)
def test_values_become_cells(value, text):
    assert cell(value) == text


def test_names_are_escaped_like_values():
    assert csv_text(["=x", "y"], [["=1", 2.5]]) == "'=x,y\r\n'=1,2.5\r\n"


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2)))
def test_rows_are_read_back_and_none_begins_a_formula(rows):
    rows = [[text.replace("\0", "") for text in row] for row in rows]
    read = list(csv.reader(io.StringIO(csv_text(["a", "b"], rows), newline="")))[1:]
    assert len(read) == len(rows)
    for written, text in zip(chain(*read), chain(*rows), strict=True):
        assert written in (text, f"'{text}")
        assert not written.startswith(("=", "@", "\t", "\r", "\n"))
        assert not written.startswith(("+", "-")) or float(written) is not None


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("CD3D · p1", "GSF1", "v2"), "CD3D-p1_GSF1_v2.csv"),
        (("../../etc/passwd", None, ""), "etc-passwd.csv"),
        (("α", "x"), "x.csv"),
        (("a" * 300,), "a" * 120 + ".csv"),
    ],
)
def test_names_of_files_are_harmless(parts, name):
    assert file_name(*parts) == name
