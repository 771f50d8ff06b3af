"""The planner of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odm_shiny.server.planner import Planner
from odm_shiny.server.technical_filter import resolved

if TYPE_CHECKING:
    from odm_shiny.server.conditions import Conditions
    from odm_shiny.server.routes import Call
    from odm_shiny.store.engine import Tx


def plan(call: Call, tx: Tx, conditions: Conditions) -> Planner:
    """Plan the search for what meets `conditions` among what the caller may see."""
    return Planner(call.service.store, tx, call.user, resolved(tx, conditions))
