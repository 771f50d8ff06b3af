"""One pandas column into one R vector."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from odm_shiny.rbridge import arrow_columns, lists, times
from odm_shiny.rbridge.numbers import complexes, doubles, integers, logicals
from odm_shiny.rbridge.options import Conversion
from odm_shiny.rbridge.r_memory import RObject


def column(values: pd.Series[Any] | pd.Index[Any], how: Conversion) -> RObject:
    """Make an R vector of a column, its labels left aside.

    NaN is pandas' missing value in columns of numpy's floats, and becomes NA; in ``Float64`` and in
    Arrow's floats, which have missing values of their own, NaN stays NaN.

    Raises
    ------
    FrameError
        R has no vector for these values; the message names the place.
    """
    kind: Any = values.dtype
    array: Any = values.array
    if isinstance(kind, pd.CategoricalDtype):
        return _factor(array, how)
    if isinstance(kind, pd.ArrowDtype):
        return arrow_columns.column(pa.chunked_array(array.__arrow_array__()), how)
    if isinstance(kind, pd.DatetimeTZDtype):
        return times.posixct(array.asi8, kind.unit, str(kind.tz), None)
    if isinstance(kind, pd.StringDtype):
        return arrow_columns.column(_arrow(array, how), how)
    if isinstance(kind, pd.BooleanDtype):
        return logicals(array._data, array._mask)
    if hasattr(array, "_mask") and kind.kind in "iu":
        return integers(array._data, array._mask, how)
    if hasattr(array, "_mask") and kind.kind == "f":
        return doubles(array._data, array._mask)
    if isinstance(kind, np.dtype):
        return array_column(np.asarray(values), how, nan_is_missing=True)
    how.refuse(f"R has no vector for pandas' {kind}; convert it first")


def array_column(values: NDArray[Any], how: Conversion, *, nan_is_missing: bool = False) -> RObject:
    """Make an R vector of a numpy array, in column order if it has more than one dimension."""
    match values.dtype.kind:
        case "f" if values.dtype.itemsize <= 8:
            return doubles(values, nan_is_missing=nan_is_missing)
        case "i" | "u":
            return integers(values, None, how)
        case "b":
            return logicals(values)
        case "c" if values.dtype.itemsize <= 16:
            return complexes(values)
        case "O" | "T" | "U":
            return _objects(values.ravel(order="F"), how)
        case "M" | "m":
            return _times(values.ravel(order="F"), how)
    how.refuse(f"R has no vector for numpy's {values.dtype}")


def _objects(values: NDArray[Any], how: Conversion) -> RObject:
    # Text is told at the speed of C; other objects are looked at one by one.
    if pd.api.types.infer_dtype(values, skipna=True) == "string":
        return arrow_columns.column(_arrow(values, how), how)
    return objects(values.tolist(), how)


def objects(values: list[Any], how: Conversion) -> RObject:
    """Make an R vector of Python values of one kind, or a list column of lists, dicts and the like.

    ``None``, ``pandas.NA``, ``NaT`` and NaN are missing. Numbers, text, truth values, dates and
    times are not mixed.
    """
    known = [value for value in values if not _is_missing(value)]
    if any(isinstance(value, _COMPOUND) for value in known):
        return _list_column(values, how)
    kinds = {_kind(value) for value in known}
    if kinds == {"integer", "double"}:
        kinds = {"double"}
    if len(kinds) > 1:
        how.refuse(f"there are values of several kinds: {', '.join(sorted(kinds))}")
    if kinds == {"complex"}:
        return complexes(np.array([complex("nan") if _is_missing(v) else v for v in values]))
    clean = [None if _is_missing(value) else value for value in values]
    if kinds == {"double"}:
        return doubles(
            np.array([np.nan if value is None else float(value) for value in clean]),
            nan_is_missing=True,
        )
    return arrow_columns.column(_arrow(clean, how, _zone_of(known)), how)


def _list_column(values: list[Any], how: Conversion) -> RObject:
    if all(value is None or isinstance(value, list) for value in values):
        try:
            return arrow_columns.column(_uniform_lists(values), how)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            pass  # lists of several kinds: each as it is
    plain = [None if _is_missing(value) else value for value in values]
    return lists.of(plain, how.inside)


def _uniform_lists(values: list[Any]) -> pa.Array:
    kinds = {_kind(one) for value in values if value is not None for one in value}
    if len(kinds - {"missing"}) != 1 or not kinds <= {"text", "truth value", "integer", "missing"}:
        raise ValueError("not of one simple kind")
    return pa.array(values)


def _factor(values: Any, how: Conversion) -> RObject:
    codes = pa.array(values.codes, mask=values.codes < 0)
    levels = _arrow(values.categories, how.at("categories"))
    encoded = pa.DictionaryArray.from_arrays(codes, levels)
    return arrow_columns.dictionary(encoded, how, ordered=values.ordered)


def _times(values: NDArray[Any], how: Conversion) -> RObject:
    unit, step = np.datetime_data(values.dtype)
    if values.dtype.kind == "M" and unit in ("D", "W", "M", "Y"):
        return times.dates(values.astype("M8[D]").view(np.int64), None)
    if unit not in ("s", "ms", "us", "ns") or step != 1:
        coarse = unit in ("W", "D", "h", "m") or (step != 1 and unit in ("s", "ms", "us"))
        if not coarse:
            how.refuse(f"R has no vector for numpy's {values.dtype}")
        unit = "s" if unit in ("W", "D", "h", "m", "s") else unit
        values = values.astype(f"{values.dtype.kind}8[{unit}]")
    counts = values.view(np.int64)
    if values.dtype.kind == "M":
        return times.posixct(counts, unit, None, None)
    return times.difftime(counts, unit, None)


def _arrow(values: Any, how: Conversion, zone: str | None = None) -> pa.Array:
    kind = pa.timestamp("us", zone) if zone else None
    try:
        found = pa.array(values, kind, from_pandas=True)
    except UnicodeEncodeError:
        how.refuse("a text is no valid Unicode (half of a surrogate pair)")
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        how.refuse(f"R has no vector for these values ({str(error).splitlines()[0]})")
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _zone_of(known: list[Any]) -> str | None:
    for value in known:
        if isinstance(value, dt.datetime) and value.tzinfo is not None:
            return str(value.tzinfo)
    return None


def _is_missing(value: Any) -> bool:
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, (float, np.generic)) and bool(value != value)


_COMPOUND = (list, tuple, np.ndarray, Mapping, pd.DataFrame, pd.Series, bytes, bytearray)

_KINDS: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("text", (str,)),
    ("truth value", (bool, np.bool_)),
    ("integer", (int, np.integer)),
    ("double", (float, np.floating)),
    ("complex", (complex, np.complexfloating)),
    ("time without a zone", (dt.datetime, np.datetime64)),
    ("date", (dt.date,)),
    ("duration", (dt.timedelta, np.timedelta64)),
)


def _kind(value: Any) -> str:
    if value is None:
        return "missing"
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return "time with a zone"
    for name, types in _KINDS:
        if isinstance(value, types):
            return name
    return type(value).__name__
