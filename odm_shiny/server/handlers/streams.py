"""Expression data of one file as a stream: CSV, or Arrow for clients that ask for it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from odm_shiny.contract.messages import Reply
from odm_shiny.formats.csv_stream import Block, stream_csv
from odm_shiny.query.expr import And, DataCompare, Expr
from odm_shiny.query.shape import leaves
from odm_shiny.server import technical
from odm_shiny.server.conditions import omics_conditions
from odm_shiny.server.data_rows import matching_rows, possible_features
from odm_shiny.server.negotiation import ARROW, prefers
from odm_shiny.server.planning import plan
from odm_shiny.server.routes import Call, handles
from odm_shiny.server.visibility import not_found, visible_record

if TYPE_CHECKING:
    from odm_shiny.store.matrices import Matrix

log = logging.getLogger(__name__)

Indices = npt.NDArray[np.int64]

CSV: Final = "text/csv"
DEFAULT_DIGITS: Final = 4


@dataclass(frozen=True)
class Selection:
    """What of a matrix is streamed.

    Attributes
    ----------
    matrix
        Where it comes from.
    columns
        Columns of the runs, in file order.
    features
        Features that may match, in file order.
    expr
        Data query that still has to be asked row by row; ``None`` if every feature is wanted.
    separator
        Between run and measurement in the names of columns; ``None`` if every column is a run.
    """

    matrix: Matrix
    columns: Indices
    features: Indices
    expr: Expr | None
    separator: str | None


@handles("GET /omics/expression/streamed-data")
def stream_expression(call: Call) -> Reply:
    """Rows are features, columns are runs; feature columns first, by name."""
    digits = call.query.get("roundDigits", DEFAULT_DIGITS)
    selection = _select(call)
    matrix = selection.matrix
    names = sorted(matrix.feature_columns)
    columns = _column_names(selection)
    blocks = _blocks(selection, names)
    headers = {"cache-control": "no-cache"}
    if prefers(call, ARROW, over=CSV):
        from odm_shiny.formats.arrow_stream import stream_arrow  # Arrow is slow to load

        kinds = [matrix.feature_columns[name] for name in names]
        body = stream_arrow(names, columns, blocks, round_digits=digits, feature_kinds=kinds)
        return Reply(200, {**headers, "content-type": ARROW}, body)
    body = _ending_well(stream_csv(names, columns, blocks, round_digits=digits), call.request_id)
    return Reply(200, {**headers, "content-type": f"{CSV};charset=UTF-8"}, body)


def _select(call: Call) -> Selection:
    accession = call.query["groupAccession"]
    conditions = omics_conditions(call.query)
    with call.service.store.read() as tx:
        group = visible_record(call, tx, accession, ("expression_group",))
        planner = plan(call, tx, replace(conditions, data=None))
        file = next((one for one in planner.files if one.object_id == group.id), None)
        if file is None:
            raise not_found(accession, ("expression_group",))
        runs = np.zeros_like(planner.visible("expression"))
        runs[file.first_slot : file.first_slot + file.n_runs] = True
        runs &= planner.visible("expression")
        if planner.on_records:
            runs &= planner.runs_of_samples(planner.samples)
        columns = np.flatnonzero(runs) - file.first_slot
    matrix = call.service.store.matrices.open(file.matrix_id)
    expr = _with_features(conditions.data, call.query.get("featureList"))
    features = possible_features(matrix, expr)
    asks_values = expr is not None and any(
        isinstance(leaf, DataCompare) and leaf.target == "value" for leaf in leaves(expr)
    )
    separator = group.document.get(technical.SEPARATOR)
    return Selection(matrix, columns, features, expr if asks_values else None, separator)


def _with_features(expr: Expr | None, features: list[str] | None) -> Expr | None:
    """The data query, narrowed to the features of the deprecated ``featureList``."""
    if not features:
        return expr
    listed = DataCompare("feature", None, "=", tuple(features))
    return listed if expr is None else And((expr, listed))


def _column_names(selection: Selection) -> list[str]:
    """Names of the numeric columns, as in the file that was imported."""
    matrix, separator = selection.matrix, selection.separator
    runs = [matrix.run_names[column] for column in selection.columns]
    if separator is None:
        return runs
    return [f"{run}{separator}{name}" for run in runs for name in matrix.measurements]


def _blocks(selection: Selection, names: list[str]) -> Iterator[Block]:
    """Feature columns and values (n_rows, n_columns) of the wanted rows, block by block."""
    matrix = selection.matrix
    parts = [
        matrix.blocks(selection.columns, selection.features, measurement=name)
        for name in matrix.measurements
    ]
    for same_rows in zip(*parts, strict=True):
        features = same_rows[0][0]
        values = {
            name: block for name, (_, block) in zip(matrix.measurements, same_rows, strict=True)
        }
        rows = [block.T for block in values.values()]
        table = rows[0] if len(rows) == 1 else np.stack(rows, axis=2).reshape(len(features), -1)
        if selection.expr is not None:
            kept = matching_rows(matrix, selection.expr, features, values).any(axis=0)
            features, table = features[kept], table[kept]
        if len(features):
            yield [_cells(matrix, name, features) for name in names], table


def _cells(matrix: Matrix, name: str, features: Indices) -> Any:
    return matrix.feature_column(name, features)


def _ending_well(chunks: Iterator[bytes], request_id: str) -> Iterator[bytes]:
    """Tell the reader of a CSV that it broke off: the last line then starts with ``#``."""
    try:
        yield from chunks
    except Exception:
        log.exception("stream %s broke off", request_id)
        yield f"\n# the stream broke off; request {request_id}\n".encode()
