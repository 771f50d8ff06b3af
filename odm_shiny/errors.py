"""What can go wrong, as one tree.

::

    OdmError
    ├─ QueryError(ValueError)        before any request; names the field and the nearest known one
    │  └─ QuerySyntaxError           .position, .text: where the text stops making sense
    ├─ TransportError                no whole response: connect, timeout, decode
    │  ├─ DeadlineExceeded           the total deadline passed
    │  ├─ RedirectRefused            the server points to another origin
    │  ├─ MalformedResponse          not the JSON, CSV or Arrow that was asked for
    │  └─ IncompleteStream           a stream ended early; .received
    ├─ StatusError                   .status .code .request_id .method .path
    │  ├─ BadRequest (400)
    │  ├─ NotAuthenticated (401)
    │  ├─ Forbidden (403)
    │  ├─ NotFound (404)
    │  ├─ Conflict (409)
    │  ├─ RateLimited (429)          .retry_after_s
    │  └─ ServerFault (5xx)          .retry_after_s
    ├─ JobFailed                     .job_id .output: an import that ended without success
    ├─ FileError(ValueError)         .path .line .column: a file that cannot be read as told
    ├─ FrameError(ValueError)        the result does not fit its declared columns
    ├─ StoreError                    the embedded store: locked, full, read-only, damaged
    ├─ BridgeError                   an R condition: .r_class .r_call .r_traceback
    └─ MissingDependency(ImportError)   says the install command
"""

from __future__ import annotations


class OdmError(Exception):
    """Base of everything that odm-shiny raises on purpose."""


class QueryError(OdmError, ValueError):
    """A query that cannot be sent: unknown field, impossible combination, bad value."""


class QuerySyntaxError(QueryError):
    """Filter or query text that does not parse.

    Parameters
    ----------
    message
        What was expected and what stands there.
    text
        The whole text that was parsed.
    position
        0-based offset in `text` where it stops making sense.
    """

    def __init__(self, message: str, text: str = "", position: int = 0) -> None:
        super().__init__(message)
        self.text = text
        self.position = position


class TransportError(OdmError):
    """No whole response: the connection failed, timed out or was cut."""


class DeadlineExceeded(TransportError):
    """The total deadline of a call passed before the response was complete."""


class RedirectRefused(TransportError):
    """The server redirects to another origin; the token was sent nowhere."""


class MalformedResponse(TransportError):
    """The body is not what its content type promises."""


class IncompleteStream(TransportError):
    """A streamed body ended before it was whole.

    Attributes
    ----------
    received
        Number of bytes that arrived.
    """

    def __init__(self, message: str, received: int = 0) -> None:
        super().__init__(message)
        self.received = received


class StatusError(OdmError):
    """The server answered with an error status.

    Attributes
    ----------
    status
        HTTP status.
    code
        Machine-readable code of the body, if any.
    request_id
        The server's id of the request, if it gave one.
    method, path
        What was asked, without query and without token.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        request_id: str | None = None,
        method: str = "",
        path: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.method = method
        self.path = path


class BadRequest(StatusError):
    """400: a malformed identifier, filter or parameter."""


class NotAuthenticated(StatusError):
    """401: no token, or one that the server does not accept."""


class Forbidden(StatusError):
    """403: the token is good, the permission is missing."""


class NotFound(StatusError):
    """404: no such object, or none that this user may see."""


class Conflict(StatusError):
    """409: the change collides with what is there."""


class RateLimited(StatusError):
    """429: too many requests; `retry_after_s` says how long to wait, if known."""

    retry_after_s: float | None = None


class ServerFault(StatusError):
    """5xx: the server failed; `retry_after_s` says how long to wait, if known."""

    retry_after_s: float | None = None


class JobFailed(OdmError):
    """An import job that ended without success.

    Attributes
    ----------
    job_id
        ``jobExecId`` of the job.
    output
        The job's output record, errors included.
    """

    def __init__(self, message: str, *, job_id: int, output: dict[str, object]) -> None:
        super().__init__(message)
        self.job_id = job_id
        self.output = output


class FileError(OdmError, ValueError):
    """A file that cannot be read as what it was said to be.

    Parameters
    ----------
    message
        What is wrong and what to do about it.
    path
        Name of the file, as the user gave it.
    line, column
        1-based place in the file; ``None`` where it has no place. `column` counts fields, not
        characters.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        place = ", ".join(
            part
            for part in (
                path,
                f"line {line}" if line is not None else None,
                f"column {column}" if column is not None else None,
            )
            if part
        )
        super().__init__(f"{place}: {message}" if place else message)
        self.path = path
        self.line = line
        self.column = column


class FrameError(OdmError, ValueError):
    """A result that does not fit its declared columns."""


class StoreError(OdmError):
    """The embedded store cannot do what was asked: locked, full, read-only or damaged."""


class BridgeError(OdmError):
    """An R condition that reached Python."""


class MissingDependency(OdmError, ImportError):
    """An optional library is not installed; the message holds the install command."""
