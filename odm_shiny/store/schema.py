"""Tables of the metadata database; the truth that migrations lead to."""

from __future__ import annotations

from sqlalchemy import MetaData

metadata = MetaData()
