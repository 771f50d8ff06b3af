from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest

from odm_shiny.modules.sample_table import (
    MAX_GRID_ROWS,
    PAGE_ROWS,
    csv_lines,
    page_of,
    shown_table,
)

SAMPLES = pd.DataFrame(
    {
        "Sex": ["male", None, "=1+1"],
        "Age": [31.0, float("nan"), 5.0],
        "Markers": [["CD3", "CD4"], None, "CD19"],
        "Empty": [None, None, None],
    }
)


def test_lists_are_shown_as_text_and_numbers_stay_numbers():
    shown = shown_table(SAMPLES, with_empty=False)
    assert list(shown.columns) == ["Sex", "Age", "Markers"]
    assert shown["Markers"].tolist() == ["CD3 | CD4", None, "CD19"]
    assert shown["Age"].dtype == np.float64


def test_empty_attributes_are_shown_on_demand():
    assert list(shown_table(SAMPLES, with_empty=True).columns)[-1] == "Empty"


@pytest.mark.parametrize(
    ("page", "first", "number"), [(1, 0, 1), (2, PAGE_ROWS, 2), (0, 0, 1), (99, 2 * PAGE_ROWS, 3)]
)
def test_very_many_samples_come_in_pages(page, first, number):
    many = pd.DataFrame({"n": np.arange(MAX_GRID_ROWS + 1)})
    rows, shown, n_pages = page_of(many, page)
    assert (rows["n"].iloc[0], shown, n_pages) == (first, number, 3)
    assert len(rows) <= PAGE_ROWS


def test_as_many_samples_as_a_grid_takes_are_one_page():
    many = pd.DataFrame({"n": np.arange(MAX_GRID_ROWS)})
    assert len(page_of(many, 3)[0]) == MAX_GRID_ROWS


def test_the_file_holds_every_sample_and_no_formula():
    text = "".join(csv_lines(SAMPLES))
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows == [
        ["Sex", "Age", "Markers", "Empty"],
        ["male", "31.0", "CD3|CD4", ""],
        ["", "", "", ""],
        ["'=1+1", "5.0", "CD19", ""],
    ]


def test_a_long_file_is_written_in_pieces_that_fit_together():
    many = pd.DataFrame({"n": np.arange(12_345), "text": ["a\nb"] * 12_345})
    pieces = list(csv_lines(many))
    assert len(pieces) == 4
    rows = list(csv.reader(io.StringIO("".join(pieces), newline="")))
    assert len(rows) == 12_346
    assert rows[-1] == ["12344", "a\nb"]
