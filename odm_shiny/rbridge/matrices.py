"""Matrices, dense and sparse, into R's memory and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from odm_shiny.rbridge import r_memory, session, strings
from odm_shiny.rbridge.frame_columns import array_column
from odm_shiny.rbridge.numbers import copy_doubles, doubles, integers, logicals
from odm_shiny.rbridge.options import Conversion
from odm_shiny.rbridge.r_memory import NA_INTEGER, RObject


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """A matrix with names, R's ``matrix`` with ``dimnames``.

    Attributes
    ----------
    values
        (n_rows, n_columns), a numpy array or a scipy sparse matrix.
    row_names, column_names
        Text, one a row and one a column; ``None`` without names.
    nan_is_missing
        Into R: NaN becomes NA. Else it stays NaN.
    """

    values: Any
    row_names: Sequence[str] | None = None
    column_names: Sequence[str] | None = None
    nan_is_missing: bool = False


def matrix(value: Matrix, how: Conversion) -> RObject:
    """Make an R matrix, or a ``dgCMatrix`` or ``lgCMatrix`` of a sparse one."""
    if scipy.sparse.issparse(value.values):
        return _sparse(value, how)
    array = np.asarray(value.values)
    if array.ndim != 2:
        how.refuse(f"a matrix has two dimensions, and these values have {array.ndim}")
    return dense(array, how, names=_dimnames(value, how), nan_is_missing=value.nan_is_missing)


def dense(
    array: NDArray[Any],
    how: Conversion,
    *,
    names: RObject | None = None,
    nan_is_missing: bool = False,
) -> RObject:
    """Make an R array of any number of dimensions but none."""
    if max(array.shape, default=0) >= 2**31:
        how.refuse("an R array has fewer than 2**31 elements along each dimension")
    vector = array_column(array, how, nan_is_missing=nan_is_missing)
    if array.ndim > 1:
        r_memory.set_attribute(vector, "dim", _integers(*array.shape))
    if names is not None:
        r_memory.set_attribute(vector, "dimnames", names)
    return vector


def from_dense(value: RObject, shape: tuple[int, ...], how: Conversion) -> Any:
    """Return an R matrix or array: an array, or a `Matrix` if it has names.

    Truth values and whole numbers with a missing one come as float64 with NaN, text as objects.
    """
    values = _elements(value, how).reshape(shape, order="F")
    names = r_memory.attribute(value, "dimnames")
    if r_memory.kind_of(names) == "NULL":
        return values
    if len(shape) != 2:
        how.refuse(f"an array of {len(shape)} dimensions with names has no Python form")
    row_names, column_names = _names_of(names, how)
    return Matrix(values, row_names, column_names)


def from_sparse(slots: list[RObject], how: Conversion) -> Any:
    """Return the slots of a ``CsparseMatrix``: a csc_matrix, or a `Matrix` of one with names."""
    rows, starts, values, dim, names = slots
    shape = tuple(int(one) for one in r_memory.view(dim))
    indices, indptr = r_memory.view(rows).copy(), r_memory.view(starts).copy()
    data = _elements(values, how)
    found = scipy.sparse.csc_matrix((data, indices, indptr), shape=shape)
    row_names, column_names = _names_of(names, how)
    if row_names is None and column_names is None:
        return found
    return Matrix(found, row_names, column_names)


def _sparse(value: Matrix, how: Conversion) -> RObject:
    by_column = scipy.sparse.csc_matrix(value.values)
    if not by_column.has_canonical_format:
        by_column = by_column.copy()
        by_column.sum_duplicates()
    if by_column.nnz >= 2**31:
        how.refuse(f"{by_column.nnz} stored values are more than a dgCMatrix holds (2**31 - 1)")
    data = by_column.data
    if data.dtype.kind not in "fiub":
        how.refuse(f"a sparse matrix of {data.dtype} has no R form")
    if data.dtype.kind == "b":
        kind, stored = "lgCMatrix", logicals(data)
    else:
        # Matrix has no sparse whole numbers: they are checked as such, and stored as doubles.
        if data.dtype.kind in "iu":
            integers(data, None, how)
        kind = "dgCMatrix"
        stored = doubles(data, nan_is_missing=value.nan_is_missing)
    return session.run(
        "sparse",
        r_memory.few_strings([kind]),
        integers(by_column.indices, None, how),
        integers(by_column.indptr, None, how),
        stored,
        _integers(*by_column.shape),
        _dimnames(value, how) or _both(r_memory.null(), r_memory.null()),
    )


def _dimnames(value: Matrix, how: Conversion) -> RObject | None:
    if value.row_names is None and value.column_names is None:
        return None
    n_rows, n_columns = value.values.shape
    return _both(
        _axis_names(value.row_names, n_rows, how.at("row names")),
        _axis_names(value.column_names, n_columns, how.at("column names")),
    )


def _axis_names(names: Sequence[str] | None, n: int, how: Conversion) -> RObject:
    if names is None:
        return r_memory.null()
    names = list(names)
    if len(names) != n:
        how.refuse(f"there are {len(names)} names for {n}")
    if not all(isinstance(name, str) for name in names):
        how.refuse("not all of them are text")
    return strings.texts(names, how)


def _names_of(names: RObject, how: Conversion) -> list[list[str] | None]:
    return [
        None if r_memory.kind_of(one) == "NULL" else strings.required(one, how.at(axis))
        for one, axis in zip(r_memory.elements(names), ("row names", "column names"), strict=True)
    ]


def _elements(value: RObject, how: Conversion) -> NDArray[Any]:
    kind = r_memory.kind_of(value)
    if kind == "character":
        return np.array([*strings.text_list(value, how), None], dtype=object)[:-1]
    memory = r_memory.view(value)
    if kind in ("logical", "integer") and (memory == NA_INTEGER).any():
        return np.where(memory == NA_INTEGER, np.nan, memory)
    if kind == "double":
        return copy_doubles(memory)
    return memory.astype(np.bool_) if kind == "logical" else memory.copy()


def _both(first: RObject, second: RObject) -> RObject:
    pair = r_memory.allocate_list(2)
    r_memory.set_element(pair, 0, first)
    r_memory.set_element(pair, 1, second)
    return pair


def _integers(*values: int) -> RObject:
    vector, memory = r_memory.allocate("integer", len(values))
    memory[:] = values
    return vector
