"""What conditions say of the codes of one attribute.

A condition is decided once for every distinct value, not for every object: a *table* has the truth
of each code, with entry 0 for objects that have no value. Conditions on the same attribute are
combined here, before any object is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np

from odm_shiny.query.values import number_of, order_of
from odm_shiny.store.search.chunks import AnyInts, Bools, Codes, Rows
from odm_shiny.store.search.columns import ColumnReader
from odm_shiny.store.search.rows import any_member, part_of_rows
from odm_shiny.store.search.value_codes import find_codes, find_texts
from odm_shiny.store.search_schema import Part, Role

_HOLDS: Final[Mapping[str, Callable[[Any, Any], Bools]]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
_FEW: Final = 8
_FEW_TEXTS: Final = 2_000
_ARRAY: Final = {"number": Part.CODE_NUMBERS, "date": Part.CODE_DATES}


class CodeTables:
    """Tables of one attribute in one transaction.

    Parameters
    ----------
    column_id
        ``None`` for an attribute that is not there: no object has a value of it.

    Attributes
    ----------
    n_codes : int
        Largest code in use; a table has ``n_codes + 1`` entries.
    """

    def __init__(self, reader: ColumnReader, column_id: int | None) -> None:
        self.reader = reader
        self.column_id = column_id
        self.n_codes = 0 if column_id is None else reader.top(column_id)

    @classmethod
    def of(cls, reader: ColumnReader, attribute: str) -> CodeTables:
        """Give the tables of an attribute by its name."""
        return cls(reader, reader.column(Role.ATTRIBUTE, attribute))

    def chunks(self) -> dict[int, Codes]:
        """Give the codes of the attribute's slots, by chunk."""
        return {} if self.column_id is None else self.reader.codes(self.column_id)

    @cached_property
    def lists(self) -> Rows | None:
        """Members of the codes that stand for lists, ``labels``; ``None`` if there are none."""
        if self.column_id is None or not self.n_codes:
            return None
        rows = self.reader.code_rows(self.column_id, Part.CODE_MEMBERS)
        if rows is None:
            return None
        n_used = int(np.searchsorted(rows.labels, self.n_codes, "right"))
        return part_of_rows(rows, slice(0, n_used)) if n_used else None

    def texts(self, codes: AnyInts) -> dict[int, str]:
        """Give the texts of `codes`; those that stand for lists have none.

        The few texts of an attribute with few values are kept until its kind changes.
        """
        if self.column_id is None:
            return {}
        reader, column_id = self.reader, self.column_id
        if self.n_codes > _FEW_TEXTS:
            return find_texts(reader.conn, column_id, codes.tolist())
        key = ("texts", column_id)
        kept = reader.cache.get(key, reader.stamp, dict)
        if kept is None:
            kept = find_texts(reader.conn, column_id, range(1, self.n_codes + 1))
            size = sum(map(len, kept.values())) + 150 * len(kept)
            reader.cache.put(key, reader.stamp, kept, size)
        return {code: kept[code] for code in codes.tolist() if code in kept}

    def unset(self) -> Bools:
        """True for objects that have no value."""
        table = self._empty()
        table[0] = True
        return table

    def equal(self, texts: Sequence[str]) -> Bools:
        """True for values of which one equals one of `texts`, as text or as number."""
        if self.column_id is None or not self.n_codes:
            return self._empty()
        codes = np.array(
            list(find_codes(self.reader.conn, self.column_id, texts).values()), np.int64
        )
        table = self.of_codes(codes, spread=False)
        wanted = [number for text in texts if (number := number_of(text)) is not None]
        numbers = self._array("number") if wanted else None
        if numbers is not None:
            if len(wanted) > _FEW:
                table |= np.isin(numbers, wanted)
            else:
                for number in wanted:
                    table |= numbers == number
        return self._spread(table)

    def in_order(self, op: str, bounds: Iterable[str], *, need_all: bool) -> Bools:
        """True for values that stand in this order to one of, or all of, `bounds`.

        Parameters
        ----------
        op
            ``<``, ``<=``, ``>`` or ``>=``.
        bounds
            Numbers, or ISO dates; a value that is neither, or not of the same sort, stands in no
            order.
        """
        table = np.ones(self.n_codes + 1, np.bool_) if need_all else self._empty()
        # Of many bounds one decides, the loosest or the tightest: time does not grow with them.
        decides = max if (op[0] == "<") != need_all else min
        by_sort: dict[str, list[float]] = {}
        for sort, bound in filter(None, map(order_of, bounds)):
            by_sort.setdefault(sort, []).append(bound)
        for sort, of_sort in by_sort.items():
            values = self._array(sort)
            if values is None:
                found = self._empty()
            else:
                found = self._spread(_HOLDS[op](values, decides(of_sort)))
            table = table & found if need_all else table | found
        return table

    def of_codes(self, codes: AnyInts, *, spread: bool = True) -> Bools:
        """True for `codes`, and with `spread` for lists that have one of them."""
        table = self._empty()
        table[codes[codes <= self.n_codes]] = True
        return self._spread(table) if spread else table

    def _empty(self) -> Bools:
        return np.zeros(self.n_codes + 1, np.bool_)

    def _array(self, sort: str) -> AnyInts | None:
        if self.column_id is None or not self.n_codes:
            return None
        return self.reader.code_array(self.column_id, _ARRAY[sort], self.n_codes)

    def _spread(self, table: Bools) -> Bools:
        if self.lists is not None:
            table[self.lists.labels] = any_member(table, self.lists)
        return table
