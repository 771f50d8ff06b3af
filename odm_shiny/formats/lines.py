"""Text lines out of bytes: any line end, UTF-8 only, every fault with its place.

Line ends are LF, CRLF and CR, mixed as they come. A byte order mark is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from odm_shiny.errors import FileError
from odm_shiny.formats.compression import ByteStream

MAX_LINE_BYTES = 256 << 20
"""A longer line is refused: it would have to be held in memory whole."""

_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Whole lines of a file.

    Attributes
    ----------
    text
        The lines, each with a LF at its end.
    line
        1-based number of the first of them.
    name
        The file, for messages.
    """

    text: bytes
    line: int
    name: str
    offset: int
    raw: bytes

    def line_at(self, position: int) -> int:
        """Number of the line that holds byte `position` of `text`."""
        return self.line + self.text.count(b"\n", 0, position)

    def decode(self, start: int, end: int) -> str:
        """Decode a part of `text`; wrong UTF-8 raises `FileError` with line and offset."""
        part = self.text[start:end]
        try:
            return part.decode()
        except UnicodeDecodeError as exc:
            self._refuse(start + exc.start, part[exc.start])

    def _refuse(self, position: int, byte: int) -> NoReturn:
        raise FileError(
            f"byte 0x{byte:02x} at offset {self.raw_offset(position):,} is not UTF-8; "
            "save the file as UTF-8",
            path=self.name,
            line=self.line_at(position),
        )

    def raw_offset(self, position: int) -> int:
        """Offset in the file of byte `position` of `text` (CRLF counts two there)."""
        if len(self.raw) == len(self.text):
            return self.offset + position
        place = 0
        for _ in range(self.text.count(b"\n", 0, position)):
            lf, cr = self.raw.find(b"\n", place), self.raw.find(b"\r", place)
            ends = [end for end in (lf, cr) if end >= 0]
            place = min(ends) + 1
            if cr >= 0 and place == cr + 1 and lf == place:
                place += 1
        return self.offset + place + position - (self.text.rfind(b"\n", 0, position) + 1)


class BlockReader:
    """Cuts a stream into blocks of whole lines.

    Parameters
    ----------
    stream
        Where the bytes come from.
    max_line_bytes
        Longest line that is accepted.

    Raises
    ------
    FileError
        NUL bytes, UTF-16, a line too long, or a fault of the stream.
    """

    def __init__(self, stream: ByteStream, *, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self.name = stream.name
        self._stream = stream
        self._max_line_bytes = max_line_bytes
        self._rest = b""
        self._line = 1
        self._offset = 0
        self._ended = False
        head = stream.peek(len(_BOM))
        if head.startswith(_UTF16):
            raise FileError("is UTF-16 text; save it as UTF-8", path=self.name)
        if head == _BOM:
            stream.read(len(_BOM))
            self._offset = len(_BOM)

    @property
    def ended(self) -> bool:
        """Whether the last block was handed out."""
        return self._ended and not self._rest

    def next_line(self) -> tuple[str, int] | None:
        """Take one line, without its end, and its number; ``None`` after the last one."""
        size = 1 << 16
        while True:
            cut = _first_cut(self._rest, whole=self._ended)
            if cut:
                block = self._cut(cut)
                return block.decode(0, len(block.text) - 1), block.line
            if self._ended:
                return None
            self._fill(size)
            size *= 2

    def next_block(self, size: int) -> TextBlock | None:
        """Take about `size` bytes of whole lines; ``None`` after the last line."""
        wanted = size - len(self._rest)
        while True:
            if not self._ended and wanted > 0:
                self._fill(wanted)
            cut = _last_cut(self._rest, whole=self._ended)
            if cut:
                return self._cut(cut)
            if self._ended:
                return None
            wanted = max(size, len(self._rest))

    def blocks(self, size: int) -> Iterator[TextBlock]:
        """Take all that is left in blocks."""
        while (block := self.next_block(size)) is not None:
            yield block

    def _fill(self, size: int) -> None:
        if len(self._rest) > self._max_line_bytes:
            raise FileError(
                f"is longer than {self._max_line_bytes:,} bytes; is this a text table?",
                path=self.name,
                line=self._line,
            )
        part = self._stream.read(size)
        self._ended = len(part) < size
        self._rest = self._rest + part if self._rest else part

    def _cut(self, cut: int) -> TextBlock:
        raw = self._rest[:cut] if cut < len(self._rest) else self._rest
        self._rest = self._rest[cut:]
        text = raw
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if not text.endswith(b"\n"):
            text += b"\n"
            raw += b"\n"
        block = TextBlock(text, self._line, self.name, self._offset, raw)
        self._line += text.count(b"\n")
        self._offset += cut
        if b"\0" in text:
            nul = text.index(b"\0")
            raise FileError(
                f"has a NUL byte at offset {block.raw_offset(nul):,}; is this a text file?",
                path=self.name,
                line=block.line_at(nul),
            )
        return block


def read_lines(stream: ByteStream) -> Iterator[tuple[str, int]]:
    """Yield the lines of a small file and their numbers, checked as UTF-8."""
    reader = BlockReader(stream)
    for block in reader.blocks(1 << 20):
        start = 0
        for number, part in enumerate(block.text[:-1].split(b"\n"), block.line):
            yield block.decode(start, start + len(part)), number
            start += len(part) + 1


def _first_cut(data: bytes, *, whole: bool) -> int:
    """Length of the first line with its end; 0 while its end is not certain."""
    lf, cr = data.find(b"\n"), data.find(b"\r")
    if cr >= 0 and (lf < 0 or cr < lf):
        if cr + 1 == len(data):  # a LF may follow in the next part
            return len(data) if whole else 0
        return cr + (2 if data[cr + 1] == 10 else 1)
    if lf >= 0:
        return lf + 1
    return len(data) if whole else 0


def _last_cut(data: bytes, *, whole: bool) -> int:
    """Length of the lines that are certainly whole."""
    if whole:
        return len(data)
    return max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
