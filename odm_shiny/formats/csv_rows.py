"""CSV rows by the compiled writer; imports numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from odm_shiny.formats.csv_kernel import CELL_BYTES, format_rows
from odm_shiny.formats.rounding import write_rows


def write_fast(prefixes: list[bytes], values: NDArray[np.float64], digits: int) -> bytes:
    """Write CSV rows, byte for byte as `rounding.write_rows` does."""
    joined = np.frombuffer(b"".join(prefixes), np.uint8)
    ends = np.cumsum([len(prefix) for prefix in prefixes], dtype=np.int64)
    values = np.ascontiguousarray(values)
    out = np.empty(len(joined) + (values.shape[1] * CELL_BYTES + 1) * len(prefixes), np.uint8)
    parts, row = [], 0
    while row < len(values):
        row, size = format_rows(values, row, digits, joined, ends, out)
        parts.append(out[:size].tobytes())
        if row < len(values):  # a number too long for the compiled writer
            parts.append(write_rows(prefixes[row : row + 1], values[row : row + 1], digits))
            row += 1
    return b"".join(parts)
