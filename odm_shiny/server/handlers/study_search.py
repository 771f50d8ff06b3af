"""Full-text search of studies with facets, as ODM's study browser asks for it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from odm_shiny.query.expr import Compare, Expr, Or
from odm_shiny.query.full_text import parse_text
from odm_shiny.server.conditions import Conditions, KindCondition
from odm_shiny.server.listing import NAMES
from odm_shiny.server.planner import CHILDREN_OF_SAMPLE, Mask, Planner
from odm_shiny.server.routes import Call, handles
from odm_shiny.server.wire import Problem
from odm_shiny.store import objects, people

if TYPE_CHECKING:
    from odm_shiny.store.engine import Tx
    from odm_shiny.store.objects import Record

#: Study attributes offered as facets, in this order.
FACETS: Final = (
    "Study Source",
    "Study Type",
    "Study Design",
    "Therapeutic Area",
    "Contributor",
)
#: Sample attributes summarised for each study found.
SUMMARY: Final = ("Organism", "Disease", "Tissue", "Cell Type")
TOP: Final = 5
DEFAULT_LIMIT: Final = 1000
UNTITLED: Final = "New Study"
MODES: Final = {None: False, "STRICT": False, "USE_NARROWER_TERMS": True}


@handles("POST /integration/fulltext/search/studies")
def search_studies(call: Call) -> dict[str, Any]:
    """Studies whose own or whose objects' metadata match, with facet counts."""
    body = call.body or {}
    text, narrower, selected = _filters(body.get("filters") or [])
    page = body.get("page") or {}
    offset, limit = page.get("offset", 0), page.get("limit", DEFAULT_LIMIT)
    with call.service.store.read() as tx:
        planner = Planner(call.service.store, tx, call.user, Conditions(narrower=narrower))
        found = planner.visible("study")
        if text is not None:
            found = found & _studies_with_text(planner, text)
        narrowed = _selected(planner, found, selected, but=None)
        slots = np.flatnonzero(narrowed)
        studies = objects.by_slots(tx, "study", slots[offset : offset + limit])
        owners = _owner_names(tx, studies)
        content = [_content(planner, study, owners) for study in studies]
        groups = [_facet(planner, found, selected, attribute) for attribute in FACETS]
    return {
        "objectsPage": {
            "filteredCount": len(slots),
            "pageRequest": {"offset": offset, "limit": limit},
            "content": content,
        },
        "filterOptionGroups": [group for group in groups if group["options"]],
    }


def _filters(filters: Iterable[Mapping[str, Any]]) -> tuple[Expr | None, bool, dict[str, set[str]]]:
    """The text, whether narrower terms count, and the values chosen by facet."""
    text, narrower = None, False
    selected: dict[str, set[str]] = {}
    for one in filters:
        if one.get("type") == "FULL_TEXT":
            if text is not None:
                raise Problem(400, "filters: at most one FULL_TEXT")
            if one.get("mode") not in MODES:
                raise Problem(
                    400, f"filters: mode {one.get('mode')!r} is none of STRICT, USE_NARROWER_TERMS"
                )
            narrower = MODES[one.get("mode")]
            match = one.get("match") or ""
            text = parse_text(match) if match.strip() else None
        elif one.get("type") == "SELECT":
            attribute, value = _decode_option(one.get("filterOptionId") or "")
            selected.setdefault(attribute, set()).add(value)
        else:
            raise Problem(400, f"filters: type {one.get('type')!r} is neither FULL_TEXT nor SELECT")
    return text, narrower, selected


def _studies_with_text(planner: Planner, text: Expr) -> Mask:
    """Studies that match, or of which a sample, library, preparation or data file does."""
    search, tx = planner.store.search, planner.tx
    condition = KindCondition(text=text)
    samples = planner.meeting("sample", condition, planner.visible("sample"))
    for child in CHILDREN_OF_SAMPLE:
        hits = planner.meeting(child, condition, planner.visible(child))
        samples = samples | search.targets(tx, child, "sample", hits)
    runs = planner.meeting("expression", condition, planner.visible("expression"))
    samples = samples | planner.samples_of_runs(runs)
    own = planner.meeting("study", condition, planner.visible("study"))
    return own | search.targets(tx, "sample", "study", samples)


def _selected(
    planner: Planner, mask: Mask, selected: Mapping[str, set[str]], *, but: str | None
) -> Mask:
    """Narrow to the chosen values: any of one facet, every facet but one."""
    for attribute, values in selected.items():
        if attribute == but:
            continue
        equal = tuple(Compare(attribute, "=", value) for value in sorted(values))
        expr = equal[0] if len(equal) == 1 else Or(equal)
        mask = mask & planner.store.search.filter(planner.tx, "study", expr)
    return mask


def _facet(
    planner: Planner, found: Mask, selected: Mapping[str, set[str]], attribute: str
) -> dict[str, Any]:
    """The commonest values of a facet, counted under the choices in the other facets."""
    mask = _selected(planner, found, selected, but=attribute)
    facet = planner.store.search.facets(planner.tx, "study", mask, [attribute], TOP)[attribute]
    filter_id = f"METADATA_{attribute.replace(' ', '_')}"
    return {
        "filterId": filter_id,
        "hasMoreOptions": facet.n_values > len(facet.values),
        "options": [
            {
                "id": base64.b64encode(f"{filter_id}:{value}".encode()).decode(),
                "filterId": filter_id,
                "name": value,
                "count": count,
            }
            for value, count in facet.values
        ],
    }


def _decode_option(option: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(option, validate=True).decode()
    except ValueError as exc:
        raise _unknown_option(option) from exc
    key, colon, value = text.partition(":")
    by_key = {f"METADATA_{name.replace(' ', '_')}": name for name in FACETS}
    if not colon or key not in by_key:
        raise _unknown_option(option)
    return by_key[key], value


def _unknown_option(option: str) -> Problem:
    return Problem(
        400, f"filterOptionId {option[:80]!r} is none that an earlier answer has offered"
    )


def _owner_names(tx: Tx, studies: Iterable[Record]) -> dict[int, str]:
    """Display names; the address of somebody who is not active any more."""
    names = people.emails(tx, {study.owner_id for study in studies})
    return names | {user.id: user.name for user in people.list_users(tx) if user.id in names}


def _content(planner: Planner, study: Record, owners: Mapping[int, str]) -> dict[str, Any]:
    search, tx = planner.store.search, planner.tx
    only = np.zeros_like(planner.visible("study"))
    only[study.slot] = True
    samples = search.sources(tx, "sample", "study", only) & planner.visible("sample")
    facets = search.facets(tx, "sample", samples, SUMMARY, TOP)
    names = [study.document.get(name) for name in NAMES["study"]]
    return {
        "accession": study.public_id,
        "name": next((str(name) for name in names if name), UNTITLED),
        "owner": owners.get(study.owner_id, ""),
        "fileCreation": str(study.created_at),
        "size": int(samples.sum()),
        "hasFacs": False,
        "hasGenomic": False,
        "hasTranscriptomics": bool(planner.runs_of_samples(samples).any()),
        "summary": [
            {"key": name, "values": [value for value, _ in facets[name].values]}
            for name in SUMMARY
            if facets[name].values
        ],
    }
