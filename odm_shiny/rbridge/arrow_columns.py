"""One Arrow array into one R vector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from odm_shiny.rbridge import lists, r_memory, session, strings, times
from odm_shiny.rbridge.numbers import Mask, doubles, integers, logicals, raws
from odm_shiny.rbridge.options import Conversion
from odm_shiny.rbridge.r_memory import RObject

_is = pa.types


def column(values: pa.Array | pa.ChunkedArray, how: Conversion) -> RObject:
    """Make an R vector of an Arrow array; null is NA, in lists NULL, and NaN stays NaN.

    Raises
    ------
    FrameError
        R has no vector for the type, or not for a value; the message names the place.
    """
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    kind = values.type
    for accepts, convert in _CONVERTERS:
        if accepts(kind):
            return convert(values, how)
    how.refuse(f"R has no vector for Arrow's {kind}; {_ADVICE.get(kind.id, 'cast it first')}")


def dictionary(values: pa.DictionaryArray, how: Conversion, *, ordered: bool = False) -> RObject:
    """Make a factor; a null among the distinct values is refused, null indices are NA."""
    levels = values.dictionary
    if not _is_text(levels.type):
        how.refuse(
            f"the categories are {levels.type}, and R's levels are text: convert the column to "
            "numbers, or the categories to text"
        )
    if levels.null_count or pc.count_distinct(levels).as_py() != len(levels):
        how.refuse("a category is missing or stands twice")
    vector = strings.codes(values)
    r_memory.set_attribute(vector, "levels", strings.strings(levels, how.at("categories")))
    classes = ["ordered", "factor"] if ordered else ["factor"]
    r_memory.set_attribute(vector, "class", r_memory.few_strings(classes))
    return vector


def _nothing(values: pa.Array, how: Conversion) -> RObject:
    return logicals(np.zeros(len(values), np.bool_), np.ones(len(values), np.bool_))


def _boolean(values: pa.Array, how: Conversion) -> RObject:
    return logicals(_plain(values, False), _missing(values))


def _whole(values: pa.Array, how: Conversion) -> RObject:
    return integers(_plain(values, 0), _missing(values), how)


def _floating(values: pa.Array, how: Conversion) -> RObject:
    return doubles(_plain(values, 0.0), _missing(values))


def _factor(values: pa.Array, how: Conversion) -> RObject:
    return dictionary(values, how, ordered=values.type.ordered)


def _date(values: pa.Array, how: Conversion) -> RObject:
    days = _plain(values.cast(pa.date32()).cast(pa.int32()), 0)
    return times.dates(days.astype(np.int64), _missing(values))


def _timestamp(values: pa.Array, how: Conversion) -> RObject:
    counts = _plain(values.cast(pa.int64()), 0)
    return times.posixct(counts, values.type.unit, values.type.tz, _missing(values))


def _duration(values: pa.Array, how: Conversion) -> RObject:
    return times.difftime(_plain(values.cast(pa.int64()), 0), values.type.unit, _missing(values))


def _binary(values: pa.Array, how: Conversion) -> RObject:
    def raw(value: bytes | None) -> RObject:
        return r_memory.null() if value is None else raws(np.frombuffer(value, np.uint8))

    return lists.of(values.to_pylist(), lambda value, _: raw(value))


def _list(values: pa.Array, how: Conversion) -> RObject:
    lengths, missing = pc.fill_null(pc.list_value_length(values), 0), _missing(values)
    n = lengths.to_numpy(zero_copy_only=False).astype(np.int64)
    # `flatten` leaves out what lies behind a null, as the lengths do.
    flat = column(values.flatten(), how.at("elements"))
    first = np.cumsum(n) - n + 1
    return session.run("pieces", flat, doubles(first), integers(n, missing, how))


def _struct(values: pa.Array, how: Conversion) -> RObject:
    return lists.of(values.to_pylist(), how.inside)


def _plain(values: pa.Array, fill: Any) -> NDArray[Any]:
    filled = pc.fill_null(values, pa.scalar(fill, values.type)) if values.null_count else values
    return np.asarray(filled.to_numpy(zero_copy_only=False))


def _missing(values: pa.Array) -> Mask:
    if not values.null_count:
        return None
    return np.asarray(values.is_null().to_numpy(zero_copy_only=False))


def _is_text(kind: pa.DataType) -> bool:
    return bool(_is.is_string(kind) or _is.is_large_string(kind) or _is.is_string_view(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(_is.is_binary(kind) or _is.is_large_binary(kind) or _is.is_fixed_size_binary(kind))


def _is_list(kind: pa.DataType) -> bool:
    return bool(_is.is_list(kind) or _is.is_large_list(kind) or _is.is_fixed_size_list(kind))


def _text(values: pa.Array, how: Conversion) -> RObject:
    if _is.is_string_view(values.type):
        values = values.cast(pa.large_string())
    return strings.strings(values, how)


_CONVERTERS: tuple[
    tuple[Callable[[pa.DataType], bool], Callable[[pa.Array, Conversion], RObject]], ...
] = (
    (_is_text, _text),
    (_is.is_dictionary, _factor),
    (_is.is_boolean, _boolean),
    (_is.is_integer, _whole),
    (_is.is_floating, _floating),
    (_is.is_date, _date),
    (_is.is_timestamp, _timestamp),
    (_is.is_duration, _duration),
    (_is.is_null, _nothing),
    (_is_bytes, _binary),
    (_is_list, _list),
    (_is.is_struct, _struct),
)

_ADVICE = {
    pa.decimal128(1).id: "cast it to float64 or to text",
    pa.decimal256(1).id: "cast it to float64 or to text",
    pa.time64("us").id: "cast it to a duration or to text",
    pa.time32("s").id: "cast it to a duration or to text",
}
