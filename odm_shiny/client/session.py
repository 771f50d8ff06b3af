"""What the resources of one client share: how calls are built, and the user's choices."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar
from urllib.parse import quote

from odm_shiny.client.conditions import pairs
from odm_shiny.client.exchange import JSON, Call, Wire, exchange
from odm_shiny.client.replies import Answer
from odm_shiny.client.steps import Steps
from odm_shiny.errors import QueryError

if TYPE_CHECKING:
    from odm_shiny.client.cache import ReplyCache

T = TypeVar("T")
API = "/api/v1"
EXTENSIONS = "/api/odm-shiny/v1"

METADATA = {
    "all": "original_data_included",
    "template": "extended_data_included",
    "default": "minimal_data",
}
"""How much of a record is wanted -> ``returnedMetadataFields``."""

ROLES = ("user", "curator")


@dataclass(frozen=True, slots=True)
class Session:
    """One client's view of one ODM.

    Attributes
    ----------
    wire
        How calls are made.
    role
        Routes that reads take: ``"user"`` or ``"curator"``. What changes something always takes
        the curator's.
    metadata
        Detail of records where a call does not say.
    extensions
        Whether operations that only this project's own server has may be used.
    local
        The service runs in this process.
    cache
        Replies on disk that never change.
    memory
        What was learnt on the way: does the server have the extensions, ...
    """

    wire: Wire
    role: str = "user"
    metadata: str = "all"
    extensions: bool = True
    local: bool = False
    cache: ReplyCache | None = None
    memory: dict[str, Any] = field(default_factory=dict)

    def read_path(self, template: str, *parts: str | int) -> str:
        """Return the path of a read, ``{}`` filled with percent-encoded parts."""
        filled = fill(template, *parts) if parts else template
        return f"{API}/as-{self.role}{filled}"

    def detail(self, metadata: str | None) -> str:
        """Return ``returnedMetadataFields`` for a word of ours."""
        return METADATA[checked_metadata(metadata or self.metadata)]

    def get(
        self,
        template: str,
        decode: Callable[[Answer], T],
        *parts: str | int,
        parameters: Mapping[str, Any] | None = None,
    ) -> Steps[T]:
        """Read as the client's role."""
        path = self.read_path(template, *parts)
        call = Call("GET", path, decode, pairs(parameters or {}))
        return exchange(self.wire, call)

    def get_at(
        self,
        path: str,
        decode: Callable[[Answer], T],
        *,
        parameters: Mapping[str, Any] | None = None,
        accept: tuple[str, ...] = JSON,
        sink: BinaryIO | None = None,
        stream: bool = False,
        keep_partial: bool = False,
    ) -> Steps[T]:
        """Read a whole path."""
        call = Call(
            "GET",
            path,
            decode,
            pairs(parameters or {}),
            accept=accept,
            sink=sink,
            stream=stream,
            keep_partial=keep_partial,
        )
        return exchange(self.wire, call)

    def send(
        self,
        method: str,
        path: str,
        decode: Callable[[Answer], T],
        *,
        body: Any = None,
        parameters: Mapping[str, Any] | None = None,
        accept: tuple[str, ...] = JSON,
    ) -> Steps[T]:
        """Change something; `body` is sent as JSON."""
        call = Call(
            method,
            path,
            decode,
            pairs(parameters or {}),
            body=b"" if body is None else json_bytes(body),
            content_type="" if body is None else "application/json",
            accept=accept,
        )
        return exchange(self.wire, call)


def fill(template: str, *parts: str | int) -> str:
    """Put percent-encoded parts where ``{}`` stands.

    Raises
    ------
    QueryError
        A part is empty: the path would name something else.
    """
    encoded = []
    for part in parts:
        text = str(part)
        if not text.strip() or text in (".", ".."):
            raise QueryError(f"an accession or id must stand here, not {text!r}")
        encoded.append(quote(text, safe=""))
    return template.format(*encoded)


def curator_path(template: str, *parts: str | int) -> str:
    """Return the path of a change."""
    return f"{API}/as-curator{fill(template, *parts)}"


def checked_metadata(word: str) -> str:
    """Return the word for a detail of metadata, or say which there are."""
    return _one_of("metadata", word, tuple(METADATA))


def checked_role(word: str) -> str:
    """Return the word for a role, or say which there are."""
    return _one_of("role", word, ROLES)


def json_bytes(document: Any) -> bytes:
    """Write a body as JSON; numpy's scalars as the numbers they are.

    Raises
    ------
    QueryError
        NaN, an infinity, broken text, or an object of another kind.
    """
    try:
        return json.dumps(document, default=_plain, allow_nan=False, ensure_ascii=False).encode()
    except ValueError as exc:
        message = f"this cannot be sent as JSON: {exc}; None removes an attribute"
        raise QueryError(message) from exc


def _plain(value: Any) -> Any:
    item = getattr(value, "item", None)
    if callable(item):
        return item()
    raise QueryError(f"a value of type {type(value).__name__} cannot be sent: {value!r}")


def _one_of(what: str, word: str, words: tuple[str, ...]) -> str:
    if word in words:
        return word
    near = get_close_matches(str(word), words, 1, 0.5)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise QueryError(f"{what}={word!r}{hint}: it is one of {', '.join(words)}")
