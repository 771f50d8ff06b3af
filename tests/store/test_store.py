"""Open a store."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from odm_shiny.errors import StoreError
from odm_shiny.store import dictionaries, settings, templates
from odm_shiny.store.check import check
from odm_shiny.store.store import Store


def test_a_new_store_has_its_defaults_and_opening_it_again_adds_none(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "new store"
    for _ in range(2):
        with Store.open(folder) as store, store.read() as tx:
            assert len(templates.list_templates(tx)) == 1
            assert dictionaries.find_dictionary(tx, "sex") is not None
            assert check(store) == []
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["metadata.sqlite"]


def test_what_was_deleted_does_not_come_back(store: Store, store_folder: Path) -> None:
    with store.write() as tx:
        dictionaries.delete_dictionary(tx, "Sex")
    with Store.open(store_folder) as again, again.read() as tx:
        assert dictionaries.find_dictionary(tx, "Sex") is None


def test_a_store_is_opened_by_url_with_a_folder_for_its_matrices(
    store: Store, store_folder: Path, tmp_path: Path
) -> None:
    plain = tmp_path / "plain"
    Store.open(plain).close()
    url = f"sqlite:///{plain / 'metadata.sqlite'}"
    with pytest.raises(StoreError, match="--objects"):
        Store.open(url)
    with Store.open(url, objects=f"file://{tmp_path / 'm'}") as opened:
        assert opened.matrices.ids() == set()
        assert opened.matrix_folder == tmp_path / "m"
    with pytest.raises(StoreError, match="kept in a folder"):
        Store.open(url, objects="s3://bucket")
    assert store.matrix_folder == store_folder / "matrices"


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="a store is a folder"):
        Store.open(tmp_path / "file")
    with pytest.raises(StoreError, match="folder of the store cannot be made"):
        Store.open(tmp_path / "file" / "below")


def test_another_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "metadata.sqlite"
    with closing(sqlite3.connect(file)) as conn:
        conn.execute("CREATE TABLE recipes (x)")
        conn.commit()
    with pytest.raises(StoreError, match=r"other tables \(recipes\).*no store"):
        Store.open(tmp_path)
    with closing(sqlite3.connect(file)) as conn:
        assert conn.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


def test_what_is_no_database_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "metadata.sqlite").write_text("dear diary " * 100)
    with pytest.raises(StoreError, match="not a SQLite database"):
        Store.open(tmp_path)
    assert (tmp_path / "metadata.sqlite").read_text() == "dear diary " * 100


def test_several_processes_may_open_a_new_folder_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from odm_shiny.store.store import Store; sys.stdin.readline();"
        "Store.open(sys.argv[1]).close(); print('ok')"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "new")]
    children = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    assert [child.communicate() for child in children] == [("ok\n", "")] * 4
    with Store.open(tmp_path / "new") as store:
        assert check(store) == []
        with store.read() as tx:
            assert len(templates.list_templates(tx)) == 1


def test_a_read_transaction_and_a_write_transaction_are_what_they_say(store: Store) -> None:
    with store.write() as tx:
        assert tx.is_write
        assert tx.search is store.search
        settings.set_setting(tx, "x", 1)
    with store.read() as tx:
        assert not tx.is_write
        with pytest.raises(StoreError):
            settings.set_setting(tx, "x", 2)


def test_opening_a_store_that_is_up_to_date_loads_no_migrations(store_folder: Path) -> None:
    code = (
        "import sys; from odm_shiny.store.store import Store;"
        "Store.open(sys.argv[1]).close();"
        "print({'alembic', 'tensorstore', 'pandas', 'numba'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(store_folder)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_a_store_shows_where_it_is_and_nothing_else(store: Store, store_folder: Path) -> None:
    assert repr(store) == f"Store('{store_folder / 'metadata.sqlite'}')"
