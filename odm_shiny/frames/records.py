"""Records, gathered without a dict a row where a page allows it.

The records of a page mostly have the same attributes, so a page may come as columns
(`RecordBlock`). A dict is made of a row when somebody looks at that row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

from msgspec import UNSET

from odm_shiny.frames.columns import Column, Table, Value, from_records, table

Record = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class RecordBlock:
    """Records as columns.

    Attributes
    ----------
    columns
        Name -> one value a record, in the order in which the names first appear. ``UNSET`` where a
        record does not have the name.
    has_gaps
        Whether there may be an ``UNSET``.
    n_rows
        Number of records.
    """

    columns: Mapping[str, Sequence[Value]]
    n_rows: int
    has_gaps: bool = False

    def __len__(self) -> int:
        return self.n_rows

    def rows(self, start: int = 0, stop: int | None = None) -> list[Record]:
        """Return records as dicts."""
        stop = self.n_rows if stop is None else min(stop, self.n_rows)
        names = list(self.columns)
        columns = [column[start:stop] for column in self.columns.values()]
        values = zip(*columns, strict=True) if columns else iter([()] * max(stop - start, 0))
        rows = [dict(zip(names, row, strict=True)) for row in values]
        if not self.has_gaps:
            return rows
        return [{name: one for name, one in row.items() if one is not UNSET} for row in rows]

    def first(self, n: int) -> RecordBlock:
        """Return the first `n` records."""
        columns = {name: column[:n] for name, column in self.columns.items()}
        return RecordBlock(columns, len(range(self.n_rows)[:n]), self.has_gaps)

    def chosen(self, mask: Sequence[bool]) -> RecordBlock:
        """Return the records where `mask` says so."""
        columns = {name: list(compress(column, mask)) for name, column in self.columns.items()}
        return RecordBlock(columns, sum(mask), self.has_gaps)


class RecordRows:
    """All records of a result so far."""

    def __init__(self) -> None:
        self._parts: list[list[Record] | RecordBlock] = []
        self._n_rows = 0

    def __len__(self) -> int:
        return self._n_rows

    def add(self, part: list[Record] | RecordBlock) -> None:
        """Add the records of a page."""
        self._parts.append(part)
        self._n_rows += len(part)

    def rows(self, start: int, stop: int) -> list[Record]:
        """Return records as dicts."""
        rows: list[Record] = []
        for part in self._parts:
            if start < len(part) and stop > 0:
                rows += _cut(part, max(start, 0), stop)
            start, stop = start - len(part), stop - len(part)
        return rows

    def table(self, flat: Callable[[Record], Record] | None = None) -> Table:
        """Return the records as columns.

        Parameters
        ----------
        flat
            Makes a row of the table from a record.
        """
        blocks = [part for part in self._parts if isinstance(part, RecordBlock)]
        if flat is None and blocks and len(blocks) == len(self._parts):
            return _joined(blocks)
        rows = self.rows(0, self._n_rows)
        return from_records([flat(row) for row in rows] if flat else rows)


def _cut(part: list[Record] | RecordBlock, start: int, stop: int) -> list[Record]:
    return part.rows(start, stop) if isinstance(part, RecordBlock) else part[start:stop]


def _joined(blocks: Sequence[RecordBlock]) -> Table:
    names = dict.fromkeys(name for block in blocks for name in block.columns)
    columns = [Column(name, _column(blocks, name)) for name in names]
    return table(columns, sum(map(len, blocks)))


def _column(blocks: Sequence[RecordBlock], name: str) -> Sequence[Value]:
    parts = [_filled(block, name) for block in blocks]
    return parts[0] if len(parts) == 1 else [value for part in parts for value in part]


def _filled(block: RecordBlock, name: str) -> Sequence[Value]:
    column = block.columns.get(name)
    if column is None:
        return [None] * len(block)
    if block.has_gaps:
        return [None if value is UNSET else value for value in column]
    return column
