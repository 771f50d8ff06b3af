"""Copy a store while it is used."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from sqlalchemy import URL

from odm_shiny.errors import StoreError
from odm_shiny.store import data_files
from odm_shiny.store.engine import Database
from odm_shiny.store.store import DATABASE_FILE, MATRIX_FOLDER, Store

_ATTEMPTS: Final = 3


def backup(store: Store, target: str | Path) -> Path:
    """Copy a store while it is in use, as it is at one moment.

    Parameters
    ----------
    target
        A folder that is not there yet; it appears when the copy is whole.

    Raises
    ------
    StoreError
        The folder exists, the disk is full, or the store is not a SQLite one.
    """
    if not store.database.is_sqlite:
        raise StoreError(
            f"{store.where}: copy a PostgreSQL database with pg_dump, and then the folder "
            f"{store.matrix_folder}"
        )
    place = Path(target).expanduser().absolute()
    if place.exists():
        raise StoreError(f"{place}: there is something already; name a new folder for the copy")
    partial = place.with_name(f".{place.name}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True, mode=0o700)
        store.database.copy_to(partial / DATABASE_FILE)
        _copy_matrices(store, partial)
        os.rename(partial, place)
    except OSError as error:
        raise StoreError(f"{place}: the copy could not be written ({error})") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return place


def _copy_matrices(store: Store, partial: Path) -> None:
    """Copy the matrices that the copied database names.

    One that is deleted meanwhile is missed; then the database is copied again.
    """
    folder = partial / MATRIX_FOLDER
    for _ in range(_ATTEMPTS):
        missing = [
            matrix_id
            for matrix_id in _named(partial / DATABASE_FILE)
            if not _copy_matrix(store.matrix_folder / matrix_id, folder / matrix_id)
        ]
        if not missing:
            return
        (partial / DATABASE_FILE).unlink()
        store.database.copy_to(partial / DATABASE_FILE)
    raise StoreError(
        f"{store.matrix_folder / missing[0]}: this matrix is gone, so the copy would not be whole. "
        "To do: check the store first."
    )


def _named(file: Path) -> list[str]:
    """Matrices that the copied database knows."""
    copy = Database(URL.create("sqlite", database=str(file)))
    try:
        with copy.read() as tx:
            return sorted(data_files.all_ids(tx))
    finally:
        copy.close()


def _copy_matrix(source: Path, target: Path) -> bool:
    """Copy one folder; whether it was there from beginning to end."""
    if target.exists():
        return True
    try:
        shutil.copytree(source, target)
    except (FileNotFoundError, shutil.Error):
        shutil.rmtree(target, ignore_errors=True)
        if source.exists():
            raise
        return False
    return True
