from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odm_shiny.query.values import value_text
from odm_shiny.store.search import Change

NAMES = ("Sample Name", "Name", "Sample Source ID")
#: Both sides of the border between two chunks, and far behind it.
SLOTS = [0, 1, 2, 3, 5, 65_535, 65_536, 70_001]

texts = st.one_of(
    st.sampled_from(
        ["", "a", "B", "b", "é", "Ödem", "10", "9", "x" * 60, "x" * 59 + "y", "𝛼", "￿"]
    ),
    st.text(max_size=3),
)
values = st.one_of(
    st.none(), texts, st.integers(-2, 11), st.sampled_from([0.5, True]), st.lists(texts, max_size=3)
)
documents = st.dictionaries(st.sampled_from([*NAMES, "Tissue"]), values, max_size=4)
changes = st.dictionaries(st.sampled_from(SLOTS), st.one_of(st.none(), documents), max_size=6)


def name_of(document):
    """The text by which an object is ordered."""
    for attribute in NAMES:
        value = document.get(attribute)
        if isinstance(value, list):
            value = "|".join(value) if value else None
        if value is not None:
            return value if isinstance(value, str) else value_text(value)
    return ""


def plainly(objects, *, descending):
    slots = sorted(objects)
    return sorted(slots, key=lambda slot: name_of(objects[slot]), reverse=descending)


def ordered(index, tx, *, descending=False):
    """Slots of the objects that are there, in the order that the index gives."""
    order = index.search.in_order(tx, "sample", NAMES, descending=descending)
    assert sorted(order.tolist()) == list(range(index.search.size(tx, "sample")))
    return order[index.search.alive(tx, "sample")[order]].tolist()


def play(index, objects, round_):
    """Apply changes to the index and to the plain `objects`."""
    known = {slot: new for slot, new in round_.items() if slot in objects or new is not None}
    index.change(*(Change(slot, objects.get(slot), new) for slot, new in known.items()))
    objects.update(known)
    for slot in [slot for slot, document in objects.items() if document is None]:
        del objects[slot]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(changes, min_size=1, max_size=5))
def test_the_order_is_that_of_a_plain_sort_after_any_history(new_index, history):
    index, objects = new_index(), {}
    other = index.reopened()
    for turn, round_ in enumerate(history):
        # Two processes change the store in turns, a third has seen nothing yet.
        play((index, other)[turn % 2], objects, round_)
        for seen in (index, other, index.reopened()):
            with seen.read() as tx:
                for descending in (False, True, False):
                    found = ordered(seen, tx, descending=descending)
                    assert found == plainly(objects, descending=descending)
    other.database.close()


def test_equal_names_stay_in_order_of_slots_in_both_directions(index):
    index.add([{"Name": "b"}, {"Name": "a"}, {"Sample Name": "b"}, {}, {"Name": "a"}])
    with index.read() as tx:
        assert ordered(index, tx) == [3, 1, 4, 0, 2]
        assert ordered(index, tx, descending=True) == [0, 2, 1, 4, 3]


def test_an_order_is_not_worked_out_again_before_a_name_changes(index):
    index.add([{"Name": "b", "Tissue": "liver"}, {"Name": "a"}])
    with index.read() as tx:
        first = index.search.in_order(tx, "sample", NAMES)
    index.change(Change(0, {"Tissue": "liver"}, {"Tissue": "lung"}))
    with index.read() as tx:
        assert index.search.in_order(tx, "sample", NAMES) is first
    index.change(Change(0, {"Name": "b"}, {"Name": "A"}))
    with index.read() as tx:
        assert index.search.in_order(tx, "sample", NAMES).tolist() == [0, 1]
        assert first.tolist() == [1, 0]


def test_an_order_seen_in_a_change_that_is_taken_back_is_forgotten(index):
    index.add([{"Name": "b"}, {"Name": "a"}])

    def change_and_fail():
        with index.write() as tx:
            index.search.update(tx, "sample", [Change(1, {"Name": "a"}, {"Name": "c"})])
            assert ordered(index, tx) == [0, 1]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_and_fail()
    with index.read() as tx:
        assert ordered(index, tx) == [1, 0]


def test_a_reader_keeps_the_order_of_its_snapshot(index):
    index.add([{"Name": "b"}, {"Name": "a"}])
    with index.read() as before:
        assert ordered(index, before) == [1, 0]
        index.change(Change(1, {"Name": "a"}, {"Name": "c"}))
        with index.read() as after:
            assert ordered(index, after) == [0, 1]
        assert ordered(index, before) == [1, 0]


def test_an_order_cannot_be_changed_by_who_was_given_it(index):
    index.add([{"Name": "b"}, {"Name": "a"}])
    with index.read() as tx:
        order = index.search.in_order(tx, "sample", NAMES)
    with pytest.raises(ValueError, match="read-only"):
        order[0] = 1


def test_a_kind_without_objects_has_an_empty_order(index):
    with index.read() as tx:
        assert index.search.in_order(tx, "library", ["Library ID"]).dtype == np.int64
        assert not len(index.search.in_order(tx, "library", ["Library ID"]))
