"""The service behind a port: an ASGI application.

Starlette gives the shell (lifespan, CORS, mounting beside other applications). What happens between
bytes and `Request`, and between `Reply` and bytes, is here. Handlers run in worker threads. A
stream is pulled in a worker thread too, some tens of kilobytes at a time, and only as fast as the
client reads.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import asynccontextmanager
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, TypeAlias, cast
from urllib.parse import parse_qsl, quote

import anyio
from anyio import to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from odm_shiny.contract.messages import Reply, Request
from odm_shiny.server.bodies import MAX_JSON_BYTES
from odm_shiny.server.multipart import MAX_UPLOAD_BYTES
from odm_shiny.server.parameters import MAX_QUERY_CHARS
from odm_shiny.server.service import Service
from odm_shiny.server.wire import Problem, problem_reply

log = logging.getLogger(__name__)

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_MEMORY_BYTES = 1 << 20
MAX_QUERY_BYTES = MAX_QUERY_CHARS
MIN_GZIP_BYTES = 1024
GZIP_LEVEL = 1
PULL_BYTES = 1 << 16
WORKER_THREADS = 64

# For uvicorn's h11_max_incomplete_event_size: filters with hundreds of terms make addresses longer
# than its usual limit of 64 kB.
MAX_REQUEST_HEAD_BYTES = MAX_QUERY_BYTES + (1 << 17)

EXPOSED_HEADERS = ("content-disposition", "content-range", "retry-after", "x-request-id")


def create_app(
    service: Service,
    *,
    on_startup: Callable[[], None] | None = None,
    on_shutdown: Callable[[], None] | None = None,
) -> Starlette:
    """Make the ASGI application of `service`: API, start page, Swagger UI.

    It can be served alone, or mounted under any path of another application.

    Parameters
    ----------
    service
        What answers.
    on_startup, on_shutdown
        Called when the server starts and stops: ``service.clean_up`` and ``store.close`` of whoever
        opened the store for it alone.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if on_startup is not None:
            await to_thread.run_sync(on_startup)
        yield
        if on_shutdown is not None:
            on_shutdown()

    cors = Middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=EXPOSED_HEADERS,
    )
    app = Starlette(middleware=[cors], lifespan=lifespan)
    # Not as a Mount: its pattern takes no path with a line feed in it, and answers for itself.
    app.router.default = _Endpoint(service)
    return app


class _Endpoint:
    def __init__(self, service: Service) -> None:
        self.service = service
        self._threads: anyio.CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"only HTTP is served here, not {scope['type']}")
        # Made here because it belongs to the event loop that runs.
        self._threads = self._threads or anyio.CapacityLimiter(WORKER_THREADS)
        body: bytes | BinaryIO = b""
        try:
            request = _request(scope)
            body = request.body = await _read_body(request, receive)
            reply = await to_thread.run_sync(self._reply, request, limiter=self._threads)
        except Problem as problem:
            reply = problem_reply(problem, path=scope["path"])
        except _Disconnected:
            return
        finally:
            if not isinstance(body, bytes):
                body.close()
        await self._send(reply, scope["method"], receive, send)

    def _reply(self, request: Request) -> Reply:
        reply = self.service.handle(request)
        reply.headers.setdefault("x-content-type-options", "nosniff")
        return _compressed(reply, request)

    async def _send(self, reply: Reply, method: str, receive: Receive, send: Send) -> None:
        body = reply.body
        if isinstance(body, bytes):
            if method != "HEAD" and reply.status not in {204, 304}:
                reply.headers["content-length"] = str(len(body))
            await send(_start(reply))
            await send({"type": "http.response.body", "body": body})
            return
        await send(_start(reply))
        async with anyio.create_task_group() as group:
            group.start_soon(_until_disconnected, receive, group.cancel_scope)
            await self._send_stream(reply, body, send)
            group.cancel_scope.cancel()

    async def _send_stream(self, reply: Reply, body: Iterator[bytes], send: Send) -> None:
        """Send a stream; whatever ends it, the iterator is closed.

        A failure in mid-stream is raised, so that the server drops the connection: a client must
        not take half a body for the whole.
        """
        least = 1
        try:
            while chunk := await to_thread.run_sync(_pull, body, least, limiter=self._threads):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                least = PULL_BYTES
            await send({"type": "http.response.body", "body": b""})
        except Exception:
            log.exception("%s the stream broke off", reply.headers.get("x-request-id"))
            raise
        finally:
            with anyio.CancelScope(shield=True):
                if close := getattr(body, "close", None):
                    await to_thread.run_sync(close, limiter=self._threads)


