"""Columns between the wire and a frame.

ODM metadata has no schema: any attribute may be text in one record, a number in the next and a
list in a third. A `Column` keeps the values exactly as they were decoded; its kind is judged once,
over all of them, when a frame is made. So where a page ends never changes a type, and nothing is
guessed from text: ``"12"`` stays text.

=========== ============================== ======================= ==========================
kind        values seen                    Arrow                   pandas
=========== ============================== ======================= ==========================
``NULL``    none                           null                    object, ``None``
``TEXT``    strings                        string                  object
``BOOLEAN`` true, false                    bool                    bool; object with missing
``INTEGER`` whole numbers within 64 bits   int64                   int64; float64 with missing
``NUMBER``  numbers, some with a fraction  float64                 float64
``LIST``    lists, or lists and scalars    list<string>            object, ``list[str]``
``MIXED``   anything else                  string (JSON's text)    object
=========== ============================== ======================= ==========================

A ``MIXED`` column and a list of anything but strings come with a note in `Table.notes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

Value = Any
"""A decoded JSON value: ``str | int | float | bool | list | dict | None``."""

_INT64 = 1 << 63
_EXACT_IN_FLOAT = 1 << 53


class Kind(Enum):
    """What a column holds, judged over all its values."""

    NULL = "null"
    TEXT = "text"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    LIST = "list"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One attribute of all rows.

    Attributes
    ----------
    name
        As ODM spells it.
    values
        One value a row; or, with `codes`, one a distinct value. A float64 array stands for numbers
        in which NaN is missing.
    codes : int32 (n_rows,), optional
        Index into `values`.
    """

    name: str
    values: Sequence[Value] | NDArray[np.float64]
    codes: NDArray[np.int32] | None = None

    def __len__(self) -> int:
        return len(self.values if self.codes is None else self.codes)

    @property
    def kind(self) -> Kind:
        """What the column holds."""
        return Kind.NUMBER if isinstance(self.values, np.ndarray) else kind_of(self.values)

    def rows(self) -> Iterator[Value]:
        """Return one value a row."""
        if self.codes is None:
            return iter(self.values)
        return map(self.values.__getitem__, self.codes.tolist())


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns of one length.

    Attributes
    ----------
    columns
        Names are distinct.
    n_rows
        Number of rows; told apart because a table may have rows and no columns.
    notes
        Column name -> what was done to its values, in a sentence.
    """

    columns: tuple[Column, ...]
    n_rows: int
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of the columns in order."""
        return [column.name for column in self.columns]


def table(columns: Iterable[Column], n_rows: int) -> Table:
    """Put columns together and note what a reader should know about them."""
    kept = tuple(columns)
    notes = {column.name: note for column in kept if (note := _note(column))}
    return Table(kept, n_rows, notes)


def from_records(records: Sequence[Mapping[str, Value]]) -> Table:
    """Turn records into columns.

    Parameters
    ----------
    records
        Flat records; a name missing in one of them is unset there.

    Returns
    -------
    Columns in the order of the first record; names that appear later follow.
    """
    names: dict[str, None] = {}
    for record in records:
        if record.keys() != names.keys():
            names.update(dict.fromkeys(record))
    columns = [Column(name, [record.get(name) for record in records]) for name in names]
    return table(columns, len(records))


def kind_of(values: Iterable[Value]) -> Kind:
    """Judge what a column holds from all its values."""
    types = set(map(type, values)) - {type(None)}
    if not types:
        return Kind.NULL
    if types == {str}:
        return Kind.TEXT
    if types == {bool}:
        return Kind.BOOLEAN
    if types <= {int, float}:
        return _number_kind(values, types)
    if list in types and types <= {list, str, int, float, bool}:
        return Kind.LIST
    return Kind.MIXED


def text_form(value: Value) -> str | None:
    """Return the text of a value: a string as it is, the rest as JSON writes it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return msgspec.json.encode(value).decode()


def as_list(value: Value) -> list[str | None] | None:
    """Return a value of a ``LIST`` column: a scalar is a list of one."""
    if value is None:
        return None
    return [text_form(item) for item in (value if isinstance(value, list) else [value])]


def _number_kind(values: Iterable[Value], types: set[type]) -> Kind:
    whole = [value for value in values if type(value) is int]
    limit = _INT64 if types == {int} else _EXACT_IN_FLOAT
    if any(not -limit <= value < limit for value in whole):
        return Kind.MIXED  # as text no digit is lost
    return Kind.INTEGER if types == {int} else Kind.NUMBER


def _note(column: Column) -> str | None:
    kind = column.kind
    if kind is Kind.MIXED:
        seen = sorted({_JSON_NAMES[type(value)] for value in column.values if value is not None})
        return f"holds {' and '.join(seen)}: given as text"
    if kind is Kind.LIST:
        items = {type(item) for value in column.values if isinstance(value, list) for item in value}
        if items - {str, type(None)}:
            return "holds lists of other things than text: their elements are given as text"
    return None


_JSON_NAMES = {
    str: "text",
    bool: "true or false",
    int: "whole numbers",
    float: "numbers",
    list: "lists",
    dict: "objects",
}
