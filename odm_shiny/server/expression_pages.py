"""Pages of expression items with the metadata and the link of their runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from odm_shiny.server.cursors import decode_cursor, encode_cursor
from odm_shiny.server.expression_items import Item, Position, find_items
from odm_shiny.server.view import View
from odm_shiny.store import objects
from odm_shiny.store.documents import ACCESSION

if TYPE_CHECKING:
    from odm_shiny.server.planner import Mask, Planner
    from odm_shiny.server.routes import Call
    from odm_shiny.store.objects import Record

SCOPE: Final = "expression"
LINKED_KINDS: Final = ("sample", "library", "preparation")


@dataclass(frozen=True, slots=True)
class RunHead:
    """What all items of a run share.

    Attributes
    ----------
    origin
        ``runSourceId``, ``runId`` and ``groupId``.
    metadata
        Attributes shown.
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
    items
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

    items: list[Item] = field(default_factory=list)
    heads: dict[int, RunHead] = field(default_factory=dict)
    cursor: str = ""
    is_last: bool = True
    with_links: bool = True

    @property
    def n_runs(self) -> int:
        """Number of runs with an item on this page."""
        return len({item.position.run for item in self.items})

    def as_json(self) -> list[dict[str, Any]]:
        """The items as they go on the wire."""
        return [self._item(item) for item in self.items]

    def _item(self, item: Item) -> dict[str, Any]:
        head = self.heads[item.position.run]
        shown = {
            "itemId": item.id,
            "itemOrigin": head.origin,
            "metadata": head.metadata,
            "feature": item.feature,
            "value": item.value,
        }
        return {**shown, "relationships": head.relationships} if self.with_links else shown


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
    for item in _items(planner, runs, after, limit + 1):
        if len(page.items) == limit:
            page.is_last = False
            break
        page.items.append(item)
        page.heads.setdefault(item.position.run, _UNREAD)
    last = page.items[-1].position if page.items else after or Position(-1, -1)
    page.cursor = encode_cursor(SCOPE, [last.run, last.feature])
    page.heads = run_heads(call, planner, list(page.heads), with_links=with_links)
    return page


def run_heads(
    call: Call, planner: Planner, numbers: list[int], *, with_links: bool
) -> dict[int, RunHead]:
    """Head of each run, by its number."""
    records = objects.get_many(planner.tx, [str(number) for number in numbers])
    view = View.of_call(call, planner.tx)
    links = run_links(planner, records) if with_links else {}
    origins = view.origins(records)
    shown = view.run_metadata(records)
    return {
        int(record.public_id): RunHead(origin, metadata, links.get(record.slot, {}))
        for record, origin, metadata in zip(records, origins, shown, strict=True)
    }


def run_links(planner: Planner, records: list[Record]) -> dict[int, dict[str, str]]:
    """What each run is linked to, by the run's slot: kind of the object to its accession."""
    slots = np.asarray([record.slot for record in records], dtype=np.int64)
    found: dict[int, dict[str, str]] = {}
    for kind in LINKED_KINDS:
        search = planner.store.search
        offsets, targets = search.links_of(planner.tx, "expression", kind, slots)
        accessions = search.values(planner.tx, kind, ACCESSION, targets)
        for i, slot in enumerate(slots.tolist()):
            for accession in accessions[offsets[i] : offsets[i + 1]]:
                found.setdefault(slot, {})[kind] = accession or ""
    return found


_UNREAD: Final = RunHead({}, {}, {})


def _items(planner: Planner, runs: Mask, after: Position | None, limit: int) -> Iterator[Item]:
    for file, _, columns in planner.runs_by_file(runs):
        last_run = file.first_run + file.n_runs - 1
        if after is not None and last_run < after.run:
            continue
        inside = after is not None and after.run >= file.first_run
        matrix = planner.store.matrices.open(file.matrix_id)
        start = after if inside else None
        yield from find_items(matrix, file, planner.conditions.data, columns, start, limit)
