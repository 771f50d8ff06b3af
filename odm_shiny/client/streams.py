"""A streamed matrix: asked for when it is used, whole or an error."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Concatenate, NoReturn, ParamSpec

from odm_shiny.client import decode
from odm_shiny.client.arrow import ARROW, table_of
from odm_shiny.client.decode import Record
from odm_shiny.client.extensions import has_extensions
from odm_shiny.client.replies import Answer
from odm_shiny.client.session import Session
from odm_shiny.client.steps import Steps, blocking
from odm_shiny.client.twins import Async, Sync, lazy_method, steps_method
from odm_shiny.errors import IncompleteStream, QueryError, StatusError
from odm_shiny.frames.columns import text_form
from odm_shiny.frames.csv import Partial, whole_csv
from odm_shiny.frames.wide import CsvShape, csv_to_arrow, wide_to_matrix, wide_to_pandas

if TYPE_CHECKING:
    import anndata
    import pandas as pd
    import pyarrow as pa

    from odm_shiny.frames.matrix import ExpressionMatrix

P = ParamSpec("P")
CSV = ("text/csv", "text/plain")
_ROUTE = "/omics/expression/streamed-data"
_FEATURES = ("Features (string)", "Features (numeric)")
_CONDITIONS = ("Filter", "Query", "featureList")


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What to stream.

    Attributes
    ----------
    group
        Accession of the file.
    parameters
        Of the request, under their names on the wire.
    partial
        ``"error"`` or ``"keep"``.
    """

    session: Session
    group: str
    parameters: Mapping[str, Any]
    partial: str

    def __post_init__(self) -> None:
        if self.partial not in ("error", "keep"):
            raise QueryError(f"partial={self.partial!r}: it is 'error' or 'keep'")

    @property
    def is_whole_file(self) -> bool:
        """Nothing chooses runs or features: the reply depends on the file alone."""
        return not any(
            value not in (None, "") and name.endswith(_CONDITIONS)
            for name, value in self.parameters.items()
        )


