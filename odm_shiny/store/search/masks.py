"""From codes to masks: which objects have one of these codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from odm_shiny.store.search import chunks
from odm_shiny.store.search.chunks import AnyInts, Bools, Codes, SparseCodes
from odm_shiny.store.search_schema import CHUNK_SLOTS

_FEW: Final = 4


def look_up(codes: Mapping[int, Codes], table: Bools, n_slots: int) -> Bools:
    """Say of every slot what `table` says of its code.

    Parameters
    ----------
    codes
        Chunk number -> codes.
    table
        (n_codes + 1,) truth of every code; ``table[0]`` is that of slots without a value.

    Returns
    -------
    (n_slots,) a new array.
    """
    mask = np.full(n_slots, table[0], np.bool_)
    is_true = np.flatnonzero(table[1:]) + 1
    if not table[0] and not len(is_true):
        return mask
    for number, chunk in codes.items():
        start = number * CHUNK_SLOTS
        if isinstance(chunk, SparseCodes):
            mask[start + chunk.slots.astype(np.int64)] = table[chunk.codes]
            continue
        dense = chunks.as_dense(chunk)
        out = mask[start : start + len(dense)]
        if len(is_true) <= _FEW and not table[0]:
            _any_equal(dense, is_true, out)
        else:
            np.take(table, dense, out=out, mode="clip")
    return mask


def _any_equal(dense: AnyInts, wanted: AnyInts, out: Bools) -> None:
    # Comparing is ten times faster than looking up, for as long as there is little to compare.
    np.equal(dense, dense.dtype.type(wanted[0]), out=out)
    for code in wanted[1:]:
        out |= dense == dense.dtype.type(code)
