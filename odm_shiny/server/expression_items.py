"""Items of expression data: one feature in one run, in the order (run, feature accession)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from odm_shiny.query.expr import Expr
from odm_shiny.server.data_rows import (
    BLOCK_VALUES,
    matching_rows,
    possible_features,
    read_values,
)
from odm_shiny.store.expression_files import DataFile
from odm_shiny.store.matrices import Matrix

Indices = npt.NDArray[np.int64]

#: So many features are sorted faster than the order of all of them is worked out.
FEW_FEATURES = 1_000

_KNOWN_RANKS: WeakKeyDictionary[Matrix, Indices] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Position:
    """The place of an item: number of its run, and index of its feature in the matrix."""

    run: int
    feature: int


@dataclass(frozen=True, slots=True)
class Item:
    """One matching item, still without the metadata of its run.

    Attributes
    ----------
    position
        Where it stands.
    column
        0-based column of the run in its file.
    accession
        Feature accession.
    feature
        Feature column to value.
    value
        Measurement to value; ``None`` = missing.
    """

    position: Position
    column: int
    accession: str
    feature: Mapping[str, Any]
    value: Mapping[str, float | None]

    @property
    def id(self) -> str:
        """``itemId`` on the wire; features that share an accession share it too."""
        return f"{self.position.run}-{self.accession}"


@dataclass(frozen=True, slots=True)
class ItemBlock:
    """Matching items of one file as columns, in the order (run, feature accession).

    Attributes
    ----------
    matrix, file
        Where they are from.
    columns : (n_items,) int64
        0-based column of each item's run in its file.
    features : (n_items,) int64
        Index of each item's feature in the matrix.
    values
        Measurement to (n_items,) float64, NaN = missing.
    """

    matrix: Matrix
    file: DataFile
    columns: Indices
    features: Indices
    values: Mapping[str, npt.NDArray[np.float64]]

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def runs(self) -> Indices:
        """Number of each item's run, (n_items,)."""
        return self.columns + self.file.first_run

    @property
    def last(self) -> Position:
        """Position of the last item."""
        return Position(int(self.columns[-1]) + self.file.first_run, int(self.features[-1]))

    def first(self, n: int) -> ItemBlock:
        """The first `n` items."""
        values = {name: numbers[:n] for name, numbers in self.values.items()}
        return replace(self, columns=self.columns[:n], features=self.features[:n], values=values)

    def described(self) -> tuple[list[tuple[str, Mapping[str, Any]]], Indices]:
        """Accession and columns of each distinct feature, and which of them each item has."""
        features, codes = np.unique(self.features, return_inverse=True)
        return [describe_feature(self.matrix, one) for one in features.tolist()], codes

    def items(self) -> Iterator[Item]:
        """The items one by one; those of one feature share what describes it."""
        described, codes = self.described()
        numbers = [_numbers(one) for one in self.values.values()]
        places = zip(self.columns.tolist(), self.features.tolist(), codes.tolist(), strict=True)
        for i, (column, feature, code) in enumerate(places):
            accession, names = described[code]
            value = {name: one[i] for name, one in zip(self.values, numbers, strict=True)}
            position = Position(self.file.first_run + column, feature)
            yield Item(position, column, accession, names, value)


def find_items(
    matrix: Matrix,
    file: DataFile,
    expr: Expr | None,
    columns: Indices,
    after: Position | None = None,
    limit: int | None = None,
) -> Iterator[ItemBlock]:
    """Find the matching items of some runs of one file.

    Parameters
    ----------
    matrix, file
        Where to look.
    expr
        Data query; ``None`` gives every stored item.
    columns
        Columns of the runs, ascending.
    after
        Continue behind this item.
    limit
        How many items will be taken at most, if known: less is read at a time.

    Yields
    ------
    Blocks with at least one item.
    """
    features = ordered_features(matrix, possible_features(matrix, expr))
    if not len(features):
        return
    cells = BLOCK_VALUES if limit is None else min(BLOCK_VALUES, max(16 * limit, 50_000))
    start = 0
    if after is not None:
        columns = columns[columns + file.first_run >= after.run]
        if len(columns) and columns[0] + file.first_run == after.run:
            start = _place_behind(matrix, features, after.feature)
    for some_columns, some_features in _blocks(columns, features, start, cells):
        values = read_values(matrix, some_features, some_columns)
        i, j = np.nonzero(matching_rows(matrix, expr, some_features, values))
        if len(i):
            found = {name: numbers[i, j] for name, numbers in values.items()}
            yield ItemBlock(matrix, file, some_columns[i], some_features[j], found)


