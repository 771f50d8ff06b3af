"""Changes of documents -> columns: attribute by attribute, so that each is written once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from odm_shiny.store.search.chunks import Ints
from odm_shiny.store.search.column_writer import ColumnWriter
from odm_shiny.store.search.columns import ALIVE_NAME
from odm_shiny.store.search.text_index import TextIndex
from odm_shiny.store.search.value_codes import add_values, form_of
from odm_shiny.store.search_schema import Role


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one object.

    Parameters
    ----------
    slot
        The object's number in its kind.
    old, new
        Document before and after; ``None`` where there was or is no object. `old` may be ``None``
        for an object that is there, as long as `new` has every attribute that it had.
    """

    slot: int
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None


@dataclass(slots=True)
class _Column:
    slots: list[int] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)


def write_changes(writer: ColumnWriter, text_index: TextIndex, changes: Iterable[Change]) -> None:
    """Write what changed to the columns of one kind."""
    ordered = _one_per_slot(changes)
    if not ordered:
        return
    columns = _pivot(ordered)
    forms = {name: _forms(column.values) for name, column in columns.items()}
    known = writer.columns()
    used = [
        name
        for name, of_column in forms.items()
        if (Role.ATTRIBUTE, name) in known or any(form is not None for form in of_column)
    ]
    column_ids = writer.require(Role.ATTRIBUTE, used)
    alive = writer.require(Role.ALIVE, [ALIVE_NAME])[ALIVE_NAME]
    writer.prefetch([*column_ids.values(), alive])
    for name, column_id in column_ids.items():
        distinct = dict.fromkeys(forms[name])
        codes = add_values(writer, text_index, column_id, distinct)
        of_slots = np.array([codes[form] for form in forms[name]], np.uint32)
        writer.set_codes(column_id, np.array(columns[name].slots, np.int64), of_slots)
    _write_alive(writer, alive, ordered)


def _one_per_slot(changes: Iterable[Change]) -> list[Change]:
    """Order changes by slot; of several changes of one object, keep the way from first to last."""
    by_slot: dict[int, Change] = {}
    for change in changes:
        before = by_slot.get(change.slot)
        if before is not None:
            change = Change(change.slot, before.old, change.new)
        by_slot[change.slot] = change
    return [by_slot[slot] for slot in sorted(by_slot)]


def _pivot(changes: list[Change]) -> dict[str, _Column]:
    """Turn documents into columns, leaving out what stays as it is."""
    columns: dict[str, _Column] = {}
    for change in changes:
        slot, old, new = change.slot, change.old or {}, change.new or {}
        for name, value in new.items():
            if name in old and _is_same(old[name], value):
                continue
            column = columns.get(name)
            if column is None:
                column = columns[name] = _Column()
            column.slots.append(slot)
            column.values.append(value)
        for name in old:
            if name not in new:
                column = columns.setdefault(name, _Column())
                column.slots.append(slot)
                column.values.append(None)
    return columns


def _is_same(old: Any, new: Any) -> bool:
    # 1, 1.0 and True are equal in Python and have different texts.
    return type(old) is type(new) and not isinstance(new, list | tuple) and bool(old == new)


def _forms(values: list[Any]) -> list[Any]:
    return [value if type(value) is str else form_of(value) for value in values]


def _write_alive(writer: ColumnWriter, column_id: int, changes: list[Change]) -> None:
    slots: Ints = np.array([change.slot for change in changes], np.int64)
    is_alive = np.array([change.new is not None for change in changes], np.uint32)
    writer.grow(int(slots[-1]) + 1)
    is_other = writer.codes_at(column_id, slots) != is_alive
    if is_other.any():
        writer.set_codes(column_id, slots[is_other], is_alive[is_other])
