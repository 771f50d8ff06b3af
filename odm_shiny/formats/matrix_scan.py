"""Read rows of a matrix file with the compiled scanner; imports numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from odm_shiny.formats import number_scanner
from odm_shiny.formats.lines import TextBlock
from odm_shiny.formats.matrix_rows import MatrixHeader, ParsedRows, ragged_row, read_odd_cell

_ODD_CAPACITY = 1 << 16


def parse_compiled(block: TextBlock, header: MatrixHeader) -> ParsedRows:
    """Read the rows of a text block; equal to the plain reader, row by row and fault by fault."""
    text = np.frombuffer(block.text, np.uint8)
    n_lines = block.text.count(b"\n")
    n_lead, n_columns = len(header.feature_columns), header.n_columns
    lead = np.empty((n_lines, n_lead, 2), np.int64)
    values = np.empty((n_lines, n_columns), np.float64)
    odd = np.empty((max(_ODD_CAPACITY, n_columns), 4), np.int64)
    position = row = 0
    while True:
        status, row, n_odd, position, n_cells = number_scanner.scan_rows(
            text, position, lead, values, row, odd
        )
        whole = odd[:n_odd][odd[:n_odd, 0] < row]  # a ragged row is reported as such
        _read_odd(block, lead, values, whole, n_lead)
        if status == number_scanner.DONE:
            break
        if status != number_scanner.ODD_FULL:
            ragged_row(block, position, n_cells, header)
    places = lead[:row].tolist()
    texts = [[block.decode(start, end) for start, end in cells] for cells in places]
    return ParsedRows(block, [cells[0][0] for cells in places], texts, values[:row])


def _read_odd(
    block: TextBlock,
    lead: NDArray[np.int64],
    values: NDArray[np.float64],
    odd: NDArray[np.int64],
    n_lead: int,
) -> None:
    for row, column, start, end in odd.tolist():
        text = block.text[start:end].decode(errors="replace")
        values[row, column] = read_odd_cell(block, int(lead[row, 0, 0]), n_lead + column + 1, text)
