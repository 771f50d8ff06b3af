"""Lay out code in lines of a given width: a small printer for nested documents.

A document is text, or one of the pieces below. A group is printed on one line where it fits,
otherwise its lines are broken. The way is that of Wadler, "A prettier printer" (2003), with a
stack instead of laziness, so the work grows with the text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

INDENT = 4


@dataclass(frozen=True, slots=True)
class Line:
    """A line break; `flat` where its group fits on one line."""

    flat: str = " "


@dataclass(frozen=True, slots=True)
class Broken:
    """Text that is printed only where its group is broken, such as parentheses."""

    text: str


@dataclass(frozen=True, slots=True)
class Nest:
    """Parts whose line breaks are indented one level more."""

    parts: tuple[Doc, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Parts that are printed on one line if they fit."""

    parts: tuple[Doc, ...]


@dataclass(frozen=True, slots=True)
class Fill:
    """Items with commas between, as many on a line as fit; those before `start` are printed."""

    items: tuple[Doc, ...]
    start: int = 0


@dataclass(frozen=True, slots=True)
class Either:
    """Text where it fits, else another document."""

    flat: str
    broken: Doc


Doc: TypeAlias = "str | Line | Broken | Nest | Group | Fill | Either | tuple[Doc, ...]"

_Entry = tuple[int, bool, Doc]  # indentation, on one line, document

SOFT = Line("")
"""A line break that leaves nothing where its group fits."""


def enclosed(opening: str, inner: Doc, closing: str) -> Group:
    """Put a document between brackets, on lines of its own where it does not fit."""
    return Group((opening, Nest((SOFT, inner)), SOFT, closing))


def joined(items: Iterable[Doc], between: tuple[Doc, ...]) -> tuple[Doc, ...]:
    """Put `between` between `items`."""
    found: list[Doc] = []
    for item in items:
        if found:
            found.extend(between)
        found.append(item)
    return tuple(found)


def lay_out(doc: Doc, width: int = 100) -> str:
    """Print a document in lines of at most `width` characters, where its texts allow."""
    return _Printer(width).run(doc)


class _Printer:
    def __init__(self, width: int) -> None:
        self.width = width
        self.column = 0
        self.out: list[str] = []
        self.stack: list[_Entry] = []

    def run(self, doc: Doc) -> str:
        self.stack.append((0, False, doc))
        while self.stack:
            self._print(*self.stack.pop())
        return "".join(self.out)

    def _print(self, indent: int, flat: bool, doc: Doc) -> None:
        if isinstance(doc, str):
            self._write(doc)
        elif isinstance(doc, Line):
            if flat:
                self._write(doc.flat)
            else:
                self._break(indent)
        elif isinstance(doc, Broken):
            if not flat:
                self._write(doc.text)
        elif isinstance(doc, Nest):
            self._push(indent + INDENT, flat, doc.parts)
        elif isinstance(doc, Group):
            self._push(indent, flat or self._fits(doc.parts), doc.parts)
        elif isinstance(doc, Either):
            fits = flat or self._fits(doc.flat)
            self.stack.append((indent, False, doc.flat if fits else doc.broken))
        elif isinstance(doc, Fill):
            self._fill(indent, flat, doc)
        else:
            self._push(indent, flat, doc)

    def _fill(self, indent: int, flat: bool, fill: Fill) -> None:
        if fill.start >= len(fill.items):
            return
        item = fill.items[fill.start]
        # One item now, the rest when it is printed: only then is the column known.
        self.stack.append((indent, flat, Fill(fill.items, fill.start + 1)))
        self.stack.append((indent, flat, item if flat else Group((item,))))
        if fill.start == 0:
            return
        if flat or self._fits((", ", item, ","), followed=False):
            self._write(", ")
        else:
            self._write(",")
            self._break(indent)

    def _push(self, indent: int, flat: bool, parts: tuple[Doc, ...]) -> None:
        self.stack.extend((indent, flat, part) for part in reversed(parts))

    def _write(self, text: str) -> None:
        self.out.append(text)
        self.column += len(text)

    def _break(self, indent: int) -> None:
        self.out.append("\n" + " " * indent)
        self.column = indent

    def _fits(self, doc: Doc, *, followed: bool = True) -> bool:
        """Whether `doc` fits on this line, with all that follows it up to the next break."""
        room = self.width - self.column
        ahead: list[tuple[bool, Doc]] = [(True, doc)]
        behind = len(self.stack) if followed else 0
        while room >= 0:
            if not ahead:
                if behind == 0:
                    return True
                behind -= 1
                ahead.append(self.stack[behind][1:])
            flat, part = ahead.pop()
            if isinstance(part, Line) and not flat:
                return True
            room -= _own_length(part, flat)
            ahead.extend((flat, inner) for inner in reversed(_inside(part, flat)))
        return False


def _own_length(doc: Doc, flat: bool) -> int:
    if isinstance(doc, str):
        return len(doc)
    if isinstance(doc, Line | Either):
        return len(doc.flat) if flat else 0
    return len(doc.text) if isinstance(doc, Broken) and not flat else 0


def _inside(doc: Doc, flat: bool) -> tuple[Doc, ...]:
    """Parts of a document as far as they matter for the length of one line."""
    if isinstance(doc, str | Line | Broken):
        return ()
    if isinstance(doc, Either):
        return () if flat else (doc.broken,)
    if isinstance(doc, Fill):
        between: Doc = ", " if flat else (",", Line())
        items = doc.items[doc.start :] if flat else doc.items[doc.start : doc.start + 1]
        lead = (between,) if doc.start and items else ()
        return (*lead, *joined(items, (between,)))
    return doc if isinstance(doc, tuple) else doc.parts
