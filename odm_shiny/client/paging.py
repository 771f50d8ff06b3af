"""Pages of a result, fetched when they are wanted.

Two ways of paging, one interface: `Pager.batch` fetches what comes next. Rules that the recorded
behaviour of ODM forces:

- A page may hold fewer records than the limit although more follow (1,990 of 2,000 was recorded):
  the next page starts after what came, never blindly at a multiple of the limit.
- The total may change while pages are read. The latest one counts: records that appear are read,
  and reading stops where the list now ends. A record that moves from a page not yet read to one
  that was, is missed; a fixed `sort` does not prevent that, an ODM keeps no snapshot.
- A cursor that comes back ends in an error, not in a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from odm_shiny.client.decode import Page, Record
from odm_shiny.client.steps import Join, Start, Steps, Together
from odm_shiny.errors import MalformedResponse

AnyPage = Any
"""A `Page`, or a page of items: ``cursor``, ``resultsExhausted``, ``log``, its length, `cut`,
`keep`."""

WIDTH = 6
"""Pages that are fetched at the same time where their places are known; browsers take as many."""

MANY = 24
"""Pages of one batch when everything is wanted."""


class Pager(Protocol):
    """Fetches a result bit by bit.

    Attributes
    ----------
    done
        Nothing follows.
    total
        How many rows there are, if the server told or everything was read.
    log
        Lines that the server wrote about the search.
    """

    done: bool
    total: int | None
    log: list[str]

    def batch(self, *, ahead: int) -> Steps[list[AnyPage]]:
        """Fetch the next pages, about `ahead` of them; 1: those after them may not be wanted."""


class OffsetPager:
    """Pages by offset.

    Parameters
    ----------
    fetch
        ``(offset, limit)`` -> steps to that page.
    page_limit
        Most records a page.
    limit
        Most records in all.
    """

    def __init__(
        self,
        fetch: Callable[[int, int], Steps[Page]],
        *,
        page_limit: int,
        limit: int | None = None,
    ) -> None:
        self.done = limit == 0
        self.total: int | None = 0 if limit == 0 else None
        self.log: list[str] = []
        self._fetch = fetch
        self._step = page_limit
        self._limit = limit
        self._offset = 0
        self._taken = 0
        self._seen: set[str] = set()
        self._end: int | None = None

    def batch(self, *, ahead: int) -> Steps[list[Page]]:
        """Fetch one page if it is the first or the length of the list is unknown, else `ahead`."""
        if self._end is None:
            found = yield from self._fetch(self._offset, self._size())
            pages = [found]
            self._first(found)
        else:
            windows = self._windows(ahead)
            fetched = yield Together([self._job(*window) for window in windows], WIDTH)
            pages = []
            for window, found in zip(windows, fetched, strict=True):
                pages += yield from self._whole(*window, found)
            self._advance(windows[-1], pages)
        for found in pages:
            self._take(found)
        if self.done:
            self.total = self._taken
        return pages

    def _first(self, found: Page) -> None:
        count = len(found.data)
        total = found.pagination.total
        if total is None:  # no length told: go on until a page comes short
            self.done = count < self._size()
        else:
            self._end = self.total = self._capped(total)
            self.done = self._offset + count >= self._end or not count
            self._step = count or self._step
        self._offset += count
        if self._limit is not None and self._offset >= self._limit:
            self.done = True

    def _windows(self, n: int) -> list[tuple[int, int]]:
        assert self._end is not None
        starts = range(self._offset, self._end, self._step)[:n]
        return [(start, min(self._step, self._end - start)) for start in starts]

    def _job(self, offset: int, size: int) -> Callable[[], Steps[Page]]:
        return lambda: self._fetch(offset, size)

    def _whole(self, offset: int, size: int, found: Page) -> Steps[list[Page]]:
        """Fetch what is missing of a window that came short."""
        pages, count = [found], len(found.data)
        self._retotal(found)
        while found.data and count < size and offset + count < (self._end or 0):
            found = yield from self._fetch(offset + count, size - count)
            self._retotal(found)
            count += len(found.data)
            pages.append(found)
        return pages

    def _take(self, found: Page) -> None:
        # A server that drops records after cutting the page gives some of them twice when the
        # page is continued where it ended.
        found.data = [record for record in found.data if self._is_new(row_id(record))]
        self._taken += len(found.data)

    def _is_new(self, key: str | None) -> bool:
        if key is None:
            return True
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def _retotal(self, found: Page) -> None:
        if found.pagination.total is not None:
            self._end = self.total = self._capped(found.pagination.total)

    def _advance(self, last: tuple[int, int], pages: list[Page]) -> None:
        self._offset = last[0] + last[1]
        assert self._end is not None
        empty = not any(found.data for found in pages)
        self.done = self._offset >= self._end or empty

    def _size(self) -> int:
        return self._step if self._limit is None else min(self._step, self._limit - self._offset)

    def _capped(self, total: int) -> int:
        return total if self._limit is None else min(total, self._limit)


class CursorPager:
    """Pages by cursor; while one is worked on, the next is already under way.

    Parameters
    ----------
    fetch
        ``(cursor, limit)`` -> steps to that page; the first cursor is ``None``.
    page_limit, limit
        As for `OffsetPager`.
    """

    def __init__(
        self,
        fetch: Callable[[str | None, int], Steps[AnyPage]],
        *,
        page_limit: int,
        limit: int | None = None,
    ) -> None:
        self.done = limit == 0
        self.total: int | None = 0 if limit == 0 else None
        self.log: list[str] = []
        self._fetch = fetch
        self._page_limit = page_limit
        self._limit = limit
        self._taken = 0
        self._cursor: str | None = None
        self._seen: set[str] = set()
        self._coming: Any = None

    def batch(self, *, ahead: int) -> Steps[list[AnyPage]]:
        """Fetch one page, and begin the next if more are wanted."""
        if self._coming is not None:
            coming, self._coming = self._coming, None
            found = yield Join(coming)
        else:
            found = yield from self._fetch(self._cursor, self._size())
        self._take(found)
        if ahead > 1 and not self.done:
            cursor, size = self._cursor, self._size()
            self._coming = yield Start(lambda: self._fetch(cursor, size))
        return [found]

    def _take(self, found: AnyPage) -> None:
        if self._limit is not None:
            found.cut(self._limit - self._taken)
        self._taken += len(found)
        self.log += found.log or []
        exhausted = found.resultsExhausted
        ended = exhausted if exhausted is not None else not len(found)
        self.done = ended or not found.cursor or self._taken == self._limit
        if self.done:
            self.total = self._taken
            return
        assert found.cursor
        if found.cursor in self._seen:
            raise MalformedResponse(
                f"the server gives the cursor {found.cursor[:80]!r} for the second time after "
                f"{self._taken} rows: its pages would never end"
            )
        self._seen.add(found.cursor)
        self._cursor = found.cursor

    def _size(self) -> int:
        if self._limit is None:
            return self._page_limit
        return min(self._page_limit, self._limit - self._taken)


class JoinedPager:
    """Several results after each other, each row once: what a cut condition gives.

    Parameters
    ----------
    pagers
        One a part of the condition.
    limit
        Most rows in all.
    in_order
        Read all parts first and sort the records by accession, as the whole would have been.
    """

    def __init__(
        self, pagers: Sequence[Pager], *, limit: int | None = None, in_order: bool = False
    ) -> None:
        self.done = not pagers or limit == 0
        self.total: int | None = None
        self.log: list[str] = []
        self._pagers = list(pagers)
        self._limit = None if in_order else limit
        self._first = limit if in_order else None
        self._in_order = in_order
        self._seen: set[str] = set()

    def batch(self, *, ahead: int) -> Steps[list[AnyPage]]:
        """Fetch the next pages of the present part, or of all parts if they are to be sorted."""
        if not self._in_order:
            return (yield from self._batch(ahead=ahead))
        pages: list[AnyPage] = []
        while not self.done:
            pages += yield from self._batch(ahead=MANY)
        records = by_accession([record for found in pages for record in found.data])[: self._first]
        self.total = len(records)
        return [Page(data=records)]

    def _batch(self, *, ahead: int) -> Steps[list[AnyPage]]:
        pager = self._pagers[0]
        pages = [] if pager.done else (yield from pager.batch(ahead=ahead))
        for found in pages:
            found.keep(self._new)
        if pager.done:
            self.log += pager.log
            self._pagers.pop(0)
        full = self._limit is not None and len(self._seen) >= self._limit
        self.done = full or not self._pagers
        if self.done:
            self.total = len(self._seen)
        return pages

    def _new(self, row: Any) -> bool:
        key = row_id(row) or repr(row)
        if key in self._seen or (self._limit is not None and len(self._seen) >= self._limit):
            return False
        self._seen.add(key)
        return True


def all_rows(pager: Pager) -> Steps[list[Any]]:
    """Fetch everything that a pager still has."""
    rows: list[Any] = []
    while not pager.done:
        for page in (yield from pager.batch(ahead=MANY)):
            rows += page.data
    return rows


def row_id(row: Any) -> str | None:
    """Return what tells a row from others: accession, item id or cell id, if it has one."""
    if not isinstance(row, dict):
        identity: str | None = row.itemId
        return identity
    inner = row.get("metadata")
    for source in (row, inner if isinstance(inner, dict) else {}):
        for name in ("genestack:accession", "itemId", "cellId"):
            if source.get(name) is not None:
                return str(source[name])
    return None


def by_accession(records: list[Record]) -> list[Record]:
    """Sort records as ODM does when not told otherwise: by the number of the accession."""
    return sorted(records, key=lambda record: _accession_key(row_id(record) or ""))


def _accession_key(accession: str) -> tuple[int, str]:
    digits = accession.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return (int(digits) if digits.isascii() and digits.isdigit() else 0, accession)
