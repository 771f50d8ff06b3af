"""GCT 1.2 and 1.3, the Broad Institute's text format of expression matrices.

1.2: ``#1.2``, then numbers of rows and columns, then ``Name``, ``Description`` and the column ids,
then rows. 1.3 adds any number of row attributes, which become feature columns, and rows of column
attributes, which are reported and left to the caller: in ODM samples have their own metadata.

Tolerated: trailing tabs, any case in the header, cells in double quotes, blank lines, a wrong
number of rows (a warning). A wrong number of columns is an error, since ids would be mixed up.
"""

from __future__ import annotations

from dataclasses import dataclass

from odm_shiny.errors import FileError
from odm_shiny.formats.compression import Limits, Source, open_stream
from odm_shiny.formats.decimal_text import is_missing, shown, unquote
from odm_shiny.formats.lines import BlockReader
from odm_shiny.formats.matrix_blocks import MatrixBlocks, RowRules
from odm_shiny.formats.matrix_rows import MatrixHeader

FEATURE = "feature"
"""Name of the feature accession column of every GCT file."""
DESCRIPTION = "Description"
"""Name of the second column of a GCT 1.2 file."""

_VERSIONS = ("#1.2", "#1.3")


@dataclass(frozen=True, slots=True)
class _Sizes:
    n_rows: int
    n_columns: int
    n_row_attributes: int = 1
    n_column_attributes: int = 0


def open_gct(
    source: Source,
    *,
    name: str | None = None,
    zero_is_missing: bool = False,
    limits: Limits | None = None,
) -> MatrixBlocks:
    """Open a GCT file and read its header.

    Parameters
    ----------
    source
        A path, bytes, or an open binary file; plain or packed.
    name
        Name of the file for messages.
    zero_is_missing
        A measured zero is not stored.
    limits
        Bounds of the unpacked content.

    Returns
    -------
    The matrix; its feature columns are ``feature`` and ``Description`` (1.2), or ``feature`` and
    the row attributes (1.3). All of them are text in 1.2.

    Raises
    ------
    FileError
        The header is not that of a GCT file, or contradicts itself.
    """
    stream = open_stream(source, name=name, limits=limits)
    try:
        reader = BlockReader(stream)
        version = _read_version(reader)
        sizes = _read_sizes(reader, version)
        header = _read_header(reader, sizes, version)
        attributes = _read_column_attributes(reader, sizes, header)
        return MatrixBlocks(
            stream,
            reader,
            header,
            rules=RowRules(
                unique_features=True,
                text_features=version == "#1.2",
                missing_codes=version == "#1.3",
                zero_is_missing=zero_is_missing,
            ),
            n_rows_promised=sizes.n_rows,
            column_attributes=attributes,
        )
    except BaseException:
        stream.close()
        raise


def _line_cells(reader: BlockReader, number: int, what: str) -> list[str]:
    """Cells of the next line, trimmed and unquoted, without the empty ones at its end."""
    line = reader.next_line()
    if line is None:
        raise FileError(
            f"ends before {what}; a GCT file starts with #1.2, its size, and its column ids",
            path=reader.name,
            line=number,
        )
    cells = [unquote(cell.strip()).strip() for cell in line[0].split("\t")]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _read_version(reader: BlockReader) -> str:
    cells = _line_cells(reader, 1, "its version")
    version = cells[0] if cells else ""
    if version not in _VERSIONS or len(cells) > 1:
        raise FileError(
            f"starts with {shown(' '.join(cells))}, not with #1.2 or #1.3; if this is a table with "
            "one header line, import it as a data frame",
            path=reader.name,
            line=1,
        )
    return version


def _read_sizes(reader: BlockReader, version: str) -> _Sizes:
    cells = _line_cells(reader, 2, "the numbers of rows and columns")
    wanted = 2 if version == "#1.2" else 4
    if len(cells) != wanted or not all(cell.isascii() and cell.isdigit() for cell in cells):
        names = "rows, columns" + (", row attributes, column attributes" if wanted == 4 else "")
        raise FileError(
            f"must hold {wanted} whole numbers ({names}), not {shown(' '.join(cells))}",
            path=reader.name,
            line=2,
        )
    return _Sizes(*(int(cell) for cell in cells))


def _read_header(reader: BlockReader, sizes: _Sizes, version: str) -> MatrixHeader:
    cells = _line_cells(reader, 3, "the column ids")
    n_lead = 1 + sizes.n_row_attributes
    first = cells[0].lower() if cells else ""
    if version == "#1.2" and [cell.lower() for cell in cells[:2]] != ["name", "description"]:
        raise FileError(
            f"must start with Name and Description, not {shown(' '.join(cells[:2]))}",
            path=reader.name,
            line=3,
            column=1 if first != "name" else 2,
        )
    if version == "#1.3" and first != "id":
        raise FileError(
            f"must start with id, not {shown(first)}", path=reader.name, line=3, column=1
        )
    ids = cells[n_lead:]
    if len(ids) != sizes.n_columns or not ids:
        raise FileError(
            f"names {len(ids):,} columns, line 2 says {sizes.n_columns:,}; correct one of them",
            path=reader.name,
            line=3,
            column=min(len(cells), n_lead + sizes.n_columns) + 1,
        )
    _check_ids(ids, n_lead, reader.name)
    lead = [DESCRIPTION] if version == "#1.2" else cells[1:n_lead]
    return MatrixHeader((FEATURE, *_attribute_names(lead, reader.name)), tuple(ids))


def _check_ids(ids: list[str], n_lead: int, name: str) -> None:
    seen: dict[str, int] = {}
    for column, run in enumerate(ids, n_lead + 1):
        problem = None
        if not run:
            problem = "is a column without id; give it one"
        elif len(run.split()) > 1:
            problem = f"is the column id {shown(run)}, which holds a blank; replace it"
        elif run in seen:
            problem = f"repeats the column id {shown(run)} of column {seen[run]}; rename one"
        if problem:
            raise FileError(problem, path=name, line=3, column=column)
        seen[run] = column


def _attribute_names(names: list[str], file: str) -> list[str]:
    seen = {FEATURE: 1}
    for column, name in enumerate(names, 2):
        if not name or name in seen:
            what = f"repeats the name {name!r} of column {seen[name]}" if name else "has no name"
            raise FileError(
                f"is a row attribute that {what}; rename it", path=file, line=3, column=column
            )
        seen[name] = column
    return names


def _read_column_attributes(
    reader: BlockReader, sizes: _Sizes, header: MatrixHeader
) -> dict[str, list[str | None]]:
    """Read the column attributes of GCT 1.3: name -> one text or ``None`` a column."""
    n_lead = 1 + sizes.n_row_attributes
    attributes: dict[str, list[str | None]] = {}
    for number in range(4, 4 + sizes.n_column_attributes):
        cells = _line_cells(reader, number, f"its {sizes.n_column_attributes} column attributes")
        name = cells[0] if cells else ""
        if not name or name in attributes or len(cells) > n_lead + header.n_columns:
            raise FileError(
                "is not a column attribute: it needs a name of its own and at most one value a "
                "column; does line 2 give the right number of column attributes?",
                path=reader.name,
                line=number,
            )
        values = cells[n_lead:]
        values += [""] * (header.n_columns - len(values))
        attributes[name] = [None if is_missing(value) else value for value in values]
    return attributes
