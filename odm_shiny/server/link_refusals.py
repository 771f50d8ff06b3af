"""What links a caller may make, and why not, without a word about objects that they may not see.

A group may be visible while some of its members are not: it is seen with any of them. The store
links all members of a group, and names the objects that stand in the way of a link.
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
from odm_shiny.store import links, objects
from odm_shiny.store.kinds import MEMBER_OF
from odm_shiny.store.refusals import LinkConflict

if TYPE_CHECKING:
    from odm_shiny.server.routes import Call
    from odm_shiny.store.engine import Tx
    from odm_shiny.store.objects import Record

HIDDEN: Final = "[hidden]"
EXPLAINED: Final = f"; {HIDDEN} stands for what you may not see: ask an administrator"

_ACCESSION: Final = re.compile(r"\b[A-Z]+[0-9]+\b")


@contextmanager
def told_to(call: Call, tx: Tx, source: Record, target: Record) -> Iterator[None]:
    """Make or remove a link inside of this, and it is the caller's to change.

    Raises
    ------
    Problem
        403: a group has members that the caller may not see; linked to something of the caller's
        they would be seen. 409: another link is in the way; what the caller may not see is left
        out of the text.
    """
    if links.is_group_link(source, target):
        for group in (source, target):
            _check_members(call, tx, group)
    try:
        yield
    except LinkConflict as exc:
        raise Problem(409, _without_hidden(call, tx, str(exc))) from exc


def _check_members(call: Call, tx: Tx, group: Record) -> None:
    if group.kind not in MEMBER_OF or group.owner_id == call.user.id:
        return
    kind = MEMBER_OF[group.kind]
    planner = Planner(call.service.store, tx, call.user, Conditions())
    members = call.service.store.search.numbers(tx, kind, "#group") == group.id
    if (members & ~planner.visible(kind)).any():
        raise Problem(
            403,
            f"{group.public_id} has members that you may not see, and its links are links of all "
            "of them: link single objects, or ask its owner or an administrator",
        )


def _without_hidden(call: Call, tx: Tx, text: str) -> str:
    named = objects.get_many(tx, _ACCESSION.findall(text))
    hidden = {record.public_id for record in named if not is_visible(call, tx, record)}
    if not hidden:
        return text
    return _ACCESSION.sub(lambda m: HIDDEN if m[0] in hidden else m[0], text) + EXPLAINED
