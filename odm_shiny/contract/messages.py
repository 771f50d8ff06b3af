"""One request and one reply, as plain values.

The service takes a `Request` and returns a `Reply`. The embedded transport of the client and the
ASGI shell of the server both speak these two, so neither side needs the other's library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO


@dataclass(slots=True)
class Request:
    """What a client asks.

    Attributes
    ----------
    method
        Upper-case HTTP method.
    path
        Path, percent-encoding kept (``%2F`` inside a path part stays one part).
    query
        Decoded ``(name, value)`` pairs in the order in which they arrived; repeats are lists.
    headers
        Lower-case names.
    body
        The whole body, or a readable binary file for large uploads.
    client_host
        Address of the peer; ``None`` in process.
    """

    method: str
    path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | BinaryIO = b""
    client_host: str | None = None


@dataclass(slots=True)
class Reply:
    """What the service answers.

    Attributes
    ----------
    status
        HTTP status.
    headers
        Lower-case names; ``content-length`` is left to whoever sends the reply.
    body
        All of it, or an iterator of chunks for a stream. A consumer that stops early must call
        ``close()`` on the iterator if it has one.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Iterator[bytes] = b""
