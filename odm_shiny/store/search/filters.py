"""Metadata filters over coded columns: a condition in, a mask of objects out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from odm_shiny.errors import QueryError
from odm_shiny.query.nodes import And, Compare, Expr, Not, Or
from odm_shiny.store.search.chunks import Bools
from odm_shiny.store.search.code_tables import CodeTables
from odm_shiny.store.search.columns import ColumnReader
from odm_shiny.store.search.masks import look_up

_NULL: Final = "null"


class FilterSearch:
    """Filters of one kind in one transaction.

    Notes
    -----
    Masks say nothing sensible of slots without an object; `Search.filter` removes them at the end.
    """

    def __init__(self, reader: ColumnReader) -> None:
        self.reader = reader
        self._tables: dict[str, CodeTables] = {}

    def mask(self, expr: Expr) -> Bools:
        """Find the objects that fulfil `expr`: (n_slots,).

        Raises
        ------
        QueryError
            `expr` is no metadata filter.
        """
        if expr.language != "filter":
            raise QueryError(f"a filter was expected here, not a {expr.language} query")
        return self._mask(expr)

    def _mask(self, expr: Expr) -> Bools:
        if isinstance(expr, And):
            return self._joined(expr.items, need_all=True)
        if isinstance(expr, Or):
            return self._joined(expr.items, need_all=False)
        if isinstance(expr, Not) and not isinstance(expr.item, Compare):
            return ~self._mask(expr.item)
        return self._joined((expr,), need_all=True)

    def _joined(self, items: Iterable[Expr], *, need_all: bool) -> Bools:
        """Join conditions; those on one attribute first, on the level of its codes."""
        by_field: dict[str, list[tuple[Compare, bool]]] = {}
        mask = np.full(self.reader.n_slots, need_all, np.bool_)
        for item in items:
            condition = item.item if isinstance(item, Not) else item
            if isinstance(condition, Compare):
                by_field.setdefault(condition.field, []).append((condition, item is not condition))
            else:
                _join(mask, self._mask(item), need_all=need_all)
        self.reader.prefetch_attributes(by_field)
        for name, conditions in by_field.items():
            tables = self._of(name)
            table = _table(tables, conditions, need_all=need_all)
            if (table == need_all).all():
                continue  # it decides nothing
            found = look_up(tables.chunks(), table, self.reader.n_slots)
            _join(mask, found, need_all=need_all)
        return mask

    def _of(self, name: str) -> CodeTables:
        if name not in self._tables:
            self._tables[name] = CodeTables.of(self.reader, name)
        return self._tables[name]


def _join(mask: Bools, other: Bools, *, need_all: bool) -> None:
    if need_all:
        mask &= other
    else:
        mask |= other


def _table(
    tables: CodeTables, conditions: Iterable[tuple[Compare, bool]], *, need_all: bool
) -> Bools:
    """Join conditions on one attribute, each with whether it is negated."""
    groups: dict[tuple[str, bool], list[str]] = {}
    for condition, is_negated in conditions:
        op, value = condition.op, condition.value
        if op == "!=":
            op, is_negated = "=", not is_negated
        if value is None:
            op, value = _NULL, ""
        groups.setdefault((op, is_negated), []).append(value)
    joined = np.full(tables.n_codes + 1, need_all, np.bool_)
    for (op, is_negated), values in groups.items():
        # not a and not b = not (a or b), so a negated group is asked the other way round.
        found = _group(tables, op, list(dict.fromkeys(values)), need_all=need_all != is_negated)
        _join(joined, ~found if is_negated else found, need_all=need_all)
    return joined


def _group(tables: CodeTables, op: str, values: list[str], *, need_all: bool) -> Bools:
    if op == _NULL:
        return tables.unset()
    if op != "=":
        return tables.in_order(op, values, need_all=need_all)
    if not need_all:
        return tables.equal(values)
    table = tables.equal(values[:1])
    for value in values[1:]:
        if not table.any():
            break
        table &= tables.equal([value])
    return table
