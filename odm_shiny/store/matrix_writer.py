"""Write a matrix block by block: whole or not at all.

A matrix is written to a folder that no reader looks at, synced to disk, and renamed to its place.
Values wait in memory for a shard, about 32 MB; nothing grows with the number of features but the
texts of the feature columns.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from odm_shiny.errors import StoreError
from odm_shiny.formats.arrow_arrays import text_array
from odm_shiny.store.matrix_features import FeatureWriter, to_ipc
from odm_shiny.store.matrix_layout import (
    FEATURES_KEY,
    FORMAT,
    RUNS_KEY,
    ChunkLayout,
    TableColumn,
    array_metadata,
    measurement_keys,
    write_description,
)
from odm_shiny.store.matrix_precision import decimals_of, restore
from odm_shiny.store.tensors import open_tensor, tensor_context


@dataclass(frozen=True, slots=True)
class MatrixInfo:
    """What was written.

    Attributes
    ----------
    matrix_id
        Its id in the store.
    path
        Its folder.
    n_runs, n_features
        Its shape.
    n_values
        Values that are not missing, over all measurements.
    feature_columns
        Column -> ``"string"`` or ``"number"``, in file order.
    measurements
        Names of the measurements.
    dtypes
        ``float32`` or ``float64`` for each measurement.
    n_bytes
        Size on disk.
    """

    matrix_id: str
    path: Path
    n_runs: int
    n_features: int
    n_values: int
    feature_columns: dict[str, str]
    measurements: list[str]
    dtypes: list[str]
    n_bytes: int


class MatrixWriter:
    """Writes one matrix; `MatrixStore.writer` makes it.

    Use it in a ``with`` statement: what is not finished at its end is aborted.
    """

    def __init__(
        self,
        matrix_id: str,
        *,
        place: Path,
        temporary: Path,
        lock_fd: int,
        run_names: Sequence[str],
        measurements: Sequence[str],
        n_features_hint: int | None = None,
    ) -> None:
        self.matrix_id = matrix_id
        self.run_names = list(run_names)
        self._place = place
        self._folder = temporary
        self._lock_fd: int | None = lock_fd
        self._names = list(measurements)
        self._features = FeatureWriter()
        self._layout = ChunkLayout.of(len(self.run_names), len(self._names))
        if n_features_hint is not None and n_features_hint <= self._layout.shard_features:
            self._layout = ChunkLayout.of(len(self.run_names), len(self._names), n_features_hint)
        self._buffer = _Buffer(self._layout.shard_features, len(self.run_names), len(self._names))
        self._values = [
            _ValueWriter(self._folder, key, len(self.run_names))
            for key in measurement_keys(self._names)
        ]
        self._n_values = 0

    def write_block(
        self, features: Mapping[str, Sequence[str | None]], values: NDArray[np.float64]
    ) -> None:
        """Add features.

        Parameters
        ----------
        features
            Feature column -> one text a feature, ``None`` where missing. Columns of numbers come
            as text, too: `finish` says which they are.
        values
            (n_block, n_runs, n_measurements) float64, NaN where missing.

        Raises
        ------
        StoreError
            The disk is full, read-only or failing; the matrix is then aborted.
        """
        with self._aborting():
            if values.shape[1:] != (len(self.run_names), len(self._names)):
                raise ValueError(
                    f"values of shape {values.shape} do not fit {len(self.run_names)} runs and "
                    f"{len(self._names)} measurements"
                )
            self._features.append(features, len(values))
            self._n_values += int(np.count_nonzero(~np.isnan(values)))
            for _ in self._buffer.fill(values):
                self._flush()

    def finish(self, feature_columns: Mapping[str, str] | None = None) -> MatrixInfo:
        """Write the rest, sync everything to disk, and move it to its place.

        Parameters
        ----------
        feature_columns
            Column -> ``"string"`` or ``"number"``; all text if not given.

        Raises
        ------
        StoreError
            The disk fails, or a matrix of this id exists.
        """
        with self._aborting():
            kinds = {name: (feature_columns or {}).get(name, "string") for name in self._names_of()}
            if self._buffer.n_filled:
                if not self._values[0].n_features:
                    self._layout = ChunkLayout.of(
                        len(self.run_names), len(self._names), self._buffer.n_filled
                    )
                self._flush()
            for writer in self._values:
                writer.wait()
            self._describe(kinds)
            n_bytes = _sync_tree(self._folder)
            self._publish()
        self._unlock()
        return MatrixInfo(
            self.matrix_id,
            self._place,
            len(self.run_names),
            self._values[0].n_features,
            self._n_values,
            kinds,
            list(self._names),
            [writer.dtype for writer in self._values],
            n_bytes,
        )

    def abort(self) -> None:
        """Remove what was written; harmless after `finish`."""
        for writer in self._values:
            with suppress(StoreError):
                writer.wait()
        if self._lock_fd is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._unlock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.abort()

    @contextmanager
    def _aborting(self) -> Iterator[None]:
        if self._lock_fd is None:
            raise StoreError(f"matrix {self.matrix_id} is finished or was aborted")
        try:
            yield
        except OSError as exc:
            self.abort()
            raise StoreError(f"matrix {self.matrix_id} cannot be written: {exc}") from exc
        except BaseException:
            self.abort()
            raise

    def _names_of(self) -> list[str]:
        return self._features.names or ["feature"]

    def _flush(self) -> None:
        rows = self._buffer.take()
        for number, writer in enumerate(self._values):
            writer.write(np.ascontiguousarray(rows[:, :, number]), self._layout)

    def _describe(self, kinds: dict[str, str]) -> None:
        if not self._features.names:
            self._features.append({name: [] for name in kinds}, 0)
        meta = {
            "format": FORMAT,
            "n_runs": len(self.run_names),
            "chunk_runs": self._layout.chunk_runs,
            "chunk_features": self._layout.chunk_features,
            "measurements": [
                {"name": name, "key": writer.key, "dtype": writer.dtype}
                for name, writer in zip(self._names, self._values, strict=True)
            ],
        }
        decimals = [writer.decimals for writer in self._values]
        accession, *others = kinds
        runs = pa.table({"run": text_array(self.run_names)})
        write_description(
            self._folder,
            layout=self._layout,
            measurements=[(writer.key, writer.dtype) for writer in self._values],
            run_names=self.run_names,
            feature_index=TableColumn(accession, self._features.texts(accession).to_pylist()),
            feature_columns=[self._table_column(name, kinds[name]) for name in others],
            blobs={
                FEATURES_KEY: self._features.to_arrow(kinds, decimals, meta),
                RUNS_KEY: to_ipc(runs),
            },
        )

    def _table_column(self, name: str, kind: str) -> TableColumn:
        if kind == "number":
            return TableColumn(name, self._features.numbers(name))
        return TableColumn(name, self._features.texts(name).to_pylist())

    def _publish(self) -> None:
        try:
            os.rename(self._folder, self._place)
        except OSError as exc:
            if self._place.exists():
                raise StoreError(f"matrix {self.matrix_id} exists already") from exc
            raise
        _sync(self._place.parent)

    def _unlock(self) -> None:
        if self._lock_fd is not None:
            with suppress(FileNotFoundError):
                os.unlink(f"{self._folder}.lock")
            os.close(self._lock_fd)
            self._lock_fd = None


class _Buffer:
    """Features that wait for their shard to be full."""

    def __init__(self, capacity: int, n_runs: int, n_measurements: int) -> None:
        self._rows = np.empty((0, n_runs, n_measurements))
        self._capacity = capacity
        self.n_filled = 0

    def fill(self, values: NDArray[np.float64]) -> Iterator[None]:
        """Copy values in; yields each time it is full and must be taken."""
        taken = 0
        while taken < len(values):
            count = min(self._capacity - self.n_filled, len(values) - taken)
            self._grow(self.n_filled + count)
            self._rows[self.n_filled : self.n_filled + count] = values[taken : taken + count]
            self.n_filled += count
            taken += count
            if self.n_filled == self._capacity:
                yield

    def take(self) -> NDArray[np.float64]:
        """Empty it; the result is good until the next `fill`."""
        rows, self.n_filled = self._rows[: self.n_filled], 0
        return rows

    def _grow(self, wanted: int) -> None:
        if wanted > len(self._rows):
            size = min(self._capacity, max(wanted, 2 * len(self._rows)))
            rows = np.empty((size, *self._rows.shape[1:]))
            rows[: self.n_filled] = self._rows[: self.n_filled]
            self._rows = rows


class _ValueWriter:
    """Writes the values of one measurement, as float32 while that loses nothing."""

    def __init__(self, folder: Path, key: str, n_runs: int) -> None:
        self.key = key
        self.dtype = "float32"
        self.n_features = 0
        self._path = folder / key
        self._n_runs = n_runs
        self._decimals: list[NDArray[np.uint8]] = []
        self._pending: Any = None
        self._context = tensor_context(cache_bytes=0, file_io_sync=False)

    @property
    def decimals(self) -> NDArray[np.uint8] | None:
        """Decimals of each feature, ``None`` for float64."""
        if self.dtype == "float64":
            return None
        return np.concatenate(self._decimals) if self._decimals else np.empty(0, np.uint8)

    def write(self, rows: NDArray[np.float64], layout: ChunkLayout) -> None:
        """Write one shard, (n_features, n_runs); it may go on when this returns."""
        if self.dtype == "float32":
            decimals = decimals_of(rows)
            if decimals is None:
                self._widen(layout)
            else:
                self._decimals.append(decimals)
        behind = self.n_features + len(rows)
        self.wait()
        array = self._open(self._path, layout, behind)
        self._pending = array[self.n_features : behind].write(rows.astype(self.dtype))
        self.n_features = behind

    def wait(self) -> None:
        """Wait for the shard that is being written."""
        if self._pending is not None:
            pending, self._pending = self._pending, None
            try:
                pending.result()
            except (ValueError, OSError) as exc:
                raise StoreError(
                    f"values cannot be written to {self._path} ({exc}); is the disk full?"
                ) from exc

    def _widen(self, layout: ChunkLayout) -> None:
        """Write all shards so far again, as float64."""
        self.wait()
        self.dtype = "float64"
        if not self.n_features:
            return
        narrow = self._path.with_name(self._path.name + ".float32")
        os.rename(self._path, narrow)
        source = self._open(narrow, layout, self.n_features, dtype="float32")
        target = self._open(self._path, layout, self.n_features)
        decimals = np.concatenate(self._decimals)
        for first in range(0, self.n_features, layout.shard_features):
            part = slice(first, first + layout.shard_features)
            values = restore(source[part].read().result(), decimals[part])
            self._pending = target[part].write(values)
            self.wait()
        shutil.rmtree(narrow)

    def _open(
        self, path: Path, layout: ChunkLayout, n_features: int, dtype: str | None = None
    ) -> Any:
        spec = {
            "driver": "zarr3",
            "kvstore": {"driver": "file", "path": f"{path}/"},
            "metadata": array_metadata(layout, dtype or self.dtype, self._n_runs, n_features),
            "store_data_equal_to_fill_value": True,
            "fill_missing_data_reads": False,
        }
        return open_tensor(spec, self._context, assume_metadata=True).T


def lock(path: Path) -> int:
    """Create and lock a file; the lock ends with the process, however that ends.

    Raises
    ------
    BlockingIOError
        Another process, or another writer of this one, holds it.
    """
    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except FileNotFoundError:
            pass
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)  # a sweep removed the file just before it was locked: once more


def _sync_tree(folder: Path) -> int:
    """Sync a folder and all below it to disk; return its size in bytes."""
    n_bytes = 0
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(parent, name)
            n_bytes += path.stat().st_size
            _sync(path)
        _sync(Path(parent))
    return n_bytes


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