class _Disconnected(Exception):  # noqa: N818 - not an error
    """The client left before its request was whole."""


def _request(scope: Scope) -> Request:
    path = _raw_path(scope)
    if len(scope["query_string"]) > MAX_QUERY_BYTES:
        raise Problem(414, f"the query is longer than {MAX_QUERY_BYTES} bytes")
    try:
        query = parse_qsl(
            scope["query_string"].decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=100_000,
        )
    except (UnicodeDecodeError, ValueError) as exc:
        raise Problem(400, "the query is not percent-encoded UTF-8") from exc
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    if "content-length" in headers and "transfer-encoding" in headers:
        # A proxy in front may have read the other of the two, and see a second request in the body.
        raise Problem(
            400,
            "a request has Content-Length or Transfer-Encoding, not both",
            headers={"connection": "close"},
        )
    client = scope.get("client")
    return Request(
        scope["method"], path, query, headers, client_host=client[0] if client else "unknown"
    )


def _raw_path(scope: Scope) -> str:
    """Path with its percent-encoding, below where the application is mounted."""
    raw = scope.get("raw_path") or quote(scope["path"]).encode()
    path = quote(raw.partition(b"?")[0].decode("latin-1"), safe="/%:@!$&'()*+,;=~-._")
    root = quote(scope.get("root_path", "").rstrip("/"))
    return path[len(root) :] if root and path.startswith(root) else path


async def _read_body(request: Request, receive: Receive) -> bytes | BinaryIO:
    """Receive the body; up to 1 MB stays in memory, more goes to a temporary file."""
    upload = request.headers.get("content-type", "").startswith("multipart/")
    limit = MAX_UPLOAD_BYTES if upload else MAX_JSON_BYTES
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    size, more = 0, True
    file = SpooledTemporaryFile(max_size=MAX_MEMORY_BYTES)  # noqa: SIM115 - closed by the caller
    try:
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Disconnected
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            file.write(chunk)
            more = message.get("more_body", False)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    if size > MAX_MEMORY_BYTES:
        return cast(BinaryIO, file)
    with file:
        return file.read()


def _too_large(limit: int) -> Problem:
    return Problem(
        413,
        f"the request body is larger than {limit >> 20} MB",
        headers={"connection": "close"},
    )


def _start(reply: Reply) -> dict[str, Any]:
    headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in reply.headers.items()]
    return {"type": "http.response.start", "status": reply.status, "headers": headers}


async def _until_disconnected(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def _pull(body: Iterator[bytes], least: int) -> bytes:
    """Take chunks from `body` until they hold `least` bytes; nothing when it has ended."""
    chunks, size = [], 0
    for chunk in body:
        chunks.append(chunk)
        size += len(chunk)
        if size >= least:
            break
    return b"".join(chunks)


def _compressed(reply: Reply, request: Request) -> Reply:
    """Compress a reply for a client that reads gzip, if that is worth it."""
    if not _is_compressible(reply):
        return reply
    reply.headers["vary"] = "accept-encoding"
    if request.method == "HEAD" or not _reads_gzip(request.headers.get("accept-encoding", "")):
        return reply
    if not isinstance(reply.body, bytes):
        reply.body = _gzip(reply.body)
    elif len(reply.body) >= MIN_GZIP_BYTES:
        reply.body = b"".join(_gzip(iter((reply.body,))))
    else:
        return reply
    reply.headers["content-encoding"] = "gzip"
    return reply


def _is_compressible(reply: Reply) -> bool:
    kind = reply.headers.get("content-type", "").partition(";")[0]
    return (
        "content-encoding" not in reply.headers
        and "content-range" not in reply.headers
        and (kind.startswith("text/") or kind == "application/json" or kind.endswith("+json"))
    )


def _reads_gzip(accepted: str) -> bool:
    for entry in accepted.lower().split(","):
        name, _, weight = entry.partition(";")
        if name.strip() in {"gzip", "*"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _gzip(body: Iterator[bytes]) -> Iterator[bytes]:
    """Compress chunk by chunk; the first one is flushed, so that the answer begins at once."""
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    try:
        for number, chunk in enumerate(body):
            packed = packer.compress(chunk)
            if number == 0:
                packed += packer.flush(zlib.Z_SYNC_FLUSH)
            if packed:
                yield packed
        yield packer.flush()
    finally:
        if close := getattr(body, "close", None):
            close()
