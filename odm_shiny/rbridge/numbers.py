"""Numbers and truth values into R's memory, and back.

R has one missing value for each type. It is the lowest whole number for ``integer`` and
``logical``, and a NaN of its own for ``double``, which other arithmetic takes for a NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from odm_shiny.rbridge import r_memory
from odm_shiny.rbridge.options import Conversion
from odm_shiny.rbridge.r_memory import NA_INTEGER, NA_INTEGER64, NA_REAL, RObject

Mask = NDArray[np.bool_] | None

EXACT_IN_DOUBLE = 2**53

# Elements looked at together: their bytes stay in the processor's cache.
_BLOCK = 1 << 17


def logicals(values: NDArray[np.bool_], missing: Mask = None) -> RObject:
    """Make a ``logical`` vector; `values` of any shape, in column order."""
    return _int32("logical", values, missing)


def integers(values: NDArray[Any], missing: Mask, how: Conversion) -> RObject:
    """Make ``integer``, ``double`` or ``integer64``: the first that holds all values exactly.

    Parameters
    ----------
    values
        Whole numbers of any width; what stands where `missing` is true does not matter.
    """
    low, high = _range(values, missing)
    # -2**31 is NA in R.
    if low > NA_INTEGER and high < 2**31:
        return _int32("integer", values, missing)
    if how.int64 == "integer64":
        return _integer64(values, low, high, missing, how)
    if low < -EXACT_IN_DOUBLE or high > EXACT_IN_DOUBLE:
        number = low if low < -EXACT_IN_DOUBLE else high
        how.refuse(
            f"{number} has more digits than R's double holds; ask for int64='integer64' (package "
            "bit64) or convert the numbers to text"
        )
    return doubles(values, missing)


def doubles(values: NDArray[Any], missing: Mask = None, *, nan_is_missing: bool = False) -> RObject:
    """Make a ``double`` vector; `values` of any shape, in column order."""
    vector, memory = r_memory.allocate("double", values.size)
    fill(memory, values)
    if nan_is_missing:
        mark_nan(memory)
    if missing is not None:
        memory[missing] = NA_REAL
    return vector


def complexes(values: NDArray[Any]) -> RObject:
    """Make a ``complex`` vector."""
    vector, memory = r_memory.allocate("complex", values.size)
    fill(memory, values)
    return vector


def raws(values: NDArray[np.uint8]) -> RObject:
    """Make a ``raw`` vector."""
    vector, memory = r_memory.allocate("raw", values.size)
    memory[:] = values
    return vector


def fill(memory: NDArray[Any], values: NDArray[Any]) -> None:
    """Write an array of any shape into the memory of a vector, by columns, as R's arrays lie."""
    if values.ndim == 1:
        np.copyto(memory, values, casting="unsafe")
        return
    target = memory.reshape(values.shape, order="F")
    if values.ndim == 2 and not values.flags.f_contiguous and values.size > _BLOCK:
        _copy_by_tiles(target, values)
    else:
        np.copyto(target, values, casting="unsafe")


def mark_nan(memory: NDArray[np.float64]) -> None:
    """Turn every NaN into R's NA."""
    for start in range(0, memory.size, _BLOCK):
        block = memory[start : start + _BLOCK]
        nan = np.isnan(block)
        if nan.any():
            block[nan] = NA_REAL


def copy_doubles(memory: NDArray[np.float64]) -> NDArray[np.float64]:
    """Copy doubles out of R's memory.

    R's NA is a signalling NaN, at which numpy warns; the product is a quiet one that R still takes
    for NA.
    """
    with np.errstate(invalid="ignore"):
        copied: NDArray[np.float64] = np.multiply(memory, 1.0)
    return copied


def is_na(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell R's NA from every other NaN, as R does: by the lower word."""
    low_word = values.view(np.uint64) & np.uint64(0xFFFFFFFF)
    found: NDArray[np.bool_] = np.isnan(values) & (low_word == r_memory.NA_REAL_LOW_WORD)
    return found


def _int32(kind: str, values: NDArray[Any], missing: Mask) -> RObject:
    vector, memory = r_memory.allocate(kind, values.size)
    fill(memory, values)
    if missing is not None:
        memory[missing] = NA_INTEGER
    return vector


def _integer64(
    values: NDArray[Any], low: int, high: int, missing: Mask, how: Conversion
) -> RObject:
    # bit64 keeps whole numbers in the bytes of a double vector; the lowest one is its NA.
    if low <= NA_INTEGER64 or high >= 2**63:
        how.refuse(f"{low if low <= NA_INTEGER64 else high} does not fit into 64 bits of R's bit64")
    vector, memory = r_memory.allocate("double", values.size)
    fill(memory.view(np.int64), values)
    if missing is not None:
        memory.view(np.int64)[missing] = NA_INTEGER64
    r_memory.set_attribute(vector, "class", r_memory.few_strings(["integer64"]))
    return vector


def _range(values: NDArray[Any], missing: Mask) -> tuple[int, int]:
    known = values if missing is None or not missing.any() else values[~missing]
    return (int(known.min()), int(known.max())) if known.size else (0, 0)


def _copy_by_tiles(target: NDArray[Any], values: NDArray[Any], side: int = 256) -> None:
    # Row by row in, column by column out: a tile of both fits into the cache.
    n_rows, n_columns = values.shape
    for i in range(0, n_rows, side):
        for j in range(0, n_columns, side):
            target[i : i + side, j : j + side] = values[i : i + side, j : j + side]
