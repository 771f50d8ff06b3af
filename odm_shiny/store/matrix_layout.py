"""How a matrix lies on disk: AnnData's layout on Zarr v3.

::

    <matrix id>/                 encoding-type anndata
        X/                       (n_runs, n_features), first measurement
        layers/<measurement>/    further measurements, same shape
        obs/  var/               run names; feature columns
        uns/odm_shiny/           features, runs: Arrow IPC files, byte for byte, as uint8 arrays

`anndata.read_zarr` opens the folder. Our own reader needs the arrays and the two Arrow files only:
an uncompressed one-chunk array of bytes is the file itself, so that it can be mapped into memory.

Chunks hold many runs of few features, stored feature by feature (transpose codec): one gene is one
chunk, and its values lie side by side. Chunks are packed into shards of up to `BUFFER_BYTES`.
Each chunk carries a checksum, so that damage is an error and never a number. LZ4 over shuffled bits
takes a fifth more room than zstd and a quarter of its time, writing and reading.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import zarr

# zarr takes half a second to load, and only who writes a matrix needs it.

BUFFER_BYTES = 8 << 20
"""Values that a writer holds, as float64, before it writes a shard; it needs some copies of it."""
CHUNK_VALUES = 1 << 15
MAX_CHUNK_RUNS = 4096
MAX_CHUNK_FEATURES = 4096
MIN_CHUNK_FEATURES = 8
MIN_SHARD_CHUNKS = 4

FEATURES_KEY = "uns/odm_shiny/features"
RUNS_KEY = "uns/odm_shiny/runs"
FORMAT = 1
"""Version of the layout, kept in the Arrow file of the features."""

_MAX_KEY_BYTES = 200
_PLAIN_KEY = re.compile(r"[^/\\\x00-\x1f%]+")


@dataclass(frozen=True, slots=True)
class ChunkLayout:
    """Numbers of runs and features of a chunk and of a shard."""

    chunk_runs: int
    chunk_features: int
    shard_runs: int
    shard_features: int

    @classmethod
    def of(cls, n_runs: int, n_measurements: int, n_features: int | None = None) -> ChunkLayout:
        """Choose chunks for a matrix.

        Parameters
        ----------
        n_runs, n_measurements
            Its size.
        n_features
            Number of features if it is known and small; chunks are not larger than that.
        """
        chunk_runs = max(1, min(n_runs, MAX_CHUNK_RUNS))
        wanted = _power_below(max(1, CHUNK_VALUES // chunk_runs))
        chunk_features = max(MIN_CHUNK_FEATURES, min(MAX_CHUNK_FEATURES, wanted))
        if n_features is not None:
            chunk_features = max(1, min(chunk_features, n_features))
        row_bytes = max(1, n_runs * n_measurements * 8)
        n_chunks = max(MIN_SHARD_CHUNKS, BUFFER_BYTES // row_bytes // chunk_features)
        if n_features is not None:
            n_chunks = min(n_chunks, -(-n_features // chunk_features) or 1)
        return cls(
            chunk_runs,
            chunk_features,
            -(-max(1, n_runs) // chunk_runs) * chunk_runs,
            n_chunks * chunk_features,
        )


def _power_below(number: int) -> int:
    return 1 << (number.bit_length() - 1)


def node_key(name: str, taken: Sequence[str] = ()) -> str:
    """Name of a Zarr node for a column or measurement; any text becomes one safe path part.

    >>> node_key("gene"), node_key("p/q"), node_key(".."), node_key("_index")
    ('gene', 'p%2Fq', '%2E%2E', '%5Findex')
    """
    key = name if _PLAIN_KEY.fullmatch(name) else quote(name, safe=" ()+,;=@&")
    if not key or key in {"_index", "zarr.json"} or key.startswith((".", "__")):
        key = f"%{ord(key[0]):02X}{key[1:]}" if key else "%"
        key = key.replace(".", "%2E")
    encoded = key.encode()
    if len(encoded) > _MAX_KEY_BYTES:
        key = encoded[:_MAX_KEY_BYTES].decode(errors="ignore")
    number, free = 1, key
    while free in taken:
        number += 1
        free = f"{key}%{number}"
    return free


def measurement_keys(names: Sequence[str]) -> list[str]:
    """Places of the measurements in the folder; the first one is ``X``."""
    keys: list[str] = []
    for name in names[1:]:
        keys.append(node_key(name, keys))
    return ["X", *(f"layers/{key}" for key in keys)]


def array_metadata(layout: ChunkLayout, dtype: str, n_runs: int, n_features: int) -> dict[str, Any]:
    """Zarr metadata of a value array, as zarr itself would write it."""
    return {**_empty_metadata(layout, dtype), "shape": [n_runs, n_features]}


@lru_cache(maxsize=32)
def _empty_metadata(layout: ChunkLayout, dtype: str) -> dict[str, Any]:
    import zarr
    from zarr.storage import MemoryStore

    group = zarr.create_group(MemoryStore(), zarr_format=3)
    array = _create_values(group, "X", layout, dtype, 0, 0)
    metadata: dict[str, Any] = json.loads(json.dumps(array.metadata.to_dict()))
    return metadata


def _create_values(
    group: zarr.Group, key: str, layout: ChunkLayout, dtype: str, n_runs: int, n_features: int
) -> Any:
    from zarr.codecs import BloscCodec, Crc32cCodec, TransposeCodec

    return group.create_array(
        key,
        shape=(n_runs, n_features),
        chunks=(layout.chunk_runs, layout.chunk_features),
        shards=(layout.shard_runs, layout.shard_features),
        dtype=dtype,
        filters=[TransposeCodec(order=(1, 0))],
        compressors=[
            BloscCodec(
                cname="lz4", clevel=5, shuffle="bitshuffle", typesize=np.dtype(dtype).itemsize
            ),
            Crc32cCodec(),
        ],
        fill_value=np.nan,
        attributes={"encoding-type": "array", "encoding-version": "0.2.0"},
    )


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of ``obs`` or ``var``: texts (``None`` where missing) or float64."""

    name: str
    values: Sequence[str | None] | NDArray[np.float64]


