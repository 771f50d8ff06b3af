from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from odm_shiny.errors import QueryError
from odm_shiny.query.nodes import Compare
from odm_shiny.store.search import Change
from odm_shiny.store.search.value_codes import KEY_LENGTH, form_of, key_of
from odm_shiny.store.search_schema import search_value


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (None, None),
        ([], None),
        ([None, []], None),
        ("", ""),
        ("liver", "liver"),
        (52, "52"),
        (52.0, "52.0"),
        (True, "true"),
        (["liver"], "liver"),
        (["a", 2, None, "a"], ("a", "2", "a")),
        (("a", ["b"]), ("a", "b")),
    ],
)
def test_a_value_is_text_texts_or_nothing(value, form):
    assert form_of(value) == form


@pytest.mark.parametrize("value", [{"a": 1}, float("nan"), b"bytes"])
def test_what_no_document_may_hold_is_refused(index, value):
    with pytest.raises(QueryError):
        index.add([{"A": value}])
    with index.read() as tx:
        assert index.search.size(tx, "sample") == 0


@given(st.text(max_size=60), st.text(max_size=60))
def test_keys_are_short_different_for_different_texts_and_in_their_order(one, other):
    (key, text), (other_key, _) = key_of(one), key_of(other)
    assert (key == other_key) == (one == other)
    assert (text or key) == one
    assert len(key) <= KEY_LENGTH + 40
    assert "\0" not in key
    if "\0" not in one + other and one[:KEY_LENGTH] != other[:KEY_LENGTH]:
        assert (key < other_key) == (one < other)


def test_long_texts_are_told_apart_found_whole_and_kept_out_of_the_key(index):
    long = "Ein sehr langer Text über " * 400
    texts = [long + "A", long + "B", long[:KEY_LENGTH], key_of(long + "A")[0]]
    index.add([{"Note": text} for text in texts])
    with index.read() as tx:
        for slot, text in enumerate(texts):
            found = index.search.filter(tx, "sample", Compare("Note", "=", text))
            assert found.nonzero()[0].tolist() == [slot]
        assert index.search.values(tx, "sample", "Note", range(4)) == texts
        longest = tx.conn.execute(select(func.max(func.length(search_value.c.key)))).scalar()
    assert longest == KEY_LENGTH + 40


def test_a_value_that_changes_only_its_type_changes(index):
    values = [1, True, 1.0, "1", "true", [1], [True], ["1", 1.0]]
    texts = ["1", "true", "1.0", "1", "true", "1", "true", "1|1.0"]
    index.add([{"A": None}])
    old = None
    for value, text in zip(values, texts, strict=True):
        index.change(Change(0, {"A": old}, {"A": value}))
        old = value
        with index.read() as tx:
            assert index.search.values(tx, "sample", "A", [0]) == [text]
