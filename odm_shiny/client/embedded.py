"""Requests to a service in this process: no socket, no copy, streams stay streams."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Protocol

from odm_shiny.client.transport import Limits, Opened, StepError
from odm_shiny.contract.messages import Reply, Request
from odm_shiny.errors import OdmError


class Service(Protocol):
    """What the embedded transport needs of a server."""

    def handle(self, request: Request, *, user: Any | None = None) -> Reply:
        """Answer one request as `user`."""


class EmbeddedTransport:
    """A service in this process, for threads."""

    local = True
    origin = "embedded://"
    encodings = "identity"

    def __init__(self, service: Service, user: Any, where: str) -> None:
        self.where = where
        self._service = service
        self._user = user

    def open(self, request: Request, limits: Limits) -> Opened:
        """Call the service."""
        reply = self._service.handle(request, user=self._user)
        body = reply.body
        chunks = iter((body,)) if isinstance(body, bytes) else body
        return Opened(reply.status, reply.headers, chunks)

    def read(self, opened: Opened, limits: Limits) -> bytes:
        """Return the next chunk of the body, empty at its end."""
        try:
            return _next_chunk(opened.handle)
        except OdmError as exc:
            raise StepError(str(exc), sent=True) from exc

    def close(self, opened: Opened) -> None:
        """Stop the stream."""
        close = getattr(opened.handle, "close", None)
        if close is not None:
            close()

    def shut(self) -> None:
        """Do nothing: whoever opened the service closes it."""


class AsyncEmbeddedTransport:
    """A service in this process, for an event loop: every call runs in a thread."""

    local = True
    origin = "embedded://"
    encodings = "identity"

    def __init__(self, service: Service, user: Any, where: str) -> None:
        self._inner = EmbeddedTransport(service, user, where)
        self.where = where

    async def open(self, request: Request, limits: Limits) -> Opened:
        """Call the service."""
        return await asyncio.to_thread(self._inner.open, request, limits)

    async def read(self, opened: Opened, limits: Limits) -> bytes:
        """Return the next chunk of the body, empty at its end."""
        return await asyncio.to_thread(self._inner.read, opened, limits)

    async def close(self, opened: Opened) -> None:
        """Stop the stream."""
        await asyncio.to_thread(self._inner.close, opened)

    async def shut(self) -> None:
        """Do nothing: whoever opened the service closes it."""


def _next_chunk(chunks: Iterator[bytes]) -> bytes:
    for chunk in chunks:
        if chunk:  # an empty chunk in the middle of a stream is not its end
            return chunk
    return b""
