"""What all resources share: a session, and how lists are paged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from odm_shiny.client import decode
from odm_shiny.client.arrow import ARROW, item_page
from odm_shiny.client.conditions import split
from odm_shiny.client.decode import Page, Record
from odm_shiny.client.exchange import JSON
from odm_shiny.client.extensions import has_extensions
from odm_shiny.client.paging import CursorPager, JoinedPager, OffsetPager, Pager
from odm_shiny.client.replies import Answer
from odm_shiny.client.results import Listing
from odm_shiny.client.session import Session
from odm_shiny.client.steps import Steps
from odm_shiny.errors import QueryError

PAGE_LIMIT = 2000
"""Most records a page; ODM's own maximum for most lists."""

MOST_ON_OMICS = 100_000


def fetch_items(session: Session, path: str, parameters: Mapping[str, Any]) -> Steps[Any]:
    """Fetch a page of expression items, as Arrow where the server can."""
    accept = (ARROW, *JSON) if (yield from has_extensions(session)) else JSON
    return (yield from session.get_at(path, item_page, parameters=parameters, accept=accept))


class Resource:
    """Part of a client: the methods for one kind of thing."""

    driver: Any

    def __init__(self, session: Session, driver: Any) -> None:
        self.session = session
        self.driver = driver

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.session.wire.url}>"

    def by_offset(
        self,
        path: str,
        parameters: Mapping[str, Any],
        *,
        page_limit: int,
        limit: int | None,
        names: tuple[str, str] = ("pageLimit", "pageOffset"),
        in_order: bool = True,
    ) -> Pager:
        """Page a list of records by offset; a condition that is too long is cut."""
        check_limits(page_limit, limit)
        limit_name, offset_name = names

        def pager(one: dict[str, Any]) -> Pager:
            def fetch(offset: int, size: int) -> Steps[Page]:
                asked = {**one, limit_name: size, offset_name: offset}
                return self.session.get_at(path, decode.page, parameters=asked)

            return OffsetPager(fetch, page_limit=page_limit, limit=limit)

        return _joined(split(parameters), pager, limit, in_order=in_order)

    def by_cursor(
        self,
        route: str,
        parameters: Mapping[str, Any],
        *,
        page_limit: int = PAGE_LIMIT,
        limit: int | None = None,
        items: bool = False,
        decode_page: Callable[[Answer], Any] = decode.page,
        in_order: bool = False,
    ) -> Pager:
        """Page a list by cursor.

        Parameters
        ----------
        route
            Path below the role.
        items
            The rows are expression items.
        decode_page
            Makes a page of an answer, where the rows are no items.
        """
        check_limits(page_limit, limit, most=MOST_ON_OMICS)
        path = self.session.read_path(route)

        def pager(one: dict[str, Any]) -> Pager:
            def fetch(cursor: str | None, size: int) -> Steps[Any]:
                asked = {**one, "pageLimit": size, "cursor": cursor}
                if items:
                    return (yield from fetch_items(self.session, path, asked))
                return (yield from self.session.get_at(path, decode_page, parameters=asked))

            return CursorPager(fetch, page_limit=page_limit, limit=limit)

        return _joined(split(parameters), pager, limit, in_order=in_order)

    def _whole(self, path: str, parameters: Mapping[str, Any], what: str) -> Listing:
        """List what comes as a bare array in one piece."""

        def fetch(offset: int, size: int) -> Steps[Page]:
            found = yield from self.session.get_at(path, decode.records, parameters=parameters)
            return Page(data=found)

        # One page longer than any reply: the first one is the last.
        return Listing(OffsetPager(fetch, page_limit=1 << 40), what, flat_group)


def check_limits(page_limit: int, limit: int | None, *, most: int = PAGE_LIMIT) -> None:
    """Refuse numbers that no ODM takes.

    Raises
    ------
    QueryError
        `page_limit` is not within 1 and `most`, or `limit` is negative.
    """
    if not 1 <= page_limit <= most:
        raise QueryError(f"page_limit={page_limit}: a page holds 1 to {most} rows")
    if limit is not None and limit < 0:
        raise QueryError(f"limit={limit}: at most how many rows? 0 or more")


def flat_group(record: Record) -> Record:
    """Put the metadata of a group or run beside its id, as the columns of one row."""
    flat: Record = {}
    for name, value in record.items():
        inner = value if name in _INNER and isinstance(value, dict) else {name: value}
        for key, item in inner.items():
            flat[key if key not in flat else f"{name}.{key}"] = item
    return flat


_INNER = ("metadata", "itemOrigin", "relationships")


def _joined(
    sets: list[dict[str, Any]],
    pager: Callable[[dict[str, Any]], Pager],
    limit: int | None,
    *,
    in_order: bool,
) -> Pager:
    if len(sets) == 1:
        return pager(sets[0])
    return JoinedPager([pager(one) for one in sets], limit=limit, in_order=in_order)
