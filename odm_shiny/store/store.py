"""The embedded store: metadata in a database, matrices in a folder beside it.

==========================  ====================================================================
``engine forking faults``   connections, transactions, errors
``schema migrate``          tables, and how they come to be
``objects edits history``   documents: read and add, change, look back
``deletion data_files``     remove; which matrix belongs to which file
``links link_*``            the link graph: rules, matching, lists
``chains``                  versions of data files
``people people_groups``    users, groups, ``tokens``, ``sharing``
``templates validation``    what metadata should look like, ``typed_values``
``dictionaries expansion``  controlled vocabularies, synonyms and narrower terms
``jobs workers``            imports under way
``search``                  filters, full text, facets (in the same database)
``matrices``                values of data files
``check sweep backup``      look after it
==========================  ====================================================================
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

from sqlalchemy import URL, Engine

from odm_shiny.errors import StoreError
from odm_shiny.store import defaults
from odm_shiny.store.engine import Database, Tx
from odm_shiny.store.migrate import is_current, migrate
from odm_shiny.store.search import Search

if TYPE_CHECKING:
    from odm_shiny.store.matrices import MatrixStore

DATABASE_FILE: Final = "metadata.sqlite"
MATRIX_FOLDER: Final = "matrices"


class Store:
    """One store; safe for threads, and any number of processes may open the same one.

    Use `Store.open`. A store is a context manager that closes itself.

    Attributes
    ----------
    database
        Transactions on the metadata.
    search
        The search index, told of every change in the transaction that makes it.
    where
        The folder or URL, as messages name it.
    """

    def __init__(self, database: Database, matrix_folder: Path, search: Search) -> None:
        self.database = database
        self.search = search
        self.where = database.where
        self.matrix_folder = matrix_folder

    @classmethod
    def open(cls, where: str | Path, *, objects: str | None = None) -> Store:
        """Open a store, making it if it is not there.

        Parameters
        ----------
        where
            A folder, which then holds ``metadata.sqlite`` and ``matrices/``; or a database URL.
        objects
            Folder of the matrices, where it is not beside the database.

        Raises
        ------
        StoreError
            Not a store, written by a newer version, damaged, or not accessible; the message says
            what to do.
        """
        url, folder = _locate(str(where), objects)
        search = Search()
        database = Database(url, search=search)
        try:
            if not is_current(database):
                migrate(database)
            with database.read() as tx:
                is_complete = defaults.are_installed(tx)
            if not is_complete:
                with database.write() as tx:
                    defaults.install(tx)
        except BaseException:
            database.close()
            raise
        return cls(database, folder, search)

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine."""
        return self.database.engine

    @cached_property
    def matrices(self) -> MatrixStore:
        """Values of the data files; loaded when it is first needed."""
        from odm_shiny.store.matrices import MatrixStore

        return MatrixStore(self.matrix_folder)

    def read(self) -> AbstractContextManager[Tx]:
        """A transaction that sees one snapshot; see `odm_shiny.store.engine.Database.read`."""
        return self.database.read()

    def write(self) -> AbstractContextManager[Tx]:
        """A transaction that writes all or nothing; see `odm_shiny.store.engine.Database.write`."""
        return self.database.write()

    def close(self) -> None:
        """Close the database; the store may not be used afterwards."""
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({self.where!r})"


def _locate(where: str, objects: str | None) -> tuple[str | URL, Path]:
    """Database URL and folder of the matrices."""
    if "://" in where:
        if objects is None:
            raise StoreError(
                "a store behind a database URL needs a place for its matrices. To do: give one "
                "with objects=FOLDER (--objects)."
            )
        return where, _folder(objects)
    folder = Path(where).expanduser().absolute()
    _make(folder)
    url = URL.create("sqlite", database=str(folder / DATABASE_FILE))
    return url, _folder(objects) if objects is not None else folder / MATRIX_FOLDER


def _folder(objects: str) -> Path:
    if "://" in objects and not objects.startswith("file://"):
        raise StoreError(f"matrices are kept in a folder; {objects!r} is not one")
    return Path(objects.removeprefix("file://")).expanduser().absolute()


def _make(folder: Path) -> None:
    """Make the folder of a new store, for its owner only: metadata may be confidential."""
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True, mode=0o700)
    except FileExistsError as error:
        if not folder.is_dir():
            raise StoreError(
                f"{folder}: a store is a folder, and this is a file. To do: name another place."
            ) from error
    except OSError as error:
        raise StoreError(
            f"{folder}: the folder of the store cannot be made ({os.strerror(error.errno or 0)}). "
            "To do: name a folder that this user may write to."
        ) from error
