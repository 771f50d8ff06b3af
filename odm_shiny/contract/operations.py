"""The operations of the API as one typed, frozen table.

``operations.json`` holds ODM's own API v1, made by ``tools/build_operations.py``;
``extensions.json``, written by hand, holds what this project adds under ``/api/odm-shiny/v1``;
``descriptions.json`` says in words what each operation and parameter is for. The server's router,
its parameter checks, the OpenAPI documents, the client and the whole-surface tests all read this
table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from odm_shiny.errors import QueryError

# Integer formats that are narrower than 64 bits.
_LARGEST: Mapping[str | None, int] = {"int32": 2**31 - 1}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation.

    Attributes
    ----------
    name
        As it stands on the wire.
    where
        ``"query"``, ``"path"``, ``"form"`` or ``"header"``.
    type
        ``"string"``, ``"integer"``, ``"number"``, ``"boolean"`` or ``"file"``; of one element where
        `is_list`.
    required
        Whether a request without it is refused.
    default
        What a missing one means; ``None`` where missing means nothing.
    minimum, maximum
        Range of a number, both ends allowed.
    enum
        The only values allowed.
    is_list
        May be repeated.
    description
        One sentence for people.
    format
        ``"int32"``, ``"int64"``, ``"double"``, ``"date-time"``, ``"uuid"`` or ``None``.
    separator
        Splits one value into a list, for a list that is not repeated on the wire.
    """

    name: str
    where: str
    type: str
    required: bool = False
    default: str | int | float | bool | None = None
    minimum: int | None = None
    maximum: int | None = None
    enum: tuple[str, ...] | None = None
    is_list: bool = False
    description: str = ""
    format: str | None = None
    separator: str | None = None

    @property
    def low(self) -> int:
        """Smallest whole number allowed, by range or by format."""
        return -_LARGEST.get(self.format, 2**63 - 1) - 1 if self.minimum is None else self.minimum

    @property
    def high(self) -> int:
        """Largest whole number allowed, by range or by format."""
        return _LARGEST.get(self.format, 2**63 - 1) if self.maximum is None else self.maximum


@dataclass(frozen=True, slots=True)
class Body:
    """The JSON body of a request.

    Attributes
    ----------
    type
        Name of a model, ``"object"``, or ``"array<Model>"``.
    required
        Whether an empty body is refused.
    """

    type: str
    required: bool


@dataclass(frozen=True, slots=True)
class ModelField:
    """One field of a model; the attributes mean what they mean in `Parameter`."""

    name: str
    type: str
    required: bool = False
    default: str | int | float | bool | None = None
    minimum: int | None = None
    maximum: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    enum: tuple[str, ...] | None = None
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """A JSON shape: an object with fields, an enumeration, or one of several types.

    Attributes
    ----------
    name
        Its name in ODM's contract.
    fields
        Of an object.
    enum
        Values of an enumeration.
    one_of
        Types, of which one must fit.
    closed
        An object that refuses fields it does not know (models of requests).
    """

    name: str
    fields: tuple[ModelField, ...] = ()
    enum: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    closed: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation of the API.

    Attributes
    ----------
    name
        Unique name, as in the official client.
    key
        Method and path without prefix and role (``"GET /samples/{id}"``): the same for the as-user
        and the as-curator form.
    role
        ``"user"``, ``"curator"``, or ``None`` where the path names no role.
    group
        Group in Swagger (``"sampleUser"``, ``"jobs"``).
    method, path
        Upper-case method; whole path with ``{name}`` for its parameters.
    parameters
        All of them, in ODM's order.
    body
        JSON body, if the operation takes one.
    responses
        Status to type of the body (``None`` = no declared body).
    produces
        Media types of the reply, the preferred one first.
    summary, description
        For people: some words, and some sentences.
    """

    name: str
    key: str
    role: str | None
    group: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    responses: Mapping[str, str | None]
    produces: tuple[str, ...]
    summary: str
    description: str

    def parameters_in(self, where: str) -> tuple[Parameter, ...]:
        """Its parameters of one place, ``"query"`` for instance."""
        return tuple(p for p in self.parameters if p.where == where)


@dataclass(frozen=True)
class _Table:
    operations: tuple[Operation, ...]
    models: Mapping[str, Model]
    groups: Mapping[str, str]
    by_name: Mapping[str, Operation] = field(init=False)
    by_key: Mapping[str, tuple[Operation, ...]] = field(init=False)

    def __post_init__(self) -> None:
        by_key: dict[str, tuple[Operation, ...]] = {}
        for one in self.operations:
            by_key[one.key] = (*by_key.get(one.key, ()), one)
        object.__setattr__(self, "by_name", {one.name: one for one in self.operations})
        object.__setattr__(self, "by_key", by_key)


def operations() -> tuple[Operation, ...]:
    """All operations: ODM's sorted by path, then the extensions."""
    return _table().operations


