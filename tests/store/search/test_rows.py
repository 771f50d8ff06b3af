from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.store.search import rows
from odm_shiny.store.search.chunks import DenseCodes, Rows, SparseCodes

lists = st.lists(st.lists(st.integers(0, 9), max_size=3), max_size=6)
some_lists = st.lists(st.lists(st.integers(0, 9), max_size=3), min_size=1, max_size=6)


def plain(found: Rows) -> list[list[int]]:
    offsets = found.offsets
    return [found.members[start:stop].tolist() for start, stop in pairwise(offsets)]


@given(lists)
def test_rows_are_the_lists_they_were_made_of(given_lists):
    assert plain(rows.make_rows(given_lists)) == given_lists


@given(some_lists, st.data())
def test_a_part_and_a_choice_of_rows_are_those_of_the_lists(given_lists, data):
    made = rows.make_rows(given_lists)
    start = data.draw(st.integers(0, len(given_lists)))
    stop = data.draw(st.integers(start, len(given_lists)))
    assert plain(rows.part_of_rows(made, slice(start, stop))) == given_lists[start:stop]
    places = data.draw(st.lists(st.integers(0, 8), max_size=6))
    taken = rows.take_rows(made, np.array(places, np.int64))
    padded = given_lists + [[]] * 9
    assert plain(taken) == [padded[place] for place in places]


@given(st.lists(lists, min_size=1, max_size=3))
def test_joined_rows_follow_each_other(parts):
    made = [rows.make_rows(one, np.arange(len(one))) for one in parts]
    joined = rows.join_rows(made)
    assert plain(joined) == [row for one in parts for row in one]
    assert joined.labels.tolist() == [label for one in made for label in one.labels.tolist()]


@given(
    st.none() | lists, st.dictionaries(st.integers(0, 8), st.lists(st.integers(0, 9)), min_size=1)
)
def test_replaced_rows_are_new_and_the_others_stay(before, changes):
    old = None if before is None else rows.make_rows(before)
    places = sorted(changes)
    new = rows.make_rows([changes[place] for place in places])
    after = rows.replace_rows(old, np.array(places, np.int64), new)
    expected = dict(enumerate(before or [])) | changes
    assert plain(after) == [expected.get(n, []) for n in range(max(expected) + 1)]


@given(lists, st.lists(st.booleans(), min_size=10, max_size=10))
def test_any_member_asks_every_member(given_lists, table):
    found = rows.any_member(np.array(table), rows.make_rows(given_lists))
    assert found.tolist() == [any(table[one] for one in row) for row in given_lists]


def test_codes_are_rows_of_one_or_none():
    dense = DenseCodes(np.array([0, 3, 1], np.uint8))
    sparse = SparseCodes(np.array([1, 2], np.uint16), np.array([3, 1], np.uint8))
    for codes in (dense, sparse):
        assert plain(rows.rows_of_codes(codes)) == [[], [2], [0]]
