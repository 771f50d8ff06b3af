"""A query as a URL query string, for links and bookmarks, and back.

The names below are a format of their own: they stay readable, they do not change, and a change of
meaning raises `FORMAT`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

from odm_shiny.errors import QueryError
from odm_shiny.query.data_query import parse_data_query, render_data_query
from odm_shiny.query.filter_text import parse_filter, render_filter
from odm_shiny.query.lexer import MAX_BYTES, MAX_TERMS
from odm_shiny.query.shape import count_terms
from odm_shiny.query.words import unknown_word

if TYPE_CHECKING:
    from odm_shiny.query.query import Query

FORMAT = "1"
_FORMAT_NAME = "odm"
_NAMES = {
    "kind": "find",
    "study_filter": "study",
    "study_text": "study.text",
    "sample_filter": "sample",
    "sample_text": "sample.text",
    "library_filter": "library",
    "library_text": "library.text",
    "preparation_filter": "preparation",
    "preparation_text": "preparation.text",
    "expression_filter": "expression",
    "data_query": "data",
    "use_versions": "versions",
    "metadata_level": "metadata",
    "search_specific_terms": "specific",
    "response_terms": "terms",
    "sort": "sort",
    "group": "matrix",
    "limit": "limit",
}
_ATTRIBUTES = {name: attribute for attribute, name in _NAMES.items()}
_ALWAYS = ("kind",)


def write_url(query: Query, defaults: Query) -> str:
    """Write a query as ``odm=1&find=samples&sample=...``; what equals `defaults` is left out.

    Raises
    ------
    QueryError
        A condition is longer than what is ever parsed again.
    """
    pairs = [(_FORMAT_NAME, FORMAT)]
    for attribute, name in _NAMES.items():
        value = getattr(query, attribute)
        if attribute in _ALWAYS or value != getattr(defaults, attribute):
            pairs.append((name, _write(attribute, value)))
    return "&".join(f"{name}={quote(text, safe='/:,*()!')}" for name, text in pairs)


def read_url(text: str) -> Mapping[str, Any]:
    """Read the attributes of a query from a query string or from a whole URL.

    Raises
    ------
    QueryError
        An unknown, repeated or unreadable key, or a newer format.
    """
    pairs = _pairs(text)
    if pairs.pop(_FORMAT_NAME, FORMAT) != FORMAT:
        raise QueryError(
            f"the link was made by a newer odm-shiny: only format {FORMAT} is known here"
        )
    return {_ATTRIBUTES[name]: _read(name, value) for name, value in pairs.items()}


def _pairs(text: str) -> dict[str, str]:
    query = urlsplit(text).query if "?" in text else text
    try:
        found = parse_qsl(
            query, keep_blank_values=True, strict_parsing=bool(query), errors="strict"
        )
    except ValueError as exc:
        raise QueryError(f"not a query string of a URL: {exc}") from exc
    pairs: dict[str, str] = {}
    for name, value in found:
        if name not in _ATTRIBUTES and name != _FORMAT_NAME:
            raise unknown_word("key in a link", name, _ATTRIBUTES)
        if name in pairs:
            raise QueryError(f"the key {name!r} stands twice in the link: join the conditions")
        pairs[name] = value
    return pairs


def _write(attribute: str, value: Any) -> str:
    if attribute.endswith("_filter"):
        text = render_filter(value)
    elif attribute == "data_query":
        text = render_data_query(value)
    else:
        return "true" if value is True else str(value)
    if count_terms(value) > MAX_TERMS or len(text.encode()) > MAX_BYTES:
        raise QueryError(f"{_NAMES[attribute]} is too long for a link: keep the query in a file")
    return text


def _read(name: str, text: str) -> Any:
    attribute = _ATTRIBUTES[name]
    if attribute.endswith("_filter"):
        return parse_filter(text)
    if attribute == "data_query":
        return parse_data_query(text)
    if attribute in ("search_specific_terms", "response_terms"):
        if text not in ("true", "false"):
            raise QueryError(f"{name} in a link is true or false, not {text!r}")
        return text == "true"
    if attribute == "limit":
        if not (text.isascii() and text.isdigit()):
            raise QueryError(f"{name} in a link is a whole number, not {text!r}")
        return int(text)
    return text
