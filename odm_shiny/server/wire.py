"""Replies as bytes: JSON bodies, and one error body for each area of the API.

Every failure goes through `Problem`; `problem_from` is the only place that maps exceptions of other
parts to a status. ODM has three forms of error body: its own, SCIM's, and RFC 7807 for the
transformations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from odm_shiny.contract.messages import Reply
from odm_shiny.errors import FileError, MissingDependency, QueryError, StoreError
from odm_shiny.store.refusals import Collision, NotDeletable, NotPossible, NotStored

JSON = "application/json;charset=UTF-8"
SCIM_JSON = "application/scim+json"
PROBLEM_JSON = "application/problem+json"

SCIM_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
# SCIM declares its own body for these; 401 and 500 have the general one.
SCIM_STATUSES = frozenset({400, 403, 404, 409})

# Exceptions that say what the caller did wrong, the first that fits. Their text is for the caller.
STATUS_OF: tuple[tuple[type[Exception], int], ...] = (
    (NotStored, 404),
    (NotDeletable, 406),
    (NotPossible, 400),
    (Collision, 409),
    (QueryError, 400),
    (FileError, 400),
    (MissingDependency, 501),
)


class Problem(Exception):  # noqa: N818 - named after RFC 7807
    """A request that is answered with an error.

    Attributes
    ----------
    status
        HTTP status, 400 or higher.
    message
        What is wrong, where, and what to do; shown to the caller.
    location
        What it is about, ``"query.pageLimit"`` or ``"body.caseGroup"`` for instance.
    scim_type
        SCIM's word for the error; only SCIM replies show it.
    headers
        Further headers of the reply, such as ``allow``.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        location: str | None = None,
        scim_type: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.location = location
        self.scim_type = scim_type
        self.headers = dict(headers or {})


def json_bytes(value: Any) -> bytes:
    """JSON text of `value`; NaN and infinities become ``null``, numpy values plain ones."""
    return _ENCODER.encode(value)


def json_lines(values: Sequence[Any]) -> list[bytes]:
    """JSON text of each of many values, as `json_bytes` writes it."""
    return _ENCODER.encode_lines(values).split(b"\n")[:-1]  # a line break in JSON is escaped


def json_reply(
    value: Any,
    status: int = 200,
    *,
    content_type: str = JSON,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Answer with `value` as JSON."""
    return Reply(
        status,
        {"content-type": content_type, "cache-control": "no-cache", **(headers or {})},
        json_bytes(value),
    )


def empty(status: int = 204) -> Reply:
    """Answer without a body."""
    return Reply(status, {"cache-control": "no-cache"})


def text_reply(text: str, content_type: str = "text/plain", status: int = 200) -> Reply:
    """Answer with UTF-8 text."""
    headers = {"content-type": f"{content_type};charset=UTF-8", "cache-control": "no-cache"}
    return Reply(status, headers, text.encode())


def area_of(path: str) -> str:
    """Which form of error body `path` answers with: ``"scim"``, ``"problem"`` or ``"general"``."""
    if path.startswith("/api/v1/scim/"):
        return "scim"
    return "problem" if path.startswith("/api/v1/transformations/") else "general"


def error_reply(status: int, message: str, *, path: str = "") -> Reply:
    """Answer with an error in the form that belongs to `path`."""
    return problem_reply(Problem(status, message), path=path)


def problem_reply(problem: Problem, *, path: str = "") -> Reply:
    """Answer with `problem` in the form that belongs to `path`."""
    area = area_of(path)
    if area == "scim" and problem.status in SCIM_STATUSES:
        return json_reply(
            _scim_body(problem),
            problem.status,
            content_type=SCIM_JSON,
            headers=problem.headers,
        )
    if area == "problem":
        return json_reply(
            _rfc7807_body(problem, path),
            problem.status,
            content_type=PROBLEM_JSON,
            headers=problem.headers,
        )
    body = {"error": {"message": problem.message}}
    return json_reply(body, problem.status, headers=problem.headers)


def problem_from(error: Exception, *, local: bool) -> Problem | None:
    """What the caller is told about `error`; ``None`` if it is a fault of the server.

    Parameters
    ----------
    error
        What a handler, the store or a parser raised.
    local
        The call came from this process. Only then is the text of a failing store shown: it names
        files of this machine.
    """
    if isinstance(error, Problem):
        return error
    for kind, status in STATUS_OF:
        if isinstance(error, kind):
            return Problem(status, str(error))
    if isinstance(error, StoreError):
        text = "the store cannot answer now (locked, full, read-only or damaged)"
        return Problem(503, str(error) if local else f"{text}; the server's log says why")
    return None


def _scim_body(problem: Problem) -> dict[str, Any]:
    body: dict[str, Any] = {"schemas": [SCIM_ERROR]}
    scim_type = problem.scim_type or ("uniqueness" if problem.status == 409 else None)
    if scim_type:
        body["scimType"] = scim_type
    return body | {"detail": problem.message, "status": str(problem.status)}


def _rfc7807_body(problem: Problem, path: str) -> dict[str, Any]:
    detail = {"message": problem.message}
    if problem.location:
        detail = {"location": problem.location, **detail}
    return {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.message,
        "instance": path,
        "errors": [detail],
    }


def _plain(value: Any) -> Any:
    """Numpy's scalars and arrays as Python's."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")


_ENCODER = msgspec.json.Encoder(enc_hook=_plain)
