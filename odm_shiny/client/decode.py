"""JSON from the wire, decoded once and never trusted.

msgspec decodes strictly. What it refuses is read a second time with the standard library, which is
slower and more lenient, and these coercions are made (they are all there are):

- ``NaN`` becomes ``null``; ``Infinity`` and ``-Infinity`` become the texts ``"Infinity"`` and
  ``"-Infinity"``, which a measurement reads as infinite;
- half a surrogate pair in a string becomes U+FFFD;
- of duplicate keys the last one counts;
- whole numbers beyond 64 bits keep every digit (as text in a frame).

Everything else (cut, misspelt, not UTF-8, nested deeper than Python's stack) is a
`MalformedResponse` that tells the byte.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NoReturn, TypeVar

import msgspec
from msgspec import Raw

from odm_shiny.client.replies import Answer, with_request_id
from odm_shiny.errors import MalformedResponse
from odm_shiny.frames.items import PARTS, Items
from odm_shiny.frames.records import RecordRows

T = TypeVar("T")
Record = dict[str, Any]
_NULL = Raw(b"null")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Pagination(msgspec.Struct, gc=False):
    """``meta.pagination`` of a list."""

    count: int | None = None
    total: int | None = None
    offset: int | None = None
    limit: int | None = None


class Meta(msgspec.Struct, gc=False):
    """``meta`` of a list."""

    pagination: Pagination | None = None


class _Rows(msgspec.Struct):
    data: list[Any] = []

    def __len__(self) -> int:
        return len(self.data)

    def cut(self, n: int) -> None:
        """Keep the first `n` rows."""
        del self.data[n:]

    def keep(self, wanted: Callable[[Any], bool]) -> None:
        """Keep the rows that are wanted."""
        self.data = [row for row in self.data if wanted(row)]


class Page(_Rows):
    """One page of records.

    Attributes
    ----------
    meta
        Of a list paged by offset.
    cursor, resultsExhausted, log
        Of a list paged by cursor.
    """

    data: list[Record] = []
    meta: Meta | None = None
    cursor: str | None = None
    resultsExhausted: bool | None = None  # noqa: N815 - the wire's name
    log: list[str] | None = None

    def add_to(self, rows: RecordRows) -> None:
        """Add the records to a collection."""
        rows.add(self.data)

    @property
    def pagination(self) -> Pagination:
        """Position and total, as far as given."""
        return (self.meta and self.meta.pagination) or Pagination()


class _Value(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """The usual measurement. A struct takes a tenth of a dict, and the collector skips it."""

    value: float | msgspec.UnsetType | None = msgspec.UNSET


class _Item(msgspec.Struct, gc=False):
    itemId: str | None = None  # noqa: N815
    itemOrigin: Raw = _NULL  # noqa: N815
    metadata: Raw = _NULL
    feature: Raw = _NULL
    value: _Value | None = None
    relationships: Raw = _NULL


class _ItemOfNamedValues(_Item, gc=False):
    value: dict[str, float | None] | None = None  # type: ignore[assignment]


class _ItemOfAnyValue(_Item, gc=False):
    value: dict[str, Any] | None = None  # type: ignore[assignment]


class ItemPage(_Rows):
    """One page of items, their repeated parts still raw."""

    data: list[_Item] = []
    cursor: str | None = None
    resultsExhausted: bool | None = None  # noqa: N815
    log: list[str] | None = None

    def add_to(self, items: Items) -> None:
        """Add the items to a collection."""
        data = self.data
        items.add(
            [item.itemId for item in data],
            self._values(),
            {name: list(map(attrgetter(name), data)) for name in PARTS},
        )

    def _values(self) -> Sequence[dict[str, Any] | None] | Mapping[str, list[Any]]:
        """Return the column of plain values, or a dict an item where one has none."""
        values = [item.value for item in self.data]
        if values and None not in values:
            plain: list[Any] = list(map(_PLAIN_VALUE, values))
            if msgspec.UNSET not in plain:
                return {"value": plain}
        return [None if value is None else msgspec.to_builtins(value) for value in values]


class _ItemPageOfNamedValues(ItemPage):
    data: list[_ItemOfNamedValues] = []  # type: ignore[assignment]

    def _values(self) -> Sequence[dict[str, Any] | None]:
        return [item.value for item in self.data]


class _ItemPageOfAnyValue(_ItemPageOfNamedValues):
    data: list[_ItemOfAnyValue] = []  # type: ignore[assignment]


_PLAIN_VALUE = attrgetter("value")
_PAGE = msgspec.json.Decoder(Page)
_ITEM_PAGES = tuple(
    msgspec.json.Decoder(kind) for kind in (ItemPage, _ItemPageOfNamedValues, _ItemPageOfAnyValue)
)
_RECORD = msgspec.json.Decoder(dict[str, Any])
_RECORDS = msgspec.json.Decoder(list[dict[str, Any]])
_TEXTS = msgspec.json.Decoder(list[str])
_ANY = msgspec.json.Decoder()
_ARRAY = msgspec.json.Decoder(list[Any])


def page(answer: Answer) -> Page:
    """Decode a page of records."""
    return _decoded(answer, _PAGE.decode)


def item_page(answer: Answer) -> ItemPage:
    """Decode a page of expression items, each part left as raw bytes."""
    return _decoded(answer, _decode_items)


def record(answer: Answer) -> Record:
    """Decode one object."""
    return _decoded(answer, _RECORD.decode)


def records(answer: Answer) -> list[Record]:
    """Decode an array of objects."""
    return _decoded(answer, _RECORDS.decode)


def texts(answer: Answer) -> list[str]:
    """Decode an array of strings."""
    return _decoded(answer, _TEXTS.decode)


def record_or_nothing(answer: Answer) -> Record:
    """Decode one object; an empty body is an empty object."""
    return record(answer) if answer.body.strip() else {}


def status(answer: Answer) -> int:
    """Return the status; the body says nothing."""
    return answer.status


def parts(raws: Sequence[bytes]) -> list[Any]:
    """Decode raw parts of items, all of them at once."""
    try:
        return _ARRAY.decode(b"[%b]" % b",".join(raws))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [_part(raw) for raw in raws]  # which one is it?


def new_items() -> Items:
    """Return an empty collection of items."""
    return Items(parts)


def _part(raw: bytes) -> Any:
    try:
        return _ANY.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise MalformedResponse(f"{_reason(exc)} in {raw[:80]!r}") from None


def _decode_items(body: bytes) -> ItemPage:
    # Names of measurements are rarer than the one of a plain value, text in one ("Inf") rarer
    # still; each decoder takes more than the one before it and is slower.
    *fast, last = _ITEM_PAGES
    for decoder in fast:
        try:
            return decoder.decode(body)
        except msgspec.ValidationError:
            continue
    return last.decode(body)


def _decoded(answer: Answer, decode: Callable[[bytes], T]) -> T:
    try:
        return decode(answer.body)
    except msgspec.ValidationError as exc:
        _fail(answer, f"not the expected shape: {exc}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return decode(_sane(answer))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        _fail(answer, _reason(exc))


def _sane(answer: Answer) -> bytes:
    try:
        text = answer.body.decode("utf-8")
        document = json.loads(text, parse_constant=_CONSTANTS.__getitem__)
        written = json.dumps(document, ensure_ascii=False)
    except UnicodeDecodeError as exc:
        _fail(answer, f"not UTF-8: byte 0x{exc.object[exc.start]:02x}", exc.start)
    except json.JSONDecodeError as exc:
        _fail(answer, exc.msg, len(text[: exc.pos].encode("utf-8", "surrogatepass")))
    except RecursionError:
        _fail(answer, "nested too deep")
    except ValueError as exc:  # a whole number of more digits than Python converts
        _fail(answer, str(exc))
    return _SURROGATE.sub("\ufffd", written).encode("utf-8")


_CONSTANTS: dict[str, str | None] = {
    "NaN": None,
    "Infinity": "Infinity",
    "-Infinity": "-Infinity",
}


def _reason(exc: BaseException) -> str:
    return "nested too deep" if isinstance(exc, RecursionError) else str(exc)


def _fail(answer: Answer, reason: str, offset: int | None = None) -> NoReturn:
    where = f" at byte {offset}" if offset is not None else ""
    message = f"{answer.method} {answer.path}: the reply is malformed{where}: {reason}"
    raise MalformedResponse(with_request_id(message, answer.headers)) from None
