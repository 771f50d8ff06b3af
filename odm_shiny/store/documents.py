"""Documents: attribute name -> value, kept as JSON text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

#: ``str | int | float | bool | list[...] | None``
Value: TypeAlias = Any
Document: TypeAlias = dict[str, Value]

ACCESSION: Final = "genestack:accession"

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Document)
_many = msgspec.json.Decoder(list[Document])


def encode(document: Mapping[str, Value]) -> str:
    """JSON text of a document, keys in order.

    Raises
    ------
    ValueError
        A number is not finite: JSON has no word for it, and ``null`` would lose it.
    """
    for name, value in document.items():
        if type(value) in _MAY_HIDE_NAN and not _is_finite(value):
            raise ValueError(f"{name!r} holds a number that is not finite: {value!r}")
    return _encoder.encode(document).decode()


def decode(text: str) -> Document:
    """The document of a JSON text."""
    return _decoder.decode(text)


def decode_many(texts: Sequence[str]) -> list[Document]:
    """The documents of many JSON texts."""
    return _many.decode(f"[{','.join(texts)}]")


def json_text(value: Any) -> str:
    """JSON text of any value."""
    return _encoder.encode(value).decode()


def without_unset(document: Mapping[str, Value]) -> Document:
    """The attributes that have a value: ``None`` means not set."""
    return {name: value for name, value in document.items() if value is not None}


def merged(base: Mapping[str, Value], overrides: Mapping[str, Value]) -> Document:
    """Put a run's own values over those of its group; ``None`` hides the group's value."""
    return without_unset({**base, **overrides})


def indexed(accession: str, document: Mapping[str, Value]) -> Document:
    """The document as the search index sees it: filterable by accession, too."""
    return {ACCESSION: accession, **document}


def texts(value: Value) -> list[str]:
    """The text form of a value, one text for each of its values.

    >>> texts("liver"), texts(52), texts(52.0), texts(True), texts(["a", 2]), texts(None)
    (['liver'], ['52'], ['52.0'], ['true'], ['a', '2'], [])
    """
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [json_text(value)]


def _is_finite(value: Value) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list | tuple | set):
        items: Iterable[Value] = value
        return all(_is_finite(item) for item in items)
    return True


_MAY_HIDE_NAN: Final = frozenset({float, list, tuple, set})
