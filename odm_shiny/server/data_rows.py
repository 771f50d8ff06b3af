"""Which rows of a matrix a data query means.

A row of a data query is one feature in one run. Conditions on features are decided once for the
whole matrix; only the features that can still match are read. Truth follows
`odm_shiny.query.evaluate.evaluate_row`, which is its oracle in the tests:

* a column that the matrix does not have makes its condition false, negated or not;
* a row without any measured value does not exist, so it never matches.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from odm_shiny.query.expr import And, DataCompare, Expr, Not, Or
from odm_shiny.query.values import number_of
from odm_shiny.store.matrices import Matrix

Mask = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]
Values = dict[str, npt.NDArray[np.float64]]

BLOCK_VALUES = 4_000_000
ORDERED: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Leaf:
    """One condition after negations were moved inwards."""

    condition: DataCompare
    negated: bool


@dataclass(frozen=True)
class Joined:
    """A conjunction (`every`) or a disjunction of parts."""

    parts: tuple[Leaf | Joined, ...]
    every: bool


def possible_features(matrix: Matrix, expr: Expr | None) -> Indices:
    """Indices of the features for which some row may match, in matrix order."""
    if expr is None:
        return np.arange(matrix.n_features)
    return np.flatnonzero(_possible(matrix, _negations_inwards(expr, False)))


def matching_rows(matrix: Matrix, expr: Expr | None, features: Indices, values: Values) -> Mask:
    """Decide the rows of one block.

    Parameters
    ----------
    matrix
        Where the block comes from.
    expr
        The data query; ``None`` matches every existing row.
    features
        Feature indices of the block's columns, (n_features,).
    values
        Measurement name to values of shape (n_runs, n_features), float64, NaN = missing.

    Returns
    -------
    Mask of shape (n_runs, n_features).
    """
    stacked = list(values.values())
    exists = ~np.isnan(stacked[0])
    for one in stacked[1:]:
        exists |= ~np.isnan(one)
    if expr is None:
        return exists
    node = _negations_inwards(expr, False)
    return exists & _exact(matrix, node, features, values)


def read_values(matrix: Matrix, features: Indices, runs: Indices | None) -> Values:
    """Read every measurement of a block; keys are measurement names in file order."""
    return {name: matrix.read(features, runs, name) for name in matrix.measurements}


def runs_with_match(matrix: Matrix, expr: Expr, runs: Indices) -> Mask:
    """Which of `runs` have at least one matching row, as a mask over `runs`."""
    features = possible_features(matrix, expr)
    found = np.zeros(len(runs), dtype=bool)
    for block in feature_blocks(features, len(runs) * len(matrix.measurements)):
        open_runs = np.flatnonzero(~found)
        if not len(open_runs):
            break
        values = read_values(matrix, block, runs[open_runs])
        found[open_runs] |= matching_rows(matrix, expr, block, values).any(axis=1)
    return found


def feature_blocks(features: Indices, values_per_feature: int) -> Iterator[Indices]:
    """Cut `features` so that one block holds about `BLOCK_VALUES` values."""
    width = max(16, BLOCK_VALUES // max(1, values_per_feature))
    for start in range(0, len(features), width):
        yield features[start : start + width]


def _negations_inwards(expr: Expr, negated: bool) -> Leaf | Joined:
    if isinstance(expr, DataCompare):
        return Leaf(expr, negated)
    if isinstance(expr, Not):
        return _negations_inwards(expr.item, not negated)
    if isinstance(expr, And | Or):
        parts = tuple(_negations_inwards(item, negated) for item in expr.items)
        return Joined(parts, isinstance(expr, And) != negated)
    raise TypeError(f"{type(expr).__name__} is no part of a data query")


def _possible(matrix: Matrix, node: Leaf | Joined) -> Mask:
    if isinstance(node, Leaf):
        if node.condition.target == "value":
            known = _measurements_named(matrix, node.condition.name)
            return np.full(matrix.n_features, bool(known))
        return _features_matching(matrix, node)
    return _joined([_possible(matrix, part) for part in node.parts], every=node.every)


def _exact(matrix: Matrix, node: Leaf | Joined, features: Indices, values: Values) -> Mask:
    if isinstance(node, Joined):
        parts = [_exact(matrix, part, features, values) for part in node.parts]
        return _joined(parts, every=node.every)
    shape = next(iter(values.values())).shape
    if node.condition.target == "feature":
        return np.broadcast_to(_features_matching(matrix, node)[features], shape)
    names = _measurements_named(matrix, node.condition.name)
    if not names:
        return np.zeros(shape, dtype=bool)
    found = _joined([_value_matches(node.condition, values[n]) for n in names], every=False)
    return ~found if node.negated else found


def _joined(masks: list[Mask], *, every: bool) -> Mask:
    join = np.logical_and if every else np.logical_or
    return np.asarray(join.reduce(masks))


def _measurements_named(matrix: Matrix, name: str | None) -> list[str]:
    if name is None:
        return list(matrix.measurements)
    return [name] if name in matrix.measurements else []


def _value_matches(condition: DataCompare, values: npt.NDArray[np.float64]) -> Mask:
    if condition.op in ORDERED:
        limit = number_of(condition.values[0] or "")
        return np.asarray(ORDERED[condition.op](values, np.nan if limit is None else limit))
    if condition.op == "=~":  # asks for a part of a text, which no number has
        return np.zeros(values.shape, dtype=bool)
    listed = _numbers(condition.values)
    equal = np.isin(values, listed) if len(listed) else np.zeros(values.shape, dtype=bool)
    if None in condition.values:
        equal |= np.isnan(values)
    return ~equal if condition.op == "!=" else equal


def _features_matching(matrix: Matrix, leaf: Leaf) -> Mask:
    condition = leaf.condition
    name = condition.name if condition.name is not None else next(iter(matrix.feature_columns))
    if name not in matrix.feature_columns:
        return np.zeros(matrix.n_features, dtype=bool)
    if matrix.feature_columns[name] == "number":
        found = _value_matches(condition, matrix.feature_column(name).astype(np.float64))
    else:
        found = _texts_matching(matrix, name, condition)
    return ~found if leaf.negated else found


def _texts_matching(matrix: Matrix, name: str, condition: DataCompare) -> Mask:
    found = np.zeros(matrix.n_features, dtype=bool)
    if condition.op in ("=", "!="):
        texts = [text for text in condition.values if text is not None]
        found[matrix.feature_indices(name, texts)] = True
        if None in condition.values:
            found |= _unset(matrix.feature_column(name))
        return ~found if condition.op == "!=" else found
    if condition.op == "=~":
        wanted = condition.values[0] or ""
        column = matrix.feature_column(name)
        return np.fromiter((text is not None and wanted in text for text in column), bool)
    return found


def _unset(column: npt.NDArray[Any]) -> Mask:
    return np.fromiter((text is None or text == "" for text in column), bool, len(column))


def _numbers(texts: tuple[str | None, ...]) -> list[float]:
    parsed = (number_of(text) for text in texts if text is not None)
    return [number for number in parsed if number is not None]
