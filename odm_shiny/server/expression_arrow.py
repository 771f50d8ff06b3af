"""The same items as an Arrow stream, for clients that ask for one.

Columns: ``itemId`` (string); ``itemOrigin``, ``feature``, ``relationships`` and ``metadata``
(dictionary of JSON text: what repeats from item to item travels once, with its types);
``value.<measurement>`` (float64, null = missing). What JSON keeps beside the items (``log``,
``cursor``, ``resultsExhausted``) stands as JSON in the schema's metadata under ``odm``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import pyarrow as pa

from odm_shiny.contract.messages import Reply
from odm_shiny.server.expression_items import Item
from odm_shiny.server.expression_pages import ItemPage
from odm_shiny.server.negotiation import ARROW
from odm_shiny.server.wire import json_bytes


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
    heads = page.heads
    columns: dict[str, Any] = {
        "itemId": pa.array([item.id for item in page.items], pa.string()),
        "itemOrigin": _coded(page, _run, lambda item: heads[item.position.run].origin),
        "feature": _coded(page, _feature, lambda item: item.feature),
        "metadata": _coded(page, _run, lambda item: heads[item.position.run].metadata),
    }
    if page.with_links:
        columns["relationships"] = _coded(
            page, _run, lambda item: heads[item.position.run].relationships
        )
    for name in dict.fromkeys(name for item in page.items for name in item.value):
        numbers = [item.value.get(name) for item in page.items]
        columns[f"value.{name}"] = pa.array(numbers, pa.float64())
    return pa.table(columns)


def _run(item: Item) -> Hashable:
    return item.position.run


def _feature(item: Item) -> Hashable:
    return id(item.feature)  # items of one feature share the object that describes it


def _coded(
    page: ItemPage, key: Callable[[Item], Hashable], part: Callable[[Item], Any]
) -> pa.DictionaryArray:
    places: dict[Hashable, int] = {}
    texts: list[str] = []
    codes = []
    for item in page.items:
        one = key(item)
        if one not in places:
            places[one] = len(texts)
            texts.append(json_bytes(part(item)).decode())
        codes.append(places[one])
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(texts, pa.string()))
