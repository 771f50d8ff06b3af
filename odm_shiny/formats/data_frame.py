"""Data frame TSV: one header line, feature columns first, then numeric columns.

A numeric column is a run, or, with a measurement separator, a run and a measurement: ``S1.FC`` and
``S1.pval`` are two measurements of run ``S1``. The name is split at the separator's first place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from odm_shiny.errors import FileError
from odm_shiny.formats.compression import Limits, Source, open_stream
from odm_shiny.formats.decimal_text import shown, unquote
from odm_shiny.formats.lines import BlockReader
from odm_shiny.formats.matrix_blocks import MatrixBlocks, RowRules
from odm_shiny.formats.matrix_rows import MatrixHeader

SEPARATOR_SIGNS = ".,:;_-/\\|"
"""Signs that a measurement separator may consist of."""
UNNAMED = "value"
"""Measurement of a file whose measurements have no name."""


def open_data_frame(
    source: Source,
    *,
    n_feature_columns: int,
    separator: str | None = None,
    name: str | None = None,
    zero_is_missing: bool = False,
    limits: Limits | None = None,
) -> MatrixBlocks:
    """Open a data frame file and read its header.

    Parameters
    ----------
    source
        A path, bytes, or an open binary file; plain or packed.
    n_feature_columns
        Number of leading feature columns, at least 1; the first one is the feature accession.
    separator
        What stands between run and measurement in a column name, one or more of
        `SEPARATOR_SIGNS`; ``None`` if every column is a run.
    name
        Name of the file for messages.
    zero_is_missing
        A measured zero is not stored.
    limits
        Bounds of the unpacked content.

    Raises
    ------
    FileError
        Columns without name, repeated, without the separator, runs with different measurements,
        no numeric column; with line 1 and the column.
    """
    stream = open_stream(source, name=name, limits=limits)
    try:
        _check_arguments(n_feature_columns, separator, stream.name)
        reader = BlockReader(stream)
        header = _read_header(reader, n_feature_columns, separator)
        return MatrixBlocks(stream, reader, header, rules=RowRules(zero_is_missing=zero_is_missing))
    except BaseException:
        stream.close()
        raise


def _check_arguments(n_feature_columns: int, separator: str | None, name: str) -> None:
    if n_feature_columns < 1:
        raise FileError("needs at least 1 feature column", path=name)
    if separator is not None and (not separator or set(separator) - set(SEPARATOR_SIGNS)):
        raise FileError(
            f"cannot be split by {separator!r}; a measurement separator consists of "
            f"{' '.join(SEPARATOR_SIGNS)}",
            path=name,
        )


def _read_header(
    reader: BlockReader, n_feature_columns: int, separator: str | None
) -> MatrixHeader:
    line = reader.next_line()
    cells = [unquote(cell.strip()).strip() for cell in line[0].split("\t")] if line else []
    while cells and not cells[-1]:
        cells.pop()
    if not cells:
        raise FileError(
            "has no header; the first line must name the columns", path=reader.name, line=1
        )
    if len(cells) <= n_feature_columns:
        raise FileError(
            f"has {len(cells)} columns and {n_feature_columns} of them are to be feature columns; "
            "at least one numeric column is needed (are the columns separated by tabs?)",
            path=reader.name,
            line=1,
        )
    _check_names(cells, reader.name)
    features, columns = tuple(cells[:n_feature_columns]), cells[n_feature_columns:]
    if separator is None:
        return MatrixHeader(features, tuple(columns))
    return _split_header(features, columns, separator, reader.name)


def _check_names(cells: list[str], name: str) -> None:
    seen: dict[str, int] = {}
    for column, cell in enumerate(cells, 1):
        if not cell:
            raise FileError(
                "is a column without a name; name it or delete the column",
                path=name,
                line=1,
                column=column,
            )
        if cell in seen:
            raise FileError(
                f"repeats the column {shown(cell)} of column {seen[cell]}; rename one of them",
                path=name,
                line=1,
                column=column,
            )
        seen[cell] = column


def _split_header(
    features: tuple[str, ...], columns: list[str], separator: str, name: str
) -> MatrixHeader:
    places: dict[str, dict[str, int]] = {}
    for number, column in enumerate(columns):
        run, found, measurement = column.partition(separator)
        if not found or not run.strip() or not measurement.strip():
            raise FileError(
                f"is named {shown(column)}, which is no run and measurement separated by "
                f"{separator!r}",
                path=name,
                line=1,
                column=len(features) + number + 1,
            )
        places.setdefault(run.strip(), {})[measurement.strip()] = number
    measurements = tuple(next(iter(places.values())))
    for run, own in places.items():
        differing = set(own) ^ set(measurements)
        if differing or sum(map(len, places.values())) != len(columns):
            raise FileError(
                f"gives run {shown(run)} the measurements {', '.join(own)} and the first run "
                f"{', '.join(measurements)}; all runs need the same ones",
                path=name,
                line=1,
                column=len(features) + max(own.values()) + 1,
            )
    return MatrixHeader(features, tuple(places), measurements, _order(places, measurements))


def _order(
    places: dict[str, dict[str, int]], measurements: tuple[str, ...]
) -> NDArray[np.int64] | None:
    order = np.array(
        [own[measurement] for own in places.values() for measurement in measurements], np.int64
    )
    return None if np.array_equal(order, np.arange(len(order))) else order