def ordered_features(matrix: Matrix, features: Indices) -> Indices:
    """Sort features by accession; those that share one stay in file order."""
    if len(features) < FEW_FEATURES:
        return features[np.argsort(_accessions(matrix, features), kind="stable")]
    return features[np.argsort(_ranks(matrix)[features])]


def describe_item(matrix: Matrix, file: DataFile, run: int, accession: str) -> Item | None:
    """The first item of a run whose feature has this accession; ``None`` if none is stored."""
    column = np.asarray([run - file.first_run])
    features = matrix.feature_indices(None, [accession])
    if not len(features):
        return None
    values = read_values(matrix, features, column)
    stored = np.flatnonzero(matching_rows(matrix, None, features, values)[0])
    if not len(stored):
        return None
    j = int(stored[0])
    feature = int(features[j])
    shown, names = describe_feature(matrix, feature)
    numbers = {name: _number(values[name][0, j]) for name in values}
    return Item(Position(run, feature), int(column[0]), shown, names, numbers)


def describe_feature(matrix: Matrix, feature: int) -> tuple[str, Mapping[str, Any]]:
    """Accession of a feature, and its columns as they go on the wire."""
    names: dict[str, Any] = {}
    for column, kind in matrix.feature_columns.items():
        value = matrix.feature_column(column, [feature])[0]
        names[column] = _whole(_number(value)) if kind == "number" else value
    return str(_accessions(matrix, [feature])[0]), names


def _accessions(matrix: Matrix, features: Indices | list[int] | None) -> npt.NDArray[np.str_]:
    found = matrix.feature_column(None, features)
    return np.asarray(["" if text is None else text for text in found], dtype=np.str_)


def _ranks(matrix: Matrix) -> Indices:
    """Place of each feature when all are ordered, (n_features,); worked out once."""
    if matrix not in _KNOWN_RANKS:
        order = np.argsort(_accessions(matrix, None), kind="stable")
        ranks = np.empty(len(order), dtype=np.int64)
        ranks[order] = np.arange(len(order))
        _KNOWN_RANKS[matrix] = ranks
    return _KNOWN_RANKS[matrix]


def _place_behind(matrix: Matrix, features: Indices, last: int) -> int:
    """Where to continue in ordered `features` behind feature `last`, which need not be among them.

    It is not, for instance, where a cursor is sent with another data query.
    """
    if not 0 <= last < matrix.n_features:
        return 0
    ranks = _ranks(matrix)
    return int(np.searchsorted(ranks[features], ranks[last], side="right"))


def _blocks(
    columns: Indices, features: Indices, start: int, cells: int
) -> Iterator[tuple[Indices, Indices]]:
    """Cut into blocks that keep the order (run, feature); the first run begins at `start`."""
    if start and len(columns):
        yield from _one_run(columns[:1], features[start:], cells)
        columns = columns[1:]
    if len(features) > cells:
        for i in range(len(columns)):
            yield from _one_run(columns[i : i + 1], features, cells)
        return
    height = max(1, cells // len(features))
    for i in range(0, len(columns), height):
        yield columns[i : i + height], features


def _one_run(column: Indices, features: Indices, cells: int) -> Iterator[tuple[Indices, Indices]]:
    for i in range(0, len(features), cells):
        yield column, features[i : i + cells]


def _numbers(values: npt.NDArray[np.float64]) -> list[float | None]:
    # NaN alone is not equal to itself; asked of Python's floats this takes half of numpy's time.
    return [None if number != number else number for number in values.tolist()]


def _number(value: Any) -> float | None:
    number = float(value)
    return None if np.isnan(number) else number


def _whole(number: float | None) -> float | int | None:
    """A whole number of a feature column as such: it may be a gene's id."""
    return int(number) if number is not None and number.is_integer() else number
