"""ODM's streamed CSV of a matrix: is it whole?

The stream has no length and no end mark, and an error in the middle arrives as text: a last line
that begins with ``#``, or a JSON object. A connection cut between two chunks just ends. So a body
counts as whole only when its last line ends and has as many fields as the header.
"""

from __future__ import annotations

import csv
import io
import json
from typing import Literal

from odm_shiny.errors import IncompleteStream, MalformedResponse

Partial = Literal["error", "keep"]
_TAIL = 64 * 1024
_SNIFFED = 200


def whole_csv(body: bytes, *, partial: Partial = "error") -> bytes:
    """Return a streamed CSV if it is whole.

    Parameters
    ----------
    partial
        ``"keep"``: return the whole lines of a stream that is not.

    Raises
    ------
    IncompleteStream
        The stream ended early or carries the server's error in its tail; `received` tells its
        bytes.
    """
    reason, end = _check(body)
    if reason is None:
        return body
    if partial == "keep":
        return body[:end]
    raise IncompleteStream(
        f"the stream is not whole: {reason}. {len(body)} bytes came. Ask again, or take what came "
        'with partial="keep"',
        received=len(body),
    )


def header(body: bytes) -> list[str]:
    """Return the names of the columns of a CSV."""
    text = io.TextIOWrapper(io.BytesIO(body), encoding="utf-8-sig", newline="")
    try:
        return next(csv.reader(text), [])
    except (UnicodeDecodeError, csv.Error) as exc:
        raise MalformedResponse(f"the header of the stream cannot be read: {exc}") from None


def _check(body: bytes) -> tuple[str | None, int]:
    """Say what is wrong with the end of a stream, and where its last good line ends."""
    if not body:
        return "it is empty", 0
    start, last = _last_line(body)
    tail = last.strip()
    if tail.startswith(b"#"):
        return f"the server says: {_shown(tail[1:])}", start
    if tail.startswith(b"{") and (said := _json_error(tail)):
        return f"the server says: {said}", start
    if not body.endswith(b"\n"):
        return f"its last line ends in the middle: {_shown(tail)}", start
    expected, got = len(header(body)), _n_fields(last)
    if got != expected:
        return f"its last line has {got} fields, the header {expected}", start
    if b'"' not in body and body.count(b",") != body.count(b"\n") * (expected - 1):
        return f"not all of its lines have {expected} fields", start
    return None, len(body)


def _last_line(body: bytes) -> tuple[int, bytes]:
    # A field may hold a line break inside quotes: go back until the quotes are even, but not far,
    # for a cut inside quotes leaves them odd whichever line one starts at.
    last = start = body.rfind(b"\n", 0, len(body) - 1) + 1
    while start and body.count(b'"', start) % 2 and len(body) - start < _TAIL:
        start = body.rfind(b"\n", 0, start - 1) + 1
    if body.count(b'"', start) % 2:
        start = last
    return start, body[start:]


def _n_fields(line: bytes) -> int:
    return len(next(csv.reader(io.StringIO(line.decode("utf-8", "replace"), newline="")), []))


def _json_error(tail: bytes) -> str | None:
    try:
        document = json.loads(tail)
    except (ValueError, RecursionError):
        return _shown(tail) if b'"error"' in tail[:_SNIFFED] else None
    if not isinstance(document, dict):
        return None
    error = document.get("error")
    return str(error.get("message") if isinstance(error, dict) else error or document)


def _shown(line: bytes) -> str:
    return line[:_SNIFFED].decode("utf-8", "replace").strip()
