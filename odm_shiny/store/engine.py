"""Connections and transactions: the one file that knows which database it talks to.

SQLite runs in WAL mode with ``synchronous=FULL``: a commit that returned is on the disk, readers
never wait, writers wait for each other. PostgreSQL is meant to run the same code; its writers are
put in the same single file by an advisory lock.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url
from sqlalchemy.pool import QueuePool

from odm_shiny.errors import StoreError
from odm_shiny.store import forking
from odm_shiny.store.faults import store_error

#: How long a writer waits for its turn before it gives up.
BUSY_TIMEOUT_S = 30.0
_WRITE = "odm_shiny_write"
_ADVISORY_LOCK = 0x6F646D  # any fixed number; it reads "odm"


class SearchHooks(Protocol):
    """What the store tells its search index, inside the same transaction."""

    def update(self, tx: Tx, kind: str, changes: Iterable[Any]) -> None:
        """Documents that came, changed or went."""

    def set_numbers(self, tx: Tx, kind: str, column: str, slots: Any, values: Any) -> None:
        """System numbers of objects, such as their owner."""

    def set_links(
        self, tx: Tx, source_kind: str, target_kind: str, links: Mapping[int, Sequence[int]]
    ) -> None:
        """All targets of some sources."""


@dataclass(slots=True, eq=False)
class Tx:
    """One transaction, and what belongs to it.

    Attributes
    ----------
    conn
        The connection, inside the transaction. Nobody else commits or rolls back.
    is_write
        False for a transaction that may only read; it sees one snapshot throughout.
    search
        The search index that is told of every change; ``None`` for none.
    memo
        Room for what is worth keeping until the transaction ends, by owner's name.
    """

    conn: Connection
    is_write: bool
    search: SearchHooks | None = None
    memo: dict[str, Any] = field(default_factory=dict)
    _after_commit: list[Callable[[], None]] = field(default_factory=list)

    def must_write(self) -> None:
        """Raise `StoreError` in a transaction that only reads."""
        if not self.is_write:
            raise StoreError("a change was asked for in a read transaction; use store.write()")

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run `action` once the changes are durable; never after a rollback."""
        self._after_commit.append(action)


