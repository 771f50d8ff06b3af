"""What only this project's own server has; a client finds out once whether it talks to one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from odm_shiny.client import decode
from odm_shiny.client.decode import Record
from odm_shiny.client.session import EXTENSIONS, Session
from odm_shiny.client.steps import Steps
from odm_shiny.errors import StatusError, TransportError

_KNOWN = "has extensions"


def has_extensions(session: Session) -> Steps[bool]:
    """Tell whether the server has this project's own operations, and the user allows them."""
    if not session.extensions:
        return False
    if _KNOWN not in session.memory:
        try:
            yield from session.get_at(f"{EXTENSIONS}/whoami", decode.record)
        except (StatusError, TransportError):
            session.memory[_KNOWN] = False
        else:
            session.memory[_KNOWN] = True
    return bool(session.memory[_KNOWN])


def ask_extension(
    session: Session, path: str, parameters: Mapping[str, Any]
) -> Steps[Record | None]:
    """Ask an operation that only this project's own server has; ``None`` where there is none."""
    if not (yield from has_extensions(session)):
        return None
    return (yield from session.get_at(EXTENSIONS + path, decode.record, parameters=parameters))
