"""Run by Alembic: apply migrations inside the transaction that the store has opened.

From the command line (``alembic -c ... revision --autogenerate``) the URL comes from the
configuration instead.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine

from odm_shiny.store import search_schema  # its tables belong to the same metadata
from odm_shiny.store.schema import metadata

__all__ = ["search_schema"]


def _run(connection: object) -> None:
    context.configure(connection=connection, target_metadata=metadata)  # type: ignore[arg-type]
    with context.begin_transaction():
        context.run_migrations()


_given = context.config.attributes.get("connection")
if _given is not None:
    _run(_given)
else:
    with create_engine(context.config.get_main_option("sqlalchemy.url") or "").connect() as _conn:
        _run(_conn)
        _conn.commit()
