"""The matrices of a store: a folder with one AnnData store for each file version.

A matrix never changes once it is in its place; which matrices count is for the metadata to say.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from odm_shiny.errors import StoreError
from odm_shiny.store.matrix_reader import Matrix
from odm_shiny.store.matrix_writer import MatrixInfo, MatrixWriter, lock
from odm_shiny.store.tensors import tensor_context

__all__ = ["Matrix", "MatrixInfo", "MatrixStore", "MatrixWriter"]

MAX_OPEN = 64
"""Matrices kept open."""
CACHE_BYTES = 32 << 20
"""Memory for shard indexes and recently read chunks, over all open matrices."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_TEMPORARY = ".writing"


class MatrixStore:
    """Matrices in a folder; safe for threads and for several processes.

    Parameters
    ----------
    folder
        Created when the first matrix is written.
    max_open
        Number of matrices kept open for reading.
    """

    def __init__(self, folder: str | Path, *, max_open: int = MAX_OPEN) -> None:
        self.folder = Path(folder).absolute()
        self._max_open = max_open
        self._open: OrderedDict[str, Matrix] = OrderedDict()
        self._lock = Lock()
        self._context: Any = None

    def writer(
        self,
        matrix_id: str,
        *,
        run_names: Sequence[str],
        measurements: Sequence[str] = ("value",),
        n_features_hint: int | None = None,
    ) -> MatrixWriter:
        """Start to write a matrix.

        Parameters
        ----------
        matrix_id
            Letters, digits, ``_`` and ``-``; never used before.
        run_names
            Run source ids in file order.
        measurements
            At least one name.
        n_features_hint
            Number of features, if known; it only helps to size small chunks.

        Raises
        ------
        StoreError
            The id is taken or malformed, or the folder cannot be written.
        ValueError
            No measurement, or names that repeat.
        """
        place = self._place(matrix_id)
        if not measurements or len(set(measurements)) < len(measurements):
            raise ValueError(f"measurements must be named and differ: {list(measurements)}")
        if place.exists():
            raise StoreError(f"matrix {matrix_id} exists already")
        temporary = self.folder / _TEMPORARY / f"{matrix_id}.{secrets.token_hex(4)}"
        try:
            temporary.parent.mkdir(parents=True, exist_ok=True)
            descriptor = lock(Path(f"{temporary}.lock"))
            temporary.mkdir()
        except OSError as exc:
            raise StoreError(f"cannot write to the store {self.folder}: {exc}") from exc
        return MatrixWriter(
            matrix_id,
            place=place,
            temporary=temporary,
            lock_fd=descriptor,
            run_names=run_names,
            measurements=measurements,
            n_features_hint=n_features_hint,
        )

    def open(self, matrix_id: str) -> Matrix:
        """Open a matrix for reading; it is kept open for the next one who asks.

        Raises
        ------
        StoreError
            There is no such matrix, or it is damaged.
        """
        with self._lock:
            if matrix_id in self._open:
                self._open.move_to_end(matrix_id)
                return self._open[matrix_id]
            if self._context is None:
                self._context = tensor_context(cache_bytes=CACHE_BYTES)
            context = self._context
        matrix = Matrix(self._place(matrix_id), matrix_id=matrix_id, context=context)
        with self._lock:
            matrix = self._open.setdefault(matrix_id, matrix)
            while len(self._open) > self._max_open:
                self._open.popitem(last=False)
        return matrix

    def delete(self, matrix_id: str) -> None:
        """Remove a matrix; one that is not there is fine.

        It disappears at once: the folder is moved aside first, and what a crash leaves of it is
        left to `sweep`.
        """
        place = self._place(matrix_id)
        with self._lock:
            self._open.pop(matrix_id, None)
            self._context = None  # chunks of what is gone may still be in it
        aside = self.folder / _TEMPORARY / f"{matrix_id}.{secrets.token_hex(4)}"
        try:
            aside.parent.mkdir(parents=True, exist_ok=True)
            os.rename(place, aside)
            shutil.rmtree(aside)
        except FileNotFoundError:
            return
        except OSError as exc:
            raise StoreError(f"cannot remove matrix {matrix_id}: {exc}") from exc

    def ids(self) -> set[str]:
        """Ids of all matrices that are whole, known to the metadata or not."""
        try:
            return {name for name in os.listdir(self.folder) if _ID.fullmatch(name)}
        except FileNotFoundError:
            return set()
        except OSError as exc:
            raise StoreError(f"cannot list the store {self.folder}: {exc}") from exc

    def age_s(self, matrix_id: str) -> float:
        """Seconds since a matrix was put in its place, 0 if there is none.

        An orphan that is younger than the longest transaction may be about to be committed.
        """
        try:
            return max(0.0, time.time() - self._place(matrix_id).stat().st_ctime)
        except FileNotFoundError:
            return 0.0

    def sweep(self) -> int:
        """Remove what writers left that died, or were killed; return how many.

        Writers that live, in this or another process, hold a lock and are left alone.
        """
        removed = 0
        folder = self.folder / _TEMPORARY
        with suppress(FileNotFoundError):
            for name in sorted(os.listdir(folder)):
                removed += _sweep_one(folder, name)
        return removed

    def _place(self, matrix_id: str) -> Path:
        if not _ID.fullmatch(matrix_id):
            raise StoreError(f"{matrix_id!r} is not the id of a matrix")
        return self.folder / matrix_id


def _sweep_one(folder: Path, name: str) -> int:
    """Remove one unfinished matrix, or a lock that was left alone."""
    stem = name.removesuffix(".lock")
    lock_path = folder / f"{stem}.lock"
    try:
        descriptor = lock(lock_path)
    except BlockingIOError:
        return 0
    except OSError as exc:
        raise StoreError(f"cannot sweep {folder}: {exc}") from exc
    try:
        existed = (folder / stem).exists()
        shutil.rmtree(folder / stem, ignore_errors=True)
        with suppress(FileNotFoundError):
            lock_path.unlink()
    finally:
        os.close(descriptor)
    return int(existed)
