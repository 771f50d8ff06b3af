"""Bring a database to the schema that this version of the package works with.

Opening a store that is up to date reads one value and imports nothing; Alembic is loaded only when
there is something to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, inspect, text

from odm_shiny.errors import StoreError
from odm_shiny.store.engine import Database

#: The newest revision in ``migrations/versions``.
HEAD: Final = "0001"

_SCRIPTS: Final = Path(__file__).parent / "migrations"
_VERSION_TABLE: Final = "alembic_version"


def is_current(database: Database) -> bool:
    """Whether the database has the schema of this version.

    Raises
    ------
    StoreError
        It was written by a newer version, or it is somebody else's database.
    """
    with database.read() as tx:
        return _is_current(tx.conn, database.where)


def migrate(database: Database) -> bool:
    """Bring the database to `HEAD` in one transaction; whether there was anything to do.

    Several processes may do this at once: the first does it, the others wait and find it done.
    """
    with database.write() as tx:
        if _is_current(tx.conn, database.where):
            return False
        _upgrade(tx.conn)
        return True


def _is_current(conn: Connection, where: str) -> bool:
    tables = inspect(conn).get_table_names()
    if _VERSION_TABLE not in tables:
        if tables:
            raise StoreError(
                f"{where}: this database holds other tables ({', '.join(sorted(tables)[:3])}) and "
                "is no store. To do: check the path, or name a new folder."
            )
        return False
    found = conn.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()  # noqa: S608
    if found == HEAD or found is None:
        return found == HEAD
    if found not in _known_revisions():
        raise StoreError(
            f"{where}: this store was written by a newer version of odm-shiny (schema {found}, "
            f"known up to {HEAD}). To do: upgrade odm-shiny, e.g. pip install -U odm-shiny."
        )
    return False


def _known_revisions() -> set[str]:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(_config())
    return {script.revision for script in scripts.walk_revisions()}


def _upgrade(conn: Connection) -> None:
    from alembic import command

    config = _config()
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def _config() -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
