from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.modules.filter_help import check_filter, point_at, unknown_names
from odm_shiny.query.expr import field
from odm_shiny.query.filter_text import parse_filter


def test_a_filter_is_parsed_and_blanks_are_no_filter():
    assert check_filter("  Age > 40 ").condition == (field("Age") > 40)
    assert check_filter("   ").is_valid
    assert check_filter("").condition is None


def test_the_mark_stands_under_the_place_of_the_error():
    checked = check_filter("Age >> 40")
    assert not checked.is_valid
    text, mark = checked.pointer.split("\n")
    assert text == "Age >> 40"
    assert mark == "     ^"
    assert "\n" not in checked.message


def test_a_long_text_is_cut_around_the_error():
    text = "A=1 AND " * 20 + "B=="
    shown, mark = check_filter(text).pointer.split("\n")
    assert shown.startswith("…")
    assert shown[mark.index("^") - 1] == "="
    assert len(shown) < 70


@given(st.text(max_size=200), st.integers(0, 200))
def test_the_mark_points_at_the_character_of_that_position(text, position):
    position = min(position, len(text))
    lines = point_at(text, position).split("\n")
    assert len(lines) == 2
    at = lines[1].index("^")
    if position < len(text) and not text[position].isspace():
        assert lines[0][at] == text[position]


@given(st.text(max_size=80))
def test_any_text_is_checked_without_an_error(text):
    checked = check_filter(text)
    assert checked.is_valid == (not checked.message)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Age=1 AND Sex=m", []),
        ('Agee=1 OR NOT "genestack:accession"=GSF1', ["did you mean “Age”?"]),
        ("sex=male", ["did you mean “Sex”?"]),
        ("Q=1 AND (Q=2 OR Zz=3)", ["“Q”.", "“Zz”."]),
    ],
)
def test_unknown_attributes_are_told_with_the_nearest(text, told):
    found = unknown_names(parse_filter(text), ["Age", "Sex", "Cell Type"])
    assert len(found) == len(told)
    assert all(part in line for part, line in zip(told, found, strict=True))
