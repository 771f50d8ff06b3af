"""Items of expression, row by row, gathered without a dict a row.

An item repeats itself: of its 800 bytes the metadata, origin and relationships are the same for
every feature of a run, and the feature is the same in every run. The parts therefore arrive as raw
bytes; each distinct one gets a number and is decoded once, for all pages together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import ne
from typing import Any

import numpy as np
from numpy.typing import NDArray

from odm_shiny.errors import FrameError, MalformedResponse
from odm_shiny.frames.columns import Column, Table, table

PARTS = ("itemOrigin", "feature", "relationships", "metadata")
_NOWHERE: NDArray[np.int64] = np.empty(0, np.int64)
_FIRST_ORIGINS = ("runId", "runSourceId", "groupId")


@dataclass(slots=True)
class Part:
    """One part of all items: the distinct objects, and which one each row has.

    Attributes
    ----------
    objects
        Decoded, in order of first appearance.
    codes
        One int32 array a page.
    """

    decode: Callable[[Sequence[bytes]], list[Any]]
    numbers: dict[bytes, int] = field(default_factory=dict)
    objects: list[dict[str, Any]] = field(default_factory=list)
    codes: list[NDArray[np.int32]] = field(default_factory=list)

    def add(self, raws: Sequence[Any]) -> None:
        """Number the raw objects of a page; anything that compares and that ``bytes()`` takes."""
        # Neighbours are mostly equal: to compare them is cheaper than to copy and hash each.
        changes = np.fromiter(map(ne, islice(raws, 1, None), raws), np.bool_, max(len(raws) - 1, 0))
        starts = np.flatnonzero(np.concatenate(([True], changes))) if raws else _NOWHERE
        distinct = [bytes(raws[start]) for start in starts.tolist()]
        codes = np.array(self._numbered(distinct), dtype=np.int32)
        self.codes.append(np.repeat(codes, np.diff(starts, append=len(raws))))

    def add_numbered(self, raws: Sequence[bytes], codes: NDArray[np.int32]) -> None:
        """Add a page whose raw objects are numbered already; some may be of no row."""
        first = np.full(len(raws), len(codes), dtype=np.int64)
        first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
        order = np.argsort(first, kind="stable")  # as rows need them, however they were numbered
        used = order[: np.count_nonzero(first < len(codes))]
        places = np.zeros(len(raws), dtype=np.int32)
        places[used] = self._numbered([raws[number] for number in used.tolist()])
        self.codes.append(places[codes])

    def all_codes(self) -> NDArray[np.int32]:
        """Return which object each row has; int32 (n_rows,)."""
        if len(self.codes) > 1:
            self.codes = [np.concatenate(self.codes)]
        return self.codes[0] if self.codes else np.empty(0, np.int32)

    def names(self) -> list[str]:
        """Return the keys of all objects in order of first appearance."""
        names: dict[str, None] = {}
        for item in self.objects:
            if item.keys() != names.keys():
                names.update(dict.fromkeys(item))
        return list(names)

    def values(self, name: str) -> list[Any]:
        """Return the value of a key in each distinct object."""
        return [item.get(name) for item in self.objects]

    def _numbered(self, raws: Sequence[bytes]) -> list[int]:
        """Return the number of each raw object; what is new is decoded, all of it at once."""
        numbers = self.numbers
        new = [raw for raw in dict.fromkeys(raws) if raw not in numbers]
        if new:
            objects = self.decode(new)
            for raw, found in zip(new, objects, strict=True):
                if found is not None and not isinstance(found, dict):
                    raise MalformedResponse(f"an object should stand here, not {raw[:80]!r}")
            numbers.update(zip(new, range(len(numbers), len(numbers) + len(new)), strict=True))
            self.objects += [found or {} for found in objects]
        return [numbers[raw] for raw in raws]


class Items:
    """All items of a result so far.

    Parameters
    ----------
    decode
        Decodes the raw bytes of several parts.
    """

    def __init__(self, decode: Callable[[Sequence[bytes]], list[Any]]) -> None:
        self.parts = {name: Part(decode) for name in PARTS}
        self.ids: list[str | None] = []
        self._measurements: dict[str, list[NDArray[np.float64]]] = {}
        self._n_rows = 0

    def __len__(self) -> int:
        return self._n_rows

    def add(
        self,
        ids: Sequence[str | None],
        values: Sequence[dict[str, Any] | None] | Mapping[str, list[Any]],
        parts: Mapping[str, Sequence[Any]],
    ) -> None:
        """Add the items of a page.

        Parameters
        ----------
        values
            Measurements by name, of each item or of all of them.

        Raises
        ------
        MalformedResponse
            A part is no object, or a value no number.
        """
        for name, part in self.parts.items():
            part.add(parts[name])
        self._add_values(ids, values)
        self.ids.extend(ids)
        self._n_rows += len(ids)

    def add_numbered(
        self,
        ids: Sequence[str | None],
        values: dict[str, NDArray[np.float64]],
        parts: Mapping[str, tuple[Sequence[bytes], NDArray[np.int32]]],
    ) -> None:
        """Add a page whose parts are numbered already and whose values are columns."""
        if not ids:
            return
        for name, part in self.parts.items():
            nothing = ([b"null"], np.zeros(len(ids), np.int32))
            part.add_numbered(*parts.get(name, nothing))
        self._add_columns(values, len(ids))
        self.ids.extend(ids)
        self._n_rows += len(ids)

    @property
    def measurements(self) -> list[str]:
        """Names of the values; most files have only ``value``."""
        return list(self._measurements)

    def measurement(self, name: str | None = None) -> NDArray[np.float64]:
        """Return one value of each row; float64 (n_rows,), NaN where it is missing.

        Raises
        ------
        FrameError
            There is none of that name; or several, and no name was given.
        """
        if name is None and len(self._measurements) == 1:
            name = self.measurements[0]
        if name not in self._measurements:
            if not self._measurements:
                return np.full(self._n_rows, np.nan)
            has = f"the values are {', '.join(self.measurements)}"
            cure = f"say which one with measurement={self.measurements[0]!r}"
            raise FrameError(f"{has}: {cure}" if name is None else f"no {name!r}: {has}")
        blocks = self._measurements[name]
        if len(blocks) > 1:
            self._measurements[name] = blocks = [np.concatenate(blocks)]
        return blocks[0]

    def rows(self, start: int, stop: int) -> list[dict[str, Any]]:
        """Return items as dicts in the API's form; a missing measurement is left out."""
        codes = {name: part.all_codes() for name, part in self.parts.items()}
        values = {name: self.measurement(name) for name in self.measurements}
        rows = []
        for row in range(start, min(stop, self._n_rows)):
            found = {
                name: dict(part.objects[codes[name][row]]) for name, part in self.parts.items()
            }
            linked = found.pop("relationships")
            numbers = ((name, float(column[row])) for name, column in values.items())
            item = {"itemId": self.ids[row], **found}
            item["value"] = {name: number for name, number in numbers if number == number}
            rows.append(item | ({"relationships": linked} if linked else {}))
        return rows

    def table(self) -> Table:
        """Return the items as columns, one row an item.

        The order is item, run, feature, values, linked object, metadata. A name that two parts
        share gets the later part's name in front, ``metadata.gene``.
        """
        taken: set[str] = set()
        columns = [Column("itemId", self.ids)]
        taken.add("itemId")
        columns += self._part_columns("itemOrigin", taken, first=_FIRST_ORIGINS)
        columns += self._part_columns("feature", taken)
        for name in self.measurements:
            columns.append(Column(_free("value", name, taken), self.measurement(name)))
        columns += self._part_columns("relationships", taken)
        columns += self._part_columns("metadata", taken)
        return table(columns, self._n_rows)

    def _part_columns(
        self, part_name: str, taken: set[str], first: Iterable[str] = ()
    ) -> list[Column]:
        part = self.parts[part_name]
        names = part.names()
        ordered = [name for name in first if name in names]
        ordered += [name for name in names if name not in ordered]
        codes = part.all_codes()
        return [Column(_free(part_name, name, taken), part.values(name), codes) for name in ordered]

    def _add_values(self, ids: Sequence[str | None], values: Any) -> None:
        columns = values if isinstance(values, Mapping) else _named_values(values)
        numbers = {name: _numbers(ids, name, column) for name, column in columns.items()}
        self._add_columns(numbers, len(ids))

    def _add_columns(self, columns: dict[str, NDArray[np.float64]], n: int) -> None:
        for name, column in columns.items():
            if name not in self._measurements:
                earlier = [np.full(self._n_rows, np.nan)] if self._n_rows else []
                self._measurements[name] = earlier
            self._measurements[name].append(column)
        for name in self._measurements.keys() - columns.keys():
            self._measurements[name].append(np.full(n, np.nan))


def _named_values(values: Sequence[Any]) -> dict[str, list[Any]]:
    names: dict[str, None] = {}
    for value in values:
        if value and value.keys() != names.keys():
            names.update(dict.fromkeys(value))
    return {name: [value.get(name) if value else None for value in values] for name in names}


def _numbers(ids: Sequence[str | None], name: str, values: list[Any]) -> NDArray[np.float64]:
    try:
        # None becomes NaN; "Inf" and "-Inf", which ODM writes as text, become infinite.
        return np.array(values, dtype=np.float64)
    except (ValueError, TypeError):
        bad = next(n for n, value in enumerate(values) if not _is_number(value))
        raise MalformedResponse(
            f"item {ids[bad]}: its {name!r} is {values[bad]!r}, not a number"
        ) from None


def _is_number(value: Any) -> bool:
    try:
        np.array([value], dtype=np.float64)
    except (ValueError, TypeError):
        return False
    return True


def _free(part: str, name: str, taken: set[str]) -> str:
    free = name
    while free in taken:
        free = f"{part}.{free}"
    taken.add(free)
    return free
