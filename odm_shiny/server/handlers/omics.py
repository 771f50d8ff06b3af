"""Omics queries: samples, expression files and expression data across studies."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np

from odm_shiny.server.conditions import omics_conditions
from odm_shiny.server.cursors import decode_cursor, encode_cursor
from odm_shiny.server.expression_arrow import arrow_reply
from odm_shiny.server.expression_pages import expression_page
from odm_shiny.server.negotiation import ARROW, prefers
from odm_shiny.server.paging import limit_of
from odm_shiny.server.planner import Planner
from odm_shiny.server.planning import plan
from odm_shiny.server.routes import Call, handles
from odm_shiny.server.view import View
from odm_shiny.server.wire import Problem, json_bytes
from odm_shiny.store import lean_reads, objects
from odm_shiny.store.expression_files import DataFile

SAMPLES: Final = "omics/samples"
FILES: Final = "omics/expression/group"


BATCH: Final = 1_000
"""Samples that are made JSON at a time: the next ones take the place of these in memory."""


@handles("GET /omics/samples")
def search_samples(call: Call) -> Any:
    """Samples that meet every condition, by accession."""
    started = time.monotonic()
    limit = limit_of(call)
    with call.service.store.read() as tx:
        planner = plan(call, tx, omics_conditions(call.query))
        slots = np.flatnonzero(planner.samples_with_data)
        log = log_lines(planner, started)
        page, cursor, is_last = _after_number(slots, SAMPLES, call.query.get("cursor"), limit)
        data = _samples_json(View.of_call(call, tx), page)
    return omics_reply(data, log, cursor, is_last=is_last)


@handles("GET /omics/expression/group")
def search_groups(call: Call) -> dict[str, Any]:
    """Files with at least one run linked to a matching sample."""
    started = time.monotonic()
    limit = limit_of(call)
    with call.service.store.read() as tx:
        planner = plan(call, tx, omics_conditions(call.query))
        slots = matching_file_slots(planner)
        log = log_lines(planner, started)
        page, cursor, is_last = _after_number(slots, FILES, call.query.get("cursor"), limit)
        found = objects.by_slots(tx, "expression_group", page)
        data = View.of_call(call, tx).groups(found)
    return omics_reply(data, log, cursor, is_last=is_last)


@handles("GET /omics/expression/data")
def search_data(call: Call) -> Any:
    """Items that match the data query in runs linked to matching samples."""
    if not (call.query.get("exQuery") or "").strip():
        raise Problem(400, "exQuery must be specified")
    started = time.monotonic()
    with call.service.store.read() as tx:
        planner = plan(call, tx, omics_conditions(call.query))
        limit = limit_of(call)
        page = expression_page(call, planner, planner.linked_runs, with_links=True, limit=limit)
        # A page tells of the runs that were met until it was full; one of no item asks for all.
        found = len(page.runs) if limit else int(planner.matching_runs.sum())
        log = log_lines(planner, started, found_runs=found)
    if prefers(call, ARROW):
        return arrow_reply(page, log)
    return omics_reply(page.as_json(), log, page.cursor, is_last=page.is_last)


def matching_file_slots(planner: Planner) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Slots of the files that have a matching run, ascending."""
    files: list[DataFile] = [file for file, _, _ in planner.runs_by_file(planner.matching_runs)]
    return np.asarray(sorted(file.slot for file in files), dtype=np.int64)


def log_lines(planner: Planner, started: float, found_runs: int | None = None) -> list[str]:
    """What the search did, in the words that ODM uses."""
    lines = []
    conditions = planner.conditions
    if conditions.of("study"):
        n = int(planner.studies.sum())
        lines.append(
            f"Found {n} studies matched the study query (total number of found studies is {n} now)"
        )
    n = int(planner.samples.sum())
    lines.append(
        f"Found {n} samples matched the samples/study query "
        f"(total number of found samples is {n} now)"
    )
    if conditions.data is not None or conditions.groups:
        lines.append("Filtering using EXPRESSION signal data queries...")
        n = int(planner.samples_with_data.sum()) if found_runs is None else found_runs
        lines.append(f"Found {n} samples/libraries/preparations matching EXPRESSION queries")
        lines.append(f"Search took {(time.monotonic() - started) * 1000:.0f}ms")
    return lines


def omics_reply(data: Any, log: list[str], cursor: str, *, is_last: bool) -> dict[str, Any]:
    """The envelope of every omics endpoint: ODM gives a cursor on the last page, too."""
    return {"data": data, "resultsExhausted": is_last, "log": log, "cursor": cursor}


class _Sample(msgspec.Struct, gc=False):
    metadata: dict[str, Any]


def _samples_json(view: View, slots: Sequence[int]) -> msgspec.Raw:
    parts = []
    for part in objects.batches(slots, BATCH):
        rows = lean_reads.shown_rows(view.tx, "sample", np.asarray(part, dtype=np.int64))
        if rows:
            parts.append(json_bytes([_Sample(record) for record in view.records(rows)])[1:-1])
    return msgspec.Raw(b"[%b]" % b",".join(parts))


def _after_number(
    slots: np.ndarray[Any, np.dtype[np.int64]], scope: str, cursor: str | None, limit: int
) -> tuple[list[int], str, bool]:
    """The `limit` slots behind a cursor, the cursor behind them, and whether they are the last."""
    after = decode_cursor(scope, cursor, 1)[0] if cursor else -1
    start = int(np.searchsorted(slots, after, side="right"))
    page = [int(slot) for slot in slots[start : start + limit]]
    last = page[-1] if page else after
    return page, encode_cursor(scope, [last]), start + len(page) == len(slots)
