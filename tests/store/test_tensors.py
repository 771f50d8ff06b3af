from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from odm_shiny.store.store import Store
from odm_shiny.store.tensors import open_tensor, tensor_context

SPEC = {
    "driver": "zarr3",
    "metadata": {"shape": [3, 2], "data_type": "float32", "fill_value": 7},
}
HEAVY = ("alembic", "numba", "pandas", "polars", "pyarrow.compute", "scipy", "tensorstore", "zarr")


def test_what_is_written_is_read_again(tmp_path):
    spec = {**SPEC, "kvstore": {"driver": "file", "path": f"{tmp_path}/"}}
    written = open_tensor(spec, tensor_context(), create=True)
    written[1:] = np.array([[1, 2], [3, np.nan]], np.float32)
    found = open_tensor(spec, tensor_context(cache_bytes=0), read=True).read().result()
    np.testing.assert_array_equal(found, [[7, 7], [1, 2], [3, np.nan]])


def test_an_array_that_is_not_there_is_a_value_error(tmp_path):
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{tmp_path}/none/"}}
    with pytest.raises(ValueError, match="none"):
        open_tensor(spec, tensor_context(), read=True)


def test_a_question_about_metadata_loads_no_heavy_library(tmp_path):
    Store.open(tmp_path).close()
    code = (
        "import sys; from odm_shiny import connect\n"
        f"with connect(store={str(tmp_path)!r}) as client: assert not len(client.samples.find())\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
