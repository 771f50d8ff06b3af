"""Arrays on disk through tensorstore, which is loaded when the first one is opened.

Loading it takes as long as a small question to the store, and most questions are about metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def tensor_context(*, cache_bytes: int | None = None, file_io_sync: bool = True) -> Any:
    """Make what arrays share: their cache and how they write.

    Parameters
    ----------
    cache_bytes
        Memory for chunks that were read; tensorstore's own default, which is none, if not given.
    file_io_sync
        Whether every chunk is on the disk before its write counts as done.
    """
    import tensorstore

    wanted: dict[str, Any] = {"file_io_sync": file_io_sync}
    if cache_bytes is not None:
        wanted["cache_pool"] = {"total_bytes_limit": cache_bytes}
    return tensorstore.Context(wanted)


def open_tensor(spec: Mapping[str, Any], context: Any, **options: Any) -> Any:
    """Open an array, or make it; `options` are those of ``tensorstore.open``.

    Raises
    ------
    ValueError, OSError
        It is not there, is damaged or cannot be written.
    """
    import tensorstore

    return tensorstore.open(spec, open=True, context=context, **options).result()
