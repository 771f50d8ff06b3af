"""Transactions."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from odm_shiny.errors import StoreError
from odm_shiny.store import engine, people, settings
from odm_shiny.store.check import check
from odm_shiny.store.engine import Database
from odm_shiny.store.schema import links, users
from odm_shiny.store.store import DATABASE_FILE, Store


def value(store: Store, name: str = "x") -> Any:
    with store.read() as tx:
        return settings.get_setting(tx, name)


def write_nothing(store: Store) -> None:
    with store.write():
        pass


def test_a_reader_sees_one_snapshot_however_much_is_written(store: Store) -> None:
    with store.read() as reader:
        assert settings.get_setting(reader, "x") is None
        with store.write() as tx:
            settings.set_setting(tx, "x", 1)
        assert settings.get_setting(reader, "x") is None
    assert value(store) == 1


def test_an_exception_rolls_everything_back(store: Store, roll_back: Any) -> None:
    roll_back(lambda tx: settings.set_setting(tx, "x", 1))
    assert value(store) is None


def test_actions_wait_for_the_commit_and_are_forgotten_with_a_rollback(
    store: Store, roll_back: Any
) -> None:
    seen: list[Any] = []
    with store.write() as tx:
        settings.set_setting(tx, "x", 1)
        tx.after_commit(lambda: seen.append(value(store)))
        assert seen == []
    assert seen == [1]
    roll_back(lambda tx: tx.after_commit(lambda: seen.append("never")))
    assert seen == [1]


def test_a_second_write_transaction_in_the_same_thread_is_refused_not_awaited(
    store: Store,
) -> None:
    with store.write() as tx:
        with pytest.raises(StoreError, match="already open in this thread"):
            write_nothing(store)
        settings.set_setting(tx, "x", 1)
    assert value(store) == 1


def test_writers_of_one_process_wait_for_each_other(store: Store) -> None:
    def add() -> None:
        for _ in range(20):
            with store.write() as tx:
                settings.set_setting(tx, "x", settings.get_setting(tx, "x", 0) + 1)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(store) == 80


def test_a_writer_gives_up_when_another_one_writes_for_too_long(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_S", 0.2)
    with Store.open(Path(store.where).parent) as other:
        with store.write(), pytest.raises(StoreError, match="locked by another process"):
            write_nothing(other)
        failures: list[StoreError] = []

        def write() -> None:
            try:
                write_nothing(store)
            except StoreError as error:
                failures.append(error)

        with store.write():
            thread = threading.Thread(target=write)
            thread.start()
            thread.join()
        assert "another thread of this process" in str(failures[0])
        with other.write() as tx:
            settings.set_setting(tx, "x", "goes on")
    assert value(store) == "goes on"


def test_a_commit_is_durable_and_readers_do_not_wait(store: Store) -> None:
    with store.read() as tx:
        pragmas = {
            name: tx.conn.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }


def test_rules_of_the_database_hold_and_the_message_hides_the_values(store: Store) -> None:
    row = {"source_id": 998_877, "target_id": 2, "source_kind": "SECRET", "target_kind": "study"}
    with pytest.raises(StoreError, match="breaks a rule") as info, store.write() as tx:
        tx.conn.execute(insert(links), [row])
    assert "SECRET" not in str(info.value)
    assert "998877" not in str(info.value)


def test_a_swallowed_failure_does_not_pass_for_a_commit(store: Store) -> None:
    def change() -> None:
        with store.write() as tx:
            settings.set_setting(tx, "x", 1)
            # What SQLite does by itself after a full disk.
            tx.conn.exec_driver_sql("ROLLBACK")

    with pytest.raises(StoreError, match="rolled this transaction back"):
        change()
    assert value(store) is None


def test_a_damaged_file_is_said_to_be_damaged(store: Store, store_folder: Path) -> None:
    store.close()
    file = store_folder / DATABASE_FILE
    content = bytearray(file.read_bytes())
    content[4096 : len(content) // 2] = b"\xff" * (len(content) // 2 - 4096)
    file.write_bytes(content)

    def read() -> None:
        with Store.open(store_folder) as opened, opened.read() as tx:
            tx.conn.execute(select(users)).all()

    with pytest.raises(StoreError, match=r"damaged.*restore a backup"):
        read()


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("sqlite://", "needs a file"),
        ("not a url", "no database URL"),
        ("nosuchdb://host/x", "no database behind this URL"),
    ],
)
def test_what_is_no_database_is_refused(url: str, complaint: str) -> None:
    with pytest.raises(StoreError, match=complaint):
        Database(url)


FULL = """
import resource, sys
from odm_shiny.errors import StoreError
from odm_shiny.store import objects
from odm_shiny.store.store import Store
store = Store.open(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
documents = [{"Sample Source ID": f"S-{n}", "Text": str(n) * 200} for n in range(5_000)]
try:
    with store.write() as tx:
        objects.create_group(tx, "sample_group", {}, documents, owner_id=1, author="a")
except StoreError as error:
    print(error)
with store.read() as tx:
    print(objects.count_by_kind(tx))
"""


def test_a_full_disk_is_a_clear_error_and_leaves_the_store_as_it_was(store_folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(store_folder)], capture_output=True, text=True, check=True
    )
    message, counts = done.stdout.strip().splitlines()
    assert DATABASE_FILE in message
    assert "nothing was changed" in message
    assert counts == "{}"
    with Store.open(store_folder) as store:
        assert check(store) == []
        with store.write() as tx:
            people.create_user(tx, "ann@example.org")


def test_texts_are_bound_and_never_part_of_a_statement(store: Store) -> None:
    hostile = "x'); DROP TABLE settings; --"
    with store.write() as tx:
        settings.set_setting(tx, hostile, hostile)
    with store.read() as tx:
        assert settings.get_setting(tx, hostile) == hostile
        assert tx.conn.execute(text("SELECT count(*) FROM settings")).scalar_one() == 2
