"""Native R values into Python values.

===============================================  ===================================================
R                                                Python
===============================================  ===================================================
``NULL``                                         ``None``
``character`` of one element; of others          ``str``; ``list`` of ``str``; ``NA`` is ``None``
``logical`` of one element; of others            ``bool``; array of bool; ``NA`` is ``None``, in an
                                                 array it makes pandas' ``boolean``
``integer`` of one element; of others            ``int``; array of int32; ``NA`` is ``None``, in an
                                                 array it makes pandas' ``Int32``
``double`` of one element; of others             ``float``; array of float64; ``NA`` is ``None``,
                                                 in an array it stays the NaN that R knows as NA
``complex``; ``raw``                             ``complex`` or array; ``bytes``
``Date``, ``POSIXct``, ``difftime``              ``date``, aware ``datetime``, ``timedelta``, or a
                                                 pandas ``Series`` of them
``factor``                                       pandas ``Categorical``
``integer64``                                    ``int`` or an array of int64, with NA ``Int64``
any of these with names                          pandas ``Series`` with the names as index
any of these in ``I()``                          the same, but never a scalar: ``I("a")`` is
                                                 ``["a"]``
``list`` without names; with names               ``list``; ``dict``
``data.frame``, ``tibble``, ``data.table``,      pandas ``DataFrame``, or a pyarrow ``Table`` if
``DFrame`` of S4Vectors                          asked for
``matrix``, ``array``                            numpy array by columns; `Matrix` if it has names
sparse matrices of the package Matrix            scipy ``csc_matrix``; `Matrix` if it has names
a list or environment of class ``odm_handle``    the Python object that it stands for
===============================================  ===================================================

Columns of a frame are as `vectors.pandas_column` says: text is ``object`` with ``None``, a ``Date``
is Arrow's ``date32``, a time is ``datetime64[us]`` in its zone, a list column holds what its
elements are by this table, lists of one element as lists. Text is UTF-8, whatever encoding R had it
in.

Everything else is refused by a `FrameError` that names its place: functions, formulas, calls and
symbols (they are never evaluated), environments, S4 objects of other classes, vectors with a class
that is not in the table, bytes that are no text, names that are NA or stand twice in a list.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

from odm_shiny.rbridge import handles, matrices, r_memory, session, strings
from odm_shiny.rbridge.handles import Handle
from odm_shiny.rbridge.numbers import copy_doubles
from odm_shiny.rbridge.options import Conversion, Frames
from odm_shiny.rbridge.r_memory import NA_INTEGER, RObject
from odm_shiny.rbridge.vectors import (
    ATOMIC,
    arrow_column,
    classes,
    count,
    is_vector,
    pandas_column,
    special,
)

MAX_DEPTH = 200

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def from_r(value: RObject, *, frames: Frames = "pandas", where: str = "") -> Any:
    """Convert a native R value to Python; the module's table says to what.

    Parameters
    ----------
    value
        An R value in R's memory; nothing that is returned points into it.
    frames
        What a ``data.frame`` becomes: ``"pandas"`` or ``"arrow"``.
    where
        Names the value in errors.

    Raises
    ------
    FrameError
        The value, or something in it, has no Python form; the message names the place.
    BridgeError
        R is not started, this is not R's thread, or a handle is no longer good.
    """
    session.require()
    return _convert(value, Conversion(_convert_inside, frames=frames, where=where))


def _convert(value: RObject, how: Conversion) -> Any:
    kind = r_memory.kind_of(value)
    if kind == "NULL":
        return None
    if how.where.count(",") > MAX_DEPTH:
        how.refuse(f"more than {MAX_DEPTH} levels of lists in lists")
    if kind == "list" or kind in ATOMIC:
        return _vector_or_list(value, how)
    if kind == "S4":
        return _s4(value, how)
    if kind == "environment" and "odm_handle" in classes(value):
        return _handle(value, how)
    what = {"language": "R code", "symbol": "R code", "promise": "R code"}.get(kind, f"an R {kind}")
    return how.refuse(f"{what} has no Python form")


def _convert_inside(value: RObject, how: Conversion) -> Any:
    # In a list column, a vector of one element is a list of one element.
    if r_memory.kind_of(value) in ATOMIC and not r_memory.attribute_names(value):
        found = _several(value, how)
        return found if isinstance(found, (list, bytes)) else list(found)
    return _convert(value, how)


def _vector_or_list(value: RObject, how: Conversion) -> Any:
    kinds = classes(value)
    if "odm_handle" in kinds:
        return _handle(value, how)
    if "data.frame" in kinds:
        return _frame(value, how)
    dim = r_memory.attribute(value, "dim")
    if r_memory.kind_of(dim) != "NULL" and not set(kinds) - {"AsIs"}:
        if r_memory.kind_of(value) == "list":
            how.refuse("a matrix of lists has no Python form")
        shape = tuple(int(one) for one in r_memory.view(dim))
        return matrices.from_dense(value, shape, how)
    if is_vector(value):
        return _vector(value, kinds, how)
    if set(kinds) - {"AsIs", "list"}:
        how.refuse(f"R's class {kinds[0]!r} has no Python form: convert it in R first")
    return _list(value, how)


def _vector(value: RObject, kinds: list[str], how: Conversion) -> Any:
    names = None if "POSIXlt" in kinds else strings.names(value, how)
    if names is not None:
        return pd.Series(pandas_column(value, how), index=pd.Index(names, dtype=object))
    if "AsIs" not in kinds and count(value, kinds) == 1:
        return _single(value, kinds, how)
    if special(kinds) is not None:
        found = pandas_column(value, how)
        return found if isinstance(found, (pd.Categorical, np.ndarray)) else pd.Series(found)
    return _several(value, how)


def _single(value: RObject, kinds: list[str], how: Conversion) -> Any:
    if special(kinds) == "factor":
        return pandas_column(value, how)
    if special(kinds) is not None:
        found = arrow_column(value, how)[0]
        if not found.is_valid:
            return None
        return _instant(found, how) if pa.types.is_timestamp(found.type) else found.as_py()
    kind = r_memory.kind_of(value)
    if kind == "character":
        return strings.text_list(value, how)[0]
    if kind == "raw":
        return bytes(r_memory.view(value))
    found = r_memory.view(value)[0].item()
    if kind in ("logical", "integer"):
        return None if found == NA_INTEGER else bool(found) if kind == "logical" else found
    if kind == "double" and arrow_column(value, how).null_count:
        return None
    return found


def _instant(value: pa.Scalar, how: Conversion) -> dt.datetime:
    try:
        instant = _EPOCH + dt.timedelta(microseconds=value.value)
        return instant.astimezone(ZoneInfo(value.type.tz))
    except OverflowError:
        how.refuse("the time is further away than Python can say")


def _several(value: RObject, how: Conversion) -> Any:
    match r_memory.kind_of(value):
        case "character":
            return strings.text_list(value, how)
        case "raw":
            return bytes(r_memory.view(value))
        case "double":
            return copy_doubles(r_memory.view(value))
    return pandas_column(value, how)


def _list(value: RObject, how: Conversion) -> Any:
    names = strings.names(value, how)
    items = r_memory.elements(value)
    if names is None:
        return [_convert(one, how.at(f"element {i + 1}")) for i, one in enumerate(items)]
    if "" in names:
        how.refuse(f"element {names.index('') + 1} has no name, and others have one")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        how.refuse(f"the name {twice!r} stands twice")
    return {name: _convert(one, how.at(repr(name))) for name, one in zip(names, items, strict=True)}


def _frame(value: RObject, how: Conversion) -> Any:
    names = strings.names(value, how) or []
    places = [how.at(f"column {name!r}") for name in names]
    columns = r_memory.elements(value)
    for column, place in zip(columns, places, strict=True):
        if {"dim", "row.names"} & set(r_memory.attribute_names(column)):
            place.refuse("a column that is a matrix or a frame has no Python form")
    if how.frames == "arrow":
        arrays = [arrow_column(one, place) for one, place in zip(columns, places, strict=True)]
        return pa.Table.from_arrays(arrays, names=names)
    index = _index(value, how.at("row names"))
    found = {
        position: pd.Series(pandas_column(one, place), index=index, copy=False)
        for position, (one, place) in enumerate(zip(columns, places, strict=True))
    }
    frame = pd.DataFrame(found, index=index, copy=False)
    frame.columns = pd.Index(names, dtype=object)
    return frame


def _index(value: RObject, how: Conversion) -> pd.Index[Any]:
    labels = r_memory.attribute(value, "row.names")
    if r_memory.kind_of(labels) == "character":
        return pd.Index(strings.required(labels, how), dtype=object)
    numbers = r_memory.view(labels).copy()
    if len(numbers) == 0 or (numbers[0] == 1 and (np.diff(numbers) == 1).all()):
        return pd.RangeIndex(len(numbers))
    return pd.Index(numbers.astype(np.int64))


def _s4(value: RObject, how: Conversion) -> Any:
    slots = session.run("unsparse", value)
    if r_memory.kind_of(slots) != "NULL":
        return matrices.from_sparse(r_memory.elements(slots), how)
    frame = session.run("plain_frame", value)
    if r_memory.kind_of(frame) != "NULL":
        return _frame(frame, how)
    name = session.text_of(session.run("class_of", value))[0]
    return how.refuse(f"an object of R's class {name!r} has no Python form")


def _handle(value: RObject, how: Conversion) -> Any:
    try:
        parts = [_convert(one, how) for one in r_memory.elements(session.run("handle_of", value))]
        kind, number, key = str(parts[0]), int(parts[1]), str(parts[2])
    except (TypeError, ValueError):
        how.refuse("this odm_handle is damaged: open it again")
    return handles.get(Handle(kind, number, key))
