"""One call from its first try to its result or its error, as steps.

The order of things: open, follow a redirect inside the same origin, read the body under the
deadline, compare with the length announced, judge status and content type, decode. What may pass
(a broken connection, a 503) is tried again as `RetryPolicy` allows, all under one deadline.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Generic, TypeVar
from urllib.parse import parse_qsl, urljoin, urlsplit

from odm_shiny.client.address import origin_of
from odm_shiny.client.clock import Clock
from odm_shiny.client.replies import (
    Answer,
    check_content_type,
    status_error,
    with_request_id,
)
from odm_shiny.client.retry import LONGEST_WAIT_S, RetryPolicy, retry_after_s
from odm_shiny.client.steps import Close, Open, Read, Sleep, Steps
from odm_shiny.client.transport import Limits, Opened, StepError
from odm_shiny.client.unpack import Unpacker
from odm_shiny.contract.messages import Request
from odm_shiny.errors import (
    DeadlineExceeded,
    IncompleteStream,
    MalformedResponse,
    OdmError,
    QueryError,
    RedirectRefused,
    TransportError,
)

T = TypeVar("T")
JSON = ("application/json",)
_MOST_REDIRECTS = 5
_LONGEST_TARGET = 60_000
_ERROR_BODY = 1 << 20


@dataclass(frozen=True, slots=True)
class Wire:
    """What every call of a client needs to know.

    Attributes
    ----------
    origin, url
        Origin and whole address of the ODM; ``embedded://`` in process.
    encodings
        Value of ``Accept-Encoding``.
    clock, policy
        Time, and when to try again.
    timeout_s
        Longest silence of the server.
    deadline_s
        Longest time of one call, its repetitions and pauses included.
    """

    origin: str
    url: str
    encodings: str
    clock: Clock
    policy: RetryPolicy
    timeout_s: float = 60.0
    deadline_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One call.

    Attributes
    ----------
    method, path
        `path` from ``/api/...`` on, its parts percent-encoded.
    query
        Decoded pairs, repeats in order.
    body
        Bytes, or a function that opens a file anew for each try.
    content_type
        Of the body.
    decode
        Turns a whole answer into the result. What it raises as `MalformedResponse` for a body
        whose length nobody announced counts as a broken connection.
    accept
        Media types that will do; the first one is asked for. Empty: no body is read as data.
    sink
        Where to put the body instead of keeping it; must be seekable, is emptied before a retry.
    stream
        A cut body is an `IncompleteStream`.
    keep_partial
        Decode what came of a body that broke, after the last try.
    deadline_s
        Overrides the client's.
    """

    method: str
    path: str
    decode: Callable[[Answer], T]
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | Callable[[], BinaryIO] = b""
    content_type: str = ""
    accept: tuple[str, ...] = JSON
    sink: BinaryIO | None = None
    stream: bool = False
    keep_partial: bool = False
    deadline_s: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def what(self) -> str:
        """Method and path, for messages."""
        return f"{self.method} {self.path}"


def exchange(wire: Wire, call: Call[T]) -> Steps[T]:
    """Make a call.

    Raises
    ------
    StatusError
        The server answered with an error.
    TransportError
        No whole answer came: the subclasses say why.
    """
    _check_length(call)
    until = wire.clock.monotonic() + (call.deadline_s or wire.deadline_s)
    attempt = 0
    while True:
        outcome = yield from _attempt(wire, call, until)
        if not isinstance(outcome, _Failed):
            return outcome
        wait = _pause(wire, call, outcome, attempt)
        if wait is None or wire.clock.monotonic() + wait >= until:
            if call.keep_partial and outcome.partial is not None:
                return call.decode(outcome.partial)
            raise outcome.error
        yield Sleep(wait)
        attempt += 1


@dataclass(frozen=True, slots=True)
class _Failed:
    error: OdmError
    passing: bool
    sent: bool = True
    wait_s: float | None = None
    partial: Answer | None = None


def _pause(wire: Wire, call: Call[T], failed: _Failed, attempt: int) -> float | None:
    """Say how long to wait before the next try; ``None``: there is none."""
    policy = wire.policy
    if not (failed.passing and policy.may_repeat(call.method, attempt=attempt, sent=failed.sent)):
        return None
    if failed.wait_s is None:
        return policy.wait_s(attempt)
    return failed.wait_s if failed.wait_s <= LONGEST_WAIT_S else None


def _attempt(wire: Wire, call: Call[T], until: float) -> Steps[T | _Failed]:
    limits = Limits(wire.timeout_s, until)
    progress = _Progress()
    try:
        answer = yield from _answer(wire, call, limits, progress)
    except StepError as failure:
        return _failed(wire, call, failure, progress, until)
    if not 200 <= answer.status < 300:
        wait = retry_after_s(answer.headers.get("retry-after"), wire.clock.now())
        passing = wire.policy.passing(call.method, answer.status)
        return _Failed(status_error(answer, wait), passing=passing, wait_s=wait)
    try:
        if call.accept and answer.status != 204:
            check_content_type(answer, call.accept)
        return call.decode(answer)
    except MalformedResponse as exc:
        if answer.framed or not call.accept:
            raise
        return _Failed(exc, passing=True)


@dataclass(slots=True)
class _Progress:
    """How far a body came."""

    received: int = 0
    expected: int | None = None
    status: int = 0
    body: _Body = field(default_factory=lambda: _Body())
    headers: Mapping[str, str] = field(default_factory=dict)