def write_description(
    folder: Path,
    *,
    layout: ChunkLayout,
    measurements: Sequence[tuple[str, str]],
    run_names: Sequence[str],
    feature_index: TableColumn,
    feature_columns: Sequence[TableColumn],
    blobs: dict[str, bytes],
) -> None:
    """Write everything but the values.

    Parameters
    ----------
    folder
        Where the values are already; becomes an AnnData store.
    measurements
        Place in the folder and dtype of each measurement.
    run_names
        Index of ``obs``.
    feature_index
        Index of ``var``: the accessions.
    feature_columns
        Columns of ``var``.
    blobs
        Files to keep as arrays of bytes, by place.
    """
    import zarr

    root = zarr.create_group(folder, zarr_format=3, attributes=_encoding("anndata", "0.1.0"))
    for key, dtype in measurements:
        if key != "X":
            root.require_group("layers").attrs.update(_encoding("dict", "0.1.0"))
        n_features = len(feature_index.values)
        _create_values(root, key, layout, dtype, len(run_names), n_features)
    _write_table(root, "obs", TableColumn("run", run_names), ())
    _write_table(root, "var", feature_index, feature_columns)
    for key in ("uns", "uns/odm_shiny"):
        root.create_group(key, attributes=_encoding("dict", "0.1.0"))
    for key, content in blobs.items():
        array = root.create_array(
            key,
            shape=(len(content),),
            chunks=(max(1, len(content)),),
            dtype="uint8",
            compressors=None,
            fill_value=0,
            attributes=_encoding("array", "0.2.0"),
        )
        array[:] = np.frombuffer(content, np.uint8)


def blob_path(folder: Path, key: str) -> Path:
    """Path of the file that an array of bytes consists of."""
    return folder / key / "c" / "0"


def _encoding(kind: str, version: str) -> dict[str, Any]:
    return {"encoding-type": kind, "encoding-version": version}


def _write_table(
    root: zarr.Group, key: str, index: TableColumn, columns: Sequence[TableColumn]
) -> None:
    keys: list[str] = []
    for column in (index, *columns):
        keys.append(node_key(column.name, keys))
    attributes = {
        **_encoding("dataframe", "0.2.0"),
        "_index": keys[0],
        "column-order": keys[1:],
    }
    group = root.create_group(key, attributes=attributes)
    for column_key, column in zip(keys, (index, *columns), strict=True):
        if isinstance(column.values, np.ndarray):
            _write_plain(group, column_key, column.values)
        elif any(value is None for value in column.values):
            _write_nullable_texts(group, column_key, column.values)
        else:
            _write_texts(group, column_key, [value or "" for value in column.values])


def _write_plain(group: zarr.Group, key: str, values: NDArray[Any]) -> None:
    array = group.create_array(
        key,
        shape=values.shape,
        chunks=(max(1, min(len(values), 1 << 16)),),
        dtype=values.dtype,
        attributes=_encoding("array", "0.2.0"),
    )
    array[:] = values


def _write_texts(group: zarr.Group, key: str, values: Sequence[str]) -> None:
    array = group.create_array(
        key,
        shape=(len(values),),
        chunks=(max(1, min(len(values), 1 << 16)),),
        dtype="string",
        attributes=_encoding("string-array", "0.2.0"),
    )
    if values:
        array[:] = np.array(values, dtype=object)


def _write_nullable_texts(group: zarr.Group, key: str, values: Sequence[str | None]) -> None:
    nullable = group.create_group(key, attributes=_encoding("nullable-string-array", "0.1.0"))
    _write_texts(nullable, "values", [value or "" for value in values])
    _write_plain(nullable, "mask", np.array([value is None for value in values], dtype=bool))
