"""Metadata tables: tab separated text with one record a line, to and from plain values.

What is read
    The first line names the attributes, every other line is a record. ``|`` separates several
    values of a cell, ``||`` is a pipe in a value, blanks around values are dropped, empty means
    not set. Values stay text: which of them are numbers is for the template to say.
Short and long records
    A record has as many cells as the header. Only the one record of a table that describes one
    object may end earlier, as those published with ODM do: its missing cells are empty, with a
    warning. Cells beyond the header are tolerated if they are empty.
Quotes
    A cell that is quoted as a whole, the spreadsheet's way, is unquoted. It may hold tabs, or line
    ends, not both, and only if the record then has exactly as many cells as the header: stray
    quotes never join records. Any other quote is text, so ``5" end`` and ``"lung" biopsy`` need
    no care.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from odm_shiny.errors import FileError
from odm_shiny.formats.compression import Limits, Source, open_stream
from odm_shiny.formats.lines import read_lines

MAX_NAME_LENGTH = 255
"""Longest attribute name, in characters."""
MAX_COLUMNS = 10_000
"""Most attributes of a table: each becomes a column of the search index."""
MAX_METADATA_BYTES = 1 << 30
"""Largest unpacked metadata table."""

Cell = str | list[str]

_QUOTED = re.compile(r'"((?:[^"]+|"")*+)"(?=\t|\Z)')
_QUOTED_NO_TAB = re.compile(r'"((?:[^"\t]+|"")*+)"(?=\t|\Z)')
_OPEN = re.compile(r'"(?:[^"\t]+|"")*+\Z')
_CLOSING = re.compile(r'(?:[^"\t]+|"")*+"(?=\t|\Z)')
_GOING_ON = re.compile(r'(?:[^"\t]+|"")*+\Z')
_MAX_CELL_LINES = 1000
_BLANKS = " \t\r\n"


@dataclass(slots=True)
class MetadataTable:
    """A metadata table as text.

    Attributes
    ----------
    columns
        Attribute names in file order.
    records
        Attribute name -> value, or list of at least two values; attributes that are not set are
        left out.
    lines
        1-based line of each record.
    warnings
        What was tolerated, with its line.
    """

    columns: list[str]
    records: list[dict[str, Cell]]
    lines: list[int] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_metadata(
    source: Source,
    *,
    name: str | None = None,
    single_record: bool = False,
    max_bytes: int = MAX_METADATA_BYTES,
) -> MetadataTable:
    """Read a metadata table.

    Parameters
    ----------
    source
        A path, bytes, or an open binary file; plain or packed (see `formats.compression`).
    name
        Name of the file for messages.
    single_record
        The table describes one object (a study, a data file): exactly one record is wanted, and
        empty cells may be missing at its end.
    max_bytes
        Largest unpacked size.

    Raises
    ------
    FileError
        No header or no record, attribute names empty, repeated or too long, a record that is
        shorter or longer than the header, wrong encoding; with line and column.
    """
    with open_stream(source, name=name, limits=Limits(max_bytes=max_bytes)) as stream:
        shown = stream.name
        lines = list(read_lines(stream))
    if not lines or not lines[0][0].strip(_BLANKS):
        raise FileError(
            "has no header; the first line must name the attributes", path=shown, line=1
        )
    columns = _read_columns(_split_line(lines[0][0]), shown)
    table = MetadataTable(columns, [])
    _read_records(lines, table, shown, may_end_early=single_record)
    if not table.records:
        raise FileError("has no record; add at least one line below the header", path=shown, line=2)
    if single_record and len(table.records) > 1:
        raise FileError(
            "must hold one record only; this is the second one",
            path=shown,
            line=table.lines[1],
        )
    return table


def write_metadata(
    records: Iterable[Mapping[str, object]], columns: Sequence[str] | None = None
) -> str:
    """Write records as a metadata table that `read_metadata` reads back.

    Parameters
    ----------
    records
        Attribute name -> value, or list of values; ``None`` and absent are not set. Numbers are
        written as JSON would, booleans as ``true`` and ``false``.
    columns
        Attributes to write, in this order; by default all, in order of first appearance.

    Returns
    -------
    Text with LF line ends. Lost when it is read back: blanks at the ends of a value, CR in a
    value (read as LF), tabs in a value that has line ends (written as blanks).
    """
    rows = list(records)
    if columns is None:
        columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = ["\t".join(_quote_if_needed(name) for name in columns)]
    lines += ["\t".join(_write_cell(row.get(name)) for name in columns) for row in rows]
    return "\n".join(lines) + "\n"


def split_values(text: str) -> list[str]:
    """Split a cell into its values.

    >>> split_values("liver | lung"), split_values("a||b"), split_values(" ")
    (['liver', 'lung'], ['a|b'], [])
    """
    if "|" not in text:
        bare = text.strip(_BLANKS)
        return [bare] if bare else []
    parts = [""]
    for piece in re.split(r"(\|\|?)", text):
        if piece == "|":
            parts.append("")
        else:
            parts[-1] += "|" if piece == "||" else piece
    return [bare for part in parts if (bare := part.strip(_BLANKS))]


def join_values(values: Sequence[str]) -> str:
    """Write values as one cell; the inverse of `split_values` for trimmed, non-empty values.

    >>> join_values(["liver", "lung"]), join_values(["a|b"]), join_values(["a|", "b"])
    ('liver|lung', 'a||b', 'a|| | b')
    """
    escaped = [value.replace("|", "||") for value in values]
    touching = any(value.startswith("|") or value.endswith("|") for value in escaped)
    return (" | " if touching and len(escaped) > 1 else "|").join(escaped)


def _split_line(text: str, quoted: re.Pattern[str] = _QUOTED_NO_TAB) -> list[str]:
    """Split one line into cells; cells that match `quoted` are unquoted, other quotes stay."""
    if '"' not in text:
        return text.split("\t")
    cells = []
    place = 0
    while True:
        found = quoted.match(text, place)
        if found:
            cells.append(found[1].replace('""', '"'))
            place = found.end()
        else:
            end = text.find("\t", place)
            end = len(text) if end < 0 else end
            cells.append(text[place:end])
            place = end
        if place >= len(text):
            return cells
        place += 1


def _read_columns(cells: list[str], name: str) -> list[str]:
    columns = [cell.strip(_BLANKS) for cell in cells]
    while columns and not columns[-1]:
        columns.pop()
    if len(columns) > MAX_COLUMNS:
        raise FileError(
            f"has {len(columns):,} attributes; at most {MAX_COLUMNS:,} are allowed "
            "(is it a matrix, to be imported as data?)",
            path=name,
            line=1,
        )
    seen: dict[str, int] = {}
    for number, column in enumerate(columns, 1):
        problem = None
        if not column:
            problem = "is an attribute without a name; name it or delete the column"
        elif len(column) > MAX_NAME_LENGTH:
            problem = (
                f"is an attribute name of {len(column)} characters; "
                f"at most {MAX_NAME_LENGTH} are allowed"
            )
        elif column in seen:
            problem = (
                f"repeats the attribute {column!r} of column {seen[column]}; rename one of them"
            )
        if problem:
            raise FileError(problem, path=name, line=1, column=number)
        seen[column] = number
    return columns


def _read_records(
    lines: list[tuple[str, int]], table: MetadataTable, name: str, *, may_end_early: bool
) -> None:
    width = len(table.columns)
    place = 1
    while place < len(lines):
        text, number = lines[place]
        place += 1
        if not text.strip(_BLANKS):
            continue
        cells, place = _read_cells(lines, place, width)
        _check_width(cells, width, name, number)
        if len(cells) < width:
            if not may_end_early:
                raise _too_short(len(cells), width, name, number)
            table.warnings.append(
                f"{name}, line {number}: {len(cells)} of {width} cells; the others are taken as "
                "empty"
            )
        record = _record(table.columns, cells)
        if record:
            table.records.append(record)
            table.lines.append(number)


def _read_cells(lines: list[tuple[str, int]], place: int, width: int) -> tuple[list[str], int]:
    """Cells of the record whose first line precedes `place`, and the line behind it."""
    text = lines[place - 1][0]
    cells = _split_line(text)
    if '"' not in text:
        return cells, place
    with_tabs = _split_line(text, _QUOTED)
    if len(with_tabs) == width:
        cells = with_tabs
    joined, behind = text, place
    while _ends_open(joined) and (end := _closing_line(lines, behind)):
        joined = "\n".join([joined, *(line for line, _ in lines[behind:end])])
        behind = end
    if behind > place:
        for pattern in (_QUOTED_NO_TAB, _QUOTED):
            spanning = _split_line(joined, pattern)
            if len(spanning) == width:
                return spanning, behind
    return cells, place


def _ends_open(text: str) -> bool:
    """Whether the last cell starts with a quote and is not closed."""
    return _OPEN.match(text, text.rfind("\t") + 1) is not None


def _closing_line(lines: list[tuple[str, int]], place: int) -> int | None:
    """Line behind the one that closes a cell which goes on at `place`."""
    for number in range(place, min(place + _MAX_CELL_LINES, len(lines))):
        if _CLOSING.match(lines[number][0]):
            return number + 1
        if not _GOING_ON.match(lines[number][0]):
            return None
    return None


def _check_width(cells: list[str], width: int, name: str, line: int) -> None:
    for number, cell in enumerate(cells[width:], width + 1):
        if cell.strip(_BLANKS):
            raise FileError(
                f"has the value {cell.strip(_BLANKS)[:40]!r} but the header names only {width} "
                "columns; name the column or delete the value",
                path=name,
                line=line,
                column=number,
            )


def _too_short(n_cells: int, width: int, name: str, line: int) -> FileError:
    cells = "1 cell" if n_cells == 1 else f"{n_cells} cells"
    return FileError(
        f"has {cells} where the header has {width}; complete the row, with a tab before each empty "
        "cell",
        path=name,
        line=line,
        column=n_cells + 1,
    )


def _record(columns: list[str], cells: list[str]) -> dict[str, Cell]:
    record: dict[str, Cell] = {}
    for column, cell in zip(columns, cells, strict=False):
        values = split_values(cell)
        if values:
            record[column] = values[0] if len(values) == 1 else values
    return record


def _write_cell(value: object) -> str:
    values = value if isinstance(value, list | tuple) else [value]
    texts = [text for item in values if item is not None and (text := _text(item))]
    return _quote_if_needed(join_values(texts))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.strip(_BLANKS) if isinstance(value, str) else str(value)


def _quote_if_needed(text: str) -> str:
    if "\n" in text or "\r" in text:
        text = text.replace("\t", " ")  # a cell that spans lines holds no tab
    if text.startswith('"') or any(sign in text for sign in "\t\n\r"):
        return '"' + text.replace('"', '""') + '"'
    return text