def _answer(wire: Wire, call: Call[T], limits: Limits, progress: _Progress) -> Steps[Answer]:
    request = _request(wire, call)
    for _ in range(_MOST_REDIRECTS + 1):
        opened = yield Open(request, limits)
        try:
            target = _redirected(wire, call, request, opened)
            if target is None:
                body = yield from _body(wire, call, opened, limits, progress)
                return Answer(
                    call.method, request.path, opened.status, opened.headers, body, opened.framed
                )
        finally:
            yield Close(opened)
        request = target
    raise RedirectRefused(f"{call.what}: more than {_MOST_REDIRECTS} redirects")


def _body(
    wire: Wire, call: Call[T], opened: Opened, limits: Limits, progress: _Progress
) -> Steps[bytes]:
    headers = opened.headers
    length = headers.get("content-length", "")
    body = _Body()
    progress.headers, progress.status, progress.body = headers, opened.status, body
    progress.received = 0
    progress.expected = int(length) if length.isascii() and length.isdigit() else None
    good = 200 <= opened.status < 300
    sink = call.sink if good else None
    if sink is not None:
        sink.seek(0)
        sink.truncate()
    unpacker = Unpacker(headers.get("content-encoding", ""), call.what)
    while chunk := (yield Read(opened, limits)):
        progress.received += len(chunk)
        for piece in unpacker.feed(chunk):
            if sink is not None:
                sink.write(piece)
            else:
                body.add(piece)
        if wire.clock.monotonic() >= limits.until:
            raise StepError("the deadline passed", sent=True, timed_out=True)
        if not good and unpacker.unpacked > _ERROR_BODY:
            break
    if good and call.method != "HEAD":
        _check_complete(progress, unpacker)
    return body.value()


class _Body:
    """A body in memory, once: each piece is let go as soon as it is copied."""

    __slots__ = ("_all", "_first")

    def __init__(self) -> None:
        self._first = b""
        self._all: io.BytesIO | None = None

    def add(self, piece: bytes) -> None:
        """Put a piece behind what is there."""
        if self._all is not None:
            self._all.write(piece)
        elif not self._first:
            self._first = piece  # a body in one piece, as from this process, is not copied
        else:
            self._all = io.BytesIO()
            self._all.write(self._first)
            self._all.write(piece)
            self._first = b""

    def value(self) -> bytes:
        """Return what is there."""
        return self._first if self._all is None else self._all.getvalue()


def _check_complete(progress: _Progress, unpacker: Unpacker) -> None:
    short = progress.expected is not None and progress.received < progress.expected
    if short or not unpacker.finish():
        raise StepError("the connection broke in the middle of the body", sent=True)


def _failed(
    wire: Wire, call: Call[T], failure: StepError, progress: _Progress, until: float
) -> _Failed:
    got = ""
    if progress.received or progress.expected:
        of = f" of {progress.expected}" if progress.expected is not None else ""
        got = f" after {progress.received}{of} bytes"
    message = with_request_id(f"{call.what}: {failure.reason}{got}", progress.headers)
    late = wire.clock.monotonic() >= until
    if late:
        seconds = call.deadline_s or wire.deadline_s
        exceeded = f"{message}: not complete within the deadline of {seconds:g} s"
        return _Failed(DeadlineExceeded(exceeded), passing=False, partial=_partial(call, progress))
    if not failure.sent:
        message += f". Is {wire.url} right, and reachable from here?"
    error: TransportError
    if call.stream and progress.received:
        error = IncompleteStream(message, received=progress.received)
    else:
        error = TransportError(message)
    return _Failed(
        error,
        passing=not failure.final,
        sent=failure.sent,
        partial=_partial(call, progress),
    )


def _partial(call: Call[Any], progress: _Progress) -> Answer | None:
    if not call.keep_partial or not 200 <= progress.status < 300:
        return None
    body = progress.body.value()
    return Answer(call.method, call.path, progress.status, progress.headers, body, framed=False)


def _request(wire: Wire, call: Call[T]) -> Request:
    headers = {"accept-encoding": wire.encodings, **call.headers}
    if call.accept:
        first, *others = call.accept
        headers.setdefault("accept", ", ".join([first, *(f"{one};q=0.5" for one in others)]))
    if call.content_type:
        headers["content-type"] = call.content_type
    body = call.body if isinstance(call.body, bytes) else call.body()
    size = getattr(body, "size", None)
    if size is not None:
        headers["content-length"] = str(size)
    return Request(call.method, call.path, list(call.query), headers, body)


def _redirected(wire: Wire, call: Call[T], request: Request, opened: Opened) -> Request | None:
    if opened.status not in (301, 302, 303, 307, 308):
        return None
    location = opened.headers.get("location", "")
    base = urlsplit(wire.url)
    target = urljoin(f"{wire.url}{request.path}", location)
    parts = urlsplit(target)
    if not location or origin_of(target) != wire.origin:
        host = parts.netloc or "nowhere"
        raise RedirectRefused(
            f"{call.what}: {base.netloc} redirects to {parts.scheme}://{host}, another origin. The "
            "token was not sent there. If that is the ODM's real address, connect to it; if it is "
            "a sign-on page, the API needs its own address."
        )
    if call.method not in ("GET", "HEAD") and opened.status not in (307, 308):
        raise RedirectRefused(
            f"{call.what}: redirected to {parts.path}, which would turn the request into a GET"
        )
    path = parts.path.removeprefix(base.path) if base.path else parts.path
    query = parse_qsl(parts.query, keep_blank_values=True)
    body = call.body if isinstance(call.body, bytes) else call.body()
    return replace(request, path=path, query=query, body=body)


def _check_length(call: Call[Any]) -> None:
    length = len(call.path) + sum(len(name) + len(value) for name, value in call.query)
    if length > _LONGEST_TARGET:
        raise QueryError(
            f"{call.what}: the conditions are {length} characters long; servers take about "
            f"{_LONGEST_TARGET}. Ask in several smaller queries."
        )
