"""Uploads: a form with files, sent piece by piece, never held in memory."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO


class Form(io.RawIOBase):
    """A ``multipart/form-data`` body that is read like a file.

    Parameters
    ----------
    fields
        Text fields; they come first, as ODM's own client sends them.
    files
        Name of the field and path of the file, in order.
    boundary
        What stands between the parts.

    Attributes
    ----------
    size
        Length of the whole body in bytes.
    """

    def __init__(
        self,
        fields: Mapping[str, str],
        files: Iterable[tuple[str, Path]],
        boundary: str,
    ) -> None:
        super().__init__()
        self._parts: list[BinaryIO] = []
        self._opened: list[BinaryIO] = []
        self.size = 0
        for name, text in fields.items():
            self._add(_head(name, None, boundary) + text.encode() + b"\r\n")
        for name, path in files:
            file = path.open("rb")
            self._opened.append(file)
            self._add(_head(name, path.name, boundary))
            self._parts.append(file)
            self.size += path.stat().st_size
            self._add(b"\r\n")
        self._add(f"--{boundary}--\r\n".encode())

    def _add(self, text: bytes) -> None:
        self._parts.append(io.BytesIO(text))
        self.size += len(text)

    def readable(self) -> bool:
        """Tell that this can be read."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill `buffer` from the parts, one after the other."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        while self._parts:
            chunk = self._parts[0].read(len(view))
            if chunk:
                view[: len(chunk)] = chunk
                return len(chunk)
            self._parts.pop(0)
        return 0

    def close(self) -> None:
        """Close the files."""
        for file in self._opened:
            file.close()
        super().close()


def new_boundary() -> str:
    """Return a boundary that no file will contain."""
    return f"odm-shiny-{secrets.token_hex(16)}"


def _head(name: str, filename: str | None, boundary: str) -> bytes:
    disposition = f'form-data; name="{_quoted(name)}"'
    content_type = ""
    if filename is not None:
        disposition += f'; filename="{_quoted(filename)}"'
        content_type = "Content-Type: application/octet-stream\r\n"
    return (f"--{boundary}\r\nContent-Disposition: {disposition}\r\n{content_type}\r\n").encode()


def _quoted(text: str) -> str:
    # As browsers do (WHATWG, "multipart/form-data encoding algorithm").
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
