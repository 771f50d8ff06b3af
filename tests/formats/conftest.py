from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest


@pytest.fixture
def packed() -> Callable[[bytes, str], bytes]:
    """Pack bytes with gzip, zip, brotli or lz4."""

    def pack(content: bytes, compression: str) -> bytes:
        if compression == "gzip":
            return gzip.compress(content)
        if compression == "zip":
            file = io.BytesIO()
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("inside.tsv", content)
            return file.getvalue()
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, compression) as stream:
            stream.write(content)
        return bytes(sink.getvalue().to_pybytes())

    return pack


@pytest.fixture
def large_values() -> np.ndarray:
    """More values than the compiled writer needs to come in, with some that it cannot write."""
    rng = np.random.default_rng(3)
    values = np.round(rng.normal(0, 100, (900, 211)), 5)
    values[rng.random(values.shape) < 0.1] = np.nan
    values[700, 3], values[701, 210], values[899, 0] = 1e300, 5e-324, -1e22
    return values
