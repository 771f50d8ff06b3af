"""A new store for every test, and short ways to put objects into it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from odm_shiny.store import links, objects, people
from odm_shiny.store.engine import Tx
from odm_shiny.store.objects import NewGroup, Record
from odm_shiny.store.people import User
from odm_shiny.store.store import DATABASE_FILE, Store

SAMPLES = [
    {"Sample Source ID": "S-01", "Tissue": "liver", "Age": 52, "Batch": ["B1", "B2"]},
    {"Sample Source ID": "S-02", "Tissue": "foie gras à l'œuf", "Age": "33.9", "Batch": "B1"},
    {"Sample Source ID": "S-03", "Tissue": None, "Note": 'Robert"); DROP TABLE objects;--'},
]


class Maker:
    """Puts objects into a store, in a transaction of its own unless one is given."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.read() as tx:
            self.user: User = people.get_user(tx, 1)
        self.by: dict[str, Any] = {"owner_id": self.user.id, "author": self.user.email}

    def study(self, tx: Tx, title: str = "Étude", **more: Any) -> Record:
        return objects.create(tx, "study", {"Study Title": title}, **{**self.by, **more})

    def samples(
        self, tx: Tx, documents: Sequence[Mapping[str, Any]] = SAMPLES, **more: Any
    ) -> NewGroup:
        return objects.create_group(tx, "sample_group", {}, documents, **{**self.by, **more})

    def libraries(self, tx: Tx, documents: Sequence[Mapping[str, Any]], **more: Any) -> NewGroup:
        return objects.create_group(tx, "library_group", {}, documents, **{**self.by, **more})

    def expression(
        self,
        tx: Tx,
        names: Sequence[str] = ("S-01", "S-02"),
        document: Mapping[str, Any] | None = None,
        kind: str = "expression_group",
    ) -> NewGroup:
        shared = {"Data Class": "Proteomics", "Scale": "log2"} if document is None else document
        runs: list[dict[str, Any]] = [{} for _ in names]
        return objects.create_group(tx, kind, shared, runs, run_sources=names, **self.by)

    def whole_study(self, tx: Tx, title: str = "Whole") -> dict[str, Any]:
        """A study, 3 samples, 2 libraries on 2 of them, a file on samples, one on libraries."""
        study = self.study(tx, title)
        samples = self.samples(tx)
        libraries = self.libraries(
            tx,
            [
                {"Library ID": "L-1", "Sample Source ID": ["S-01", "S-02"]},
                {"Library ID": "L-2", "Sample Source ID": "S-02"},
            ],
        )
        on_samples = self.expression(tx)
        on_libraries = self.expression(tx, ["L-2", "L-1", "L-9"])
        links.link_groups(tx, samples.group, study)
        links.link_groups(tx, libraries.group, samples.group)
        links.link_groups(tx, on_samples.group, samples.group)
        links.link_groups(tx, on_libraries.group, libraries.group)
        return {
            "study": study,
            "samples": samples,
            "libraries": libraries,
            "on_samples": on_samples,
            "on_libraries": on_libraries,
        }


class Undone(Exception):
    """Ends a transaction that shall be rolled back."""


@pytest.fixture
def roll_back(store: Store) -> Callable[[Callable[[Tx], Any]], None]:
    """Make a change in a transaction that fails at its end."""

    def change_and_fail(change: Callable[[Tx], Any]) -> None:
        with store.write() as tx:
            change(tx)
            raise Undone

    def run(change: Callable[[Tx], Any]) -> None:
        with pytest.raises(Undone):
            change_and_fail(change)

    return run


@pytest.fixture(scope="session")
def new_store_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a store as it is when it has just been made."""
    folder = tmp_path_factory.mktemp("new-store")
    Store.open(folder).close()
    return folder / DATABASE_FILE


@pytest.fixture
def store_folder(tmp_path: Path, new_store_file: Path) -> Path:
    """Folder of a new store."""
    folder = tmp_path / "store ü?#%"
    folder.mkdir()
    shutil.copy(new_store_file, folder / DATABASE_FILE)
    return folder


@pytest.fixture
def store(store_folder: Path) -> Iterator[Store]:
    """A new store, open."""
    with Store.open(store_folder) as opened:
        yield opened


@pytest.fixture
def make(store: Store) -> Maker:
    """Short ways to put objects into `store`."""
    return Maker(store)
