"""Tabular data as single objects: items, files (groups), runs, versions, edits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from odm_shiny.query.expr import And, DataCompare, Expr
from odm_shiny.server.conditions import Conditions, group_conditions
from odm_shiny.server.cursors import decode_cursor, encode_cursor
from odm_shiny.server.edits import patch_record
from odm_shiny.server.expression_items import describe_item
from odm_shiny.server.expression_pages import expression_page, item_json, run_heads
from odm_shiny.server.paging import limit_of, page_of
from odm_shiny.server.planner import Mask, Planner
from odm_shiny.server.planning import plan
from odm_shiny.server.routes import Call, handles
from odm_shiny.server.view import View
from odm_shiny.server.visibility import not_found, visible_record, visible_version
from odm_shiny.store import history, objects

RUNS = "expression runs"


@handles("GET /expressions")
def search_items(call: Call) -> dict[str, Any]:
    """Items by metadata of their file or run, by feature and by level."""
    conditions = replace(group_conditions(call.query), data=_data_condition(call.query))
    with call.service.store.read() as tx:
        planner = plan(call, tx, conditions)
        runs = planner.visible("expression") & planner.selected_runs
        runs = _run_filters(planner, runs, call.query)
        page = expression_page(call, planner, runs, with_links=False, limit=limit_of(call))
    reply: dict[str, Any] = {"data": page.as_json()}
    return reply if page.is_last else {**reply, "cursor": page.cursor}


@handles("GET /expressions/{id}")
def get_item(call: Call) -> dict[str, Any]:
    """One item by ``<runId>-<feature accession>``; the first, if features share an accession."""
    item_id = call.path["id"]
    run_id, _, accession = item_id.partition("-")
    with call.service.store.read() as tx:
        if not accession:
            raise not_found(item_id, ("expression item",))
        run = visible_record(call, tx, run_id, ("expression",))
        planner = Planner(call.service.store, tx, call.user, Conditions())
        file = next(one for one in planner.files if one.object_id == run.group_id)
        matrix = call.service.store.matrices.open(file.matrix_id)
        item = describe_item(matrix, file, int(run_id), accession)
        if item is None:
            raise not_found(item_id, ("expression item",))
        heads = run_heads(call, planner, [int(run_id)], with_links=False)
        return item_json(item, heads[int(run_id)], with_links=False)


@handles("PATCH /expressions/{id}")
def patch_run(call: Call) -> dict[str, Any]:
    """Edit the metadata of one run, or of a whole file by its group accession."""
    return patch_record(call, call.path["id"], ("expression", "expression_group"))


@handles("GET /expressions/{id}/versions")
def list_versions(call: Call) -> list[dict[str, Any]]:
    """Metadata versions of a run, newest first."""
    with call.service.store.read() as tx:
        run = visible_record(call, tx, call.path["id"], ("expression", "expression_group"))
        return [
            {
                "author": version.author,
                "message": version.message,
                "timestamp": version.timestamp,
                "version": version.version,
            }
            for version in history.versions(tx, run)
        ]


@handles("GET /expressions/{id}/versions/{version}")
def get_version(call: Call) -> dict[str, Any]:
    """A run as it was at one of its metadata versions."""
    kinds = ("expression", "expression_group")
    with call.service.store.read() as tx:
        record = visible_version(call, tx, call.path["id"], kinds, call.path["version"])
        view = View.of_call(call, tx)
        return view.runs([record])[0] if record.kind == "expression" else view.groups([record])[0]


@handles("GET /expressions/group")
def search_groups(call: Call) -> dict[str, Any]:
    """Files by their metadata, linked or not."""
    page = page_of(call)
    with call.service.store.read() as tx:
        planner = plan(call, tx, group_conditions(call.query))
        runs = planner.selected_runs & planner.visible("expression")
        slots = [file.slot for file, _, _ in planner.runs_by_file(runs)]
        found = objects.by_slots(tx, "expression_group", page.cut(sorted(slots)))
        return page.envelope(View.of_call(call, tx).groups(found), len(slots))


@handles("GET /expressions/group/{id}")
def get_group(call: Call) -> dict[str, Any]:
    """One file by its group accession."""
    with call.service.store.read() as tx:
        group = visible_record(call, tx, call.path["id"], ("expression_group",))
        return View.of_call(call, tx).groups([group])[0]


@handles("GET /expressions/group/by/run/{id}")
def get_group_of_run(call: Call) -> dict[str, Any]:
    """The file of a run."""
    with call.service.store.read() as tx:
        run = visible_record(call, tx, call.path["id"], ("expression",))
        return View.of_call(call, tx).groups(objects.by_ids(tx, [run.group_id or 0]))[0]


@handles("GET /expressions/runs/by/group/{id}")
def list_runs(call: Call) -> dict[str, Any]:
    """Runs of a file, in file order."""
    limit = limit_of(call)
    cursor = call.query.get("cursor")
    after = decode_cursor(RUNS, cursor, 1)[0] if cursor else -1
    with call.service.store.read() as tx:
        group = visible_record(call, tx, call.path["id"], ("expression_group",))
        seen = Planner(call.service.store, tx, call.user, Conditions()).visible("expression")
        members = objects.members(tx, group.id, after=after)
        found = [one for one in members if seen[one.slot]]
        page = found[:limit]
        reply: dict[str, Any] = {"data": View.of_call(call, tx).runs(page)}
    if len(found) > len(page):
        last = page[-1].position if page else None
        reply["cursor"] = encode_cursor(RUNS, [after if last is None else last])
    return reply


def _data_condition(query: dict[str, Any]) -> Expr | None:
    """``featureList`` and ``minExpressionLevel`` as one data query."""
    parts: list[Expr] = []
    if features := query.get("featureList"):
        parts.append(DataCompare("feature", None, "=", tuple(features)))
    level = query.get("minExpressionLevel")
    if level is not None:
        parts.append(DataCompare("value", None, ">=", (repr(level),)))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _run_filters(planner: Planner, runs: Mask, query: dict[str, Any]) -> Mask:
    """Narrow by ``runFilter`` (run numbers) and ``runSourceFilter`` (column names)."""
    numbers, names = query.get("runFilter"), query.get("runSourceFilter")
    if not numbers and not names:
        return runs
    kept = np.zeros_like(runs)
    for file, slots, columns in planner.runs_by_file(runs):
        hits = np.ones(len(columns), dtype=bool)
        if numbers:
            hits &= np.isin((columns + file.first_run).astype(str), numbers)
        if names:
            run_names = planner.store.matrices.open(file.matrix_id).run_names
            wanted = set(names)
            hits &= np.asarray([run_names[column] in wanted for column in columns], dtype=bool)
        kept[slots[hits]] = True
    return kept
