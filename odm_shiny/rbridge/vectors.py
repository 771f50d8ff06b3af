"""R vectors as Arrow arrays and as pandas columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from odm_shiny.rbridge import r_memory, session, strings, times
from odm_shiny.rbridge.numbers import copy_doubles, is_na
from odm_shiny.rbridge.options import Conversion
from odm_shiny.rbridge.r_memory import NA_INTEGER, NA_INTEGER64, RObject

ATOMIC = frozenset({"logical", "integer", "double", "character", "complex", "raw"})


def classes(value: RObject) -> list[str]:
    """Return the ``class`` attribute; none for plain vectors."""
    found = r_memory.attribute(value, "class")
    return [] if r_memory.kind_of(found) == "NULL" else session.text_of(found)


def is_vector(value: RObject) -> bool:
    """Tell whether this is a plain vector or one of the classes of `special`."""
    kinds = classes(value)
    if r_memory.kind_of(value) not in ATOMIC and "POSIXlt" not in kinds:
        return False
    return not set(kinds) - {"AsIs"} or special(kinds) is not None


def special(kinds: list[str]) -> str | None:
    """Name the class that says what a vector means, of those that are known here."""
    return next((kind for kind in _SPECIAL if kind in kinds), None)


def count(value: RObject, kinds: list[str]) -> int:
    """Count the elements; a ``POSIXlt`` is a list of its parts, one element a time."""
    return r_memory.length(r_memory.element(value, 0) if "POSIXlt" in kinds else value)


def arrow_column(value: RObject, how: Conversion) -> pa.Array:
    """Return a vector or list as an Arrow array; NA and ``NULL`` elements are null.

    Raises
    ------
    FrameError
        The class or type of the vector has no Arrow form.
    """
    kind = special(classes(value))
    if kind is not None:
        return _SPECIAL[kind](value, how)
    _known(value, how)
    match r_memory.kind_of(value):
        case "character":
            return strings.arrow_strings(value, how)
        case "logical":
            values = r_memory.view(value)
            missing = values == NA_INTEGER
            return pa.array(np.where(missing, 0, values).astype(np.bool_), mask=missing)
        case "integer":
            whole = r_memory.view(value).copy()
            return pa.array(whole, mask=whole == NA_INTEGER)
        case "double":
            numbers = copy_doubles(r_memory.view(value))
            return pa.array(numbers, mask=is_na(numbers), from_pandas=False)
        case "raw":
            return pa.array(r_memory.view(value).copy())
        case "list":
            return _arrow_list(value, how)
    return how.refuse(f"R's {r_memory.kind_of(value)} has no Arrow form")


def pandas_column(value: RObject, how: Conversion) -> Any:
    """Return a vector or list as a pandas column: an array that keeps what is missing.

    Whole numbers and truth values are numpy's where nothing is missing, else pandas' ``Int32``,
    ``Int64`` and ``boolean``. Doubles are numpy's with NaN for NA, or ``Float64`` if both NA and
    NaN occur, which numpy cannot tell apart.
    """
    kind = special(classes(value))
    if kind == "factor":
        encoded = _factor(value, how)
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        levels = pd.Index(encoded.dictionary.to_pylist(), dtype=object)
        return pd.Categorical.from_codes(codes, levels, ordered=encoded.type.ordered)
    if kind == "integer64":
        whole = r_memory.view(value).view(np.int64).copy()
        missing = whole == NA_INTEGER64
        return pd.arrays.IntegerArray(whole, missing) if missing.any() else whole
    if kind == "Date":
        return pd.array(_SPECIAL[kind](value, how), dtype=pd.ArrowDtype(pa.date32()))
    if kind is not None:
        return _SPECIAL[kind](value, how).to_pandas().array
    _known(value, how)
    match r_memory.kind_of(value):
        case "logical":
            values = r_memory.view(value)
            missing = values == NA_INTEGER
            truth = np.where(missing, 0, values).astype(np.bool_)
            return pd.arrays.BooleanArray(truth, missing) if missing.any() else truth
        case "integer":
            whole = r_memory.view(value).copy()
            missing = whole == NA_INTEGER
            return pd.arrays.IntegerArray(whole, missing) if missing.any() else whole
        case "double":
            return _pandas_doubles(copy_doubles(r_memory.view(value)))
        case "complex" | "raw":
            return r_memory.view(value).copy()
        case "character":
            return strings.objects(value, how)
        case "list":
            return _objects(
                [
                    how.inside(one, f"element {position}")
                    for position, one in enumerate(r_memory.elements(value))
                ]
            )
    return how.refuse(f"R's {r_memory.kind_of(value)} has no pandas form")


def _pandas_doubles(numbers: Any) -> Any:
    nan = np.isnan(numbers)
    if not nan.any():
        return numbers
    missing = is_na(numbers)
    if (nan == missing).all():
        numbers[missing] = np.nan
        return numbers
    return pd.arrays.FloatingArray(numbers, missing)


def _objects(values: list[Any]) -> Any:
    # np.array() would make a matrix of lists that happen to have one length.
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _known(value: RObject, how: Conversion) -> None:
    strange = [kind for kind in classes(value) if kind not in ("AsIs", "list")]
    if strange:
        how.refuse(f"R's class {strange[0]!r} has no Python form: convert it in R first")


def _factor(value: RObject, how: Conversion) -> pa.DictionaryArray:
    codes = r_memory.view(value)
    missing = codes == NA_INTEGER
    levels = strings.arrow_strings(r_memory.attribute(value, "levels"), how.at("levels"))
    if levels.null_count:
        how.refuse("one of the levels is NA: droplevels() or name it")
    indices = pa.array(np.where(missing, 1, codes) - 1, pa.int32(), mask=missing)
    ordered = "ordered" in classes(value)
    return pa.DictionaryArray.from_arrays(indices, levels, ordered=ordered)


def _integer64(value: RObject, how: Conversion) -> pa.Array:
    whole = r_memory.view(value).view(np.int64).copy()
    return pa.array(whole, mask=whole == NA_INTEGER64)


def _arrow_list(value: RObject, how: Conversion) -> pa.Array:
    plain, kinds = r_memory.elements(session.run("kinds", value))
    if r_memory.view(plain)[0]:
        flat, lengths = r_memory.elements(session.run("unpieces", value))
        found = set(session.text_of(kinds)) - {"NULL"}
        if len(found) == 1:
            n = r_memory.view(lengths).astype(np.int64)
            missing = n == NA_INTEGER
            offsets = np.concatenate([[0], np.cumsum(np.where(missing, 0, n))])
            inner = arrow_column(flat, how.at("elements"))
            return pa.LargeListArray.from_arrays(
                pa.array(offsets, pa.int64()), inner, mask=pa.array(missing)
            )
    try:
        return pa.array(list(pandas_column(value, how)))
    except pa.ArrowException as error:
        return how.refuse(f"the elements are of several kinds ({str(error).splitlines()[0]})")


_SPECIAL: dict[str, Callable[[RObject, Conversion], Any]] = {
    "factor": _factor,
    "integer64": _integer64,
    "Date": times.arrow_dates,
    "POSIXct": times.arrow_timestamps,
    "POSIXlt": times.arrow_timestamps,
    "difftime": times.arrow_durations,
}
