"""Why a link cannot be made, without a word about objects that the caller may not see.

The store names the objects that stand in the way. A group may be visible while some of its members,
or what those are linked to, are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from odm_shiny.server.conditions import Conditions
from odm_shiny.server.planner import Planner
from odm_shiny.server.visibility import is_visible
from odm_shiny.server.wire import Problem
from odm_shiny.store import objects
from odm_shiny.store.kinds import MEMBER_OF
from odm_shiny.store.refusals import LinkConflict, NoPartner

if TYPE_CHECKING:
    from odm_shiny.server.routes import Call
    from odm_shiny.store.engine import Tx
    from odm_shiny.store.objects import Record

HIDDEN: Final = "[hidden]"
EXPLAINED: Final = f"; {HIDDEN} stands for what you may not see: ask an administrator"

_ACCESSION: Final = re.compile(r"\b[A-Z]+[0-9]+\b")


@contextmanager
def told_to(call: Call, tx: Tx, source: Record, target: Record) -> Iterator[None]:
    """Make a link inside of this, and its refusals are fit for the caller.

    Raises
    ------
    Problem
        409: another link is in the way; 400: nothing matches. What the caller may not see is left
        out of the text.
    """
    try:
        yield
    except LinkConflict as exc:
        raise Problem(409, _without_hidden(call, tx, str(exc))) from exc
    except NoPartner as exc:
        if _sees_members(call, tx, source):
            raise
        raise Problem(
            400,
            f"nothing of {source.public_id} matches {exc.attribute!r} of {target.public_id}; "
            f"values are not named, as you may not see all members of {source.public_id}",
        ) from exc


def _without_hidden(call: Call, tx: Tx, text: str) -> str:
    named = objects.get_many(tx, _ACCESSION.findall(text))
    hidden = {record.public_id for record in named if not is_visible(call, tx, record)}
    if not hidden:
        return text
    return _ACCESSION.sub(lambda m: HIDDEN if m[0] in hidden else m[0], text) + EXPLAINED


def _sees_members(call: Call, tx: Tx, group: Record) -> bool:
    """Whether the caller may see every member of a group."""
    if group.kind not in MEMBER_OF or group.owner_id == call.user.id:
        return True
    kind = MEMBER_OF[group.kind]
    seen = Planner(call.service.store, tx, call.user, Conditions()).visible(kind)
    return all(seen[member.slot] for member in objects.members(tx, group.id))
