"""Text into R's memory, and back.

R keeps each distinct string once, and makes them one by one: the cost of a column of text is the
number of its distinct strings. So repeated text crosses as distinct strings and their numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from odm_shiny.errors import BridgeError
from odm_shiny.rbridge import r_memory, session
from odm_shiny.rbridge.options import Conversion
from odm_shiny.rbridge.r_memory import NA_INTEGER, RObject

# A call of R costs as much as this many strings made one by one.
_FEW = 64
_PROBE = 20_000


def texts(values: Sequence[str | None], how: Conversion) -> RObject:
    """Make a ``character`` vector of Python strings; ``None`` is NA."""
    if len(values) > _FEW:
        return strings(_arrow(values, how), how)
    try:
        return r_memory.few_strings(values)
    except UnicodeEncodeError:
        _refuse_surrogate(values, how)
    except ValueError:
        _refuse_nul(_arrow(values, how), how)


def strings(values: pa.Array, how: Conversion) -> RObject:
    """Make a ``character`` vector of an Arrow array of strings; null is NA."""
    if len(values) > _FEW and _repeats(values):
        encoded = pc.dictionary_encode(values)
        return session.run("pick", _distinct(encoded.dictionary, how), codes(encoded))
    return _distinct(values, how)


def codes(values: pa.DictionaryArray) -> RObject:
    """Make the numbers of a factor: counted from 1, NA where the value is null."""
    missing = values.indices.is_null().to_numpy(zero_copy_only=False)
    positions = pc.fill_null(values.indices, 0).to_numpy(zero_copy_only=False)
    vector, memory = r_memory.allocate("integer", len(values))
    np.add(positions, 1, out=memory, casting="unsafe")
    if missing.any():
        memory[missing] = NA_INTEGER
    return vector


def arrow_strings(vector: RObject, how: Conversion) -> pa.Array:
    """Return a ``character`` vector as Arrow ``large_string``; NA is null.

    Whatever encoding a string has in R, it is UTF-8 here. Bytes that are not text are refused.
    """
    n = r_memory.length(vector)
    if n <= _FEW:
        return pa.array(text_list(vector, how), pa.large_string())
    levels, places = r_memory.elements(session.run("distinct", vector))
    if r_memory.length(levels) > n // 2:
        return _all_strings(vector, how)
    encoded = pa.DictionaryArray.from_arrays(r_memory.view(places) - 1, _all_strings(levels, how))
    return encoded.cast(pa.large_string())


def objects(vector: RObject, how: Conversion) -> NDArray[np.object_]:
    """Return a ``character`` vector as an array of ``str`` and ``None``; like strings are one."""
    n = r_memory.length(vector)
    if n > _FEW:
        levels, places = r_memory.elements(session.run("distinct", vector))
        if r_memory.length(levels) <= n // 2:
            distinct = _all_strings(levels, how).to_numpy(zero_copy_only=False)
            return np.asarray(distinct[r_memory.view(places) - 1], dtype=object)
        return np.asarray(_all_strings(vector, how).to_numpy(zero_copy_only=False), dtype=object)
    found = np.empty(n, dtype=object)
    found[:] = text_list(vector, how)
    return found


def text_list(vector: RObject, how: Conversion) -> list[str | None]:
    """Return a ``character`` vector as a list; NA is ``None``."""
    if r_memory.length(vector) > _FEW:
        return list(arrow_strings(vector, how).to_pylist())
    found = r_memory.few_bytes(_translated("utf8", vector, how))
    try:
        return [None if one is None else one.decode() for one in found]
    except UnicodeDecodeError:
        _refuse_bytes(how)


def names(vector: RObject, how: Conversion) -> list[str] | None:
    """Return the ``names`` of a vector; ``None`` without them. NA is refused."""
    found = r_memory.attribute(vector, "names")
    if r_memory.kind_of(found) == "NULL":
        return None
    return required(found, how.at("names"))


def required(vector: RObject, how: Conversion) -> list[str]:
    """Return a ``character`` vector in which nothing may be missing."""
    found = text_list(vector, how)
    if None in found:
        how.refuse(f"element {found.index(None) + 1} is NA")
    return [one for one in found if one is not None]


def _distinct(values: pa.Array, how: Conversion) -> RObject:
    if len(values) <= _FEW:
        return texts(values.to_pylist(), how)
    values = values.cast(pa.large_string())
    missing = np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False)) + 1
    filled = pc.fill_null(values, "")
    closed = pc.binary_join_element_wise(
        filled, pa.scalar("", pa.large_string()), pa.scalar("\0", pa.large_string())
    )
    data = _data(closed)
    if len(data) - np.count_nonzero(data) != len(values):
        _refuse_nul(values, how)
    vector, memory = r_memory.allocate("raw", len(data))
    memory[:] = data
    return session.run("strings", vector, _integer(len(values)), _integer(*missing))


def _all_strings(vector: RObject, how: Conversion) -> pa.Array:
    closed, missing = r_memory.elements(_translated("string_bytes", vector, how))
    data = r_memory.view(closed)
    ends = np.flatnonzero(data == 0)
    n = len(ends)
    # Without the zero bytes, each string begins one byte earlier for every string before it.
    offsets = np.zeros(n + 1, np.int64)
    offsets[1:] = ends - np.arange(n)
    valid = np.ones(n, np.bool_)
    valid[r_memory.view(missing) - 1] = False
    found = pa.Array.from_buffers(
        pa.large_string(),
        n,
        [
            pa.py_buffer(np.packbits(valid, bitorder="little")),
            pa.py_buffer(offsets),
            pa.py_buffer(data[data != 0]),
        ],
    )
    try:
        found.validate(full=True)
    except pa.ArrowInvalid:
        _refuse_bytes(how)
    return found


def _translated(helper: str, vector: RObject, how: Conversion) -> RObject:
    try:
        return session.run(helper, vector)
    except BridgeError:
        _refuse_bytes(how)


def _repeats(values: pa.Array) -> bool:
    probe = values.slice(0, _PROBE)
    return bool(pc.count_distinct(probe).as_py() <= len(probe) // 2)


def _data(values: pa.Array) -> NDArray[np.uint8]:
    _, offsets, data = values.buffers()
    start = values.offset
    bounds = np.frombuffer(offsets, np.int64)[start : start + len(values) + 1]
    if data is None:
        return np.empty(0, np.uint8)
    return np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]


def _integer(*values: int) -> RObject:
    vector, memory = r_memory.allocate("integer", len(values))
    memory[:] = values
    return vector


def _arrow(values: Sequence[str | None], how: Conversion) -> pa.Array:
    try:
        return pa.array(values, pa.large_string())
    except UnicodeEncodeError:
        _refuse_surrogate(values, how)


def _refuse_surrogate(values: Sequence[str | None], how: Conversion) -> NoReturn:
    for position, value in enumerate(values):
        try:
            (value or "").encode()
        except UnicodeEncodeError:
            how.at(f"element {position}").refuse(
                f"{value!r} is no valid Unicode (half of a surrogate pair)"
            )
    how.refuse("there is a text that is no valid Unicode")


def _refuse_nul(values: pa.Array, how: Conversion) -> NoReturn:
    position = pc.index(pc.match_substring(values, "\0"), True).as_py()
    value = values[position].as_py()
    how.at(f"element {position}").refuse(f"{value!r} holds a NUL character, which R's text cannot")


def _refuse_bytes(how: Conversion) -> NoReturn:
    how.refuse(
        "there are bytes that are no text: say their encoding first, iconv(x, from = 'latin1', "
        "to = 'UTF-8')"
    )
