"""What a transport is: it sends a request and hands over the reply, and decides nothing.

There are two: `odm_shiny.client.http` speaks to an ODM over the network,
`odm_shiny.client.embedded` calls the service in this process. Both take the same `Request` and
give the same `Opened`, so that everything above (retries, deadlines, errors, decoding) exists
once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from odm_shiny.contract.messages import Request

CHUNK = 1 << 16
"""Bytes that are moved at a time where the client may choose."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one step may take.

    Attributes
    ----------
    timeout_s
        Longest silence: no byte for this long ends the step.
    until
        Reading of ``Clock.monotonic`` at which the whole call ends.
    """

    timeout_s: float
    until: float


@dataclass(slots=True)
class Opened:
    """The head of a reply, and a handle to its body.

    Attributes
    ----------
    status
        HTTP status.
    headers
        Lower-case names. Of a repeated header the values are joined with ``, ``.
    handle
        The transport's own; nobody else looks into it.
    framed
        The transport notices when the body is cut: a length was announced, or chunks, or no
        network lies between. Otherwise a broken connection looks like the end (RFC 9112, 6.3).
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    handle: Any = None
    framed: bool = True


class StepError(Exception):
    """A transport could not finish a step.

    It holds words only, never the library's exception: that one's traceback leads to frames whose
    local variables contain the headers, the token among them.

    Attributes
    ----------
    sent
        Whether the server may have seen the request. Only when it has not, a request that changes
        something may be repeated.
    timed_out
        The step ended for want of time.
    final
        Another try would end the same way (a bad certificate, an address that is none).
    """

    def __init__(
        self, reason: str, *, sent: bool, timed_out: bool = False, final: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent
        self.timed_out = timed_out
        self.final = final


class Transport(Protocol):
    """Carries requests in a thread; used by many threads at once.

    Attributes
    ----------
    origin
        ``scheme://host:port`` that redirects are held against; ``embedded://`` in process.
    where
        The address or folder, for people.
    local
        The service runs in this process.
    encodings
        Value of ``Accept-Encoding``.
    """

    origin: str
    where: str
    local: bool
    encodings: str

    def open(self, request: Request, limits: Limits) -> Opened:
        """Send `request` and wait for the head of the reply; raises `StepError`."""

    def read(self, opened: Opened, limits: Limits) -> bytes:
        """Return the next chunk of the body, empty at its end; raises `StepError`."""

    def close(self, opened: Opened) -> None:
        """Give the reply back; safe to call twice."""

    def shut(self) -> None:
        """Close every connection."""


class AsyncTransport(Protocol):
    """The same for an event loop."""

    origin: str
    where: str
    local: bool
    encodings: str

    async def open(self, request: Request, limits: Limits) -> Opened:
        """Send `request` and wait for the head of the reply; raises `StepError`."""

    async def read(self, opened: Opened, limits: Limits) -> bytes:
        """Return the next chunk of the body, empty at its end; raises `StepError`."""

    async def close(self, opened: Opened) -> None:
        """Give the reply back; safe to call twice."""

    async def shut(self) -> None:
        """Close every connection."""
