"""How many different attribute names the objects of a kind may have in all.

Every name costs a column of the search index for good. Without a limit whoever may edit could fill
the index with names, a thousand an edit, until every question to that kind is slow.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import bindparam, func, select

from odm_shiny.store.engine import Tx
from odm_shiny.store.refusals import NotPossible
from odm_shiny.store.search_schema import Role, search_column

MAX_NAMES: Final = 50_000
"""Five times the columns of the widest metadata table that can be imported."""

_count = select(func.count()).where(
    search_column.c.kind == bindparam("kind"), search_column.c.role == int(Role.ATTRIBUTE)
)


@contextmanager
def limited_names(tx: Tx, kind: str) -> Iterator[None]:
    """Refuse what is written to the index in this block if it brings too many new names.

    Raises
    ------
    NotPossible
        The transaction is to be rolled back. Names that the index has stay usable, also in a store
        that has more of them from before.
    """
    before = _n_names(tx, kind)
    yield
    after = _n_names(tx, kind)
    if after > max(before, MAX_NAMES):
        raise NotPossible(
            f"the objects of kind {kind!r} have {before:,} different attribute names so far, and "
            f"{after - before:,} new ones are more than the {MAX_NAMES:,} that are possible. "
            "To do: use names that are there; put what differs from object to object into values."
        )


def _n_names(tx: Tx, kind: str) -> int:
    return int(tx.conn.execute(_count, {"kind": kind}).scalar_one())
