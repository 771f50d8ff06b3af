from __future__ import annotations

import json
import re

import httpx
import pytest
import schemathesis

from odm_shiny.contract.openapi import document, group_names
from odm_shiny.contract.operations import models, operations
from odm_shiny.server.wire import json_bytes

WHOLE = document()


def everything(value: object) -> list[dict]:
    """All objects in a document."""
    if isinstance(value, dict):
        return [value, *(one for inner in value.values() for one in everything(inner))]
    if isinstance(value, list):
        return [one for inner in value for one in everything(inner)]
    return []


def described() -> dict[str, dict]:
    return {
        one["operationId"]: one for methods in WHOLE["paths"].values() for one in methods.values()
    }


@pytest.mark.parametrize("group", [None, *group_names()])
def test_every_document_is_valid_openapi(group: str | None) -> None:
    text = json_bytes(document(group))
    schema = schemathesis.openapi.from_dict(json.loads(text))
    schema.validate()
    found = {found.ok().definition.raw["operationId"] for found in schema.get_all_operations()}
    wanted = {one.name for one in operations() if group in (None, one.group)}
    assert found == wanted


def test_every_operation_and_parameter_is_described() -> None:
    for name, one in described().items():
        assert one["summary"], name
        assert one["description"], name
        for parameter in one.get("parameters", []):
            assert parameter["description"], (name, parameter["name"])
        content = one.get("requestBody", {}).get("content", {})
        if form := content.get("multipart/form-data"):
            assert all(p["description"] for p in form["schema"]["properties"].values())


def test_parameters_are_those_of_the_table() -> None:
    found = described()
    for one in operations():
        listed = found[one.name].get("parameters", [])
        assert [p["name"] for p in listed] == [p.name for p in one.parameters if p.where != "form"]
        assert all(p["required"] for p in listed if p["in"] == "path")


def test_references_lead_to_models_and_no_model_is_left_out() -> None:
    targets = {one["$ref"] for one in everything(WHOLE) if isinstance(one.get("$ref"), str)}
    assert all(target.startswith("#/components/schemas/") for target in targets)
    listed = WHOLE["components"]["schemas"]
    assert {target.rpartition("/")[2] for target in targets} <= set(listed)
    assert set(listed) <= set(models())


def test_defaults_lie_in_their_own_ranges() -> None:
    checked = 0
    for one in everything(WHOLE):
        if isinstance(one.get("default"), int) and "maximum" in one:
            assert one["minimum"] <= one["default"] <= one["maximum"]
            checked += 1
    assert checked > 100


@pytest.mark.parametrize(
    ("name", "parameter", "schema"),
    [
        (
            "search_samples_as_user",
            "pageLimit",
            {
                "type": "integer",
                "format": "int32",
                "minimum": 0,
                "maximum": 2000,
                "default": 2000,
            },
        ),
        (
            "get_expression_data_as_user",
            "featureList",
            {"type": "array", "items": {"type": "string"}},
        ),
        ("get_study_as_user", "id", {"type": "string", "minLength": 1}),
        ("search_samples_as_user", "searchSpecificTerms", {"type": "boolean", "default": False}),
    ],
)
def test_schemas_of_parameters(name: str, parameter: str, schema: dict) -> None:
    found = {p["name"]: p for p in described()[name]["parameters"]}
    assert found[parameter]["schema"] == schema


def test_a_joined_list_is_not_exploded() -> None:
    (accessions,) = described()["delete_data"]["parameters"]
    assert accessions["explode"] is False
    (features,) = [
        p
        for p in described()["get_expression_data_as_user"]["parameters"]
        if p["name"] == "featureList"
    ]
    assert features["explode"] is True


def test_bodies_of_requests_refuse_unknown_fields_except_for_scim() -> None:
    schemas = WHOLE["components"]["schemas"]
    assert schemas["ImportMetadataRequest"]["additionalProperties"] is False
    assert schemas["ImportMetadataRequest"]["required"] == ["metadataLink"]
    assert "additionalProperties" not in schemas["CreateUserRequest"]
    assert "additionalProperties" not in schemas["ListResponse"]


def test_a_missing_value_in_a_validation_summary_is_null() -> None:
    value = WHOLE["components"]["schemas"]["AttributeInvalidValueValue"]
    assert [(one["type"], one.get("nullable")) for one in value["anyOf"]] == [
        ("object", True),
        ("string", True),
    ]


def test_errors_have_the_body_of_their_area() -> None:
    found = described()
    for name, status, kind in (
        ("search_samples_as_user", "400", "application/json"),
        ("find_users", "400", "application/scim+json"),
        ("find_users", "401", "application/json"),
        ("get_api_v1_transformations_jobs", "default", "application/problem+json"),
    ):
        assert list(found[name]["responses"][status]["content"]) == [kind], name
    for name, one in found.items():
        assert {"401", "default"} <= set(one["responses"]), name


def test_the_one_credential_is_the_api_token() -> None:
    assert WHOLE["security"] == [{"Genestack-API-Token": []}]
    (scheme,) = WHOLE["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["in"]) == ("apiKey", "header")


def test_no_document_names_a_host() -> None:
    text = json_bytes(WHOLE).decode()
    assert not re.search(r"https?://", text)


@pytest.mark.parametrize(
    ("url", "group"), [("http://h/openapi.json", None), ("http://h/odm/swagger/jobs.json", "jobs")]
)
def test_the_address_of_the_server_is_relative_to_the_document(url: str, group: str | None) -> None:
    server = str(httpx.URL(url).join(document(group)["servers"][0]["url"]))
    assert server == ("http://h/" if group is None else "http://h/odm/")
