"""What this server does not do yet is written down, and says so when it is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from odm_shiny.contract.messages import Request
from odm_shiny.contract.operations import Operation, models, operations
from odm_shiny.server.routes import unhandled
from odm_shiny.server.service import Service, load_handlers
from odm_shiny.store.people import PERMISSIONS, User

LIST = Path(__file__).with_name("unhandled.txt")

load_handlers()
UNHANDLED = unhandled()

EVERYBODY = User(1, "root@example.org", "root", PERMISSIONS, frozenset({1, 2}), True, True)
VALUES = {
    "string": "x",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "object": {},
    "any": "x",
    "file": "x",
}


def value_of(kind: str, enum: tuple[str, ...] | None = None) -> Any:
    """A value of a type, as the operations table names it."""
    if kind.startswith("array<"):
        return [value_of(kind[6:-1], enum)]
    if enum:
        return enum[0]
    if model := models().get(kind):
        if model.enum:
            return model.enum[0]
        if model.one_of:
            return value_of(model.one_of[0])
        return {f.name: value_of(f.type, f.enum) for f in model.fields if f.required}
    plain = kind.partition("|")[0].partition("(")[0]
    return VALUES[plain]


def request_of(one: Operation) -> Request:
    """A request that the operation would take."""
    path = one.path
    for parameter in one.parameters_in("path"):
        path = path.replace(f"{{{parameter.name}}}", str(value_of(parameter.type)))
    query = [
        (parameter.name, str(value_of(parameter.type, parameter.enum)))
        for parameter in one.parameters_in("query")
        if parameter.required
    ]
    headers: dict[str, str] = {}
    body = json.dumps(value_of(one.body.type)).encode() if one.body else b""
    return Request(one.method, path, query, headers, body)


def test_the_list_of_what_is_not_handled_is_true() -> None:
    """Nothing drops out of the server by accident; what is new is taken off the list."""
    assert LIST.read_text().splitlines() == sorted(one.name for one in UNHANDLED)
    assert len(UNHANDLED) < len(operations())


@pytest.mark.parametrize("one", UNHANDLED, ids=lambda one: one.name)
def test_it_answers_501_with_its_name(one) -> None:
    service = Service(cast(Any, None))
    reply = service.handle(request_of(one), user=EVERYBODY)
    assert reply.status == 501, reply.body
    if one.method != "HEAD":
        assert isinstance(reply.body, bytes)
        assert f"{one.name} is not available on this server" in reply.body.decode()
