"""ODM's streamed CSV of a matrix: is it whole, and what is in it.

The stream has no length and no end mark, and an error in the middle arrives as text: a last line
that begins with ``#``, or a JSON object. A connection cut between two chunks just ends. So a body
counts as whole only when its last line ends and has as many fields as the header.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from odm_shiny.errors import FrameError, IncompleteStream, MalformedResponse

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from odm_shiny.frames.matrix import ExpressionMatrix

Partial = Literal["error", "keep"]


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


def whole_csv(body: bytes, *, partial: Partial = "error") -> bytes:
    """Return a streamed CSV if it is whole.

    Parameters
    ----------
    partial
        ``"keep"``: return the whole lines of a stream that is not.

    Raises
    ------
    IncompleteStream
        The stream ended early or carries the server's error in its tail; `received` tells its
        bytes.
    """
    reason, end = _check(body)
    if reason is None:
        return body
    if partial == "keep":
        return body[:end]
    raise IncompleteStream(
        f"the stream is not whole: {reason}. {len(body)} bytes came. Ask again, or take what came "
        'with partial="keep"',
        received=len(body),
    )


def csv_to_pandas(body: bytes) -> pd.DataFrame:
    """Read a whole streamed CSV.

    Returns
    -------
    Feature columns first, then one column a run. An empty field is missing: NaN in numbers,
    ``None`` in text. Text such as ``NA`` stays text: it may be a gene's name.
    """
    import pandas as pd

    names = header(body)
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise FrameError(f"two columns of the stream are called {twice!r}")
    try:
        frame = pd.read_csv(
            io.BytesIO(body),
            index_col=False,
            keep_default_na=False,
            na_values=[""],
            float_precision="round_trip",
        )
    except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError) as exc:
        raise MalformedResponse(f"the stream is no CSV: {exc}") from None
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name].dtype):
            column = frame[name].astype(object)
            frame[name] = column.where(column.notna(), None)
    return frame


def csv_to_arrow(body: bytes) -> pa.Table:
    """Read a whole streamed CSV as Arrow; types as for `csv_to_pandas`."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    convert = arrow_csv.ConvertOptions(
        null_values=[""],
        strings_can_be_null=True,
        true_values=[],
        false_values=[],
        timestamp_parsers=["never"],
    )
    parse = arrow_csv.ParseOptions(newlines_in_values=True)
    try:
        return arrow_csv.read_csv(pa.py_buffer(body), parse_options=parse, convert_options=convert)
    except pa.ArrowInvalid as exc:
        raise MalformedResponse(f"the stream is no CSV: {exc}") from None


