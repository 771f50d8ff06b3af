"""The features of a stored matrix: one Arrow file that is mapped, searched, never loaded whole.

For every feature column the file holds its values and the order that sorts them, so that a name is
found among 600,000 in 20 comparisons, right after opening.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from odm_shiny.formats.arrow_arrays import as_numpy, number_array, present, text_array

_META = b"odm_shiny"
_SCAN_FROM = 200  # so many names are found faster by one pass over the column


class FeatureWriter:
    """Collects the feature columns of a matrix and writes them as an Arrow file."""

    def __init__(self) -> None:
        self._columns: dict[str, list[pa.Array]] = {}
        self._n_features = 0

    def append(self, features: Mapping[str, Sequence[str | None]], n_rows: int) -> None:
        """Add rows; every call needs the same columns in the same order."""
        if not self._columns:
            self._columns = {name: [] for name in features}
        if list(features) != list(self._columns):
            raise ValueError(f"feature columns {list(features)} are not {list(self._columns)}")
        for name, texts in features.items():
            if len(texts) != n_rows:
                raise ValueError(f"feature column {name!r} has {len(texts)} of {n_rows} rows")
            self._columns[name].append(text_array(texts))
        self._n_features += n_rows

    @property
    def names(self) -> list[str]:
        """The feature columns."""
        return list(self._columns)

    def texts(self, name: str) -> pa.Array:
        """All texts of a column."""
        return pa.chunked_array(self._columns[name], pa.string()).combine_chunks()

    def numbers(self, name: str) -> NDArray[np.float64]:
        """All values of a column of numbers as float64, NaN where missing."""
        return np.array(
            [np.nan if text is None else float(text) for text in self.texts(name).to_pylist()],
            np.float64,
        )

    def to_arrow(
        self,
        kinds: Mapping[str, str],
        decimals: Sequence[NDArray[np.uint8] | None],
        meta: Mapping[str, Any],
    ) -> bytes:
        """Write the file.

        Parameters
        ----------
        kinds
            Column -> ``"string"`` or ``"number"``.
        decimals
            For each measurement the decimals of its features, ``None`` for float64.
        meta
            Whatever else the reader needs, as JSON.
        """
        arrays: dict[str, pa.Array] = {}
        for number, name in enumerate(self._columns):
            if number == 0 or kinds[name] == "string":
                texts = self.texts(name)
                arrays[f"text:{number}"] = texts
                arrays[f"order:{number}"] = _compute().sort_indices(texts).cast(pa.int32())
            if kinds[name] == "number":
                values = self.numbers(name)
                arrays[f"number:{number}"] = number_array(values)  # NaN, not null, where missing
                order = np.argsort(values, kind="stable").astype(np.int32)
                arrays[f"number order:{number}"] = number_array(order)
        for number, counts in enumerate(decimals):
            if counts is not None:
                arrays[f"decimals:{number}"] = number_array(counts)
        columns = [{"name": name, "kind": kinds[name]} for name in self._columns]
        text = json.dumps({**meta, "columns": columns, "n_features": self._n_features})
        table = pa.table(arrays).replace_schema_metadata({_META: text.encode()})
        return to_ipc(table)


class Features:
    """The features of a stored matrix.

    Attributes
    ----------
    kinds
        Feature column -> ``"string"`` or ``"number"``; the first one is the accession.
    meta
        What the writer kept beside.
    """

    def __init__(self, path: Path) -> None:
        self._table = read_ipc(path)
        self.meta: dict[str, Any] = json.loads(self._table.schema.metadata[_META])
        self.kinds: dict[str, str] = {c["name"]: c["kind"] for c in self.meta["columns"]}
        self._numbers = {name: number for number, name in enumerate(self.kinds)}
        self._folded: dict[str, pa.Array] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return int(self.meta["n_features"])

    def decimals(self, measurement: int) -> NDArray[np.uint8] | None:
        """Decimals of each feature of a float32 measurement."""
        name = f"decimals:{measurement}"
        return self._numpy(name) if name in self._table.column_names else None

    def column(
        self, name: str | None = None, features: NDArray[np.int64] | None = None
    ) -> NDArray[Any]:
        """Values of a column, all or some: objects (str, ``None``) or float64.

        Without a name the accessions as text. No such column is a `KeyError`.
        """
        number = 0 if name is None else self._numbers[name]
        is_number = name is not None and self.kinds[name] == "number"
        if is_number:
            numbers = self._numpy(f"number:{number}")
            return numbers.copy() if features is None else numbers[features]
        texts = self._arrow(f"text:{number}")
        if features is not None:
            texts = texts.take(number_array(features))
        return np.array(texts.to_pylist(), dtype=object)

    def texts(self, name: str | None = None) -> pa.Array:
        """Texts of a column, the accessions if unnamed; a column of numbers is written as text."""
        number = 0 if name is None else self._numbers[name]
        if number == 0 or self.kinds[name or ""] == "string":
            return self._arrow(f"text:{number}")
        return self._arrow(f"number:{number}").cast(pa.string())

    def indices(self, column: str | None, values: Sequence[str]) -> NDArray[np.int64]:
        """Find features by the exact value of a column.

        Parameters
        ----------
        column
            A feature column; ``None`` is the first one. An unknown one matches nothing.
        values
            Texts; in a column of numbers they are compared as numbers.

        Returns
        -------
        Indices in the order of `values`, those of one value ascending; no index twice.
        """
        name = next(iter(self.kinds)) if column is None else column
        if name not in self._numbers:
            return np.empty(0, np.int64)
        number = self._numbers[name]
        wanted = list(dict.fromkeys(values))
        if self.kinds[name] == "number":
            found = self._find_numbers(number, wanted)
        elif len(wanted) < _SCAN_FROM:
            found = [self._find_text(number, value) for value in wanted]
        else:
            found = [self._find_many(number, wanted)]
        joined = np.concatenate(found) if found else np.empty(0, np.int64)
        if len(joined) > 1:
            joined = joined[np.sort(np.unique(joined, return_index=True)[1])]
        return joined.astype(np.int64)

    def suggest(self, prefix: str, limit: int, column: str | None = None) -> list[str]:
        """Distinct values that start with a text, then those that hold it; case is ignored."""
        name = next(iter(self.kinds)) if column is None else column
        if name not in self._numbers or limit <= 0:
            return []
        texts, folded = self.texts(name), self._folded_texts(name)
        wanted = prefix.lower()
        starting = _compute().starts_with(folded, wanted)
        chosen = dict.fromkeys(self._some(texts, starting, limit))
        if len(chosen) < limit and wanted:
            inside = _compute().and_not(_compute().match_substring(folded, wanted), starting)
            chosen |= dict.fromkeys(self._some(texts, inside, limit - len(chosen)))
        return list(chosen)

    @staticmethod
    def _some(texts: pa.Array, mask: pa.Array, limit: int) -> list[str]:
        distinct = _compute().unique(texts.filter(mask))
        first = _compute().sort_indices(distinct)[:limit]
        return [str(text) for text in distinct.take(first).to_pylist()]

    def _folded_texts(self, name: str) -> pa.Array:
        with self._lock:
            if name not in self._folded:
                self._folded[name] = _compute().utf8_lower(self.texts(name))
            return self._folded[name]

    def _find_text(self, number: int, value: str) -> NDArray[np.int64]:
        """Binary search over the UTF-8 bytes of a column, through its sorting order."""
        texts = self._arrow(f"text:{number}")
        order = self._numpy(f"order:{number}")
        n_set = len(texts) - texts.null_count  # missing values are sorted to the end
        wanted = value.encode(errors="surrogatepass")

        def place(*, behind: bool) -> int:
            low, high = 0, n_set
            while low < high:
                middle = (low + high) // 2
                here = texts[int(order[middle])].as_buffer().to_pybytes()
                if here < wanted or (behind and here == wanted):
                    low = middle + 1
                else:
                    high = middle
            return low

        first = place(behind=False)
        if first == n_set or texts[int(order[first])].as_buffer().to_pybytes() != wanted:
            return np.empty(0, np.int64)
        return np.sort(order[first : place(behind=True)]).astype(np.int64)

    def _find_many(self, number: int, values: list[str]) -> NDArray[np.int64]:
        ranks = _compute().index_in(self._arrow(f"text:{number}"), text_array(values))
        hits = np.flatnonzero(present(ranks))
        return hits[np.argsort(as_numpy(ranks)[hits], kind="stable")]

    def _find_numbers(self, number: int, values: list[str]) -> list[NDArray[np.int64]]:
        numbers = self._numpy(f"number:{number}")
        order = self._numpy(f"number order:{number}")
        found = []
        for text in values:
            try:
                value = float(text)
            except ValueError:
                continue
            first = np.searchsorted(numbers, value, side="left", sorter=order)
            behind = np.searchsorted(numbers, value, side="right", sorter=order)
            if not np.isnan(value):
                found.append(np.sort(order[first:behind]).astype(np.int64))
        return found

    def _arrow(self, name: str) -> pa.Array:
        column = self._table.column(name)
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()

    def _numpy(self, name: str) -> NDArray[Any]:
        return as_numpy(self._arrow(name))


def to_ipc(table: pa.Table) -> bytes:
    """Write a table as an Arrow IPC file in one piece."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks(), max_chunksize=max(1, table.num_rows))
    return bytes(sink.getvalue().to_pybytes())


def read_ipc(path: Path) -> pa.Table:
    """Map an Arrow IPC file into memory."""
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def _compute() -> Any:
    """Arrow's functions, which take longer to load than most questions to the store."""
    from pyarrow import compute

    return compute
