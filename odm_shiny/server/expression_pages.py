"""Pages of expression items with the metadata and the link of their runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from odm_shiny.server.cursors import decode_cursor, encode_cursor
from odm_shiny.server.expression_items import Item, ItemBlock, Position, find_items
from odm_shiny.server.view import View
from odm_shiny.store import lean_reads, objects

if TYPE_CHECKING:
    from odm_shiny.server.planner import Mask, Planner
    from odm_shiny.server.routes import Call
    from odm_shiny.store.expression_files import DataFile
    from odm_shiny.store.lean_reads import RunRow

SCOPE: Final = "expression"
LINKED_KINDS: Final = ("sample", "library", "preparation")

Ints = npt.NDArray[np.int64]


class RunHead(NamedTuple):
    """What all items of a run share.

    Attributes
    ----------
    origin
        ``runSourceId``, ``runId`` and ``groupId``.
    metadata
        Attributes shown; runs that show the same may share one object.
    relationships
        The linked object: ``sample``, ``library`` or ``preparation`` to its accession.
    """

    origin: Mapping[str, str]
    metadata: Mapping[str, Any]
    relationships: Mapping[str, str]


@dataclass(slots=True)
class ItemPage:
    """One page of items.

    Attributes
    ----------
    blocks
        The items, in the order (run, feature accession).
    heads
        Head of each item's run, by run number.
    cursor
        Continues behind the last item.
    is_last
        Whether no item is left behind it.
    with_links
        Whether items show their relationships.
    """

    blocks: list[ItemBlock] = field(default_factory=list)
    heads: dict[int, RunHead] = field(default_factory=dict)
    cursor: str = ""
    is_last: bool = True
    with_links: bool = True

    @property
    def runs(self) -> Ints:
        """Numbers of the runs with an item on this page, ascending."""
        return np.unique(_joined([block.runs for block in self.blocks]))

    def as_json(self) -> list[dict[str, Any]]:
        """The items as they go on the wire."""
        return [
            item_json(item, self.heads[item.position.run], with_links=self.with_links)
            for block in self.blocks
            for item in block.items()
        ]


def item_json(item: Item, head: RunHead, *, with_links: bool) -> dict[str, Any]:
    """One item as it goes on the wire."""
    shown = {
        "itemId": item.id,
        "itemOrigin": head.origin,
        "metadata": head.metadata,
        "feature": item.feature,
        "value": item.value,
    }
    return {**shown, "relationships": head.relationships} if with_links else shown


def expression_page(
    call: Call, planner: Planner, runs: Mask, *, with_links: bool, limit: int
) -> ItemPage:
    """The page of items behind the call's ``cursor``.

    Parameters
    ----------
    planner
        Knows the data query and the store.
    runs
        Runs to look into.
    with_links
        Show what the runs are linked to.
    """
    cursor = call.query.get("cursor")
    after = Position(*decode_cursor(SCOPE, cursor, 2)) if cursor else None
    page = ItemPage(with_links=with_links)
    room = limit
    for block in _items(planner, runs, after, limit + 1):
        page.is_last = len(block) <= room
        if room:
            page.blocks.append(block.first(room))
        room -= min(room, len(block))
        if not page.is_last:
            break
    last = page.blocks[-1].last if page.blocks else after or Position(-1, -1)
    page.cursor = encode_cursor(SCOPE, [last.run, last.feature])
    page.heads = run_heads(call, planner, page.runs.tolist(), with_links=with_links)
    return page


def run_heads(
    call: Call, planner: Planner, numbers: Sequence[int], *, with_links: bool
) -> dict[int, RunHead]:
    """Head of each run, by its number."""
    view = View.of_call(call, planner.tx)
    wanted = np.asarray(sorted(numbers), dtype=np.int64)
    heads: dict[int, RunHead] = {}
    for file in planner.files:
        inside = slice(*np.searchsorted(wanted, [file.first_run, file.first_run + file.n_runs]))
        columns = wanted[inside] - file.first_run
        if not len(columns):
            continue
        rows = lean_reads.run_rows(planner.tx, file.object_id, columns)
        shown = _run_metadata(planner, view, file, rows)
        links = run_links(planner, columns + file.first_slot) if with_links else {}
        first, accession = file.first_run, file.accession
        for row, metadata in zip(rows, shown, strict=True):
            run = str(first + row.position)
            origin = {"runSourceId": row.run_source or "", "runId": run, "groupId": accession}
            linked = links.get(file.first_slot + row.position, {})
            heads[first + row.position] = RunHead(origin, metadata, linked)
    return heads


def run_links(planner: Planner, slots: Ints) -> dict[int, dict[str, str]]:
    """What each run is linked to, by the run's slot: kind of the object to its accession."""
    found: dict[int, dict[str, str]] = {}
    for kind in LINKED_KINDS:
        offsets, targets = planner.store.search.links_of(planner.tx, "expression", kind, slots)
        sources = np.repeat(slots, np.diff(offsets)).tolist()
        accessions = lean_reads.accessions(planner.tx, kind, targets)
        linked = zip(sources, accessions, strict=True)
        if not found:  # mostly the one kind that there is
            found = {slot: {kind: accession} for slot, accession in linked}
            continue
        for slot, accession in linked:
            found.setdefault(slot, {})[kind] = accession
    return found


def _run_metadata(
    planner: Planner, view: View, file: DataFile, rows: Sequence[RunRow]
) -> list[dict[str, Any]]:
    """Metadata of each run; runs without metadata of their own share what they show."""
    shared = [_shares(row) for row in rows]
    chosen = {key: row.position for key, row in zip(shared, rows, strict=True)}
    numbers = [str(file.first_run + position) for position in chosen.values()]
    shown = view.run_metadata(objects.get_many(planner.tx, numbers))
    by_key = dict(zip(chosen, shown, strict=True))
    return [by_key[key] for key in shared]


_Shared = tuple[int, str | None]


def _shares(row: RunRow) -> _Shared:
    """Runs with the same of this show the same metadata, in one file."""
    return (-1 if row.is_plain else row.position, row.template)


def _joined(parts: Sequence[Ints]) -> Ints:
    return np.concatenate([*parts, np.empty(0, np.int64)])


def _items(planner: Planner, runs: Mask, after: Position | None, limit: int) -> Iterator[ItemBlock]:
    for file, _, columns in planner.runs_by_file(runs):
        last_run = file.first_run + file.n_runs - 1
        if after is not None and last_run < after.run:
            continue
        inside = after is not None and after.run >= file.first_run
        matrix = planner.store.matrices.open(file.matrix_id)
        start = after if inside else None
        yield from find_items(matrix, file, planner.conditions.data, columns, start, limit)
