"""Settings of a store: names with JSON values."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from odm_shiny.store.documents import json_text
from odm_shiny.store.engine import Tx
from odm_shiny.store.schema import settings


def get_setting(tx: Tx, name: str, default: Any = None) -> Any:
    """The value of a setting, `default` if it was never set."""
    query = select(settings.c.value).where(settings.c.name == name)
    text = tx.conn.execute(query).scalar_one_or_none()
    return default if text is None else msgspec.json.decode(text)


def set_setting(tx: Tx, name: str, value: Any) -> None:
    """Set a setting to anything that JSON can hold."""
    tx.must_write()
    text = json_text(value)
    changed = tx.conn.execute(update(settings).where(settings.c.name == name).values(value=text))
    if changed.rowcount == 0:
        tx.conn.execute(insert(settings).values(name=name, value=text))
