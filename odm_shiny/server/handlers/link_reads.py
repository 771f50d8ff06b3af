"""Read what is linked to what: by object, by group, and by conditions on the other side."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from odm_shiny.contract.messages import Reply
from odm_shiny.server.conditions import Conditions, group_conditions, listing_conditions
from odm_shiny.server.listing import listing, table_reply
from odm_shiny.server.negotiation import TSV, prefers
from odm_shiny.server.paging import page_of
from odm_shiny.server.planner import Mask, Planner
from odm_shiny.server.planning import plan
from odm_shiny.server.routes import Call, handles
from odm_shiny.server.view import View
from odm_shiny.server.visibility import is_visible, not_found, visible_record
from odm_shiny.store import link_graph, objects
from odm_shiny.store.kinds import GROUP_OF
from odm_shiny.store.link_lists import Pair, pairs_of_group, parents_of

PLURAL: Final = {"sample": "samples", "library": "libraries", "preparation": "preparations"}

#: What a kind is linked to.
PARENT: Final = {"sample": "study", "library": "sample", "preparation": "sample"}

#: Words of the wire: records of the first kind whose linked objects of the second kind match.
BY: Final = (
    ("studies", "study", "samples", "sample"),
    ("studies", "study", "libraries", "library"),
    ("studies", "study", "preparations", "preparation"),
    ("samples", "sample", "libraries", "library"),
    ("samples", "sample", "preparations", "preparation"),
    ("libraries", "library", "samples", "sample"),
    ("preparations", "preparation", "samples", "sample"),
)


@handles("GET /integration/link/samples/by/study/{id}")
def samples_of_study(call: Call) -> Reply:
    """Samples of a study."""
    with call.service.store.read() as tx:
        study = visible_record(call, tx, call.path["id"], ("study",))
        planner = Planner(call.service.store, tx, call.user, Conditions())
        only = np.zeros_like(planner.visible("study"))
        only[study.slot] = True
        samples = planner.store.search.sources(tx, "sample", "study", only)
        return listing(call, tx, "sample", np.flatnonzero(samples & planner.visible("sample")))


@handles("GET /integration/link/study/by/sample/{id}")
def study_of_sample(call: Call) -> dict[str, Any]:
    """The study of a sample."""
    with call.service.store.read() as tx:
        sample = visible_record(call, tx, call.path["id"], ("sample",))
        studies = [one for one in parents_of(tx, sample, "study") if is_visible(call, tx, one)]
        if not studies:
            raise not_found(sample.public_id, ("study of sample",))
        return View.of_call(call, tx).records(studies)[0]


def _register_children(kind: str) -> None:
    @handles(f"GET /integration/link/{kind}/by/sample/{{id}}")
    def by_sample(call: Call) -> Any:
        with call.service.store.read() as tx:
            sample = visible_record(call, tx, call.path["id"], ("sample",))
            planner = Planner(call.service.store, tx, call.user, Conditions())
            only = np.zeros_like(planner.visible("sample"))
            only[sample.slot] = True
            mask = planner.store.search.sources(tx, kind, "sample", only)
            slots = np.flatnonzero(mask & planner.visible(kind))
            records = View.of_call(call, tx).records(objects.by_slots(tx, kind, slots))
        return table_reply(records) if prefers(call, TSV) else records

    @handles(f"GET /integration/link/{kind}/group/by/study/{{id}}")
    def groups_by_study(call: Call) -> list[dict[str, Any]]:
        with call.service.store.read() as tx:
            study = visible_record(call, tx, call.path["id"], ("study",))
            groups = link_graph.groups_of_study(tx, study, GROUP_OF[kind])
            return View.of_call(call, tx).groups(groups)

    word = f"{PLURAL[kind]}-to-samples"

    @handles(f"GET /integration/link/{kind}/{word}/by/group/{{id}}")
    def pairs(call: Call) -> dict[str, Any]:
        return _pairs(call, kind, "sample")


def _register_expression(target: str) -> None:
    @handles(f"GET /integration/link/expression/by/{target}/{{id}}")
    def by_object(call: Call) -> Any:
        page = page_of(call)
        with call.service.store.read() as tx:
            linked = visible_record(call, tx, call.path["id"], (target,))
            planner = plan(call, tx, group_conditions(call.query))
            only = np.zeros_like(planner.visible(target))
            only[linked.slot] = True
            runs = planner.store.search.sources(tx, "expression", target, only)
            slots = np.flatnonzero(runs & planner.selected_runs & planner.visible("expression"))
            found = objects.by_slots(tx, "expression", page.cut(slots))
            shown = View.of_call(call, tx).runs(found)
        if prefers(call, TSV):
            return table_reply([{**run["itemOrigin"], **run["metadata"]} for run in shown])
        return page.envelope(shown, len(slots))

    @handles(f"GET /integration/link/expression/run-to-{PLURAL[target]}/by/group/{{id}}")
    def pairs(call: Call) -> dict[str, Any]:
        return _pairs(call, "expression", target)


@handles("GET /integration/link/expression/group/by/study/{id}")
def expression_groups_of_study(call: Call) -> list[dict[str, Any]]:
    """Files of tabular data that belong to a study, of the versions that are asked for."""
    with call.service.store.read() as tx:
        study = visible_record(call, tx, call.path["id"], ("study",))
        planner = plan(call, tx, group_conditions(call.query))
        selected = {file.object_id for file in planner.selected_files}
        groups = link_graph.groups_of_study(tx, study, "expression_group")
        return View.of_call(call, tx).groups([one for one in groups if one.id in selected])


def _pairs(call: Call, kind: str, target: str) -> dict[str, Any]:
    """Pairs of the members of a group and what they are linked to; pages count members."""
    page = page_of(call)
    with call.service.store.read() as tx:
        group = visible_record(call, tx, call.path["id"], (GROUP_OF[kind],))
        planner = Planner(call.service.store, tx, call.user, Conditions())
        seen, seen_target = planner.visible(kind), planner.visible(target)
        every = [
            pair
            for pair in pairs_of_group(tx, group.id, target)
            if seen[pair.slot] and seen_target[pair.target_slot]
        ]
    linked = list(dict.fromkeys(pair.slot for pair in every))
    on_page = set(page.cut(linked))
    data = [
        {**_left(kind, pair), f"{target}Id": pair.target} for pair in every if pair.slot in on_page
    ]
    reply = page.envelope(data, len(linked))
    reply["meta"]["pagination"]["count"] = len(on_page)
    return reply


def _left(kind: str, pair: Pair) -> dict[str, str]:
    if kind == "expression":
        return {"runId": pair.accession, "runSourceId": pair.run_source or ""}
    return {f"{kind}Id": pair.accession}


def _register_by(plural: str, kind: str, by_plural: str, by_kind: str) -> None:
    @handles(f"GET /integration/link/{plural}/by/{by_plural}")
    def search(call: Call) -> Reply:
        with call.service.store.read() as tx:
            conditions = listing_conditions(by_kind, call.query)
            planner = plan(call, tx, conditions)
            mask = _linked(planner, kind, by_kind, planner.own(by_kind))
            return listing(call, tx, kind, np.flatnonzero(mask & planner.visible(kind)))

    search.__doc__ = f"{plural.capitalize()} whose linked {by_plural} match."


def _linked(planner: Planner, kind: str, by_kind: str, found: Mask) -> Mask:
    search, tx = planner.store.search, planner.tx
    if PARENT.get(kind) == by_kind:
        return search.sources(tx, kind, by_kind, found)
    if PARENT[by_kind] == kind:
        return search.targets(tx, by_kind, kind, found)
    return search.targets(tx, "sample", "study", search.targets(tx, by_kind, "sample", found))


for _kind in ("library", "preparation"):
    _register_children(_kind)
for _target in ("sample", "library", "preparation"):
    _register_expression(_target)
for _words in BY:
    _register_by(*_words)
