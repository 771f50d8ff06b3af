"""Keep SQLite whole when the process forks.

SQLite's file locks belong to a process, while its book-keeping of them is plain memory that a
fork copies: a child that uses, or even closes, a connection of its parent can delete the parent's
log (https://www.sqlite.org/howtocorrupt.html, 2.6). So idle connections are closed just before a
fork, and a child that inherits one in use may not open that database again.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol

from odm_shiny.errors import StoreError


class Forkable(Protocol):
    """What the hooks need to know of a database."""

    where: str
    n_active: int

    def release_idle(self) -> None:
        """Close every connection that nobody uses."""

    def forget(self) -> None:
        """Let go of the connections without closing them."""


#: Held while a connection is taken or returned, and over a fork.
gate = threading.RLock()
_known: weakref.WeakSet[Forkable] = weakref.WeakSet()
_unsafe: set[str] = set()


def watch(database: Forkable) -> None:
    """Have `database` told about forks for as long as it lives."""
    _known.add(database)


def refuse_if_unsafe(where: str) -> None:
    """Raise `StoreError` if this process was forked while `where` was in use."""
    if where in _unsafe:
        raise StoreError(
            f"{where}: this process was forked while a transaction was open, and SQLite cannot be "
            "used on both sides of such a fork. To do: fork outside of transactions, or start the "
            "process with the 'spawn' method."
        )


def _before() -> None:
    gate.acquire()
    for database in list(_known):
        database.release_idle()


def _after_in_parent() -> None:
    gate.release()


def _after_in_child() -> None:
    for database in list(_known):
        if database.n_active:
            _unsafe.add(database.where)
        database.forget()
    gate.release()


os.register_at_fork(
    before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
)
