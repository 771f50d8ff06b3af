"""What a failing database says, turned into what the user can do about it."""

from __future__ import annotations

from sqlalchemy import exc

from odm_shiny.errors import StoreError

# Primary result codes of SQLite (https://www.sqlite.org/rescode.html).
_PERM, _BUSY, _LOCKED, _NOMEM, _READONLY = 3, 5, 6, 7, 8
_IOERR, _CORRUPT, _FULL, _CANTOPEN, _NOTADB = 10, 11, 13, 14, 26

_SAYINGS = {
    _PERM: (
        "no permission to use the database",
        "give this user read and write access to the file and to its folder",
    ),
    _BUSY: (
        "the database is locked by another process that has been writing for too long",
        "wait until that import or edit has finished, or end the process, then try again",
    ),
    _LOCKED: (
        "the database is locked by another use in this process",
        "finish the open transaction first, then try again",
    ),
    _NOMEM: ("SQLite ran out of memory", "free memory, then try again"),
    _READONLY: (
        "the database is read-only",
        "give this user write access to the file and to its folder, or open a copy of the store",
    ),
    _IOERR: (
        "reading or writing the database failed",
        "check the disk, its free space and the limits on file sizes; nothing was changed",
    ),
    _CORRUPT: (
        "the database is damaged",
        "restore a backup, and keep the damaged file for an attempt at recovery",
    ),
    _FULL: ("the disk is full", "free some space, then try again; nothing was changed"),
    _CANTOPEN: (
        "the database file cannot be opened",
        "check that the folder exists and that this user may write to it",
    ),
    _NOTADB: (
        "the file is not a SQLite database",
        "check the path; if it was a store before, restore a backup",
    ),
}


def store_error(error: BaseException, where: str) -> StoreError:
    """Say what happened, where, and what to do, for an error of the database driver.

    Parameters
    ----------
    error
        An error of SQLAlchemy or of the driver itself.
    where
        The database, without password, as the message names it.

    Notes
    -----
    Only the driver's own words are repeated: SQLAlchemy's message holds the statement with its
    parameters, and those are the user's data.
    """
    origin = error.orig if isinstance(error, exc.DBAPIError) else error
    code = getattr(origin, "sqlite_errorcode", None)
    saying = _SAYINGS.get(code & 0xFF) if isinstance(code, int) else None
    if saying is not None:
        what, cure = saying
        name = getattr(origin, "sqlite_errorname", "")
        return StoreError(f"{where}: {what} ({name}: {origin}). To do: {cure}.")
    if isinstance(error, exc.IntegrityError):
        return StoreError(f"{where}: the change breaks a rule of the database ({origin}).")
    return StoreError(f"{where}: the database failed ({type(origin).__name__}: {origin}).")