def operation(name: str) -> Operation:
    """The operation of that name.

    Raises
    ------
    QueryError
        There is none; the message names the nearest one.
    """
    found = _table().by_name.get(name)
    if found is None:
        raise QueryError(f"no operation is named {name!r}{_nearest(name, _table().by_name)}")
    return found


def by_key(key: str) -> tuple[Operation, ...]:
    """The operations that share `key`: one, or the as-curator and the as-user form.

    Raises
    ------
    QueryError
        There is none; the message names the nearest one.
    """
    found = _table().by_key.get(key)
    if found is None:
        raise QueryError(f"no operation has the key {key!r}{_nearest(key, _table().by_key)}")
    return found


def models() -> Mapping[str, Model]:
    """All models by name."""
    return _table().models


def groups() -> Mapping[str, str]:
    """Swagger groups in their order of display, with a sentence about each."""
    return _table().groups


def key_of(method: str, path: str) -> str:
    """Key of an operation, from its method and whole path.

    Examples
    --------
    >>> key_of("GET", "/api/v1/as-curator/samples/{id}")
    'GET /samples/{id}'
    >>> key_of("GET", "/api/odm-shiny/v1/whoami")
    'GET /odm-shiny/whoami'
    """
    for prefix, short in _PREFIXES:
        if path.startswith(prefix):
            return f"{method} {short}{path[len(prefix) :]}"
    return f"{method} {path}"


_PREFIXES = (
    ("/api/v1/as-user/", "/"),
    ("/api/v1/as-curator/", "/"),
    ("/api/v1/", "/"),
    ("/api/odm-shiny/v1/", "/odm-shiny/"),
)


def _nearest(name: str, known: Mapping[str, object]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; the nearest is {near[0]!r}" if near else ""


@cache
def _table() -> _Table:
    tables = [_read("operations.json"), _read("extensions.json")]
    words = _read("descriptions.json")
    raw_parameters = {key: value for table in tables for key, value in table["parameters"].items()}
    parameters = {key: _parameter(raw, words["parameters"]) for key, raw in raw_parameters.items()}
    return _Table(
        operations=tuple(
            _operation(raw, parameters, words["operations"])
            for table in tables
            for raw in table["operations"]
        ),
        models={
            name: _model(name, raw) for table in tables for name, raw in table["models"].items()
        },
        groups=words["groups"],
    )


def _read(name: str) -> dict[str, Any]:
    data = files("odm_shiny.contract").joinpath(name).read_bytes()
    found: dict[str, Any] = msgspec.json.decode(data)
    return found


def _parameter(raw: dict[str, Any], words: Mapping[str, str]) -> Parameter:
    name, where = raw["name"], raw["in"]
    return Parameter(
        name=name,
        where=where,
        type=raw["type"],
        required=raw.get("required", False),
        default=raw.get("default"),
        minimum=raw.get("minimum"),
        maximum=raw.get("maximum"),
        enum=_tuple(raw.get("enum")),
        is_list=raw.get("list", False),
        description=words.get(f"{where}:{name}") or words[raw.get("words", name)],
        format=raw.get("format"),
        separator=raw.get("separator"),
    )


def _operation(
    raw: dict[str, Any], parameters: Mapping[str, Parameter], words: Mapping[str, list[str]]
) -> Operation:
    key = key_of(raw["method"], raw["path"])
    summary, description = words[key]
    return Operation(
        name=raw["name"],
        key=key,
        role=raw.get("role"),
        group=raw["group"],
        method=raw["method"],
        path=raw["path"],
        parameters=tuple(parameters[ref] for ref in raw["parameters"]),
        body=Body(**raw["body"]) if "body" in raw else None,
        responses=raw["responses"],
        produces=tuple(raw["produces"]),
        summary=summary,
        description=description,
    )


def _model(name: str, raw: dict[str, Any]) -> Model:
    return Model(
        name=name,
        fields=tuple(
            ModelField(**{**one, "enum": _tuple(one.get("enum"))}) for one in raw.get("fields", ())
        ),
        enum=tuple(raw.get("enum", ())),
        one_of=tuple(raw.get("one_of", ())),
        closed=raw.get("closed", False),
    )


def _tuple(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
