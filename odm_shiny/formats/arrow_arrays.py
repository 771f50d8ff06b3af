"""Arrow arrays from and to plain values, without pandas.

``pa.array`` and ``to_numpy`` load pandas if it is installed, which takes a third of a second in a
fresh process: more than a first answer may cost. These work on buffers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def number_array(values: NDArray[Any], *, nan_is_null: bool = False) -> pa.Array:
    """View C-contiguous numbers as Arrow; with `nan_is_null`, NaN becomes null."""
    kind = pa.from_numpy_dtype(values.dtype)
    bits = _validity(~np.isnan(values)) if nan_is_null else None
    return pa.Array.from_buffers(kind, len(values), [bits, pa.py_buffer(values)])


def text_array(texts: Sequence[str | None]) -> pa.Array:
    """Make a string array; ``None`` becomes null.

    Raises
    ------
    UnicodeEncodeError
        A text holds a lone surrogate.
    pa.ArrowInvalid
        More than 2 GB of text.
    """
    encoded = [b"" if text is None else text.encode() for text in texts]
    ends = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=ends[1:])
    if ends[-1] > np.iinfo(np.int32).max:
        raise pa.ArrowInvalid(f"{ends[-1]:,} bytes of text do not fit one array")
    known = np.fromiter((text is not None for text in texts), bool, len(encoded))
    buffers = [
        _validity(known),
        pa.py_buffer(ends.astype(np.int32)),
        pa.py_buffer(b"".join(encoded)),
    ]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def present(array: pa.Array) -> NDArray[np.bool_]:
    """Which values of an array are not null."""
    bits = array.buffers()[0]
    if bits is None:
        return np.ones(len(array), bool)
    first = array.offset
    unpacked = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")
    return unpacked[first : first + len(array)].astype(bool)


def as_numpy(numbers: pa.Array) -> NDArray[Any]:
    """View an array of numbers; what stands for a null is any number."""
    dtype = np.dtype(str(numbers.type).replace("double", "float64"))
    data = numbers.buffers()[1]
    if data is None:
        return np.empty(0, dtype)
    return np.frombuffer(data, dtype, len(numbers), numbers.offset * dtype.itemsize)


def _validity(known: NDArray[np.bool_]) -> pa.Buffer | None:
    return None if known.all() else pa.py_buffer(np.packbits(known, bitorder="little"))
