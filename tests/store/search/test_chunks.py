from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from odm_shiny.errors import StoreError
from odm_shiny.store.search import chunks
from odm_shiny.store.search.chunks import DenseCodes, Rows, SparseCodes
from odm_shiny.store.search.rows import NO_LABELS, make_rows

lengths = st.integers(0, 300)
few = st.integers(0, 3)


@given(
    arrays(np.uint32, lengths, elements=st.sampled_from([0, 0, 0, 1, 255, 256, 65_536, 2**32 - 1]))
)
def test_codes_come_back_whatever_their_form(codes):
    found = chunks.decode(*chunks.encode_codes(codes))
    assert isinstance(found, DenseCodes | SparseCodes)
    n_used = chunks.n_slots_used(found)
    assert not codes[n_used:].any()
    assert chunks.to_dense(found, len(codes)).tolist() == codes.tolist()
    assert chunks.to_dense(found, n_used + 2)[n_used:].tolist() == [0, 0]
    slots = np.array([299, 0, 7, 0])
    padded = np.pad(codes, (0, 300))
    assert chunks.codes_at(found, slots).tolist() == padded[slots].tolist()


@pytest.mark.parametrize(
    ("codes", "form"),
    [
        ([1, 2, 0, 255], "dense8"),
        ([1, 256], "dense16"),
        ([65_536, 1], "dense32"),
        ([0] * 100 + [3], "sparse8"),
        ([0] * 100 + [300], "sparse16"),
        ([], "sparse8"),
    ],
    ids=["bytes", "two bytes", "four bytes", "rare", "rare and large", "none"],
)
def test_the_form_fits_the_codes(codes, form):
    assert chunks.encode_codes(np.array(codes, np.uint32))[0] == form


@given(
    arrays(
        np.int64,
        lengths,
        elements=st.sampled_from([-1, 0, 1, 254, 255, 2**40, 2**40 + 65_000, -(2**62), 2**62]),
    )
)
def test_numbers_come_back(values):
    assert chunks.decode(*chunks.encode_numbers(values)).tolist() == values.tolist()


def test_times_that_lie_together_take_two_bytes_each():
    form, data = chunks.encode_numbers(1_750_000_000_000 + np.arange(1000, dtype=np.int64) * 60)
    assert (form, len(data)) == ("offset16", 8 + 2 * 1000)


def test_the_same_number_everywhere_takes_no_room():
    form, data = chunks.encode_numbers(np.full(65_536, 12, np.int64))
    assert (form, len(data)) == ("offset0", 16)


@given(st.lists(st.lists(st.integers(0, 2**31 - 1), max_size=3), max_size=5), st.booleans())
def test_rows_come_back_with_and_without_labels(lists, labelled):
    labels = np.arange(len(lists)) * 7 if labelled else NO_LABELS
    rows = make_rows(lists, labels)
    found = chunks.decode(*chunks.encode_rows(rows))
    assert isinstance(found, Rows)
    assert found.offsets.tolist() == rows.offsets.tolist()
    assert found.members.tolist() == rows.members.tolist()
    assert found.labels.tolist() == labels.tolist()


def test_floats_and_words_come_back():
    values = np.array([1.5, np.nan, -np.inf])
    np.testing.assert_array_equal(chunks.decode(*chunks.encode_floats(values)), values)
    assert chunks.decode(*chunks.encode_words("\nβ-zelle\n")) == "\nβ-zelle\n"


@pytest.mark.parametrize(
    ("form", "data"),
    [
        ("dense8", b"\1\2"),
        ("sparse16", b"\1\0\2\0"),
        ("float64", b"\0" * 16),
        ("lists", np.array([1, 0, 1, 5], "<i4").tobytes()),
    ],
)
def test_decoded_arrays_cannot_be_changed(form, data):
    found = chunks.decode(form, data)
    for name in ("codes", "slots", "members", "offsets"):
        array = getattr(found, name, None)
        assert array is None or not array.flags.writeable
    assert chunks.n_bytes(found) > 0


@pytest.mark.parametrize(
    ("form", "data"),
    [
        ("float64", b"123"),
        ("dense16", b"123"),
        ("dense24", b"123"),
        ("offset8", b"123"),
        ("lists", b""),
        ("lists", np.array([1, 0, 2, 5], "<i4").tobytes()),
        ("words", b"\xff"),
        ("bitmap", b"\1"),
    ],
)
def test_damaged_chunks_are_named(form, data):
    with pytest.raises(StoreError, match=form):
        chunks.decode(form, data)
