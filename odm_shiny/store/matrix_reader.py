"""Read a stored matrix: some features of some runs, quickly, or all of it in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from odm_shiny.errors import StoreError
from odm_shiny.store.matrix_features import Features, read_ipc
from odm_shiny.store.matrix_layout import FEATURES_KEY, FORMAT, RUNS_KEY, blob_path
from odm_shiny.store.matrix_precision import restore
from odm_shiny.store.tensors import open_tensor, tensor_context

BLOCK_BYTES = 4 << 20
"""Values of a streamed block, as float64, before runs are chosen."""

_CACHED, _STREAMED = "cached", "streamed"


class Matrix:
    """A stored matrix, open for reading; safe for any number of threads.

    Attributes
    ----------
    matrix_id
        Its id in the store.
    path
        Its folder; ``anndata.read_zarr(path)`` opens it.
    n_runs, n_features
        Shape of every measurement.
    measurements
        Names of the measurements; the first one is AnnData's ``X``.
    feature_columns
        Column -> ``"string"`` or ``"number"``; the first one holds the feature accession.

    Raises
    ------
    StoreError
        The folder is missing or damaged; also on every read.
    """

    def __init__(self, path: Path, *, matrix_id: str, context: Any) -> None:
        self.matrix_id = matrix_id
        self.path = path
        self._contexts = {_CACHED: context, _STREAMED: tensor_context()}
        self._lock = Lock()
        self._arrays: dict[tuple[int, str], Any] = {}
        try:
            self._features = Features(blob_path(path, FEATURES_KEY))
            meta = self._features.meta
            if meta["format"] != FORMAT:
                raise StoreError(
                    f"matrix {matrix_id} is in format {meta['format']}, this version reads "
                    f"{FORMAT}; use the version of odm-shiny that wrote it"
                )
        except FileNotFoundError as exc:
            raise StoreError(f"matrix {matrix_id} is not in the store ({path})") from exc
        except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as exc:
            raise self._damaged(exc) from exc
        self.n_runs: int = meta["n_runs"]
        self.n_features = len(self._features)
        self.feature_columns = self._features.kinds
        self._places: list[dict[str, str]] = meta["measurements"]
        self.measurements: list[str] = [place["name"] for place in self._places]
        self._chunk_runs: int = meta["chunk_runs"]
        self._chunk_features: int = meta["chunk_features"]

    @cached_property
    def run_names(self) -> list[str]:
        """Run source ids in file order."""
        try:
            names = read_ipc(blob_path(self.path, RUNS_KEY)).column("run").to_pylist()
        except (OSError, pa.ArrowException, KeyError) as exc:
            raise self._damaged(exc) from exc
        return [str(name) for name in names]

    def feature_indices(self, column: str | None, values: Sequence[str]) -> NDArray[np.int64]:
        """Find features by the exact value of a feature column.

        Parameters
        ----------
        column
            A feature column, the accession if ``None``; an unknown one matches nothing.
        values
            Texts to look for; in a column of numbers they are compared as numbers.

        Returns
        -------
        Indices in the order of `values`; a repeated accession gives all its features, ascending.
        """
        return self._features.indices(column, values)

    def feature_column(
        self, name: str | None = None, features: ArrayLike | None = None
    ) -> NDArray[Any]:
        """Values of a feature column.

        Parameters
        ----------
        name
            The column; without a name the accessions, always as text.
        features
            Indices of the wanted features, all if ``None``. Much cheaper than to index the whole
            column.

        Returns
        -------
        float64 for a column of numbers, else objects: str, ``None`` where missing.

        Raises
        ------
        KeyError
            No such column.
        """
        chosen = None if features is None else _checked(features, self.n_features, "feature")
        return self._features.column(name, chosen)

    def suggest(self, prefix: str, limit: int, column: str | None = None) -> list[str]:
        """Values of a feature column that start with a text, then those that hold it.

        Case is ignored; each group is sorted; at most `limit` values, none twice.
        """
        return self._features.suggest(prefix, limit, column)

    def read(
        self,
        features: ArrayLike,
        runs: ArrayLike | None = None,
        measurement: str | None = None,
    ) -> NDArray[np.float64]:
        """Read some features.

        Parameters
        ----------
        features
            Feature indices, in any order, repeats allowed.
        runs
            Run indices, all if ``None``.
        measurement
            Its name, the first one if ``None``.

        Returns
        -------
        (n_runs, n_features) float64 as uploaded, NaN where missing.

        Raises
        ------
        IndexError
            An index outside the matrix.
        KeyError
            No such measurement.
        StoreError
            The values cannot be read.
        """
        rows = _checked(features, self.n_features, "feature")
        columns = None if runs is None else _checked(runs, self.n_runs, "run")
        number = self._number(measurement)
        return self._result(self._request(number, rows, columns, _CACHED), number, rows, columns).T

    def blocks(
        self,
        runs: ArrayLike | None = None,
        features: ArrayLike | None = None,
        size: int = BLOCK_BYTES,
        *,
        measurement: str | None = None,
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Read features block by block; the next block is on its way while one is used.

        Parameters
        ----------
        runs, features, measurement
            As in `read`; all features if ``None``.
        size
            Bytes of values in a block, before runs are chosen.

        Yields
        ------
        Indices of the features of a block, and their values (n_runs, n_block) float64. The
        transpose of the values is C-contiguous: features are rows in memory.
        """
        rows = (
            np.arange(self.n_features)
            if features is None
            else _checked(features, self.n_features, "feature")
        )
        columns = None if runs is None else _checked(runs, self.n_runs, "run")
        number = self._number(measurement)
        per_block = max(1, size // max(1, self.n_runs * 8))
        if per_block > self._chunk_features:
            per_block -= per_block % self._chunk_features
        ahead = None
        for first in range(0, len(rows), per_block):
            chosen = rows[first : first + per_block]
            following = self._request(number, chosen, columns, _STREAMED)
            if ahead is not None:
                yield ahead[0], self._result(ahead[1], number, ahead[0], columns).T
            ahead = (chosen, following)
        if ahead is not None:
            yield ahead[0], self._result(ahead[1], number, ahead[0], columns).T

    def _number(self, measurement: str | None) -> int:
        if measurement is None:
            return 0
        if measurement not in self.measurements:
            raise KeyError(measurement)
        return self.measurements.index(measurement)

    def _array(self, number: int, use: str) -> Any:
        """The values of a measurement, features first; streams leave the cache alone."""
        with self._lock:
            if (number, use) not in self._arrays:
                place = self.path / self._places[number]["key"]
                spec = {
                    "driver": "zarr3",
                    "kvstore": {"driver": "file", "path": f"{place}/"},
                    "fill_missing_data_reads": False,
                    "recheck_cached_metadata": "open",
                    "recheck_cached_data": False,
                }
                try:
                    opened = open_tensor(spec, self._contexts[use], read=True)
                except (ValueError, OSError) as exc:
                    raise self._damaged(exc) from exc
                if opened.shape != (self.n_runs, self.n_features):
                    raise self._damaged(f"{place.name} has the shape {opened.shape}")
                self._arrays[number, use] = opened.T
            return self._arrays[number, use]

    def _request(
        self, number: int, rows: NDArray[np.int64], columns: NDArray[np.int64] | None, use: str
    ) -> Any:
        """Start to read; many runs are in one chunk, which is read whole."""
        array = self._array(number, use)
        selected = columns is not None and self.n_runs > self._chunk_runs
        n_columns = len(columns) if columns is not None and selected else self.n_runs
        if not len(rows) or not n_columns:
            return _Nothing(np.empty((len(rows), n_columns)))
        if selected:
            return array.oindex[rows, columns].read()
        if rows[-1] - rows[0] == len(rows) - 1 and (np.diff(rows) == 1).all():
            return array[int(rows[0]) : int(rows[-1]) + 1].read()
        return array[rows].read()

    def _result(
        self,
        reading: Any,
        number: int,
        rows: NDArray[np.int64],
        columns: NDArray[np.int64] | None,
    ) -> NDArray[np.float64]:
        """Wait for the values; (n_features, n_runs), restored to what was uploaded."""
        try:
            values = reading.result()
        except (ValueError, OSError) as exc:
            raise self._damaged(exc) from exc
        if columns is not None and self.n_runs <= self._chunk_runs:
            values = np.take(values, columns, axis=1)
        decimals = self._features.decimals(number)
        if decimals is None:
            return np.asarray(values, np.float64)
        return restore(values, decimals[rows])

    def _damaged(self, why: object) -> StoreError:
        return StoreError(
            f"matrix {self.matrix_id} is damaged ({why}); restore its folder {self.path} from a "
            "backup or import the file again"
        )


class _Nothing:
    """What is read of a matrix without runs or features."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self._values = values

    def result(self) -> NDArray[np.float64]:
        return self._values


def _checked(indices: ArrayLike, size: int, what: str) -> NDArray[np.int64]:
    array = np.asarray(indices, np.int64).reshape(-1)
    if len(array) and (array.min() < 0 or array.max() >= size):
        raise IndexError(f"a {what} index is outside 0..{size - 1}")
    return array
