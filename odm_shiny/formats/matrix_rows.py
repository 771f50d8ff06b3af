"""Rows of a matrix file as text and numbers: header, faults, and the reader in plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from odm_shiny.errors import FileError
from odm_shiny.formats.decimal_text import NotANumberError, parse_cell
from odm_shiny.formats.lines import TextBlock

_PLAIN = b"0123456789+-.eE\t "


@dataclass(frozen=True, slots=True)
class MatrixHeader:
    """What the header of a matrix file says.

    Attributes
    ----------
    feature_columns
        Names of the leading text columns; the first holds the feature accession.
    run_names
        Run source ids in file order.
    measurements
        Names of the measurements of each run in file order; ``["value"]`` if they have no name.
    order
        (n_runs * n_measurements,) file column of each run and measurement, runs first; ``None``
        if the file has just this order.
    """

    feature_columns: tuple[str, ...]
    run_names: tuple[str, ...]
    measurements: tuple[str, ...] = ("value",)
    order: NDArray[np.int64] | None = None

    @property
    def n_columns(self) -> int:
        """Number of numeric columns."""
        return len(self.run_names) * len(self.measurements)


@dataclass(slots=True)
class ParsedRows:
    """Rows of one text block as they stand in the file.

    Attributes
    ----------
    block
        Where they come from.
    starts
        Position of each row in the block.
    lead
        Texts of the feature columns of each row, as written.
    values
        (n_rows, n_columns) float64 in file order.
    """

    block: TextBlock
    starts: list[int]
    lead: list[list[str]]
    values: NDArray[np.float64]


def parse_plain(block: TextBlock, header: MatrixHeader) -> ParsedRows:
    """Read rows with Python alone; the reference for the compiled scanner."""
    n_lead = len(header.feature_columns)
    starts, lead, numbers = [], [], []
    place = 0
    for line in block.text[:-1].split(b"\n"):
        start, place = place, place + len(line) + 1
        if not line.strip(b"\t "):
            continue
        cells = line.split(b"\t")
        n_cells = n_lead + header.n_columns
        while len(cells) > n_cells and not cells[-1].strip(b" "):
            cells.pop()
        if len(cells) != n_cells:
            ragged_row(block, start, len(cells), header)
        starts.append(start)
        lead.append([_decode(cells, k, block, start) for k in range(n_lead)])
        numbers.append(_read_numbers(cells[n_lead:], block, start, n_lead))
    values = np.array(numbers, dtype=np.float64).reshape(len(starts), header.n_columns)
    return ParsedRows(block, starts, lead, values)


def _decode(cells: list[bytes], column: int, block: TextBlock, start: int) -> str:
    before = sum(len(cell) + 1 for cell in cells[:column])
    return block.decode(start + before, start + before + len(cells[column]))


def _read_numbers(
    cells: list[bytes], block: TextBlock, start: int, n_lead: int
) -> NDArray[np.float64] | list[float]:
    if not b"".join(cells).translate(None, _PLAIN):  # then float() accepts what parse_cell does
        try:
            numbers = np.array(list(map(float, cells)))
        except ValueError:
            pass
        else:
            if np.isfinite(numbers).all():
                return numbers
    return [
        read_odd_cell(block, start, n_lead + number, cell.decode(errors="replace"))
        for number, cell in enumerate(cells, 1)
    ]


def read_odd_cell(block: TextBlock, start: int, column: int, text: str) -> float:
    """Read a cell by the full rules; `column` is its 1-based number, `start` that of its row."""
    try:
        return parse_cell(text)
    except NotANumberError as exc:
        raise FileError(
            str(exc), path=block.name, line=block.line_at(start), column=column
        ) from None


def ragged_row(block: TextBlock, start: int, n_cells: int, header: MatrixHeader) -> NoReturn:
    """Raise for a row with more or fewer cells than the header."""
    n_wanted = len(header.feature_columns) + header.n_columns
    hint = "complete the row" if n_cells < n_wanted else "delete the surplus cells"
    if n_cells == n_wanted + 1:
        hint += " (R's write.table names the first column only with col.names=NA)"
    raise FileError(
        f"has {n_cells:,} cells where the header has {n_wanted:,}; {hint}",
        path=block.name,
        line=block.line_at(start),
        column=min(n_cells, n_wanted) + 1,
    )
