"""A search index in a database of its own, without the rest of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from odm_shiny.store.engine import Database
from odm_shiny.store.search import Change, Search
from odm_shiny.store.search_schema import create_text_index, metadata


class Index:
    """What one process has of an index: `search`, and transactions for it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.search = Search()
        self.database = Database(f"sqlite:///{path}")
        self.read = self.database.read
        self.write = self.database.write

    def create(self) -> Index:
        tables = [table for table in metadata.sorted_tables if table.name.startswith("search_")]
        with self.write() as tx:
            metadata.create_all(tx.conn, tables)
            create_text_index(tx.conn)
        return self

    def add(self, documents: Sequence[Mapping[str, Any]], kind: str = "sample") -> None:
        """Add documents from slot 0 on."""
        with self.write() as tx:
            changes = [Change(slot, None, new) for slot, new in enumerate(documents)]
            self.search.update(tx, kind, changes)

    def change(self, *changes: Change, kind: str = "sample") -> None:
        with self.write() as tx:
            self.search.update(tx, kind, changes)

    def reopened(self) -> Index:
        """The same index as another process has it: with nothing in memory."""
        return Index(self.path)


@pytest.fixture
def new_index(tmp_path: Path) -> Iterator[Callable[[], Index]]:
    """Make new, empty indexes."""
    made: list[Index] = []

    def make() -> Index:
        made.append(Index(tmp_path / f"search{len(made)}.sqlite").create())
        return made[-1]

    yield make
    for one in made:
        one.database.close()


@pytest.fixture
def index(new_index: Callable[[], Index]) -> Index:
    """A new, empty index."""
    return new_index()
