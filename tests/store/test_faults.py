"""Real failures of SQLite, in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from odm_shiny.store.faults import store_error


def readonly(path: Path) -> None:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as conn:
        conn.execute("CREATE TABLE u (x)")


def full(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA max_page_count = 3")
        conn.execute("INSERT INTO t VALUES (zeroblob(100000))")


def no_database(path: Path) -> None:
    path.write_bytes(b"this is a text file" * 100)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("SELECT * FROM t")


def missing(path: Path) -> None:
    with closing(sqlite3.connect(path / "no" / "where")) as conn:
        conn.execute("SELECT 1")


def locked(path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as first:
        first.execute("BEGIN IMMEDIATE")
        with closing(sqlite3.connect(path, timeout=0)) as second:
            second.execute("INSERT INTO t VALUES (1)")


@pytest.mark.parametrize(
    ("fail", "what", "cure"),
    [
        (readonly, "is read-only", "write access"),
        (full, "disk is full", "free some space"),
        (no_database, "not a SQLite database", "check the path"),
        (missing, "cannot be opened", "check that the folder exists"),
        (locked, "locked by another process", "wait until"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_message_says_what_where_and_what_to_do(
    tmp_path: Path, fail: Callable[[Path], None], what: str, cure: str
) -> None:
    path = tmp_path / "t.sqlite"
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE t (x)")
        conn.commit()
    with pytest.raises(sqlite3.Error) as info:
        fail(path)
    message = str(store_error(info.value, "/data/store"))
    assert message.startswith("/data/store: ")
    assert what in message
    assert cure in message


def test_an_unknown_failure_keeps_the_words_of_the_driver() -> None:
    message = str(store_error(RuntimeError("odd"), "here"))
    assert message == "here: the database failed (RuntimeError: odd)."
