"""The schema, and how a database comes to have it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, inspect, text

from odm_shiny.errors import StoreError
from odm_shiny.store import migrate
from odm_shiny.store.engine import Database
from odm_shiny.store.schema import metadata
from odm_shiny.store.store import Store


def test_the_migrations_lead_to_the_tables_that_the_code_declares(store: Store) -> None:
    def is_described(name: str | None, kind: str, _parents: Any) -> bool:
        # Tables of the full-text index are SQLite's own.
        return kind != "table" or not str(name).startswith(("search_text", "search_word"))

    with store.read() as tx:
        context = MigrationContext.configure(
            tx.conn, opts={"include_name": is_described, "compare_server_default": True}
        )
        differences = compare_metadata(context, metadata)
    assert differences == [], "a change of tables needs a new file in migrations/versions"


def test_migrated_and_declared_tables_agree_in_their_constraints(
    store: Store, tmp_path: Path
) -> None:
    declared = Database(f"sqlite:///{tmp_path / 'declared.sqlite'}")
    with declared.write() as tx:
        metadata.create_all(tx.conn)
    described: list[dict[str, Any]] = []
    for database in (store.database, declared):
        with database.read() as tx:
            look = inspect(tx.conn)
            described.append(
                {
                    name: (
                        look.get_columns(name),
                        look.get_pk_constraint(name),
                        sorted(map(str, look.get_foreign_keys(name))),
                        sorted(map(str, look.get_unique_constraints(name))),
                        sorted(map(str, look.get_indexes(name))),
                    )
                    for name in metadata.tables
                }
            )
    declared.close()
    assert str(described[0]) == str(described[1])


def test_the_newest_migration_is_the_one_that_the_code_works_with() -> None:
    assert ScriptDirectory.from_config(migrate._config()).get_heads() == [migrate.HEAD]


def test_a_store_of_a_newer_version_is_refused_and_left_alone(
    store: Store, store_folder: Path
) -> None:
    with store.write() as tx:
        tx.conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"newer version of odm-shiny \(schema 9999.*pip install"):
        Store.open(store_folder)
    with store.read() as tx:
        found = tx.conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    assert found == "9999"


def test_a_migration_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite'}")
    upgrade = migrate._upgrade

    def failing(conn: Any) -> None:
        upgrade(conn)
        raise KeyError

    monkeypatch.setattr(migrate, "_upgrade", failing)
    with pytest.raises(KeyError):
        migrate.migrate(database)
    monkeypatch.undo()
    found = MetaData()
    with database.read() as tx:
        found.reflect(tx.conn)
    assert not found.tables
    assert migrate.migrate(database)
    assert not migrate.migrate(database)
    assert migrate.is_current(database)
    database.close()
