"""Read a matrix of numbers from text in blocks of rows, fast and in bounded memory.

GCT and data frame files differ in their headers only (`gct`, `data_frame`); the rows below are
read here. Small files are read by plain Python; larger ones by the compiled scanner, two blocks at
a time in threads.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from odm_shiny.errors import FileError
from odm_shiny.formats.compression import ByteStream
from odm_shiny.formats.decimal_text import is_missing, is_number, unquote
from odm_shiny.formats.lines import BlockReader, TextBlock
from odm_shiny.formats.matrix_rows import MatrixHeader, ParsedRows, parse_plain

SMALL_BYTES = 2 << 20
"""Files up to this size are read without the compiled scanner, which takes a second to load."""
BLOCK_BYTES = 2 << 20
"""Text read at a time from larger files."""

_N_WORKERS = min(2, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class RowRules:
    """How rows are read where GCT and data frames differ.

    Attributes
    ----------
    unique_features
        A repeated feature accession is an error.
    text_features
        Feature columns are text even if all of them look like numbers.
    missing_codes
        ``NA``, ``null`` and the like are missing values in feature columns too.
    zero_is_missing
        A measured zero is not stored ("skip zero values").
    """

    unique_features: bool = False
    text_features: bool = False
    missing_codes: bool = True
    zero_is_missing: bool = False


@dataclass(frozen=True, slots=True)
class MatrixBlock:
    """Some rows of the matrix.

    Attributes
    ----------
    first_row
        0-based index of the first row.
    features
        Feature column -> one text a row; ``None`` where missing.
    values
        (n_rows, n_runs, n_measurements) float64; NaN where missing.
    """

    first_row: int
    features: dict[str, list[str | None]]
    values: NDArray[np.float64]


class MatrixBlocks:
    """The rows of a matrix file, once, from top to bottom.

    Iterate to get `MatrixBlock`; a fault in the file raises `FileError` with line and column when
    its block is reached. Close it, or use it in a ``with`` statement.

    Attributes
    ----------
    header
        Names of columns, runs and measurements.
    n_rows
        Rows handed out so far; all of them once the iteration ended.
    warnings
        What was tolerated.
    column_attributes
        Attributes of the runs that the file carries (GCT 1.3): name -> one text a run.
    """

    def __init__(
        self,
        stream: ByteStream,
        reader: BlockReader,
        header: MatrixHeader,
        *,
        rules: RowRules | None = None,
        n_rows_promised: int | None = None,
        column_attributes: dict[str, list[str | None]] | None = None,
    ) -> None:
        self.header = header
        self.n_rows = 0
        self.warnings: list[str] = []
        self.column_attributes = column_attributes or {}
        self._stream = stream
        self._reader = reader
        self._rules = rules or RowRules()
        self._n_rows_promised = n_rows_promised
        self._seen: dict[str, int] = {}
        self._numeric = [not self._rules.text_features] * len(header.feature_columns)
        self._any_text = [False] * len(header.feature_columns)
        self._started = False

    @property
    def name(self) -> str:
        """Name of the file, for messages."""
        return self._reader.name

    @property
    def feature_kinds(self) -> dict[str, str]:
        """Feature column -> ``"number"`` if all its set cells so far are numbers, or ``"string"``.

        A column without any set cell is ``"string"``.
        """
        return {
            name: "number" if numeric and any_text else "string"
            for name, numeric, any_text in zip(
                self.header.feature_columns, self._numeric, self._any_text, strict=True
            )
        }

    def __iter__(self) -> Iterator[MatrixBlock]:
        if self._started:
            raise RuntimeError("the rows of a matrix file can be read once only; open it again")
        self._started = True
        for rows in self._read_rows():
            if rows.starts:
                yield self._finish(rows)
        self._check_n_rows()

    def close(self) -> None:
        """Close the file, if it was opened here."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _read_rows(self) -> Iterator[ParsedRows]:
        first = self._reader.next_block(SMALL_BYTES)
        if first is None:
            return
        if self._reader.ended:
            yield parse_plain(first, self.header)
            return
        try:
            from odm_shiny.formats.matrix_scan import parse_compiled as parse
        except ImportError:  # numba comes with odm-shiny[server]; slower without
            parse = parse_plain
        yield from self._read_ahead(first, parse)

    def _read_ahead(
        self, first: TextBlock, parse: Callable[[TextBlock, MatrixHeader], ParsedRows]
    ) -> Iterator[ParsedRows]:
        """Parse in threads, a few blocks ahead of the consumer, in order."""
        pending: deque[Future[ParsedRows]] = deque()
        with ThreadPoolExecutor(_N_WORKERS, thread_name_prefix="matrix-parse") as pool:
            try:
                pending.append(pool.submit(parse, first, self.header))
                for block in self._reader.blocks(BLOCK_BYTES):
                    pending.append(pool.submit(parse, block, self.header))
                    if len(pending) > _N_WORKERS:
                        yield pending.popleft().result()
                while pending:
                    yield pending.popleft().result()
            finally:
                for future in pending:
                    future.cancel()

    def _finish(self, rows: ParsedRows) -> MatrixBlock:
        """Check and arrange the rows of a block; blocks come in file order."""
        values, header = rows.values, self.header
        if header.order is not None:
            values = values[:, header.order]
        if self._rules.zero_is_missing:
            values[values == 0] = np.nan
        features = self._feature_columns(rows)
        block = MatrixBlock(
            self.n_rows,
            features,
            values.reshape(len(values), len(header.run_names), len(header.measurements)),
        )
        self.n_rows += len(values)
        return block

    def _feature_columns(self, rows: ParsedRows) -> dict[str, list[str | None]]:
        columns: dict[str, list[str | None]] = {}
        for number, name in enumerate(self.header.feature_columns):
            texts = [unquote(lead[number].strip()).strip() for lead in rows.lead]
            cells = [self._feature_cell(text) for text in texts]
            if number == 0:
                self._check_accessions(cells, rows)
            if self._numeric[number]:
                self._numeric[number] = all(is_number(cell) for cell in cells if cell is not None)
            self._any_text[number] = self._any_text[number] or any(
                cell is not None for cell in cells
            )
            columns[name] = cells
        return columns

    def _feature_cell(self, text: str) -> str | None:
        missing = is_missing(text) if self._rules.missing_codes else not text
        return None if missing else text

    def _check_accessions(self, cells: list[str | None], rows: ParsedRows) -> None:
        for number, cell in enumerate(cells):
            if cell is None:
                raise FileError(
                    "is a row without feature accession; name the feature or delete the row",
                    path=self.name,
                    line=rows.block.line_at(rows.starts[number]),
                    column=1,
                )
        if not self._rules.unique_features:
            return
        for number, cell in enumerate(cells, self.n_rows):
            earlier = self._seen.setdefault(str(cell), number)
            if earlier != number:
                raise FileError(
                    f"repeats the row id {cell!r} of data row {earlier + 1}; row ids must be "
                    "unique",
                    path=self.name,
                    line=rows.block.line_at(rows.starts[number - self.n_rows]),
                    column=1,
                )

    def _check_n_rows(self) -> None:
        if self.n_rows == 0:
            raise FileError("has no data row below its header", path=self.name)
        promised = self._n_rows_promised
        if promised is not None and promised != self.n_rows:
            self.warnings.append(
                f"{self.name}, line 2: the header says {promised:,} rows, the file has "
                f"{self.n_rows:,}; all of them were read"
            )
