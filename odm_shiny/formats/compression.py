"""Open a plain or compressed file as a stream of bytes, within bounds.

What the first bytes say counts, not the name: a gzip file called ``samples.tsv`` is unpacked, a
text file called ``samples.tsv.gz`` is an error. Brotli has no mark of its own, so there the name
decides. Every limit is checked while bytes are read, so that a bomb costs no memory.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, BinaryIO, Self

from odm_shiny.errors import FileError, MissingDependency

Source = str | Path | bytes | BinaryIO
"""A path, the bytes themselves, or an open binary file."""

SUFFIXES = {".gz": "gzip", ".bgz": "gzip", ".zip": "zip", ".br": "brotli", ".lz4": "lz4"}
"""File name endings and the compression that each stands for."""

_MARKS = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x04\x22\x4d\x18": "lz4",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_MARK_LENGTH = 6
_UNREAD = {"bzip2", "xz", "zstd"}
_MACOS_FORK = "__MACOSX/"


@dataclass(frozen=True, slots=True)
class Limits:
    """What an unpacked file may grow to.

    Attributes
    ----------
    max_bytes
        Size of the unpacked content; ``None`` for no limit.
    max_ratio
        Unpacked to packed size, looked at beyond `ratio_from_bytes` of content.
    ratio_from_bytes
        Size up to which any ratio is fine.
    """

    max_bytes: int | None = None
    max_ratio: int = 200
    ratio_from_bytes: int = 8 << 20


class ByteStream:
    """Unpacked bytes of a file, read forward only.

    Attributes
    ----------
    name
        Name of the file as the user gave it, for messages.
    compression
        ``gzip``, ``zip``, ``brotli``, ``lz4`` or ``None``.
    """

    def __init__(
        self,
        raw: Any,
        *,
        name: str,
        compression: str | None,
        packed: Callable[[], int],
        limits: Limits,
        closing: list[Any],
    ) -> None:
        self.name = name
        self.compression = compression
        self._raw = raw
        self._packed = packed
        self._limits = limits
        self._closing = closing
        self._head = b""
        self._n_read = 0

    def read(self, size: int) -> bytes:
        """Read `size` bytes, fewer only at the end of the content.

        Raises
        ------
        FileError
            The packed content is cut or damaged, or it is larger than the limits.
        """
        parts = [self._head[:size]]
        missing = size - len(parts[0])
        self._head = self._head[size:]
        while missing > 0:
            part = self._read_some(min(missing, 1 << 20))
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def peek(self, size: int) -> bytes:
        """Look at the next `size` bytes without taking them."""
        if len(self._head) < size:
            self._head = self.read(size)
        return self._head[:size]

    def close(self) -> None:
        """Close what was opened here; a file handed in open stays open."""
        while self._closing:
            with suppress(OSError, ValueError):
                self._closing.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _read_some(self, size: int) -> bytes:
        try:
            part: bytes = self._raw.read(size) or b""
        except (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile) as exc:
            raise FileError(self._why(exc), path=self.name) from exc
        self._n_read += len(part)
        self._check_limits()
        return part

    def _why(self, exc: Exception) -> str:
        if self.compression is None:
            return f"cannot be read: {exc}"
        return (
            f"the {self.compression} content is cut short or damaged ({exc}); "
            "pack or upload the file again"
        )

    def _check_limits(self) -> None:
        limits = self._limits
        if limits.max_bytes is not None and self._n_read > limits.max_bytes:
            raise FileError(
                f"has more than the allowed {limits.max_bytes:,} bytes of content", path=self.name
            )
        if self.compression is None or self._n_read <= limits.ratio_from_bytes:
            return
        if self._n_read > limits.max_ratio * max(self._packed(), 1):
            raise FileError(
                f"unpacks to more than {limits.max_ratio} times its size, which no table of this "
                "kind does; upload it unpacked if it is right",
                path=self.name,
            )


def split_suffix(name: str) -> tuple[str, str | None]:
    """Split a file name into the name of its content and its compression.

    >>> split_suffix("Test.expression.GCT.gz")
    ('Test.expression.GCT', 'gzip')
    >>> split_suffix("samples.tsv")
    ('samples.tsv', None)
    """
    suffix = PurePosixPath(name).suffix.lower()
    compression = SUFFIXES.get(suffix)
    return (name[: -len(suffix)], compression) if compression else (name, None)


def open_stream(
    source: Source, *, name: str | None = None, limits: Limits | None = None
) -> ByteStream:
    """Open a file and unpack it while it is read.

    Parameters
    ----------
    source
        A path, bytes, or an open binary file (read from where it stands, left open).
    name
        Name for messages and, by its ending, for Brotli; the path's own name if not given.
    limits
        Bounds of the unpacked content.

    Raises
    ------
    FileError
        No such file, wrong compression, a zip of several members, packed twice.
    MissingDependency
        The compression needs a library that this installation lacks.
    """
    limits = limits or Limits()
    shown = name or _own_name(source)
    raw, closing = _open_raw(source, shown)
    try:
        head = _read_head(raw, shown)
        compression = _compression(head, shown)
        stream = _unpacked(_Counted(raw, head), compression, shown, limits, closing)
        if compression and (again := _marked(stream.peek(_MARK_LENGTH))):
            raise FileError(
                f"is packed twice ({again} inside {compression}); unpack it once", path=shown
            )
    except BaseException:
        for opened in reversed(closing):
            opened.close()
        raise
    return stream


class _Counted:
    """The packed file behind its already read first bytes; counts what was taken."""

    def __init__(self, raw: BinaryIO, head: bytes) -> None:
        self.raw = raw
        self.head = head
        self.n_read = 0
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        if self.head:
            part = self.head if size < 0 else self.head[:size]
            self.head = self.head[len(part) :]
            if size < 0:
                part += self.raw.read()
        else:
            part = self.raw.read(size)
        self.n_read += len(part)
        return part

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True


def _own_name(source: Source) -> str:
    if isinstance(source, str | Path):
        return Path(source).name
    return str(getattr(source, "name", "")) or "the file"


def _open_raw(source: Source, name: str) -> tuple[BinaryIO, list[Any]]:
    if isinstance(source, bytes):
        return io.BytesIO(source), []
    if not isinstance(source, str | Path):
        return source, []
    try:
        opened = Path(source).open("rb")  # noqa: SIM115 - the stream closes it
    except FileNotFoundError as exc:
        raise FileError("does not exist", path=name) from exc
    except IsADirectoryError as exc:
        raise FileError("is a folder; name a file in it", path=name) from exc
    except (OSError, ValueError) as exc:
        raise FileError(f"cannot be opened: {exc}", path=name) from exc
    return opened, [opened]


def _read_head(raw: BinaryIO, name: str) -> bytes:
    head = b""
    try:
        while len(head) < _MARK_LENGTH and (part := raw.read(_MARK_LENGTH - len(head))):
            head += part
    except OSError as exc:
        raise FileError(f"cannot be read: {exc}", path=name) from exc
    return head


def _marked(head: bytes) -> str | None:
    return next((kind for mark, kind in _MARKS.items() if head.startswith(mark)), None)


def _compression(head: bytes, name: str) -> str | None:
    promised = split_suffix(name)[1]
    found = _marked(head)
    if found in _UNREAD:
        raise FileError(f"is packed with {found}; unpack it or pack it with gzip", path=name)
    if found is None and promised == "brotli":
        return "brotli"
    if found is None and promised:
        raise FileError(
            f"is named like a {promised} file but is none; take the ending off if it is plain "
            "text, or upload it again",
            path=name,
        )
    return found


def _unpacked(
    packed: _Counted, compression: str | None, name: str, limits: Limits, closing: list[Any]
) -> ByteStream:
    raw: Any = packed
    count: Callable[[], int] = lambda: packed.n_read  # noqa: E731
    if compression == "zip":
        raw, size = _zip_member(packed, name, limits, closing)
        count = lambda: size  # noqa: E731
    elif compression is not None:
        raw = _arrow_stream(packed, compression, name)
        closing.append(raw)
    return ByteStream(
        raw, name=name, compression=compression, packed=count, limits=limits, closing=closing
    )


def _arrow_stream(packed: _Counted, compression: str, name: str) -> Any:
    import pyarrow as pa

    if not pa.Codec.is_available(compression):
        raise MissingDependency(
            f"{name} is packed with {compression}, which this pyarrow was built without; "
            "pip install --force-reinstall pyarrow"
        )
    if not packed.head:
        raise FileError(f"is empty, not a {compression} file", path=name)
    return pa.CompressedInputStream(pa.PythonFile(packed, "r"), compression)


def _zip_member(packed: _Counted, name: str, limits: Limits, closing: list[Any]) -> tuple[Any, int]:
    """Open the only member of a zip; return it with its packed size."""
    file = _seekable(packed, limits, closing)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError) as exc:
        raise FileError(
            f"is not a whole zip file ({exc}); pack or upload it again", path=name
        ) from exc
    closing.append(archive)
    members = [m for m in archive.infolist() if not m.filename.startswith(_MACOS_FORK)]
    if len(members) != 1:
        raise FileError(
            f"holds {len(members)} files; pack exactly one file into the zip", path=name
        )
    member = members[0]
    plain = member.filename.replace("\\", "/")
    if "/" in plain or plain in {".", ".."}:
        raise FileError(f"holds {member.filename!r}; pack the file without any folder", path=name)
    if member.flag_bits & 1:
        raise FileError("is a zip with a password; pack it without one", path=name)
    try:
        opened = archive.open(member)
    except (NotImplementedError, RuntimeError, zipfile.BadZipFile) as exc:
        raise FileError(f"cannot be unpacked ({exc}); pack it with gzip", path=name) from exc
    closing.append(opened)
    return opened, member.compress_size


def _seekable(packed: _Counted, limits: Limits, closing: list[Any]) -> BinaryIO:
    """The zip itself where it can be searched, else a copy: its table stands at the end."""
    raw = packed.raw
    if raw.seekable():
        raw.seek(-len(packed.head), io.SEEK_CUR)
        return raw
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - the stream closes it
    closing.append(copy)
    shutil.copyfileobj(packed, copy)
    copy.seek(0)
    return copy
