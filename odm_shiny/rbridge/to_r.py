"""Python values into native R values.

===============================================  ===================================================
Python                                           R
===============================================  ===================================================
``None``                                         ``NULL``
``bool``, ``int``, ``float``, ``complex``,       a vector of one element: ``logical``, ``integer``
``str`` and numpy's scalars                      (or ``double`` beyond 32 bits), ``double``,
                                                 ``complex``, ``character``
``pandas.NA``; ``NaT``                           ``NA``; ``NA`` of ``POSIXct``
``bytes``, ``bytearray``                         ``raw``
``date``; ``datetime``; ``timedelta``            ``Date``; ``POSIXct``; ``difftime`` in seconds
``list``, ``tuple`` of scalars of one kind       a vector of that kind, ``None`` is ``NA``
other ``list``, ``tuple``; empty ones            an unnamed ``list``
a mapping with text as keys                      a named ``list``
numpy array, one dimension                       a vector; NaN stays NaN
numpy array, more dimensions; `Matrix`           a ``matrix`` or ``array``; with ``dimnames``
scipy sparse matrix or array                     ``dgCMatrix``, of truth values ``lgCMatrix``
pandas ``Series``, ``Index``, extension array    a vector or factor, with names if the index is text
pandas ``DataFrame``                             ``data.frame``; the index becomes row names
Arrow and polars table; array                    ``data.frame``; a vector
`Handle`                                         a list of class ``odm_handle``
===============================================  ===================================================

The columns of a frame, and other vectors:

===============================================  ===================================================
``bool``, ``boolean``                            ``logical``
whole numbers of any width, ``Int64``            ``integer`` if all fit into 32 bits, else
                                                 ``double``; beyond 2**53 refused, or
                                                 ``integer64`` of bit64 with ``int64="integer64"``
floats up to 64 bits                             ``double``; a NaN of numpy in a frame is ``NA``,
                                                 one in ``Float64`` or Arrow is NaN, null is ``NA``
text of any pandas or Arrow kind                 ``character`` in UTF-8, missing is ``NA``
``category`` and dictionary of text              ``factor``, ``ordered`` if it is
``datetime64``, timestamps                       ``POSIXct`` in their zone; without a zone, in UTC
Arrow's dates; ``date`` objects                  ``Date``
``timedelta64``, durations                       ``difftime`` in seconds
lists, arrays, dicts, structs, bytes             a list column; a missing one is ``NULL``
objects of one of these kinds                    as that kind; all missing: ``logical`` ``NA``
===============================================  ===================================================

Everything else is refused by a `FrameError` that names the column and the place in it: an embedded
NUL, half of a surrogate pair, values of several kinds in a column, ``Decimal``, times of day,
periods, intervals, categories that are no text, column names that are no text, labels of rows that
stand twice, sets, and objects of other classes.

Where it is not exact: a double counts microseconds from 1834 to 2106 only; names of a
frame's index and of its columns as such are left out; whole numbers become doubles in a sparse
matrix. `odm_shiny.rbridge.from_r` has the table of the way back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import scipy.sparse

from odm_shiny.rbridge import (
    arrow_columns,
    frame_columns,
    lists,
    matrices,
    r_memory,
    session,
    strings,
)
from odm_shiny.rbridge.handles import Handle
from odm_shiny.rbridge.matrices import Matrix
from odm_shiny.rbridge.numbers import raws
from odm_shiny.rbridge.options import Conversion, Int64
from odm_shiny.rbridge.r_memory import RObject

MAX_DEPTH = 200


def to_r(value: Any, *, int64: Int64 = "double", where: str = "") -> RObject:
    """Convert a Python value to a native R value; the module's tables say to which.

    Parameters
    ----------
    value
        An R value is returned as it is.
    int64
        What whole numbers beyond 32 bits become: ``"double"`` (refused beyond 2**53) or
        ``"integer64"``.
    where
        Names the value in errors.

    Raises
    ------
    FrameError
        The value, or something in it, has no R form; the message names the place.
    BridgeError
        R is not started, or this is not R's thread.
    """
    session.require()
    return _convert(value, Conversion(_convert, int64=int64, where=where))


def _convert(value: Any, how: Conversion) -> RObject:
    if how.where.count(",") > MAX_DEPTH:
        how.refuse(f"more than {MAX_DEPTH} levels of lists in lists, or a list that holds itself")
    if value is None:
        return r_memory.null()
    for kinds, convert in _CONVERTERS:
        if isinstance(value, kinds):
            return convert(value, how)
    if hasattr(value, "__arrow_c_stream__") or type(value).__module__.startswith("polars"):
        return _foreign(value, how)
    return how.refuse(f"a {type(value).__module__}.{type(value).__qualname__} has no R form")


def _same(value: RObject, how: Conversion) -> RObject:
    return value


def _scalar(value: Any, how: Conversion) -> RObject:
    if isinstance(value, str):
        return strings.texts([str(value)], how)
    if isinstance(value, (float, np.floating)):
        # A NaN by itself is a result, and no missing value.
        return frame_columns.array_column(np.array([value], np.float64), how)
    return frame_columns.objects([value], how)


def _not_a_time(value: Any, how: Conversion) -> RObject:
    return frame_columns.array_column(np.array(["NaT"], "M8[us]"), how)


def _bytes(value: bytes | bytearray, how: Conversion) -> RObject:
    return raws(np.frombuffer(bytes(value), np.uint8))


def _sequence(value: Sequence[Any], how: Conversion) -> RObject:
    if value and all(one is None or one is pd.NA or isinstance(one, _PLAIN) for one in value):
        kinds = {_group(one) for one in value} - {"missing"}
        if len(kinds) == 1 and kinds <= {"text", "number", "truth", "other"}:
            if kinds == {"text"}:
                texts = [None if one is None or one is pd.NA else str(one) for one in value]
                return strings.texts(texts, how)
            if kinds != {"other"}:
                return _numbers(list(value), how)
    return lists.of(value, how.inside)


def _numbers(values: list[Any], how: Conversion) -> RObject:
    if any(isinstance(one, float) for one in values):
        missing = np.array([one is None or one is pd.NA for one in values])
        plain = [0.0 if gap else one for one, gap in zip(values, missing, strict=True)]
        return arrow_columns.column(pa.array(np.array(plain, float), mask=missing), how)
    return frame_columns.objects(values, how)


def _mapping(value: Mapping[Any, Any], how: Conversion) -> RObject:
    for key in value:
        if not isinstance(key, str):
            how.refuse(f"the key {key!r} is no text, and names in R are")
    result = r_memory.allocate_list(len(value))
    for position, (key, one) in enumerate(value.items()):
        r_memory.set_element(result, position, how.inside(one, repr(key)))
    r_memory.set_attribute(result, "names", strings.texts(list(value), how.at("keys")))
    return result


def _array(value: np.ndarray[Any, Any], how: Conversion) -> RObject:
    if value.ndim == 0:
        return _convert(value.item(), how)
    if value.dtype.names is not None:
        how.refuse("a structured array has no R form: make a DataFrame of it")
    return matrices.dense(value, how)


def _sparse(value: Any, how: Conversion) -> RObject:
    return matrices.matrix(Matrix(value), how)


def _series(value: pd.Series[Any], how: Conversion) -> RObject:
    vector = frame_columns.column(value, how)
    index = value.index
    if not isinstance(index, pd.RangeIndex) and len(index):
        names = strings.texts(_labels(index, how.at("index")), how.at("index"))
        r_memory.set_attribute(vector, "names", names)
    return vector


def _index(value: pd.Index[Any], how: Conversion) -> RObject:
    if isinstance(value, pd.MultiIndex):
        how.refuse("an index of several levels has no R form: use reset_index()")
    return frame_columns.column(value, how)


def _extension(value: Any, how: Conversion) -> RObject:
    return frame_columns.column(pd.Series(value), how)


def _frame(value: pd.DataFrame, how: Conversion) -> RObject:
    names = _column_names(value.columns, how)
    columns = r_memory.allocate_list(len(names))
    for position, name in enumerate(names):
        column = value.iloc[:, position]
        place = how.at(f"column {name!r}")
        r_memory.set_element(columns, position, frame_columns.column(column, place))
    return _data_frame(columns, names, _row_names(value.index, how.at("index")), how)


def _table(value: pa.Table | pa.RecordBatch, how: Conversion) -> RObject:
    columns = r_memory.allocate_list(value.num_columns)
    for position, name in enumerate(value.schema.names):
        column = arrow_columns.column(value.column(position), how.at(f"column {name!r}"))
        r_memory.set_element(columns, position, column)
    return _data_frame(columns, value.schema.names, _automatic(value.num_rows), how)


def _arrow_array(value: pa.Array | pa.ChunkedArray, how: Conversion) -> RObject:
    return arrow_columns.column(value, how)


def _arrow_scalar(value: pa.Scalar, how: Conversion) -> RObject:
    return arrow_columns.column(pa.array([value], value.type), how)


def _foreign(value: Any, how: Conversion) -> RObject:
    if hasattr(value, "columns"):
        return _table(pa.table(value), how)
    return arrow_columns.column(pa.chunked_array(value), how)


def _handle(value: Handle, how: Conversion) -> RObject:
    content = {"kind": value.kind, "number": float(value.number), "session": value.session}
    result = _mapping(content, how)
    r_memory.set_attribute(result, "class", r_memory.few_strings(["odm_handle"]))
    return result


def _data_frame(columns: RObject, names: list[str], row_names: RObject, how: Conversion) -> RObject:
    r_memory.set_attribute(columns, "names", strings.texts(names, how.at("column names")))
    r_memory.set_attribute(columns, "row.names", row_names)
    r_memory.set_attribute(columns, "class", r_memory.few_strings(["data.frame"]))
    return columns


def _column_names(columns: pd.Index[Any], how: Conversion) -> list[str]:
    for position, name in enumerate(columns):
        if not isinstance(name, str):
            how.refuse(f"column {position} is called {name!r}, and names in R are text")
    return [str(name) for name in columns]


def _row_names(index: pd.Index[Any], how: Conversion) -> RObject:
    if isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1:
        return _automatic(len(index))
    if not index.is_unique:
        label = index[index.duplicated()][0]
        how.refuse(f"{label!r} stands twice, and row names in R do not: use reset_index()")
    if index.dtype.kind in "iu":
        positions = np.asarray(index)
        if len(positions) and np.abs(positions).max() < 2**31:
            return frame_columns.array_column(positions.astype(np.int32), how)
    return strings.texts(_labels(index, how), how)


def _labels(index: pd.Index[Any], how: Conversion) -> list[str]:
    if isinstance(index, pd.MultiIndex):
        how.refuse("an index of several levels has no R form: use reset_index()")
    for label in index:
        if not isinstance(label, str):
            how.refuse(f"the label {label!r} is no text, and names in R are: use reset_index()")
    return [str(label) for label in index]


def _automatic(n: int) -> RObject:
    # R's own short form of the row names 1, 2, ..., n.
    vector, memory = r_memory.allocate("integer", 2)
    memory[:] = (r_memory.NA_INTEGER, -n)
    return vector


def _group(value: Any) -> str:
    if value is None or value is pd.NA:
        return "missing"
    if isinstance(value, str):
        return "text"
    if isinstance(value, (bool, np.bool_)):
        return "truth"
    return "number" if isinstance(value, (int, float, np.integer, np.floating)) else "other"


_PLAIN = (str, bool, int, float, np.bool_, np.integer, np.floating)
_SCALARS = (str, bool, int, float, complex, np.generic, dt.date, dt.timedelta, type(pd.NA))

_CONVERTERS: tuple[tuple[Any, Any], ...] = (
    (r_memory.rinterface.sexp.Sexp, _same),
    (type(pd.NaT), _not_a_time),
    (_SCALARS, _scalar),
    ((bytes, bytearray), _bytes),
    (Handle, _handle),
    (Matrix, matrices.matrix),
    (pd.DataFrame, _frame),
    (pd.Series, _series),
    (pd.Index, _index),
    (pd.api.extensions.ExtensionArray, _extension),
    (np.ndarray, _array),
    ((pa.Table, pa.RecordBatch), _table),
    ((pa.Array, pa.ChunkedArray), _arrow_array),
    (pa.Scalar, _arrow_scalar),
    (scipy.sparse.sparray, _sparse),
    (scipy.sparse.spmatrix, _sparse),
    (Mapping, _mapping),
    ((list, tuple), _sequence),
)
