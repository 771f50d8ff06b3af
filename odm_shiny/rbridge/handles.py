"""What stays in Python while R holds its number: connections, queries, jobs."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from odm_shiny.errors import BridgeError

# A handle that was saved with an R workspace must not find another object under its number.
SESSION: Final = secrets.token_hex(8)

_objects: dict[int, Any] = {}
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Handle:
    """A Python object as R sees it.

    Attributes
    ----------
    kind
        What it is, for R's ``print``: ``"connection"``, ``"query"``.
    number
        Its number in this process; never given twice.
    session
        The process; a handle of another one is refused.
    """

    kind: str
    number: int
    session: str = SESSION


def keep(kind: str, value: Any) -> Handle:
    """Keep an object for R until `release` is called with its number."""
    number = next(_numbers)
    _objects[number] = value
    return Handle(kind, number)


def get(handle: Handle) -> Any:
    """Return the object of a handle.

    Raises
    ------
    BridgeError
        It was released, or the handle comes from another session.
    """
    if handle.session != SESSION:
        message = f"this {handle.kind} belongs to an R session that has ended: open it again"
        raise BridgeError(message)
    try:
        return _objects[handle.number]
    except KeyError:
        message = f"this {handle.kind} was closed: open it again"
        raise BridgeError(message) from None


def release(numbers: Iterable[int]) -> None:
    """Forget objects by their numbers; numbers that are not known are left alone."""
    for number in numbers:
        _objects.pop(number, None)


def count_kept() -> int:
    """How many objects are kept."""
    return len(_objects)
