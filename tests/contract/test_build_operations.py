"""The script that makes operations.json, on a small extract."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "build_operations.py"


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_operations", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def raw_operation(**changes: object) -> dict[str, object]:
    page = {"name": "pageLimit", "in": "query", "type": "integer", "required": False}
    return {
        "name": "find",
        "tag": "OmicsQueriesAsUserApi",
        "method": "GET",
        "path": "/api/v1/as-user/omics/samples",
        "parameters": [page],
        "request_body": None,
        "responses": {"200": "List[str]", "400": None},
        "response_content_types": ["application/json"],
    } | changes


def test_gaps_are_filled_by_the_decisions(script: ModuleType) -> None:
    table = script.build({"operations": [raw_operation()], "models": {}})
    assert table["operations"][0] == {
        "name": "find",
        "method": "GET",
        "path": "/api/v1/as-user/omics/samples",
        "role": "user",
        "group": "integrationUser",
        "parameters": ["pageLimit"],
        "responses": {"200": "array<string>", "400": None},
        "produces": ["application/json"],
    }
    assert table["parameters"]["pageLimit"] == {
        "name": "pageLimit",
        "in": "query",
        "type": "integer",
        "default": 2000,
        "minimum": 0,
        "maximum": 100_000,
    }


def test_what_the_extract_says_wins_over_the_decisions(script: ModuleType) -> None:
    page = {
        "name": "pageLimit",
        "in": "query",
        "type": "integer",
        "required": True,
        "ge": 1,
        "maximum": 50,
        "default_from_text": 10,
    }
    table = script.build({"operations": [raw_operation(parameters=[page])], "models": {}})
    found = table["parameters"]["pageLimit"]
    assert (found["minimum"], found["maximum"], found["default"]) == (1, 50, 10)
    assert found["required"] is True


def test_parameters_that_differ_get_numbered_keys(script: ModuleType) -> None:
    one = {"name": "id", "in": "path", "type": "string", "required": True}
    two = {"name": "id", "in": "path", "type": "integer", "required": True}
    raw = [
        raw_operation(
            name=name, path=f"/api/v1/tasks/{name}/{{id}}", tag="TasksAPIApi", parameters=[p]
        )
        for name, p in (("a", one), ("b", two), ("c", one))
    ]
    table = script.build({"operations": raw, "models": {}})
    assert [op["parameters"] for op in table["operations"]] == [["id"], ["id~2"], ["id"]]


def test_models_of_requests_are_closed_and_those_of_scim_stay_open(script: ModuleType) -> None:
    page = {"name": "page", "type": "Inner", "required": False}
    link = {"name": "link", "type": "string", "required": True}
    models = {
        "Outer": {"kind": "object", "fields": [page, link]},
        "Inner": {"kind": "object", "fields": []},
        "Reply": {"kind": "object", "fields": []},
        "Person": {"kind": "object", "fields": []},
    }
    raw = [
        raw_operation(request_body={"type": "Outer", "required": False}),
        raw_operation(
            path="/api/v1/scim/Users",
            tag="UsersApi",
            request_body={"type": "Person", "required": True},
        ),
    ]
    found = script.build({"operations": raw, "models": models})["models"]
    assert {name for name, model in found.items() if model.get("closed")} == {"Outer", "Inner"}
    assert found["Outer"]["fields"][1]["min_length"] == 1, "a link that is needed is not empty"


def test_a_body_is_required_when_one_of_its_fields_is(script: ModuleType) -> None:
    models = {
        "Job": {"kind": "object", "fields": [{"name": "l", "type": "string", "required": True}]}
    }
    raw = [raw_operation(request_body={"type": "Job", "required": False})]
    assert script.build({"operations": raw, "models": models})["operations"][0]["body"]["required"]


def test_the_text_has_one_entry_a_line_and_reads_back(script: ModuleType) -> None:
    table = script.build({"operations": [raw_operation(), raw_operation(name="é")], "models": {}})
    text = script.render(table)
    assert json.loads(text) == table
    assert sum(line.startswith('{"name"') for line in text.splitlines()) == 2
