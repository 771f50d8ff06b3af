"""Listings of records: their order, their page, JSON or TSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from odm_shiny.contract.messages import Reply
from odm_shiny.formats.tsv import write_metadata
from odm_shiny.server.negotiation import TSV, prefers
from odm_shiny.server.paging import page_of
from odm_shiny.server.view import View
from odm_shiny.server.wire import json_reply, text_reply
from odm_shiny.store import lean_reads

if TYPE_CHECKING:
    from odm_shiny.server.planner import Mask, Planner
    from odm_shiny.server.routes import Call
    from odm_shiny.store.engine import Tx

Slots = npt.NDArray[np.int64]

#: The attributes that name an object, the first one set counts.
NAMES: Final = {
    "study": ("Study Title", "Name"),
    "sample": ("Sample Name", "Name", "Sample Source ID"),
    "library": ("Library ID",),
    "preparation": ("Preparation ID",),
}
TIMES: Final = {"creation": "#created", "last_update": "#updated"}


def ordered_slots(planner: Planner, kind: str, mask: Mask, sort: str | None) -> Slots:
    """Slots of the objects in `mask`, in the order that ``sort`` asks for.

    Without ``sort`` that is by accession; what is equal stays in that order.
    """
    slots = np.flatnonzero(mask)
    key = (sort or "id").strip()
    descending = key.startswith("-")
    key = key.lstrip("+-")
    if key == "id":
        return slots[::-1] if descending else slots
    if key not in TIMES:
        search = planner.store.search
        order = search.in_order(planner.tx, kind, NAMES[kind], descending=descending)
        found: Slots = order[mask[order]]
        return found
    times = planner.store.search.numbers(planner.tx, kind, TIMES[key])[slots]
    return slots[np.argsort(-times if descending else times, kind="stable")]


def listing(call: Call, tx: Tx, kind: str, slots: Slots) -> Reply:
    """The page of `slots` that the call asks for."""
    page = page_of(call)
    found = lean_reads.shown_rows(tx, kind, page.cut(slots))
    records = View.of_call(call, tx).records(found)
    if prefers(call, TSV):
        return table_reply(records)
    return json_reply(page.envelope(records, len(slots)))


def table_reply(records: Sequence[Mapping[str, Any]]) -> Reply:
    """Flat records as tab-separated text, in the form of an import file."""
    columns = list(dict.fromkeys(name for record in records for name in record))
    return text_reply(write_metadata(records, columns), content_type=TSV)
