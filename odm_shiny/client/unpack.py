"""Bodies as they arrive: unpacked piece by piece, never further than is sensible.

A gzip body of 200 kB can hold 200 MB. `httpx` would unpack a whole network chunk at once; here the
output is asked for in pieces of a megabyte and the work stops as soon as the total or the ratio
is beyond anything an ODM sends (its own replies reach a ratio of about 60).
"""

from __future__ import annotations

import contextlib
import importlib
import zlib
from collections.abc import Iterator
from typing import Any, Protocol

from odm_shiny.errors import MalformedResponse

MAX_BYTES = 2 << 30
"""Most bytes of one unpacked body."""

MAX_RATIO = 200
"""Most unpacked bytes per packed byte, once `RATIO_FROM` bytes are out."""

RATIO_FROM = 8 << 20
_PIECE = 1 << 20


def accepted_encodings(*, loopback: bool) -> str:
    """Return what to ask for: nothing packed on this machine, else what can be unpacked here."""
    if loopback:
        return "identity"
    return "gzip, zstd" if zstd_module() else "gzip"


def zstd_module() -> Any | None:
    """Return Python 3.14's zstd, or its backport, if there is one."""
    for name in ("compression.zstd", "backports.zstd"):
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    return None


class _Decoder(Protocol):
    def feed(self, data: bytes) -> Iterator[bytes]: ...

    def finished(self) -> bool: ...


class Unpacker:
    """Unpacks one body.

    Parameters
    ----------
    encoding
        Value of ``Content-Encoding``.
    what
        Method and path, for messages.

    Attributes
    ----------
    packed, unpacked
        Bytes that went in and came out.
    """

    def __init__(self, encoding: str, what: str) -> None:
        self.packed = 0
        self.unpacked = 0
        self._what = what
        self._decoders = [_decoder(name, what) for name in reversed(_names(encoding))]

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Give a chunk in, get pieces of at most a megabyte out.

        Raises
        ------
        MalformedResponse
            The body does not unpack, or unpacks to more than is sensible.
        """
        self.packed += len(chunk)
        for piece in self._through(chunk, 0):
            self.unpacked += len(piece)
            self._check()
            yield piece

    def finish(self) -> bool:
        """Tell whether the packed form, if any, reached its own end mark."""
        return all(decoder.finished() for decoder in self._decoders)

    def _through(self, chunk: bytes, depth: int) -> Iterator[bytes]:
        if depth == len(self._decoders):
            if chunk:
                yield chunk
            return
        for piece in self._decoders[depth].feed(chunk):
            yield from self._through(piece, depth + 1)

    def _check(self) -> None:
        if self.unpacked > MAX_BYTES:
            raise MalformedResponse(
                f"{self._what}: the reply is larger than {MAX_BYTES >> 30} GiB: ask for less at a "
                "time, or save the stream to a file"
            )
        if (
            self._decoders
            and self.unpacked > RATIO_FROM
            and self.unpacked > MAX_RATIO * self.packed
        ):
            raise MalformedResponse(
                f"{self._what}: {self.packed} packed bytes of the reply unpack to more than "
                f"{self.unpacked}: that is no ODM data, and was stopped"
            )


def _names(encoding: str) -> list[str]:
    names = [name.strip().lower() for name in encoding.split(",")]
    return [name for name in names if name and name != "identity"]


def _decoder(name: str, what: str) -> _Decoder:
    if name in ("gzip", "x-gzip"):
        return _Zlib(zlib.MAX_WBITS | 16, what)
    if name == "deflate":
        return _Zlib(zlib.MAX_WBITS | 32, what)
    if name == "zstd" and (module := zstd_module()):
        return _Zstd(module, what)
    raise MalformedResponse(f"{what}: the reply is packed as {name!r}, which was not asked for")


class _Zlib:
    def __init__(self, window_bits: int, what: str) -> None:
        self._bits = window_bits
        self._what = what
        self._object = zlib.decompressobj(window_bits)
        self._fed = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._fed = self._fed or bool(data)
        while data:
            if self._object.eof:  # gzip allows members one after the other
                self._object = zlib.decompressobj(self._bits)
            try:
                piece = self._object.decompress(data, _PIECE)
            except zlib.error as exc:
                raise MalformedResponse(f"{self._what}: the reply does not unpack: {exc}") from None
            data = self._object.unconsumed_tail or self._object.unused_data
            yield piece

    def finished(self) -> bool:
        return self._object.eof or not self._fed


class _Zstd:
    def __init__(self, module: Any, what: str) -> None:
        self._module = module
        self._what = what
        self._object = module.ZstdDecompressor()
        self._fed = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._fed = self._fed or bool(data)
        while True:
            try:
                piece = self._object.decompress(data, _PIECE)
            except (self._module.ZstdError, EOFError) as exc:
                raise MalformedResponse(f"{self._what}: the reply does not unpack: {exc}") from None
            data = b""
            if piece:
                yield piece
            if self._object.eof or self._object.needs_input:
                return

    def finished(self) -> bool:
        return bool(self._object.eof) or not self._fed
