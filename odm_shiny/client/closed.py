"""What stands in the place of a transport once its client is closed."""

from __future__ import annotations

from typing import NoReturn

from odm_shiny.client.transport import AsyncTransport, Limits, Opened, Transport
from odm_shiny.contract.messages import Request
from odm_shiny.errors import OdmError


class ClosedTransport:
    """Refuses every request, for threads."""

    def __init__(self, closed: Transport | AsyncTransport) -> None:
        self.origin = closed.origin
        self.where = closed.where
        self.local = closed.local
        self.encodings = closed.encodings

    def open(self, request: Request, limits: Limits) -> NoReturn:
        """Say that the client is closed."""
        raise _closed(self.where)

    def read(self, opened: Opened, limits: Limits) -> NoReturn:
        """Say that the client is closed."""
        raise _closed(self.where)

    def close(self, opened: Opened) -> None:
        """Do nothing: all replies are given back."""

    def shut(self) -> None:
        """Do nothing: closing twice is no mistake."""


class AsyncClosedTransport:
    """Refuses every request, for an event loop."""

    def __init__(self, closed: Transport | AsyncTransport) -> None:
        self.origin = closed.origin
        self.where = closed.where
        self.local = closed.local
        self.encodings = closed.encodings

    async def open(self, request: Request, limits: Limits) -> NoReturn:
        """Say that the client is closed."""
        raise _closed(self.where)

    async def read(self, opened: Opened, limits: Limits) -> NoReturn:
        """Say that the client is closed."""
        raise _closed(self.where)

    async def close(self, opened: Opened) -> None:
        """Do nothing: all replies are given back."""

    async def shut(self) -> None:
        """Do nothing: closing twice is no mistake."""


def _closed(where: str) -> OdmError:
    return OdmError(
        f"the client of {where} is closed: connect() opens another; take what you need of an "
        "answer, with to_pandas() or to_list(), before the end of its `with` block"
    )
