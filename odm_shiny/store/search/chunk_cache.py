"""Decoded chunks in memory, shared by all threads of a process, bounded in bytes."""

from __future__ import annotations

import os
import weakref
from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Final, TypeVar

DEFAULT_BYTES: Final = 256 << 20

_Kept = TypeVar("_Kept")


class ChunkCache:
    """Least recently used values by key, each valid for exactly one stamp.

    Parameters
    ----------
    max_bytes
        Upper bound of the sizes kept; a value larger than a quarter of it is not kept at all.

    Notes
    -----
    Stamps are random 63-bit numbers drawn for every write and read inside the caller's transaction.
    One that is rolled back, or that sees an older snapshot, therefore never shares a stamp with
    other content: what is found under the right stamp is right, whoever put it there.
    Values must not be changed once they are here.
    """

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        self.max_bytes = max_bytes
        self._reset()
        _caches.add(self)

    @property
    def n_bytes(self) -> int:
        """Sum of the sizes of what is kept."""
        return self._n_bytes

    def get(self, key: Hashable, stamp: Hashable, kind: type[_Kept]) -> _Kept | None:
        """Give the value of `key` if it was kept under this `stamp`, else ``None``."""
        with self._lock:
            found = self._kept.get(key)
            if found is None or found[0] != stamp or not isinstance(found[1], kind):
                return None
            self._kept.move_to_end(key)
            return found[1]

    def put(self, key: Hashable, stamp: Hashable, value: object, n_bytes: int) -> None:
        """Keep `value`, forget what `key` had before, and drop the least recently used."""
        with self._lock:
            before = self._kept.pop(key, None)
            if before is not None:
                self._n_bytes -= before[2]
            if n_bytes * 4 > self.max_bytes:
                return
            self._kept[key] = (stamp, value, n_bytes)
            self._n_bytes += n_bytes
            while self._n_bytes > self.max_bytes:
                _, (_, _, dropped) = self._kept.popitem(last=False)
                self._n_bytes -= dropped

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._n_bytes = 0

    def _reset(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, tuple[Hashable, object, int]] = OrderedDict()
        self._n_bytes = 0


_caches: weakref.WeakSet[ChunkCache] = weakref.WeakSet()


def _after_fork() -> None:
    # Another thread may have held a lock at the moment of the fork; that thread is not here.
    for cache in list(_caches):
        cache._reset()


os.register_at_fork(after_in_child=_after_fork)
