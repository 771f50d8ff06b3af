"""Pages by offset and their envelope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

if TYPE_CHECKING:
    from odm_shiny.server.routes import Call

DEFAULT_LIMIT = 2000
DEFAULT_LINK_LIMIT = 1000


@dataclass(frozen=True)
class Page:
    """Which records of a listing are wanted: `limit` of them behind the first `offset`."""

    offset: int
    limit: int

    def cut(self, items: Sequence[Any] | npt.NDArray[Any]) -> Any:
        """The items of this page."""
        return items[self.offset : self.offset + self.limit]

    def envelope(self, data: Sequence[Any], total: int) -> dict[str, Any]:
        """The reply of a listing with `total` records, of which `data` are on this page."""
        pagination = {
            "count": len(data),
            "total": total,
            "offset": self.offset,
            "limit": self.limit,
        }
        return {"meta": {"pagination": pagination}, "data": list(data)}


def page_of(call: Call) -> Page:
    """Page asked for by ``pageOffset`` and ``pageLimit``."""
    return Page(
        call.query.get("pageOffset") or 0, _given(call.query.get("pageLimit"), DEFAULT_LIMIT)
    )


def link_page_of(call: Call) -> Page:
    """Page asked for by ``offset`` and ``limit``."""
    return Page(call.query.get("offset") or 0, _given(call.query.get("limit"), DEFAULT_LINK_LIMIT))


def limit_of(call: Call) -> int:
    """``pageLimit`` of a listing by cursor."""
    return _given(call.query.get("pageLimit"), DEFAULT_LIMIT)


def _given(value: int | None, default: int) -> int:
    return default if value is None else value
