"""Uploads: multipart/form-data read in pieces, large parts on disk."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from odm_shiny.contract.messages import Request
from odm_shiny.server.parameters import shorten
from odm_shiny.server.wire import Problem

MAX_PARTS = 64
MAX_MEMORY_BYTES = 1 << 20
MAX_TEXT_BYTES = 1 << 20
MAX_UPLOAD_BYTES = 64 * 2**30
MAX_NAME_CHARS = 255
CHUNK_BYTES = 1 << 18


@dataclass(slots=True)
class FormPart:
    """One part of an upload.

    Attributes
    ----------
    name
        Of the form field.
    filename
        Base name of the file, safe to show and to use; ``None`` for a text field.
    content_type
        As the client said.
    file
        The bytes, at their start; in memory up to 1 MB, else in a temporary file.
    size
        Number of bytes.
    """

    name: str
    filename: str | None
    content_type: str | None
    file: IO[bytes]
    size: int = 0
    taken: bool = False

    @property
    def text(self) -> str:
        """The part as UTF-8 text.

        Raises
        ------
        Problem
            400: it is too long, or not UTF-8.
        """
        if self.size > MAX_TEXT_BYTES:
            raise Problem(400, f"form field {self.name} is longer than {MAX_TEXT_BYTES} bytes")
        self.file.seek(0)
        try:
            return self.file.read().decode()
        except UnicodeDecodeError as exc:
            raise Problem(
                400, f"form field {self.name} is not UTF-8 text (byte {exc.start})"
            ) from exc
        finally:
            self.file.seek(0)

    def take(self) -> IO[bytes]:
        """Give the file to the caller, who closes it; it outlives the request then."""
        self.taken = True
        self.file.seek(0)
        return self.file

    def save(self, path: Path) -> None:
        """Copy the bytes to `path`."""
        self.file.seek(0)
        with path.open("xb") as target:
            shutil.copyfileobj(self.file, target, CHUNK_BYTES)

    def close(self) -> None:
        """Delete the bytes, unless they were taken."""
        if not self.taken:
            self.file.close()


@contextmanager
def read_form(request: Request) -> Iterator[list[FormPart]]:
    """Read all parts of a multipart/form-data request, in their order.

    At the end of the block every part is deleted that nobody took.

    Raises
    ------
    Problem
        415 if it is not multipart/form-data; 400, with the part it happened in, if it is malformed
        or cut; 413 if a limit is passed.
    """
    parser = _Parser(_boundary(request))
    try:
        yield _parsed(parser, request)
    finally:
        parser.close()


def safe_filename(name: str) -> str:
    r"""Base name of a file as a client sent it, without path, control characters and excess length.

    Examples
    --------
    >>> safe_filename("../../etc/passwd")
    'passwd'
    >>> safe_filename("C:\\data\\counts.gct")
    'counts.gct'
    """
    base = re.split(r"[/\\]", name)[-1]
    base = "".join(char for char in base if char.isprintable()).strip()
    if base in {"", ".", ".."}:
        return "upload"
    if len(base.encode()) <= MAX_NAME_CHARS:
        return base
    # The end of a name tells format and compression: keep it.
    return base.encode()[-MAX_NAME_CHARS:].decode(errors="ignore")


def _parsed(parser: _Parser, request: Request) -> list[FormPart]:
    try:
        for chunk in _chunks(request):
            parser.write(chunk)
        return parser.finish()
    except FormParserError as exc:
        raise Problem(400, f"the upload is malformed {parser.place}: {exc}") from exc


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data":
        sent = shorten(kind.decode("latin-1")) or "nothing"
        raise Problem(415, f"an upload must be multipart/form-data, not {sent}")
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise Problem(400, "the content type multipart/form-data lacks its boundary")
    return boundary


def _chunks(request: Request) -> Iterator[bytes]:
    body = BytesIO(request.body) if isinstance(request.body, bytes) else request.body
    while chunk := body.read(CHUNK_BYTES):
        yield chunk


class _Parser:
    """Collects parts from the callbacks of the multipart parser."""

    def __init__(self, boundary: bytes) -> None:
        self.parts: list[FormPart] = []
        self._header: tuple[bytearray, bytearray] = (bytearray(), bytearray())
        self._headers: dict[str, bytes] = {}
        self._part: FormPart | None = None
        self._finished = False
        self._total = 0
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_finished,
                    "on_part_data": self._data,
                    "on_part_end": self._end,
                    "on_end": self._all,
                },
            )
        except FormParserError as exc:
            raise Problem(400, f"the boundary of the upload is refused: {exc}") from exc

    @property
    def place(self) -> str:
        if self._part is not None:
            return f"in part {shorten(self._part.name)!r}"
        return f"after {len(self.parts)} parts"

    def write(self, chunk: bytes) -> None:
        self._total += len(chunk)
        if self._total > MAX_UPLOAD_BYTES:
            raise Problem(413, f"the upload is larger than {MAX_UPLOAD_BYTES >> 30} GB")
        self._parser.write(chunk)

    def finish(self) -> list[FormPart]:
        self._parser.finalize()
        if not self._finished:
            raise Problem(400, f"the upload ends {self.place}, before its closing boundary")
        for part in self.parts:
            part.file.seek(0)
        return self.parts

    def close(self) -> None:
        for part in [*self.parts, *([self._part] if self._part else [])]:
            part.close()

    def _begin(self) -> None:
        if len(self.parts) >= MAX_PARTS:
            raise Problem(413, f"the upload has more than {MAX_PARTS} parts")
        self._headers = {}

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def _header_end(self) -> None:
        name, value = self._header
        self._headers[name.decode("latin-1").lower()] = bytes(value)
        self._header = (bytearray(), bytearray())

    def _headers_finished(self) -> None:
        kind, options = parse_options_header(self._headers.get("content-disposition", b""))
        if kind != b"form-data" or b"name" not in options:
            raise Problem(400, f"part {len(self.parts) + 1} of the upload has no field name")
        filename = options.get(b"filename")
        self._part = FormPart(
            name=options[b"name"].decode(errors="replace"),
            filename=None if filename is None else safe_filename(filename.decode(errors="replace")),
            content_type=self._headers.get("content-type", b"").decode("latin-1") or None,
            file=SpooledTemporaryFile(max_size=MAX_MEMORY_BYTES),  # noqa: SIM115 - see close()
        )

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        if part is not None:
            part.size += end - start
            if part.filename is None and part.size > MAX_TEXT_BYTES:
                name = shorten(part.name)
                raise Problem(413, f"form field {name} is longer than {MAX_TEXT_BYTES} bytes")
            part.file.write(memoryview(data)[start:end])

    def _end(self) -> None:
        if self._part is not None:
            self.parts.append(self._part)
            self._part = None

    def _all(self) -> None:
        self._finished = True