class MatrixStreamMethods:
    """The matrix of one file, features by runs, streamed when it is wanted."""

    def __init__(self, request: StreamRequest, driver: Any) -> None:
        self.driver = driver
        self.request = request

    @steps_method
    def to_bytes(self) -> Steps[bytes]:
        """Return the CSV as it came, checked to be whole."""
        return (yield from self._kept(CSV[0])).body

    @steps_method
    def to_pandas(self) -> Steps[pd.DataFrame]:
        """Return one row a feature: the feature columns, then one column a run."""
        table = yield from self._table()
        return (yield from blocking(lambda: wide_to_pandas(table)))

    @steps_method
    def to_arrow(self) -> Steps[pa.Table]:
        """Return one row a feature: the feature columns, then one column a run."""
        return (yield from self._table())

    @steps_method
    def to_matrix(self, measurement: str | None = None) -> Steps[ExpressionMatrix]:
        """Return runs by features; `obs` holds the runs' names, `var` the feature columns.

        Parameters
        ----------
        measurement
            Which value, where the file holds several for each run.
        """
        return (yield from self.matrix_steps(measurement))

    @steps_method
    def to_anndata(self, measurement: str | None = None) -> Steps[anndata.AnnData]:
        """Return runs by features as AnnData."""
        matrix = yield from self.matrix_steps(measurement)
        return (yield from blocking(matrix.to_anndata))

    def matrix_steps(self, measurement: str | None = None) -> Steps[ExpressionMatrix]:
        """Do what `to_matrix` does, as steps."""
        shape = yield from self._shape()
        table = yield from self._table()
        return (yield from blocking(lambda: wide_to_matrix(table, shape, measurement)))

    @steps_method
    def save(self, path: str | Path) -> Steps[Path]:
        """Write the CSV to a file, without holding it in memory.

        The file appears when it is whole; until then its bytes are in a file beside it, which is
        removed if anything fails.
        """
        target = Path(path)
        with _new_file(target) as file:
            partial = self.request.partial
            yield from self._stream(file, lambda answer: _framed(answer, partial), CSV[0])
            size = file.tell()
            file.seek(max(0, size - (1 << 20)))
            tail = file.read()
            file.seek(0)
            head = file.readline()
            if size > len(tail):
                tail = head + tail[tail.find(b"\n") + 1 :]
            whole = whole_csv(tail, partial=_partial(self.request.partial))
            file.truncate(size - (len(tail) - len(whole)))
        return target

    def _table(self) -> Steps[pa.Table]:
        """Return the matrix as a table; it travels as Arrow where the server can."""
        session = self.request.session
        as_arrow = yield from has_extensions(session)
        # The bytes are let go before anything is made of the table: they are of one size.
        holder = [(yield from self._kept(ARROW if as_arrow else CSV[0]))]
        return (yield from blocking(lambda: self._parsed(holder.pop())))

    def _parsed(self, answer: Answer) -> pa.Table:
        if answer.content_type == ARROW:
            return table_of(answer, partial=self.request.partial == "keep")
        return csv_to_arrow(answer.body)

    def _kept(self, wanted: str) -> Steps[Answer]:
        """Return the whole stream, from the disk if it was read before and still may be read."""
        cache = self.request.session.cache
        if cache is None or not self.request.is_whole_file or self.request.partial == "keep":
            return (yield from self._fetched(wanted))
        key = (self.request.group, str(self.request.parameters.get("roundDigits")), wanted)
        known = yield from blocking(lambda: cache.get(*key))
        if known is not None:
            # Is it still there, and may this user still see it? A small question for a large reply.
            yield from self._group()
            return Answer("GET", _ROUTE, 200, {"content-type": wanted}, known)
        answer = yield from self._fetched(wanted)
        if answer.content_type == wanted:
            yield from blocking(lambda: cache.put(answer.body, *key))
        return answer

    def _fetched(self, wanted: str) -> Steps[Answer]:
        partial = self.request.partial

        def decoded(answer: Answer) -> Answer:
            if answer.content_type == ARROW:
                return answer  # it has an end mark of its own
            body = whole_csv(_framed(answer, partial).body, partial=_partial(partial))
            return replace(answer, body=body)

        answer: Answer = yield from self._stream(None, decoded, wanted)
        return answer

    def _stream(
        self, sink: BinaryIO | None, decoded: Callable[[Answer], Any], wanted: str
    ) -> Steps[Any]:
        session = self.request.session
        return (
            yield from session.get_at(
                session.read_path(_ROUTE),
                decoded,
                parameters=self.request.parameters,
                accept=(ARROW, *CSV) if wanted == ARROW else CSV,
                sink=sink,
                stream=True,
                keep_partial=self.request.partial == "keep",
            )
        )

    def _group(self) -> Steps[Record]:
        session = self.request.session
        parameters = {"returnedMetadataFields": session.detail("all")}
        return (
            yield from session.get(
                "/expressions/group/{}", decode.record, self.request.group, parameters=parameters
            )
        )

    def _shape(self) -> Steps[CsvShape]:
        """Ask the file's metadata which columns describe features, and what the values are."""
        try:
            group = yield from self._group()
        except StatusError:
            return CsvShape()
        metadata = group.get("metadata") or {}
        if _FEATURES[0] not in metadata and _FEATURES[1] not in metadata:
            return CsvShape()
        names = [name for key in _FEATURES for name in _names(metadata.get(key))]
        accession = (yield from self._accession()) if len(names) > 1 else None
        measurements = tuple(_names(metadata.get("Values (numeric)")))
        # A GCT has one feature column, which its metadata does not name.
        return CsvShape(len(names) or 1, accession, measurements)

    def _accession(self) -> Steps[str | None]:
        """Find the feature column that names features: an item's id ends with its value."""
        session = self.request.session
        one = {"pageLimit": 1}
        runs = yield from session.get(
            "/expressions/runs/by/group/{}", decode.page, self.request.group, parameters=one
        )
        origin = runs.data[0].get("itemOrigin") if runs.data else None
        if not isinstance(origin, dict):
            return None
        # The file may be a version that is not the active one.
        asked = {**one, "runFilter": origin.get("runId"), "useVersions": "*"}
        items = yield from session.get("/expressions", decode.page, parameters=asked)
        for item in items.data:
            accession = str(item.get("itemId")).partition("-")[2]
            for name, value in (item.get("feature") or {}).items():
                if text_form(value) == accession:
                    return str(name)
        return None

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"{type(self).__name__} has no {name!r}: nothing is here before .to_pandas(), "
            ".to_arrow(), .to_matrix(), .to_anndata() or .save(path) is called"
        )

    def __getitem__(self, index: object) -> NoReturn:
        raise TypeError(self._not_here("stream.to_pandas()[...]"))

    def __len__(self) -> NoReturn:
        raise TypeError(self._not_here("len(stream.to_pandas())"))

    def __iter__(self) -> NoReturn:
        raise TypeError(self._not_here("for row in stream.to_pandas().itertuples()"))

    def __bool__(self) -> bool:
        return True

    def _not_here(self, call: str) -> str:
        return f"{type(self).__name__} is not read yet: {call}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: matrix of {self.request.group}, not asked yet>"


class MatrixStream(MatrixStreamMethods, Sync):
    """A streamed matrix."""


class AsyncMatrixStream(MatrixStreamMethods, Async):
    """A streamed matrix whose methods are awaited."""


def stream_method(
    function: Callable[Concatenate[Any, P], StreamRequest],
) -> lazy_method[P, MatrixStream, AsyncMatrixStream]:
    """Decorator: a method that gives a `MatrixStream`, or its async twin."""
    return lazy_method(function, MatrixStream, AsyncMatrixStream)


def _names(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(name) for name in value] if isinstance(value, list) else [str(value)]


def _framed(answer: Answer, partial: str) -> Answer:
    if not answer.framed and partial != "keep":
        raise IncompleteStream(
            "the stream came without a length and without chunks, so nobody can tell whether it "
            f'is whole ({len(answer.body)} bytes came). partial="keep" takes it as it is',
            received=len(answer.body),
        )
    return answer


def _partial(word: str) -> Partial:
    return "keep" if word == "keep" else "error"


@contextlib.contextmanager
def _new_file(target: Path) -> Iterator[BinaryIO]:
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
        os.replace(beside, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise
