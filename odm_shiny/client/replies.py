"""From a status and a body to an error that says what to do. Pure: no I/O, no state."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from odm_shiny.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    MalformedResponse,
    NotAuthenticated,
    NotFound,
    RateLimited,
    ServerFault,
    StatusError,
)

_REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-correlation-id", "x-amzn-requestid")
_TAG = re.compile(r"(?si)<(script|style)\b.*?(</\1>|$)|<!--.*?(-->|$)|<[^>]*(>|$)")
_SHOWN = 200
_CLASSES: dict[int, type[StatusError]] = {
    400: BadRequest,
    401: NotAuthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    429: RateLimited,
}
_LOGIN_ADVICE = (
    "Check the token: was one given at all (token=..., ODM_TOKEN, odm-shiny login)? copied whole, "
    "without blanks or a line break? made on this ODM and not on another one? not revoked since?"
)
_TELLS_OF_TOKENS = re.compile(r"(?is)\btoken\b.*\b(check|send)\b|\b(check|send)\b.*\btoken")
_CURATOR_ADVICE = (
    "This needs a member of the Curator group: ask the administrator of the ODM to add you."
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole reply.

    Attributes
    ----------
    method, path
        What was asked.
    status, headers
        As they came; header names in lower case.
    body
        Unpacked.
    framed
        A cut of the body would have been noticed.
    """

    method: str
    path: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    framed: bool = True

    @property
    def request_id(self) -> str | None:
        """The server's id of the request."""
        return request_id(self.headers)

    @property
    def content_type(self) -> str:
        """Media type without parameters, in lower case."""
        return media_type(self.headers)


def request_id(headers: Mapping[str, str]) -> str | None:
    """Return the server's id of a request, if it gave one."""
    return next((headers[name] for name in _REQUEST_ID_HEADERS if headers.get(name)), None)


def media_type(headers: Mapping[str, str]) -> str:
    """Return the media type of a reply without parameters, in lower case."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def with_request_id(message: str, headers: Mapping[str, str]) -> str:
    """Append the request id to a message, so that the server's log can be searched for it."""
    known = request_id(headers)
    return f"{message} (request id {known})" if known else message


def status_error(answer: Answer, retry_after_s: float | None = None) -> StatusError:
    """Return the error for a reply whose status is not 2xx."""
    said, code = _message_of(answer)
    text = f"{answer.method} {answer.path}: {answer.status}"
    text += f": {said}" if said else f" {_meaning(answer.status)}"
    advice = _advice(answer, said)
    if retry_after_s is not None:
        advice = f"The server asks to wait {retry_after_s:g} s before the next try."
    kind = _CLASSES.get(answer.status, ServerFault if answer.status >= 500 else StatusError)
    error = kind(
        with_request_id(f"{text}\n{advice}" if advice else text, answer.headers),
        status=answer.status,
        code=code,
        request_id=answer.request_id,
        method=answer.method,
        path=answer.path,
    )
    if isinstance(error, RateLimited | ServerFault):
        error.retry_after_s = retry_after_s
    return error


def check_content_type(answer: Answer, wanted: tuple[str, ...]) -> None:
    """Refuse a body of another type than asked for.

    Parameters
    ----------
    wanted
        Media types that will do; ``application/json`` also stands for ``*+json``.

    Raises
    ------
    NotAuthenticated
        A page in HTML: a sign-on page or a proxy stands between here and the ODM.
    MalformedResponse
        Anything else.
    """
    got = answer.content_type
    looks_html = answer.body.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html"))
    fits = got in wanted or (got.endswith("+json") and "application/json" in wanted)
    if fits and not looks_html:
        return
    shown = visible_text(answer.body)
    where = f"{answer.method} {answer.path}"
    if got == "text/html" or looks_html:
        raise NotAuthenticated(
            with_request_id(
                f"{where}: a web page came instead of data, probably a sign-on page or a proxy. "
                f"It says: {shown!r}. Check the address of the ODM and that the token is sent "
                "to the ODM itself.",
                answer.headers,
            ),
            status=answer.status,
            request_id=answer.request_id,
            method=answer.method,
            path=answer.path,
        )
    raise MalformedResponse(
        with_request_id(
            f"{where}: {got or 'a body without content type'} came instead of "
            f"{' or '.join(wanted)}. It begins: {shown!r}",
            answer.headers,
        )
    )


def visible_text(body: bytes) -> str:
    """Return the first 200 characters a reader would see: tags, scripts and styles taken out."""
    text = body[: 64 * 1024].decode("utf-8", "replace")
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())[:_SHOWN]


def _message_of(answer: Answer) -> tuple[str, str | None]:
    if answer.content_type == "text/html" or answer.body.lstrip()[:1] == b"<":
        return visible_text(answer.body), None
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return visible_text(answer.body), None
    if not isinstance(document, dict):
        return visible_text(answer.body), None
    inner = document.get("error")
    if isinstance(inner, dict):
        return _first_text(inner, "message"), _first_text(inner, "code", "type") or None
    if isinstance(inner, str):
        return inner[:2000], None
    # SCIM says `detail`, problem+json `detail` and `title`.
    said = _first_text(document, "message", "detail", "title", "error_description")
    return said, _first_text(document, "code", "scimType", "type") or None


def _first_text(document: Mapping[str, object], *names: str) -> str:
    values = (document.get(name) for name in names)
    return next((value[:2000] for value in values if isinstance(value, str) and value), "")


def _advice(answer: Answer, said: str) -> str:
    """Say what to do, unless the server did."""
    if answer.status == 401:
        return "" if _TELLS_OF_TOKENS.search(said) else _LOGIN_ADVICE
    if answer.status == 403 and ("/as-curator/" in answer.path or "/jobs/" in answer.path):
        return "" if "administrator" in said else _CURATOR_ADVICE
    return ""


def _meaning(status: int) -> str:
    meanings = {
        400: "the request is malformed",
        401: "not authenticated",
        403: "the permission is missing",
        404: "no such object, or none that this user may see",
        408: "the server gave up waiting",
        409: "the change collides with what is there",
        413: "the request is too large",
        414: "the address is too long",
        429: "too many requests",
    }
    return meanings.get(status, "the server failed" if status >= 500 else "refused")
