from __future__ import annotations

import numpy as np
import pytest
from numba.core.errors import TypingError

from odm_shiny.formats.jit import compiled
from odm_shiny.formats.word_store import store_word


@compiled
def store(out, place, word):
    store_word(out, place, np.uint64(word))


@pytest.mark.parametrize("place", [0, 1, 3, 8])
def test_eight_bytes_are_written_at_any_place_and_no_other(place):
    out = np.full(16, 46, np.uint8)
    store(out, place, np.frombuffer(b"12345678", np.uint64)[0])
    assert out.tobytes() == (b"." * place + b"12345678").ljust(16, b".")


@pytest.mark.parametrize(
    "out",
    [np.zeros(4, np.int32), np.zeros(16, np.uint8)[::2], np.zeros((2, 9), np.uint8).T],
    ids=["other numbers", "with gaps", "two dimensions, turned"],
)
def test_only_bytes_behind_each_other_can_be_written(out):
    with pytest.raises(TypingError):
        store(out, 0, np.uint64(1))
