from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable

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