class Database:
    """An engine, with read and write transactions.

    Parameters
    ----------
    url
        SQLAlchemy database URL: ``sqlite:////folder/metadata.sqlite`` or PostgreSQL.
    search
        Handed on to every transaction.

    Notes
    -----
    Safe for threads: a connection serves one transaction at a time. Safe for forks: see
    `odm_shiny.store.forking`.
    """

    def __init__(self, url: str | URL, *, search: SearchHooks | None = None) -> None:
        try:
            parsed = make_url(url)
        except exc.ArgumentError as error:
            raise StoreError(f"this is no database URL: {error}") from error
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite and not parsed.database:
            raise StoreError("a store needs a file: an in-memory SQLite database is not one")
        self.where = (
            str(parsed.database) if self.is_sqlite else parsed.render_as_string(hide_password=True)
        )
        self.search = search
        self.n_active = 0
        self.engine = _engine(parsed, is_sqlite=self.is_sqlite)
        self._turn = threading.Lock()
        self._thread = threading.local()
        self._left_behind: list[Any] = []
        forking.watch(self)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A transaction that sees one snapshot and waits for nobody."""
        with self._transaction(write=False) as tx:
            yield tx

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A transaction that may write: all of it or, on an exception, nothing.

        Raises
        ------
        StoreError
            No turn within 30 s; a write transaction is already open in this thread; full,
            read-only or damaged database.
        """
        if getattr(self._thread, "is_writing", False):
            raise StoreError(
                f"{self.where}: a write transaction is already open in this thread; "
                "pass its Tx on instead of opening a second one"
            )
        if not self._turn.acquire(timeout=BUSY_TIMEOUT_S):
            raise StoreError(
                f"{self.where}: another thread of this process has been writing for more than "
                f"{BUSY_TIMEOUT_S:.0f} s. To do: wait until it has finished, then try again."
            )
        self._thread.is_writing = True
        try:
            with self._transaction(write=True) as tx:
                yield tx
        finally:
            self._thread.is_writing = False
            self._turn.release()
        for action in tx._after_commit:
            action()

    def close(self) -> None:
        """Close all idle connections; the last one to close tidies SQLite's log away."""
        self.engine.dispose()

    def damage(self, tx: Tx) -> Iterator[str]:
        """What the database itself finds wrong with its file; nothing where it is whole."""
        if self.is_sqlite:
            for (message,) in tx.conn.exec_driver_sql("PRAGMA integrity_check(20)"):
                if message != "ok":
                    yield f"the database file is damaged: {message}"
            for table, row, other, _ in tx.conn.exec_driver_sql("PRAGMA foreign_key_check"):
                yield f"row {row} of {table} points to a row of {other} that is gone"

    def copy_to(self, target: Path) -> None:
        """Copy a SQLite database into a new file: one snapshot, however much is written."""
        try:
            with (
                closing(sqlite3.connect(self.where)) as source,
                closing(sqlite3.connect(target)) as copy,
            ):
                source.backup(copy)
            target.chmod(0o600)
        except sqlite3.Error as error:
            raise store_error(error, str(target)) from error

    def release_idle(self) -> None:
        """Close every connection that nobody uses."""
        self.engine.dispose()

    def forget(self) -> None:
        """Start anew in a forked child, which must not even close what it inherited."""
        self._left_behind.append(self.engine.pool)
        self.engine.dispose(close=False)
        self.n_active = 0
        self._turn = threading.Lock()
        self._thread = threading.local()

    @contextmanager
    def _transaction(self, *, write: bool) -> Iterator[Tx]:
        forking.refuse_if_unsafe(self.where)
        conn = self._checkout(write=write)
        try:
            try:
                conn.begin()
                tx = Tx(conn, write, self.search)
                yield tx
                self._commit(conn, write=write)
            except BaseException:
                conn.rollback()
                raise
        except (exc.DBAPIError, sqlite3.Error) as error:
            raise store_error(error, self.where) from error
        finally:
            self._checkin(conn)

    def _checkout(self, *, write: bool) -> Connection:
        with forking.gate:
            self.n_active += 1
        try:
            return self.engine.connect().execution_options(**{_WRITE: write})
        except (exc.DBAPIError, sqlite3.Error) as error:
            with forking.gate:
                self.n_active -= 1
            raise store_error(error, self.where) from error

    def _checkin(self, conn: Connection) -> None:
        with forking.gate:
            conn.close()
            self.n_active -= 1

    def _commit(self, conn: Connection, *, write: bool) -> None:
        # After a full disk or an I/O error SQLite has rolled back by itself, and a commit would
        # then pass without a word if somebody had swallowed the first error.
        raw: Any = conn.connection.dbapi_connection
        if write and self.is_sqlite and not raw.in_transaction:
            raise StoreError(
                f"{self.where}: the database has rolled this transaction back after an error; "
                "nothing was changed"
            )
        conn.commit()


def _engine(url: URL, *, is_sqlite: bool) -> Engine:
    """Make the engine: as many connections as there are transactions, 16 of them kept."""
    try:
        engine = create_engine(url, poolclass=QueuePool, pool_size=16, max_overflow=-1)
    except (exc.ArgumentError, ImportError) as error:
        raise StoreError(f"no database behind this URL: {error}") from error
    if is_sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "begin", _begin_postgresql)
    return engine


def _prepare_sqlite(raw: sqlite3.Connection, _record: object) -> None:
    raw.isolation_level = None  # the driver's own BEGINs come too late for a snapshot
    cursor = raw.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
        _use_wal(cursor)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA cache_size = -16384")  # KiB
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.execute("PRAGMA journal_size_limit = 67108864")  # a big import's log shrinks again
    finally:
        cursor.close()


def _use_wal(cursor: sqlite3.Cursor) -> None:
    """Switch to WAL once; the busy timeout does not cover that switch, so wait here."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _begin_sqlite(conn: Connection) -> None:
    # IMMEDIATE takes the write lock at once: a snapshot that is upgraded later may be refused.
    write = conn.get_execution_options().get(_WRITE, False)
    conn.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _begin_postgresql(conn: Connection) -> None:
    if conn.get_execution_options().get(_WRITE, False):
        conn.exec_driver_sql(f"SET LOCAL lock_timeout = '{int(BUSY_TIMEOUT_S)}s'")
        conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
    else:
        conn.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
