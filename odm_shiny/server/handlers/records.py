"""Studies, samples, libraries and preparations: list, get, versions, edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from odm_shiny.contract.messages import Reply
from odm_shiny.server.conditions import listing_conditions
from odm_shiny.server.edits import patch_record
from odm_shiny.server.listing import listing, ordered_slots
from odm_shiny.server.paging import page_of
from odm_shiny.server.planning import plan
from odm_shiny.server.routes import Call, handles
from odm_shiny.server.view import View
from odm_shiny.server.visibility import visible_record, visible_version
from odm_shiny.store import history, objects
from odm_shiny.store.kinds import GROUP_OF

PLURALS: Final = {
    "study": "studies",
    "sample": "samples",
    "library": "libraries",
    "preparation": "preparations",
}
GROUPED_READS: Final = ("library", "preparation")


def _register(kind: str, plural: str) -> None:
    """Register the handlers of one kind; they differ in nothing but the kind."""
    handles(f"GET /{plural}")(_lister(kind))
    handles(f"GET /{plural}/{{id}}")(_getter(kind))
    handles(f"GET /{plural}/{{id}}/versions")(_version_lister(kind))
    handles(f"GET /{plural}/{{id}}/versions/{{version}}")(_version_getter(kind))
    handles(f"PATCH /{plural}/{{id}}")(_patcher(kind))
    if kind in GROUPED_READS:
        handles(f"GET /{plural}/by/group/{{id}}")(_group_lister(kind))


def _lister(kind: str) -> Callable[[Call], Any]:
    def search(call: Call) -> Reply:
        with call.service.store.read() as tx:
            conditions = listing_conditions(kind, call.query)
            planner = plan(call, tx, conditions)
            slots = ordered_slots(planner, kind, planner.own(kind), call.query.get("sort"))
            return listing(call, tx, kind, slots)

    return search


def _getter(kind: str) -> Callable[[Call], Any]:
    def get(call: Call) -> dict[str, Any]:
        with call.service.store.read() as tx:
            record = visible_record(call, tx, call.path["id"], (kind,))
            return View.of_call(call, tx).records([record])[0]

    return get


def _version_lister(kind: str) -> Callable[[Call], Any]:
    kinds = (kind, GROUP_OF[kind]) if kind in GROUP_OF else (kind,)

    def versions(call: Call) -> list[dict[str, Any]]:
        with call.service.store.read() as tx:
            record = visible_record(call, tx, call.path["id"], kinds)
            return [
                {
                    "author": version.author,
                    "message": version.message,
                    "timestamp": version.timestamp,
                    "version": version.version,
                }
                for version in history.versions(tx, record)
            ]

    return versions


def _version_getter(kind: str) -> Callable[[Call], Any]:
    kinds = (kind, GROUP_OF[kind]) if kind in GROUP_OF else (kind,)

    def version(call: Call) -> dict[str, Any]:
        with call.service.store.read() as tx:
            record = visible_version(call, tx, call.path["id"], kinds, call.path["version"])
            return View.of_call(call, tx).records([record])[0]

    return version


def _patcher(kind: str) -> Callable[[Call], Any]:
    def patch(call: Call) -> dict[str, Any]:
        return patch_record(call, call.path["id"], (kind,))

    return patch


def _group_lister(kind: str) -> Callable[[Call], Any]:
    def by_group(call: Call) -> dict[str, Any]:
        page = page_of(call)
        with call.service.store.read() as tx:
            group = visible_record(call, tx, call.path["id"], (GROUP_OF[kind],))
            planner = plan(call, tx, listing_conditions(kind, {}))
            seen = planner.visible(kind)
            members = [one for one in objects.members(tx, group.id) if seen[one.slot]]
            found = page.cut(members)
            return page.envelope(View.of_call(call, tx).records(found), len(members))

    return by_group


for _kind, _plural in PLURALS.items():
    _register(_kind, _plural)
