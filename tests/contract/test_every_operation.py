"""What holds for every operation of the table, whatever it does."""

from __future__ import annotations

import pytest

from odm_shiny.contract.operations import Operation, by_key, operations
from odm_shiny.server.routes import HANDLERS, Router, collapse, unhandled
from odm_shiny.server.service import load_handlers

ROUTER = Router()


def example_path(one: Operation) -> str:
    """The path with an id that needs percent-encoding, or a number where one is asked for."""
    path = one.path
    for parameter in one.parameters_in("path"):
        value = "7" if parameter.type == "integer" else "GSF1%2Fa%20b"
        path = path.replace(f"{{{parameter.name}}}", value)
    return path


@pytest.mark.parametrize("one", operations(), ids=lambda one: one.name)
def test_every_operation_has_a_route(one: Operation) -> None:
    path = example_path(one)
    for written in (path, path.replace("/", "//"), f"{path}/"):
        found, values = ROUTER.match(one.method, collapse(written))
        assert found is one
        assert set(values.values()) <= {"7", "GSF1/a b"}
        assert set(values) == {p.name for p in one.parameters_in("path")}


def test_every_handler_belongs_to_an_operation() -> None:
    for key in load_handlers():
        assert by_key(key)


def test_what_has_no_handler_is_listed() -> None:
    load_handlers()
    missing = {one.key for one in unhandled()}
    assert missing | set(HANDLERS) == {one.key for one in operations()}
    assert not missing & set(HANDLERS)
