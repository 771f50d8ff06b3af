"""Single objects, if the caller may see them; else they do not exist."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from odm_shiny.server.conditions import Conditions
from odm_shiny.server.planner import Planner
from odm_shiny.server.wire import Problem
from odm_shiny.store import history, objects
from odm_shiny.store.kinds import MEMBER_OF
from odm_shiny.store.objects import Record
from odm_shiny.store.refusals import NotStored, VersionNotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odm_shiny.server.routes import Call
    from odm_shiny.store.engine import Tx

WORDS = {
    "expression": "run",
    "sample_group": "sample group",
    "library_group": "library group",
    "preparation_group": "preparation group",
    "expression_group": "Group",
}


def not_found(public_id: str, kinds: Sequence[str]) -> Problem:
    """The answer for what is not there, and for what the caller may not see."""
    words = " or ".join(WORDS.get(kind, kind) for kind in kinds)
    return Problem(404, f"{words[:1].upper()}{words[1:]} {public_id!r} could not be found")


def visible_record(call: Call, tx: Tx, public_id: str, kinds: Sequence[str]) -> Record:
    """The object with this id, if it is of one of `kinds` and the caller may see it.

    Raises
    ------
    Problem
        404 otherwise.
    """
    try:
        record = objects.get(tx, public_id, kinds)
    except NotStored:
        raise not_found(public_id, kinds) from None
    if not is_visible(call, tx, record):
        raise not_found(public_id, kinds)
    return record


def visible_version(
    call: Call, tx: Tx, public_id: str, kinds: Sequence[str], version: str
) -> Record:
    """The object as it was at one of its metadata versions."""
    record = visible_record(call, tx, public_id, kinds)
    try:
        return replace(record, document=history.document_at(tx, record, version))
    except VersionNotFound as exc:
        raise Problem(404, str(exc)) from None


def is_visible(call: Call, tx: Tx, record: Record) -> bool:
    """Whether the caller may see an object; a group is seen with any of its members."""
    if record.owner_id == call.user.id:
        return True
    planner = Planner(call.service.store, tx, call.user, Conditions())
    if record.kind in MEMBER_OF:
        member = MEMBER_OF[record.kind]
        members = call.service.store.search.numbers(tx, member, "#group") == record.id
        seen = bool(np.any(planner.visible(member) & members))
        return seen or (planner.sees_all and not members.any())
    return bool(planner.visible(record.kind)[record.slot])
