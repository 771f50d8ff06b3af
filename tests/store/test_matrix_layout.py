from __future__ import annotations

import json

import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.store.matrix_layout import (
    BUFFER_BYTES,
    MIN_SHARD_CHUNKS,
    ChunkLayout,
    array_metadata,
    measurement_keys,
    node_key,
)


@given(st.integers(0, 200_000), st.integers(1, 20), st.none() | st.integers(1, 5000))
def test_shards_are_whole_chunks_within_the_buffer(n_runs, n_measurements, n_features):
    layout = ChunkLayout.of(n_runs, n_measurements, n_features)
    assert layout.shard_features % layout.chunk_features == 0
    assert layout.shard_runs % layout.chunk_runs == 0
    assert layout.shard_runs >= n_runs
    assert 1 <= layout.chunk_runs * layout.chunk_features <= 1 << 16
    size = layout.shard_features * n_runs * n_measurements * 8
    assert size <= BUFFER_BYTES or layout.shard_features <= MIN_SHARD_CHUNKS * layout.chunk_features


@pytest.mark.parametrize(
    ("n_runs", "chunk"), [(2000, (2000, 16)), (100_000, (4096, 8)), (3, (3, 4096))]
)
def test_one_feature_of_many_runs_is_a_small_chunk(n_runs, chunk):
    layout = ChunkLayout.of(n_runs, 1)
    assert (layout.chunk_runs, layout.chunk_features) == chunk


@given(st.lists(st.text(max_size=300), unique=True, max_size=5))
def test_keys_are_single_path_parts_and_differ(names):
    keys: list[str] = []
    for name in names:
        keys.append(node_key(name, keys))
    assert len(set(keys)) == len(names)
    for key in keys:
        assert key
        assert "/" not in key
        assert "\\" not in key
        assert "\0" not in key
        assert not key.startswith((".", "_index", "__"))
        assert key != "zarr.json"
        assert len(key.encode(errors="surrogatepass")) < 250


def test_usual_names_are_keys_as_they_are():
    assert node_key("Features (numeric) é") == "Features (numeric) é"
    assert measurement_keys(["FC", "p", "a/b"]) == ["X", "layers/p", "layers/a%2Fb"]


def test_metadata_is_what_zarr_writes(tmp_path):
    layout = ChunkLayout.of(5, 1)
    metadata = array_metadata(layout, "float32", 5, 7)
    folder = tmp_path / "X"
    folder.mkdir()
    (folder / "zarr.json").write_text(json.dumps(metadata))
    array = zarr.open_array(folder, mode="r")
    assert array.shape == (5, 7)
    assert array.dtype == "float32"
    assert array.attrs["encoding-type"] == "array"
    assert array.chunks == (layout.chunk_runs, layout.chunk_features)
