"""Replies as Arrow, from this project's own server: the same items and matrices, cheaper to read.

A page of items comes as a table whose repeated parts are numbered already: ``itemOrigin``,
``feature``, ``relationships`` and ``metadata`` are dictionaries of JSON text, the measurements are
columns ``value.<name>``. What JSON keeps beside the items is JSON in the schema's metadata under
``odm``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pyarrow as pa

from odm_shiny.client import decode
from odm_shiny.client.replies import Answer, with_request_id
from odm_shiny.errors import IncompleteStream, MalformedResponse
from odm_shiny.frames.items import PARTS, Items

ARROW = "application/vnd.apache.arrow.stream"
_END = b"\xff\xff\xff\xff\x00\x00\x00\x00"
_VALUE = "value."


class _Beside(msgspec.Struct):
    cursor: str | None = None
    resultsExhausted: bool | None = None  # noqa: N815 - the wire's name
    log: list[str] | None = None


_BESIDE = msgspec.json.Decoder(_Beside)


class ArrowItemPage:
    """One page of items as a table; otherwise like `decode.ItemPage`."""

    def __init__(self, table: pa.Table) -> None:
        _check(table.schema)
        said = (table.schema.metadata or {}).get(b"odm", b"{}")
        beside = _BESIDE.decode(said)
        self.table = table
        self.cursor = beside.cursor
        self.resultsExhausted = beside.resultsExhausted
        self.log = beside.log

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def cut(self, n: int) -> None:
        """Keep the first `n` items."""
        self.table = self.table.slice(0, n)

    def keep(self, wanted: Callable[[Any], bool]) -> None:
        """Keep the items that are wanted, asked by their ids."""
        mask = [wanted({"itemId": name}) for name in self.table.column("itemId").to_pylist()]
        self.table = self.table.filter(pa.array(mask, pa.bool_()))

    def add_to(self, items: Items) -> None:
        """Add the items to a collection."""
        table = self.table.combine_chunks()
        names = table.column_names
        parts = {}
        for name in PARTS:
            chunks = table.column(name).chunks if name in names else []
            for chunk in chunks:  # one, or none if there are no items
                texts = chunk.dictionary.cast(pa.binary()).to_pylist()
                parts[name] = (texts, chunk.indices.to_numpy())
        values = {
            name.removeprefix(_VALUE): table.column(name).to_numpy()
            for name in names
            if name.startswith(_VALUE)
        }
        items.add_numbered(table.column("itemId").to_pylist(), values, parts)


def _check(schema: pa.Schema) -> None:
    kinds = {field.name: field.type for field in schema}
    good = pa.types.is_string(kinds.get("itemId", pa.null()))
    good = good and all(
        pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type)
        for name, kind in kinds.items()
        if name in PARTS
    )
    good = good and all(
        pa.types.is_floating(kind) for name, kind in kinds.items() if name.startswith(_VALUE)
    )
    if not good:
        raise MalformedResponse(f"this table is no page of items: {schema.to_string()[:200]}")


def item_page(answer: Answer) -> decode.ItemPage | ArrowItemPage:
    """Decode a page of items, whichever form it came in."""
    if answer.content_type != ARROW:
        return decode.item_page(answer)
    try:
        return ArrowItemPage(table_of(answer))
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise MalformedResponse(f"{answer.method} {answer.path}: {exc}") from None


def table_of(answer: Answer, *, partial: bool = False) -> pa.Table:
    """Read a whole Arrow stream.

    Raises
    ------
    IncompleteStream
        Its end mark is missing.
    MalformedResponse
        It is no Arrow.
    """
    body = answer.body
    what = f"{answer.method} {answer.path}"
    if not body.endswith(_END) and not partial:
        message = (
            f"{what}: the stream is not whole: its end mark is missing. {len(body)} bytes came"
        )
        raise IncompleteStream(with_request_id(message, answer.headers), received=len(body))
    try:
        if not partial:
            return pa.ipc.open_stream(pa.py_buffer(body)).read_all()
        return _whole_batches(body)
    except (pa.ArrowInvalid, OSError) as exc:
        message = f"{what}: this is no Arrow stream: {exc}"
        raise MalformedResponse(with_request_id(message, answer.headers)) from None


def _whole_batches(body: bytes) -> pa.Table:
    reader = pa.ipc.open_stream(pa.py_buffer(body))
    batches = []
    while True:
        try:
            batches.append(reader.read_next_batch())
        except (StopIteration, pa.ArrowInvalid, OSError):
            return pa.Table.from_batches(batches, reader.schema)
