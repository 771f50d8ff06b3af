"""Requests over the network, by httpx.

httpx brings the pool, TLS, proxies and certificates (``SSL_CERT_FILE``, ``HTTPS_PROXY``). Three
things are added here. Time: httpx limits one read, so a server that drips a byte a second lives
for ever; here every read also ends at the deadline of its call. Errors: they become `StepError`,
words without the traceback that would lead to the token. Redirects: never followed by httpx, the
code above decides.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO

import httpcore
import httpx

import odm_shiny
from odm_shiny.client.address import Address, is_loopback
from odm_shiny.client.clock import Clock
from odm_shiny.client.transport import CHUNK, Limits, Opened, StepError
from odm_shiny.client.unpack import accepted_encodings
from odm_shiny.contract.messages import Request

CONNECT_TIMEOUT_S = 5.0
_until: ContextVar[float] = ContextVar("odm_shiny_until", default=float("inf"))


@dataclass(frozen=True, slots=True)
class Network:
    """How to reach the network.

    Attributes
    ----------
    verify
        ``True``: certificates of the system (``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` honoured); a
        path: the company's certificates; ``False``: none are checked.
    proxy
        ``http://host:port``; ``None``: ``HTTPS_PROXY``, ``HTTP_PROXY``, ``NO_PROXY``.
    connections
        Size of the pool.
    """

    verify: bool | str | ssl.SSLContext = True
    proxy: str | None = None
    connections: int = 16

    def options(self) -> dict[str, Any]:
        """Return the arguments that both httpx clients take."""
        verify = self.verify
        if verify is True or isinstance(verify, str):
            places = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
            verify = _context(verify, places)
        return {
            "verify": verify,
            "proxy": self.proxy,
            "http2": False,
            "follow_redirects": False,
            "limits": httpx.Limits(
                max_connections=self.connections, max_keepalive_connections=self.connections
            ),
            "headers": {"User-Agent": f"odm-shiny/{odm_shiny.__version__}"},
        }


class HttpTransport:
    """An ODM over the network, for threads."""

    local = False

    def __init__(self, address: Address, clock: Clock, network: Network | None = None) -> None:
        self.address = address
        self.origin = address.origin
        self.where = address.url
        self.encodings = accepted_encodings(loopback=is_loopback(address.host))
        self._clock = clock
        self._network = network or Network()
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._client = self._new_client()

    def open(self, request: Request, limits: Limits) -> Opened:
        """Send `request` and wait for the head of the reply."""
        with _deadline(limits):
            outcome = self._send(request, _timeout(limits, self._clock))
        if isinstance(outcome, StepError):
            raise outcome
        return outcome

    def read(self, opened: Opened, limits: Limits) -> bytes:
        """Return the next chunk of the body, empty at its end."""
        with _deadline(limits):
            outcome = _next_chunk(opened.handle.chunks)
        if isinstance(outcome, StepError):
            raise outcome
        return outcome

    def close(self, opened: Opened) -> None:
        """Give the reply back to the pool."""
        with contextlib.suppress(httpx.HTTPError):
            opened.handle.response.close()

    def shut(self) -> None:
        """Close every connection."""
        self._client.close()

    def _new_client(self) -> httpx.Client:
        client = httpx.Client(**self._network.options())
        _end_reads_at_deadline(client, self._clock)
        return client

    def _own_client(self) -> httpx.Client:
        # After a fork two processes hold the same connections and would read each other's replies.
        if self._process != os.getpid():
            with self._lock:
                if self._process != os.getpid():
                    self._client = self._new_client()
                    self._process = os.getpid()
        return self._client

    def _send(self, request: Request, timeout: httpx.Timeout) -> Opened | StepError:
        client = self._own_client()
        try:
            built = client.build_request(
                request.method,
                self.address.url_of(request),
                headers=_headers(request, self.address),
                content=_content(request.body),
                timeout=timeout,
            )
            response = client.send(built, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as exc:
            return failure_of(exc)
        except BaseException as exc:
            # Ctrl-C: the frames of httpx hold the headers, so they do not go into the traceback.
            raise exc.with_traceback(None) from None
        return _opened(response, response.iter_raw())


class AsyncHttpTransport:
    """An ODM over the network, for an event loop."""

    local = False

    def __init__(self, address: Address, clock: Clock, network: Network | None = None) -> None:
        self.address = address
        self.origin = address.origin
        self.where = address.url
        self.encodings = accepted_encodings(loopback=is_loopback(address.host))
        self._clock = clock
        self._client = httpx.AsyncClient(**(network or Network()).options())

    async def open(self, request: Request, limits: Limits) -> Opened:
        """Send `request` and wait for the head of the reply."""
        outcome = await self._send(request, limits)
        if isinstance(outcome, StepError):
            raise outcome
        return outcome

    async def read(self, opened: Opened, limits: Limits) -> bytes:
        """Return the next chunk of the body, empty at its end."""
        outcome = await self._chunk(opened, limits)
        if isinstance(outcome, StepError):
            raise outcome
        return outcome

    async def close(self, opened: Opened) -> None:
        """Give the reply back to the pool."""
        with contextlib.suppress(httpx.HTTPError):
            await opened.handle.response.aclose()

    async def shut(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _send(self, request: Request, limits: Limits) -> Opened | StepError:
        try:
            built = self._client.build_request(
                request.method,
                self.address.url_of(request),
                headers=_headers(request, self.address),
                content=_async_content(request.body),
                timeout=_timeout(limits, self._clock),
            )
            async with asyncio.timeout(max(limits.until - self._clock.monotonic(), 0)):
                response = await self._client.send(built, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as exc:
            return failure_of(exc)
        except BaseException as exc:
            raise exc.with_traceback(None) from None
        return _opened(response, response.aiter_raw())

    async def _chunk(self, opened: Opened, limits: Limits) -> bytes | StepError:
        try:
            async with asyncio.timeout(max(limits.until - self._clock.monotonic(), 0)):
                return await anext(opened.handle.chunks, b"")
        except (httpx.HTTPError, httpx.StreamError, OSError) as exc:
            return failure_of(exc)
        except BaseException as exc:
            raise exc.with_traceback(None) from None


@dataclass(slots=True)
class _Body:
    response: httpx.Response
    chunks: Any


@cache
def _context(verify: bool | str, places: tuple[str | None, str | None]) -> ssl.SSLContext:
    # Loading the certificates costs 20 ms, so clients share them; `places` are part of the key.
    if isinstance(verify, str):
        return ssl.create_default_context(cafile=verify)
    return httpx.create_ssl_context(verify=verify)


def failure_of(exc: Exception) -> StepError:
    """Say in words what httpx raised."""
    cause = str(exc) or type(exc).__name__
    if isinstance(exc, httpx.ConnectTimeout | httpx.PoolTimeout):
        return StepError("no connection in time", sent=False, timed_out=True)
    if isinstance(exc, httpx.TimeoutException | TimeoutError):
        return StepError("the server was silent for too long", sent=True, timed_out=True)
    if isinstance(exc, httpx.ConnectError | httpx.ProxyError):
        final = "CERTIFICATE" in cause.upper() or "SSL" in cause.upper()
        return StepError(f"no connection: {cause}", sent=False, final=final)
    if isinstance(exc, httpx.InvalidURL | httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return StepError(f"the request cannot be sent: {cause}", sent=False, final=True)
    return StepError(f"the connection broke: {cause}", sent=True)


def _headers(request: Request, address: Address) -> list[tuple[bytes, bytes]]:
    # Bytes all over: httpx then keeps the token's own object, whose repr hides it.
    sent = [(name.encode(), text.encode("latin-1")) for name, text in request.headers.items()]
    return sent + [(name.encode(), token) for name, token in address.credentials()]


def _opened(response: httpx.Response, chunks: Any) -> Opened:
    headers = {name.lower(): value for name, value in response.headers.items()}
    framed = "content-length" in headers or "transfer-encoding" in headers
    return Opened(response.status_code, headers, _Body(response, chunks), framed)


def _timeout(limits: Limits, clock: Clock) -> httpx.Timeout:
    left = max(limits.until - clock.monotonic(), 0.001)
    silence = min(limits.timeout_s, left)
    return httpx.Timeout(
        connect=min(CONNECT_TIMEOUT_S, silence), read=silence, write=silence, pool=silence
    )


def _next_chunk(chunks: Iterator[bytes]) -> bytes | StepError:
    try:
        return next(chunks, b"")
    except (httpx.HTTPError, httpx.StreamError, OSError) as exc:
        return failure_of(exc)
    except BaseException as exc:
        raise exc.with_traceback(None) from None


def _content(body: bytes | BinaryIO) -> bytes | Iterator[bytes] | None:
    return (body or None) if isinstance(body, bytes) else _chunks(body)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _async_content(body: bytes | BinaryIO) -> bytes | AsyncIterator[bytes] | None:
    return (body or None) if isinstance(body, bytes) else _async_chunks(body)


async def _async_chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(file.read, CHUNK):
        yield chunk


@contextlib.contextmanager
def _deadline(limits: Limits) -> Iterator[None]:
    mark = _until.set(limits.until)
    try:
        yield
    finally:
        _until.reset(mark)


def _end_reads_at_deadline(client: httpx.Client, clock: Clock) -> None:
    # httpx takes no network backend, httpcore does (a documented interface); the drip tests fail
    # should these two names ever change.
    for transport in (client._transport, *client._mounts.values()):
        pool = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = _DeadlineBackend(clock)


class _DeadlineBackend(httpcore.SyncBackend):
    """Sockets whose reads and writes also end at the deadline of the present call."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def connect_tcp(self, *args: Any, **options: Any) -> httpcore.NetworkStream:
        return _DeadlineStream(super().connect_tcp(*args, **options), self._clock)

    def connect_unix_socket(self, *args: Any, **options: Any) -> httpcore.NetworkStream:
        return _DeadlineStream(super().connect_unix_socket(*args, **options), self._clock)


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._left(timeout)
        if left is not None and left <= 0:
            raise httpcore.ReadTimeout("the deadline passed")
        return self._inner.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = self._left(timeout)
        if left is not None and left <= 0:
            raise httpcore.WriteTimeout("the deadline passed")
        self._inner.write(buffer, left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._left(timeout))
        return _DeadlineStream(inner, self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def _left(self, timeout: float | None) -> float | None:
        until = _until.get()
        if until == float("inf"):
            return timeout
        left = until - self._clock.monotonic()
        return left if timeout is None else min(timeout, left)