def csv_to_matrix(
    body: bytes, shape: CsvShape | None = None, measurement: str | None = None
) -> ExpressionMatrix:
    """Read a whole streamed CSV as runs by features.

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
    from odm_shiny.frames.matrix import ExpressionMatrix

    known = shape or CsvShape()
    frame = csv_to_pandas(body)
    n = known.n_feature_columns
    n = _n_feature_columns(frame) if n is None else n
    features, runs = frame.iloc[:, :n], frame.iloc[:, n:]
    runs = _chosen(runs, known.measurements, measurement)
    name = known.accession if known.accession in features else _naming(features)
    var = features[[name, *(other for other in features if other != name)]]
    return ExpressionMatrix(_numbers(runs), _obs(runs), var.set_index(name, drop=False))


def header(body: bytes) -> list[str]:
    """Return the names of the columns of a CSV."""
    text = io.TextIOWrapper(io.BytesIO(body), encoding="utf-8-sig", newline="")
    try:
        return next(csv.reader(text), [])
    except (UnicodeDecodeError, csv.Error) as exc:
        raise MalformedResponse(f"the header of the stream cannot be read: {exc}") from None


def _check(body: bytes) -> tuple[str | None, int]:
    """Say what is wrong with the end of a stream, and where its last good line ends."""
    if not body:
        return "it is empty", 0
    start, last = _last_line(body)
    tail = last.strip()
    if tail.startswith(b"#"):
        return f"the server says: {_shown(tail[1:])}", start
    if tail.startswith(b"{") and (said := _json_error(tail)):
        return f"the server says: {said}", start
    if not body.endswith(b"\n"):
        return f"its last line ends in the middle: {_shown(tail)}", start
    expected, got = len(header(body)), _n_fields(last)
    if got != expected:
        return f"its last line has {got} fields, the header {expected}", start
    if b'"' not in body and body.count(b",") != body.count(b"\n") * (expected - 1):
        return f"not all of its lines have {expected} fields", start
    return None, len(body)


def _last_line(body: bytes) -> tuple[int, bytes]:
    # A field may hold a line break inside quotes: go back until the quotes are even, but not far,
    # for a cut inside quotes leaves them odd whichever line one starts at.
    last = start = body.rfind(b"\n", 0, len(body) - 1) + 1
    while start and body.count(b'"', start) % 2 and len(body) - start < _TAIL:
        start = body.rfind(b"\n", 0, start - 1) + 1
    if body.count(b'"', start) % 2:
        start = last
    return start, body[start:]


def _n_fields(line: bytes) -> int:
    return len(next(csv.reader(io.StringIO(line.decode("utf-8", "replace"), newline="")), []))


def _json_error(tail: bytes) -> str | None:
    try:
        document = json.loads(tail)
    except (ValueError, RecursionError):
        return _shown(tail) if b'"error"' in tail[:_SNIFFED] else None
    if not isinstance(document, dict):
        return None
    error = document.get("error")
    return str(error.get("message") if isinstance(error, dict) else error or document)


def _shown(line: bytes) -> str:
    return line[:_SNIFFED].decode("utf-8", "replace").strip()


def _n_feature_columns(frame: pd.DataFrame) -> int:
    textual = [n for n in range(frame.shape[1]) if _is_text(frame.iloc[:, n])]
    return max(textual, default=0) + 1


def _is_text(column: pd.Series[Any]) -> bool:
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column.dtype):
        return False
    words = column[column.notna() & ~column.isin(_MISSING)]
    return bool(pd.to_numeric(words, errors="coerce").isna().any())


def _chosen(
    runs: pd.DataFrame, measurements: tuple[str, ...], measurement: str | None
) -> pd.DataFrame:
    """Take the columns of one measurement and call them by their runs alone."""
    if len(measurements) < 2:
        if measurement is not None and measurement not in (*measurements, "value"):
            raise FrameError(f"no {measurement!r}: the file has one value for each run")
        return runs
    if measurement not in measurements:
        raise FrameError(f"the values are {', '.join(measurements)}: say which one")
    names = [name for name in runs.columns if name.endswith(measurement)]
    # Longer names may end alike: "FC" and "logFC". A run has one column for each measurement.
    others = [one for one in measurements if one != measurement and one.endswith(measurement)]
    names = [name for name in names if not name.endswith(tuple(others))]
    before = [name[: -len(measurement)] for name in names]
    # The separator is what all of them end with; ODM allows several characters, of these only.
    while before and len(last := {text[-1:] for text in before}) == 1 and last <= _SEPARATORS:
        before = [text[:-1] for text in before]
    return runs[names].set_axis(before, axis="columns")


def _naming(features: pd.DataFrame) -> str:
    whole = [name for name in features if features[name].notna().all()]
    return str(next((name for name in whole if features[name].is_unique), features.columns[0]))


def _numbers(runs: pd.DataFrame) -> NDArray[np.float64]:
    import pandas as pd

    values = np.empty((runs.shape[1], runs.shape[0]))
    for n in range(runs.shape[1]):
        column = runs.iloc[:, n]
        if not pd.api.types.is_numeric_dtype(column.dtype):
            column = column.mask(column.isin(_MISSING))
        try:
            values[n] = pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
        except (ValueError, TypeError) as exc:
            raise FrameError(f"run {runs.columns[n]!r} holds other things than numbers") from exc
    return values


def _obs(runs: pd.DataFrame) -> Any:
    import pandas as pd

    return pd.DataFrame({"runSourceId": runs.columns}, index=pd.Index(runs.columns, name="run"))
