"""Replies that never change, kept on disk: whole matrices of one version of a file.

Content-addressed: the reply is stored under its own SHA-256 and checked against it when it is
read; an index maps a request to that. The index key is a keyed hash of address, token and request
under a random key of this folder, so neither token nor address can be read from it, and another
token does not find what this one fetched. Metadata is never cached.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from pathlib import Path

from odm_shiny.client.auth import Secret

MAX_BYTES = 2 << 30
"""Size of the folder, packed; what was not used for longest goes first."""

_KEY_BYTES = 32


class ReplyCache:
    """A folder of replies, for one address and one token.

    Parameters
    ----------
    folder
        Made if it is not there, for its owner only.
    url, token
        Whose replies these are; only their keyed hash is used.
    max_bytes
        Most packed bytes of all replies.
    """

    def __init__(
        self, folder: Path, url: str, token: Secret | None, max_bytes: int = MAX_BYTES
    ) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._scope = self._hash(b"scope", url, token.reveal() if token else "")

    def get(self, *request: str) -> bytes | None:
        """Return the reply to a request, or ``None``."""
        index = self._index(request)
        try:
            digest, size = index.read_text("ascii").split()
            packed = self._content(digest)
            body = _unpacked(packed.read_bytes(), int(size))
        except (OSError, ValueError):
            return None
        if hashlib.sha256(body).hexdigest() != digest:
            self.drop(*request)
            return None
        for used in (index, packed):
            with contextlib.suppress(OSError):
                os.utime(used)
        return body

    def put(self, body: bytes, *request: str) -> None:
        """Keep a reply; a disk that is full or read-only keeps nothing and says nothing."""
        digest = hashlib.sha256(body).hexdigest()
        packed = _packed(body)
        if len(packed) > self.max_bytes:
            return
        with contextlib.suppress(OSError):
            self._write(self._content(digest), packed)
            self._write(self._index(request), f"{digest} {len(body)}".encode())
            self._shrink()

    def drop(self, *request: str) -> None:
        """Forget the reply to a request."""
        with contextlib.suppress(OSError):
            self._index(request).unlink()

    def _hash(self, *parts: str | bytes) -> bytes:
        state = hashlib.blake2b(key=self._key(), digest_size=24)
        for part in parts:
            data = part.encode() if isinstance(part, str) else part
            state.update(len(data).to_bytes(8, "little") + data)
        return state.digest()

    def _key(self) -> bytes:
        path = self.folder / "key"
        for _ in range(2):
            with contextlib.suppress(OSError):
                known = path.read_bytes()
                if len(known) == _KEY_BYTES:
                    return known
            self._write(path, secrets.token_bytes(_KEY_BYTES))
        return path.read_bytes()

    def _index(self, request: tuple[str, ...]) -> Path:
        return self.folder / f"{self._hash(self._scope, *request).hex()}.index"

    def _content(self, digest: str) -> Path:
        if len(digest) != 64 or not digest.isalnum():
            raise ValueError("not a digest")
        return self.folder / f"{digest}.zst"

    def _write(self, path: Path, data: bytes) -> None:
        beside = path.with_name(f".{secrets.token_hex(6)}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        beside.replace(path)

    def _shrink(self) -> None:
        kept = []
        for path in self.folder.glob("*.zst"):
            with contextlib.suppress(OSError):
                state = path.stat()
                kept.append((state.st_mtime, state.st_size, path))
        excess = sum(size for _, size, _ in kept) - self.max_bytes
        for _, size, path in sorted(kept):
            if excess <= 0:
                return
            with contextlib.suppress(OSError):
                path.unlink()
            excess -= size


def _packed(body: bytes) -> bytes:
    import pyarrow as pa  # slow to load, and most sessions keep nothing

    packed: bytes = pa.compress(body, codec="zstd", asbytes=True)
    return packed


def _unpacked(packed: bytes, size: int) -> bytes:
    """Unpack a reply; what is no such packing is an OSError or, as Arrow has it, a ValueError."""
    import pyarrow as pa

    body: bytes = pa.decompress(packed, size, codec="zstd", asbytes=True)
    return body
