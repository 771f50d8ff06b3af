"""The project's OpenAPI 3.0 documents, made from the operations table.

One document for everything, and one for each Swagger group. Addresses of the server are relative to
the document, so the documents hold wherever the service is mounted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from typing import Any

from odm_shiny import __version__
from odm_shiny.contract.operations import (
    Model,
    ModelField,
    Operation,
    Parameter,
    groups,
    models,
    operations,
)

Json = dict[str, Any]

TOKEN_SCHEME = "Genestack-API-Token"  # noqa: S105 - the name of a header
ERROR = "BaseErrorResponse"

_ARRAY = re.compile(r"array<(.+)>")
_FORMAT = re.compile(r"(\w+)\(([\w-]+)\)")

_INTRODUCTION = (
    "Studies, samples and what was measured on them, by the API of Open Data Manager (ODM), "
    "version 1. Every request carries a personal API token in the header Genestack-API-Token: "
    "press Authorize, and the examples here run against this very server."
)


def group_names() -> tuple[str, ...]:
    """Groups of operations in their order of display."""
    return tuple(groups())


@cache
def document(group: str | None = None) -> Json:
    """Make the OpenAPI document of one group, or of all operations.

    Parameters
    ----------
    group
        One of `group_names`; ``None`` for all.

    Returns
    -------
    The document, shared by all callers: do not change it. Its server address is relative: the whole
    document lies at the root of the service, that of a group one level below.
    """
    chosen = [one for one in operations() if group in (None, one.group)]
    paths: dict[str, Json] = {}
    for one in chosen:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    used = {one.group for one in chosen}
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "odm-shiny" if group is None else f"odm-shiny: {group}",
            "version": __version__,
            "description": _INTRODUCTION,
            "license": {"name": "Apache-2.0"},
        },
        "servers": [{"url": "./" if group is None else "../"}],
        "tags": [{"name": n, "description": text} for n, text in groups().items() if n in used],
        "security": [{TOKEN_SCHEME: []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                TOKEN_SCHEME: {
                    "type": "apiKey",
                    "in": "header",
                    "name": TOKEN_SCHEME,
                    "description": "Personal API token, as its owner made it on this server.",
                }
            },
            "schemas": {name: _model(models()[name]) for name in _used_models(paths)},
        },
    }


def _operation(one: Operation) -> Json:
    found: Json = {
        "operationId": one.name,
        "tags": [one.group],
        "summary": one.summary,
        "description": one.description,
    }
    parameters = [_parameter(p) for p in one.parameters if p.where != "form"]
    if parameters:
        found["parameters"] = parameters
    if body := _request_body(one):
        found["requestBody"] = body
    found["responses"] = _responses(one)
    return found


def _parameter(parameter: Parameter) -> Json:
    found: Json = {
        "name": parameter.name,
        "in": parameter.where,
        "description": parameter.description,
        "required": parameter.required,
        "schema": _parameter_schema(parameter),
    }
    if parameter.is_list:
        found |= {"style": "form", "explode": parameter.separator is None}
    return found


def _parameter_schema(parameter: Parameter) -> Json:
    if parameter.type == "file":
        return {"type": "string", "format": "binary"}
    found: Json = {"type": parameter.type}
    if parameter.format:
        found["format"] = parameter.format
    if parameter.type == "integer":
        found |= {"minimum": parameter.low, "maximum": parameter.high}
    if parameter.enum:
        found["enum"] = list(parameter.enum)
    if parameter.required and parameter.type == "string" and not parameter.is_list:
        found["minLength"] = 1
    if parameter.is_list:
        return {"type": "array", "items": found}
    if parameter.default is not None:
        found["default"] = parameter.default
    return found


def _request_body(one: Operation) -> Json | None:
    if form := one.parameters_in("form"):
        schema: Json = {
            "type": "object",
            "properties": {
                p.name: _parameter_schema(p) | {"description": p.description} for p in form
            },
            "required": [p.name for p in form if p.required],
            "additionalProperties": False,
        }
        return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    if one.body is None:
        return None
    kinds = ["application/json"]
    if one.group == "scim":
        kinds.insert(0, "application/scim+json")
    content = {kind: {"schema": _type(one.body.type)} for kind in kinds}
    return {"required": one.body.required, "content": content}


def _responses(one: Operation) -> Json:
    statuses = dict(one.responses)
    declared_default = statuses.pop("default", None)
    if one.parameters or one.body:
        statuses.setdefault("400", None)
    statuses.setdefault("401", None)
    found = {}
    for status, model in sorted(statuses.items()):
        if status < "400":
            found[status] = _success(one, status, model)
        else:
            found[status] = _failure(one, status)
    found["default"] = _failure(one, "default" if declared_default is None else "500")
    return found


def _success(one: Operation, status: str, model: str | None) -> Json:
    found: Json = {"description": HTTPStatus(int(status)).phrase}
    if model is not None:
        kinds = [kind for kind in one.produces if "problem" not in kind] or ["application/json"]
        found["content"] = {kind: {"schema": _content(kind, model)} for kind in kinds}
    elif one.produces and status == "200" and one.method != "HEAD":
        kinds = [kind for kind in one.produces if kind.startswith("text/")]
        if kinds:
            found["content"] = {kind: {"schema": {"type": "string"}} for kind in kinds}
    return found


def _content(kind: str, model: str) -> Json:
    if model == "bytes":
        return {"type": "string", "format": "binary"}
    return {"type": "string"} if kind.startswith("text/") else _type(model)


def _failure(one: Operation, status: str) -> Json:
    general = {"application/json": {"schema": _reference(ERROR)}}
    scim = {"application/scim+json": {"schema": _reference("SCIMErrorResponse")}}
    if one.group == "transformations":
        content = {"application/problem+json": {"schema": _reference("ErrorModel")}}
    elif one.group == "scim":
        content = scim if status in {"400", "403", "404", "409"} else general
        content = scim | general if status == "default" else content
    else:
        content = general
    words = "Any other error" if status == "default" else HTTPStatus(int(status)).phrase
    return {"description": words, "content": content}


def _model(model: Model) -> Json:
    if model.enum:
        return {"type": "string", "enum": list(model.enum)}
    if model.one_of:
        # Such models stand in optional fields of answers only, where null is an answer, too.
        return {"anyOf": [_type(kind) | {"nullable": True} for kind in model.one_of]}
    found: Json = {"type": "object"}
    if model.fields:
        found["properties"] = {
            field.name: _field(field, in_request=model.closed) for field in model.fields
        }
    if needed := [field.name for field in model.fields if field.required]:
        found["required"] = needed
    if model.closed:
        found["additionalProperties"] = False
    return found


def _field(field: ModelField, *, in_request: bool) -> Json:
    found = _type(field.type)
    if in_request and found.get("type") == "integer":
        found |= {"minimum": -(2**63), "maximum": 2**63 - 1}
    if "$ref" in found or field.type == "any":
        return found
    lengths = (
        ("minItems", "maxItems") if found.get("type") == "array" else ("minLength", "maxLength")
    )
    for key, value in (
        ("minimum", field.minimum),
        ("maximum", field.maximum),
        (lengths[0], field.min_length),
        (lengths[1], field.max_length),
        ("default", field.default),
    ):
        if value is not None and "anyOf" not in found:
            found[key] = value
    if field.enum:
        _set_enum(found, field)
    if field.read_only:
        found["readOnly"] = True
    if not field.required and "type" in found:
        found["nullable"] = True
    return found


def _set_enum(schema: Json, field: ModelField) -> None:
    values: list[str | None] = list(field.enum or ())
    if schema.get("type") == "array":
        schema["items"]["enum"] = values
    else:
        schema["enum"] = values if field.required else [*values, None]


def _type(text: str) -> Json:
    """Schema of a type as the operations table writes it."""
    if match := _ARRAY.fullmatch(text):
        return {"type": "array", "items": _type(match[1])}
    if match := _FORMAT.fullmatch(text):
        return {"type": match[1], "format": match[2]}
    if text in models():
        return _reference(text)
    if text == "any":
        return {}
    if text == "integer":
        return {"type": "integer", "format": "int64"}
    if text == "integer|string":
        digits = {"type": "string", "pattern": "^[0-9]{1,9}$"}
        return {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 2**31 - 1}, digits]}
    return {"type": text}


def _reference(model: str) -> Json:
    return {"$ref": f"#/components/schemas/{model}"}


def _used_models(paths: Json) -> list[str]:
    """Models that the paths refer to, and those that these refer to, sorted."""
    found: set[str] = set()
    waiting = list(_references(paths))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(_model(models()[name]))
    return sorted(found)


def _references(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        if isinstance(target := value.get("$ref"), str):
            yield target.rpartition("/")[2]
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)
