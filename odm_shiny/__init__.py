"""odm-shiny: from a question about omics data to an analysis-ready Shiny app.

``import odm_shiny`` is cheap on purpose: it loads neither pandas, Shiny, rpy2 nor the
server. Every name below is imported from its own module when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_WHERE = {
    "connect": "odm_shiny.connect",
    "aconnect": "odm_shiny.connect",
    "Client": "odm_shiny.client.client",
    "AsyncClient": "odm_shiny.client.client",
    "Query": "odm_shiny.query.query",
    "field": "odm_shiny.query.expr",
    "feature": "odm_shiny.query.expr",
    "value": "odm_shiny.query.expr",
}

__all__ = [*sorted(_WHERE)]

if TYPE_CHECKING:
    # `as`: type checkers take these for public only if they are named twice.
    from odm_shiny.client.client import AsyncClient as AsyncClient
    from odm_shiny.client.client import Client as Client
    from odm_shiny.connect import aconnect as aconnect
    from odm_shiny.connect import connect as connect
    from odm_shiny.query.expr import feature as feature
    from odm_shiny.query.expr import field as field
    from odm_shiny.query.expr import value as value
    from odm_shiny.query.query import Query as Query


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'odm_shiny' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_WHERE])
