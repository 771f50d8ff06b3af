from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from odm_shiny.frames.columns import from_records
from odm_shiny.frames.records import RecordBlock, RecordRows

WHOLE = RecordBlock({"Name": ["S-1", "S-é", "S-1"], "Age": [52, None, "52"]}, 3)
GAPS = RecordBlock({"Age": [UNSET, 7], "Tissue": [["liver", "lung"], UNSET]}, 2, has_gaps=True)
ROWS = [
    {"Name": "S-1", "Age": 52},
    {"Name": "S-é", "Age": None},
    {"Name": "S-1", "Age": "52"},
    {"Tissue": ["liver", "lung"]},
    {"Age": 7},
]


def gathered(*parts):
    rows = RecordRows()
    for part in parts:
        rows.add(part)
    return rows


def as_dict(table):
    return {column.name: list(column.rows()) for column in table.columns}


def test_rows_of_a_block_have_the_names_that_they_had():
    assert WHOLE.rows() == ROWS[:3]
    assert GAPS.rows() == ROWS[3:]
    assert WHOLE.rows(1, 99) == ROWS[1:3]
    assert WHOLE.rows(3, 5) == WHOLE.rows(5, 9) == []
    assert RecordBlock({}, 2).rows(1) == [{}]


def test_a_block_is_cut_and_chosen_from():
    assert GAPS.first(1).rows() == ROWS[3:4]
    assert (len(WHOLE.first(0)), len(WHOLE.first(9))) == (0, 3)
    chosen = WHOLE.chosen([True, False, True])
    assert (chosen.rows(), len(chosen)) == ([ROWS[0], ROWS[2]], 2)


def test_pages_of_both_kinds_make_one_table():
    expected = as_dict(from_records(ROWS))
    assert list(expected) == ["Name", "Age", "Tissue"]
    for parts in ([WHOLE, GAPS], [WHOLE, ROWS[3:]], [ROWS[:3], GAPS], [ROWS]):
        rows = gathered(*parts)
        assert len(rows) == 5
        assert as_dict(rows.table()) == expected
        assert rows.table().n_rows == 5


def test_a_row_may_be_made_flat():
    table = gathered(WHOLE).table(lambda row: {"name": row["Name"]})
    assert as_dict(table) == {"name": ["S-1", "S-é", "S-1"]}


@given(
    st.integers(-1, 6), st.integers(0, 8), st.permutations([[ROWS[0]], WHOLE, [], GAPS, ROWS[1:3]])
)
def test_rows_are_found_across_pages(start, n, parts):
    rows = gathered(*parts)
    told = [row for part in parts for row in (part if isinstance(part, list) else part.rows())]
    start = max(start, 0)
    assert rows.rows(start, start + n) == told[start : start + n]
