"""What R's arguments mean: R has no single values, only vectors of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from odm_shiny.errors import QueryError

if TYPE_CHECKING:
    from odm_shiny.client.client import Client


def client_of(connection: Any) -> Client:
    """Check that an argument is a connection; the bridge has put the client in its handle's place.

    Raises
    ------
    QueryError
        It is something else.
    """
    from odm_shiny.client.client import Client

    if not isinstance(connection, Client):
        raise QueryError(f"a connection must stand here, not {type(connection).__name__}")
    return connection


def texts(values: Any) -> list[str]:
    """Return a vector of texts as a list."""
    if values is None:
        return []
    if isinstance(values, str):
        return [values]
    return [str(one) for one in values]


def text(value: Any) -> str:
    """Return a vector of one text as that text."""
    return str(single(value))


def single(value: Any) -> Any:
    """Take the value out of a vector of one."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        return value
    values = list(value)
    if len(values) != 1:
        raise QueryError(f"one value must stand here, not {len(values)}")
    return values[0]


def whole(value: Any) -> int:
    """Return a number, which R writes as a double, as an int."""
    number = single(value)
    if number != int(number):
        raise QueryError(f"a whole number must stand here, not {number}")
    return int(number)


def whole_or_none(value: Any) -> int | None:
    """Return a whole number, or ``None`` where nothing was said."""
    return None if value is None else whole(value)


def items(value: Any) -> list[Any]:
    """Return the elements of an R list without names; an empty one may come as anything empty."""
    if value is None:
        return []
    return list(value.values()) if isinstance(value, Mapping) else list(value)


def named(value: Any) -> dict[str, Any]:
    """Return the elements of an R list with names."""
    return dict(value) if isinstance(value, Mapping) else {}
