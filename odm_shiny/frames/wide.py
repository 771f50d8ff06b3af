"""ODM's streamed CSV of a matrix as a table or as runs by features.

Arrow's reader is fast on wide tables when it need not guess types, and its numbers are exact to the
last bit, which pandas' ordinary reader's are not. So types are taken from the first lines; a
column that turns out to be text further down is read again as text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from odm_shiny.errors import FrameError, MalformedResponse
from odm_shiny.frames.csv import header

if TYPE_CHECKING:
    import pandas as pd

    from odm_shiny.frames.matrix import ExpressionMatrix

_SAMPLE = 256 * 1024
_BLOCK = 1 << 20
_SEPARATORS = set(".,:;_-/\\|")
_MISSING = ("NaN", "nan", "null", "NA", "N/A")
_BAD_COLUMN = re.compile(r"In CSV column #([0-9]+)")


@dataclass(frozen=True, slots=True)
class CsvShape:
    """What a file's metadata tells of its streamed CSV.

    Attributes
    ----------
    n_feature_columns
        How many of the first columns describe features. ``None``: all up to the last one that
        holds text, at least one; a numeric feature column after those would count as a run.
    accession
        The feature column that names features; the stream sorts its columns, so it need not be
        the first. ``None``: the first one whose values are all different, else the first.
    measurements
        Names of the values of each run, where there are several; the columns are then called run,
        separator, measurement.
    """

    n_feature_columns: int | None = None
    accession: str | None = None
    measurements: tuple[str, ...] = ()


_TAIL = 64 * 1024
_SNIFFED = 200
_SEPARATORS = set(".,:;_-/\\|")
_MISSING = ("NaN", "nan", "null", "NA", "N/A")


def csv_to_arrow(body: bytes) -> pa.Table:
    """Read a whole streamed CSV.

    Returns
    -------
    Feature columns first, then one column a run. Numbers are float64, an empty field is null. Text
    is never guessed to be anything else: ``NA`` may be a gene's name.

    Raises
    ------
    FrameError
        Two columns have the same name.
    MalformedResponse
        It is no CSV, or no UTF-8.
    """
    names = header(body)
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise FrameError(f"two columns of the stream are called {twice!r}")
    return _read(body, names, _sampled(body, names))


def wide_to_pandas(table: pa.Table) -> pd.DataFrame:
    """Return a streamed matrix as pandas; missing is NaN in numbers and ``None`` in text."""
    import pandas as pd

    return pd.DataFrame({name: _array(table.column(name)) for name in table.column_names})


def wide_to_matrix(
    table: pa.Table, shape: CsvShape | None = None, measurement: str | None = None
) -> ExpressionMatrix:
    """Return a streamed matrix as runs by features.

    Parameters
    ----------
    shape
        What is known of the file.
    measurement
        Which value, where the file holds several for each run.

    Returns
    -------
    ``obs`` is indexed by the names of the runs, ``var`` by the accession of the feature.

    Raises
    ------
    FrameError
        A run holds text, or the file has several measurements and none, or no such one, was chosen.
    """
    import pandas as pd

    from odm_shiny.frames.matrix import ExpressionMatrix

    known = shape or CsvShape()
    n = known.n_feature_columns
    n = _n_feature_columns(table) if n is None else n
    features = wide_to_pandas(table.select(table.column_names[:n]))
    columns, runs = _chosen(table.column_names[n:], known.measurements, measurement)
    values = np.empty((len(columns), table.num_rows))
    for number, name in enumerate(columns):
        values[number] = _numbers(name, table.column(name))
    told = known.accession
    naming = told if told is not None and told in features else _naming(features)
    var = features[[naming, *(other for other in features if other != naming)]]
    obs = pd.DataFrame({"runSourceId": runs}, index=pd.Index(runs, name="run"))
    return ExpressionMatrix(values, obs, var.set_index(naming, drop=False))


def csv_to_pandas(body: bytes) -> pd.DataFrame:
    """Read a whole streamed CSV; see `csv_to_arrow` and `wide_to_pandas`."""
    return wide_to_pandas(csv_to_arrow(body))


def csv_to_matrix(
    body: bytes, shape: CsvShape | None = None, measurement: str | None = None
) -> ExpressionMatrix:
    """Read a whole streamed CSV; see `csv_to_arrow` and `wide_to_matrix`."""
    return wide_to_matrix(csv_to_arrow(body), shape, measurement)


def _sampled(body: bytes, names: Sequence[str]) -> dict[str, Any]:
    """Judge types by the first lines."""
    start = body[:_SAMPLE]
    start = start[: start.rfind(b"\n") + 1] or start
    try:
        found = arrow_csv.read_csv(pa.py_buffer(start), convert_options=_options({}))
    except pa.ArrowInvalid:
        found = None
    types: dict[str, Any] = {}
    for number, name in enumerate(names):
        kind = pa.null() if found is None else found.schema.field(number).type
        is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
        unknown = pa.types.is_null(kind) and number > 0
        types[name] = pa.float64() if is_number or unknown else pa.string()
    return types


def _read(body: bytes, names: Sequence[str], types: dict[str, Any]) -> pa.Table:
    parse = arrow_csv.ParseOptions(newlines_in_values=b'"' in body)
    block = max(_BLOCK, 4 * body.find(b"\n"))
    while True:
        read = arrow_csv.ReadOptions(use_threads=False, block_size=block)
        try:
            return arrow_csv.read_csv(
                pa.py_buffer(body),
                read_options=read,
                parse_options=parse,
                convert_options=_options(types),
            )
        except pa.ArrowInvalid as exc:
            bad = _BAD_COLUMN.search(str(exc))
            name = names[int(bad[1])] if bad else None
            if "straddling" in str(exc) and block < len(body):  # a line longer than a block
                block *= 8
            elif name is not None and types[name] != pa.string():
                types[name] = pa.string()
            else:
                raise MalformedResponse(f"the stream is no CSV: {exc}") from None


def _options(types: dict[str, Any]) -> arrow_csv.ConvertOptions:
    return arrow_csv.ConvertOptions(
        column_types=types,
        null_values=[""],
        strings_can_be_null=True,
        true_values=[],
        false_values=[],
    )


def _array(column: pa.ChunkedArray) -> Any:
    if pa.types.is_string(column.type):
        return np.array(column.to_pylist(), dtype=object)
    return column.to_numpy()


def _numbers(name: str, column: pa.ChunkedArray) -> NDArray[np.float64]:
    if pa.types.is_string(column.type):
        from pyarrow import compute

        is_missing = compute.is_in(column, value_set=pa.array(_MISSING))
        column = compute.if_else(is_missing, None, column)
    try:
        numbers: NDArray[np.float64] = column.cast(pa.float64()).to_numpy()
    except pa.ArrowInvalid as exc:
        raise FrameError(f"run {name!r} holds other things than numbers: {exc}") from None
    return numbers


def _n_feature_columns(table: pa.Table) -> int:
    names = table.column_names
    textual = [number for number, name in enumerate(names) if _is_text(table.column(name))]
    return max(textual, default=0) + 1


def _is_text(column: pa.ChunkedArray) -> bool:
    if not pa.types.is_string(column.type):
        return False
    try:
        _numbers("", column)
    except FrameError:
        return True
    return False


def _chosen(
    names: list[str], measurements: tuple[str, ...], measurement: str | None
) -> tuple[list[str], list[str]]:
    """Return the columns of one measurement, and the runs that they are of."""
    if len(measurements) < 2:
        if measurement is not None and measurement not in (*measurements, "value"):
            raise FrameError(f"no {measurement!r}: the file has one value for each run")
        return names, names
    if measurement not in measurements:
        has = f"the values are {', '.join(measurements)}"
        cure = f"say which one with measurement={measurements[0]!r}"
        wrong = "" if measurement is None else f"no {measurement!r}: "
        raise FrameError(f"{wrong}{has}: {cure}")
    # Longer names may end alike: "FC" and "logFC". A run has one column for each measurement.
    others = tuple(one for one in measurements if one != measurement and one.endswith(measurement))
    chosen = [name for name in names if name.endswith(measurement) and not name.endswith(others)]
    runs = [name[: -len(measurement)] for name in chosen]
    # The separator is what all of them end with; ODM allows several characters, of these only.
    while runs and len(last := {run[-1:] for run in runs}) == 1 and last <= _SEPARATORS:
        runs = [run[:-1] for run in runs]
    return chosen, runs


def _naming(features: pd.DataFrame) -> str:
    whole = [name for name in features if features[name].notna().all()]
    return str(next((name for name in whole if features[name].is_unique), features.columns[0]))
