"""The same items as an Arrow stream, for clients that ask for one.

Columns: ``itemId`` (string); ``itemOrigin``, ``feature``, ``relationships`` and ``metadata``
(dictionary of JSON text: what repeats from item to item travels once, with its types);
``value.<measurement>`` (float64, null = missing). What JSON keeps beside the items (``log``,
``cursor``, ``resultsExhausted``) stands as JSON in the schema's metadata under ``odm``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from odm_shiny.contract.messages import Reply
from odm_shiny.server.expression_pages import ItemPage
from odm_shiny.server.negotiation import ARROW
from odm_shiny.server.wire import json_bytes, json_lines

Ints = npt.NDArray[np.int64]


def arrow_reply(page: ItemPage, log: list[str]) -> Reply:
    """Answer with a page of items as an Arrow IPC stream."""
    table = arrow_table(page)
    beside = {"log": log, "resultsExhausted": page.is_last, "cursor": page.cursor}
    table = table.replace_schema_metadata({"odm": json_bytes(beside)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    body = sink.getvalue().to_pybytes()
    return Reply(200, {"content-type": ARROW, "cache-control": "no-cache"}, body)


def arrow_table(page: ItemPage) -> pa.Table:
    """A page of items as a table."""
    numbers, features, accessions = _columns(page)
    runs, run_codes = np.unique(numbers, return_inverse=True)
    heads = [page.heads[run] for run in runs.tolist()]
    ids = map("{}-{}".format, numbers.tolist(), accessions)
    columns: dict[str, Any] = {
        "itemId": pa.array(ids, pa.string(), size=len(numbers)),
        "itemOrigin": _coded([head.origin for head in heads], run_codes),
        "feature": features,
        "metadata": _coded([head.metadata for head in heads], run_codes),
    }
    if page.with_links:
        columns["relationships"] = _coded([head.relationships for head in heads], run_codes)
    for name in dict.fromkeys(name for block in page.blocks for name in block.values):
        parts = [block.values.get(name, np.full(len(block), np.nan)) for block in page.blocks]
        columns[f"value.{name}"] = pa.array(np.concatenate(parts), pa.float64(), from_pandas=True)
    return pa.table(columns)


def _columns(page: ItemPage) -> tuple[Ints, pa.DictionaryArray, list[str]]:
    """Run, feature and feature accession of each item."""
    runs: list[Ints] = [np.empty(0, np.int64)]
    codes: list[Ints] = [np.empty(0, np.int64)]
    features: list[Mapping[str, Any]] = []
    accessions: list[str] = []
    for block in page.blocks:
        described, numbers = block.described()
        runs.append(block.runs)
        codes.append(numbers + len(features))
        features += [names for _, names in described]
        accessions += [described[number][0] for number in numbers.tolist()]
    return np.concatenate(runs), _coded(features, np.concatenate(codes)), accessions


def _coded(parts: Sequence[Mapping[str, Any]], codes: Ints) -> pa.DictionaryArray:
    """Parts as JSON texts, each object once, and which of `parts` each item has.

    Parameters
    ----------
    parts
        Some may be one and the same object.
    codes
        (n_items,), into `parts`.
    """
    distinct = {id(part): part for part in parts}
    places = dict(zip(distinct, range(len(distinct)), strict=True))
    numbers = np.fromiter(map(places.__getitem__, map(id, parts)), np.int32, len(parts))
    taken = numbers[codes] if len(numbers) else np.empty(0, np.int32)
    texts = json_lines(list(distinct.values()))
    return pa.DictionaryArray.from_arrays(pa.array(taken), pa.array(texts, pa.string()))
