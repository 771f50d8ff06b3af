"""Cursors come back whole or are refused."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.server.cursors import LARGEST, decode_cursor, encode_cursor
from odm_shiny.server.wire import Problem

SCOPE = "expression"
places = st.integers(-1, LARGEST)


@given(st.lists(places, max_size=4))
def test_a_cursor_comes_back_as_it_was(position) -> None:
    cursor = encode_cursor(SCOPE, position)
    assert cursor.isascii()
    assert decode_cursor(SCOPE, cursor, len(position)) == position


@given(position=st.tuples(places, places), data=st.data())
def test_a_changed_cursor_is_refused(position, data) -> None:
    cursor = encode_cursor(SCOPE, list(position))
    at = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.characters().filter(lambda char: char != cursor[at]))
    changed = data.draw(
        st.sampled_from(
            [cursor[:at] + other + cursor[at + 1 :], cursor[:at], cursor[:at] + other + cursor[at:]]
        )
    )
    # The last character holds bits that no byte of the cursor uses: it may stand for the same.
    if _bytes(changed) == _bytes(cursor):
        assert decode_cursor(SCOPE, changed, 2) == list(position)
        return
    with pytest.raises(Problem) as refused:
        decode_cursor(SCOPE, changed, 2)
    assert refused.value.status == 400


@given(st.text())
def test_any_text_is_refused(text) -> None:
    with pytest.raises(Problem, match="not a cursor of this listing"):
        decode_cursor(SCOPE, text, 2)


@pytest.mark.parametrize(
    "position",
    [
        [],
        [1],
        [1, 2, 3],
        ["1", 2],
        [None, 2],
        [1.5, 2],
        [True, 2],
        [[1], 2],
        [-2, 0],
        [0, LARGEST + 1],
        [{}, 2],
    ],
    ids=str,
)
def test_a_right_checksum_does_not_make_a_wrong_position_right(position) -> None:
    with pytest.raises(Problem, match="not a cursor"):
        decode_cursor(SCOPE, encode_cursor(SCOPE, position), 2)


def test_a_cursor_of_another_listing_is_refused() -> None:
    with pytest.raises(Problem):
        decode_cursor("omics/samples", encode_cursor(SCOPE, [7]), 1)


def test_deeply_nested_json_with_a_right_checksum_is_refused() -> None:
    nested: list[object] = []
    for _ in range(900):
        nested = [nested]
    cursor = encode_cursor(SCOPE, nested)
    with pytest.raises(Problem):
        decode_cursor(SCOPE, cursor, 1)


def _bytes(cursor: str) -> bytes | None:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True)
    except ValueError:
        return None
