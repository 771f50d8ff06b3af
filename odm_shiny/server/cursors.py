"""Opaque page cursors.

A cursor is the position of the last item that was sent, with a checksum so that a mangled one is
told from a real one. It grants nothing: whoever sends it sees what they may see anyway.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, Final, cast

from odm_shiny.server.wire import Problem

CHECK_BYTES: Final = 6
#: Largest number in a cursor.
LARGEST: Final = 2**62


def encode_cursor(scope: str, position: list[int]) -> str:
    """Render a position of the listing `scope` as a cursor; -1 in it is before the first."""
    body = json.dumps([scope, *position], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_check(body) + body).decode().rstrip("=")


def decode_cursor(scope: str, cursor: str, length: int) -> list[int]:
    """Read a cursor back: `length` numbers, each from -1 to `LARGEST`.

    Raises
    ------
    Problem
        400: the cursor was not made by this listing.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
        check, body = raw[:CHECK_BYTES], raw[CHECK_BYTES:]
        if check != _check(body):
            raise ValueError("checksum")
        found, *position = cast("list[Any]", json.loads(body))
    except (ValueError, TypeError, RecursionError) as exc:
        raise _refused(cursor) from exc
    # The checksum is no secret, so what it covers is checked as anything that comes from outside.
    if found != scope or len(position) != length or not all(map(_is_place, position)):
        raise _refused(cursor)
    return position


def _is_place(value: Any) -> bool:
    return type(value) is int and -1 <= value <= LARGEST


def _check(body: bytes) -> bytes:
    return hashlib.blake2s(body, digest_size=CHECK_BYTES, person=b"cursor").digest()


def _refused(cursor: str) -> Problem:
    shown = cursor if len(cursor) <= 40 else f"{cursor[:40]}..."
    return Problem(
        400,
        f"cursor: {shown!r} is not a cursor of this listing; "
        "take the one of the page before, or leave it out for the first page",
    )
