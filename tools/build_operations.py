"""Make ``odm_shiny/contract/operations.json`` from an extract of ODM's API v1.

Usage::

    python tools/build_operations.py EXTRACT.json [-o OUTPUT.json]

The extract lists operations, parameters and models as the official client declares them. Facts are
taken over; what the extract leaves open (ranges, defaults, which bodies refuse unknown fields) is
decided in the tables at the top of this file, and nowhere else. Run it again after a change here:
the output is sorted, one operation, parameter or model a line, so that a diff reads well.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

Json = dict[str, Any]

OUTPUT = Path(__file__).parent.parent / "odm_shiny" / "contract" / "operations.json"
PREFIX = "/api/v1"
PARAMETER_KEYS = (
    "name",
    "in",
    "type",
    "list",
    "separator",
    "format",
    "required",
    "default",
    "minimum",
    "maximum",
    "enum",
    "words",
)

# Tag of the extract, without its role suffix, to the name of the Swagger group.
GROUPS = {
    "StudySPoT": "study",
    "SampleSPoT": "sample",
    "LibrarySPoT": "library",
    "PreparationSPoT": "preparation",
    "ExpressionSPoT": "expression",
    "VariantSPoT": "variant",
    "FlowCytometrySPoT": "flowCytometry",
    "Cells": "cell",
    "Files": "file",
    "BETAAnalyticsOmicsQueries": "integration",
    "CellIntegration": "integration",
    "ExpressionIntegration": "integration",
    "FilesIntegration": "integration",
    "FlowCytometryFACSIntegration": "integration",
    "LibraryIntegration": "integration",
    "Linkage": "integration",
    "MetadataVersioning": "integration",
    "OmicsQueries": "integration",
    "PreparationIntegration": "integration",
    "SampleIntegration": "integration",
    "StudyIntegration": "integration",
    "ValidationSummary": "integration",
    "VariantIntegration": "integration",
    "Audit": "audit",
    "DataImportJobs": "jobs",
    "DataImportViaDirectFileUpload": "jobs",
    "Groups": "scim",
    "JobOperations": "jobs",
    "ManageData": "manage-data",
    "ReferenceGenome": "reference-genome",
    "TasksAPI": "tasks",
    "TransformationConfigurations": "transformations",
    "TransformationImages": "transformations",
    "TransformationJobs": "transformations",
    "Users": "scim",
    "XrefsetQueries": "reference-data",
}

DETACHABLE = [
    "STUDY",
    "SAMPLE_GROUP",
    "LIBRARY_GROUP",
    "PREPARATION_GROUP",
    "CELL_GROUP",
    "TABULAR_DATA",
    "GENE_VARIANT",
    "FLOW_CYTOMETRY",
]
METADATA_MODES = ["minimal_data", "extended_data_included", "original_data_included"]

# What the extract leaves open about a parameter, by name. It never overrides what the extract says.
PARAMETER_DECISIONS: dict[str, Json] = {
    "allow_dups": {"default": False},
    "count": {"default": 100},
    "detachedObjectType": {"enum": DETACHABLE},
    "include_archived": {"default": False},
    "includeContents": {"default": False},
    "linkingAttribute": {"default": "Sample Source ID"},
    "numberOfFeatureAttributes": {"minimum": 0},
    "offset": {"default": 0, "minimum": 0},
    "pageLimit": {"default": 2000, "minimum": 0},
    "pageOffset": {"default": 0, "minimum": 0},
    "returnedMetadataFields": {"enum": METADATA_MODES},
    # A float64 of 1e-308 with all its digits ends 325 places after the point.
    "roundDigits": {"minimum": 0, "maximum": 400},
    "searchSpecificTerms": {"default": False},
    "sort": {"default": "id"},
    "startIndex": {"default": 1},
}

# The same for one place of the API: (path pattern, parameter) -> what is open.
PLACE_DECISIONS: list[tuple[str, str, Json]] = [
    (r".*/omics/.*", "pageLimit", {"maximum": 100_000}),
    (r".*/xrefsets/.*", "pageLimit", {"maximum": 2000}),
    (r".*/links", "limit", {"minimum": 0, "maximum": 100_000}),
    (r".*/manage-data/.*", "limit", {"default": 2000, "minimum": 0, "maximum": 2000}),
    (r".*/transformations/.*", "limit", {"default": 100}),
    # Another language than that of metadata filters, so described by other words.
    (r".*/scim/.*", "filter", {"words": "scimFilter"}),
    (r".*/as-user/.*", "returnedMetadataFields", {"default": "extended_data_included"}),
    (r".*/as-curator/.*", "returnedMetadataFields", {"default": "original_data_included"}),
]

# Fields of request models: corrections and ranges. Why: numberOfFeatureAttributes arrives as text
# from import scripts; the value of a SCIM patch is whatever its path needs.
FIELD_DECISIONS: dict[tuple[str, str], Json] = {
    ("BatchOfIds", "limit"): {"default": 1000, "minimum": 0, "maximum": 100_000},
    ("BatchOfIds", "offset"): {"default": 0, "minimum": 0},
    ("DERequest", "limit"): {"default": 2000, "minimum": 0, "maximum": 100_000},
    ("DERequest", "offset"): {"default": 0, "minimum": 0},
    ("GSRequest", "geneNames"): {"min_length": 1, "max_length": 100},
    ("GroupPatchOperationsInner", "value"): {"type": "any"},
    ("ImportExpressionSignalRunRequest", "numberOfFeatureAttributes"): {
        "type": "integer|string",
        "minimum": 0,
    },
    ("LogsPayload", "tail_lines"): {"minimum": 0},
    ("SearchStudyRequestPage", "limit"): {"default": 1000, "minimum": 0, "maximum": 2000},
    ("SearchStudyRequestPage", "offset"): {"default": 0, "minimum": 0},
}

# Fields that clients send although the extract does not know them.
EXTRA_FIELDS: dict[str, list[Json]] = {
    "XrefSetCreateRequest": [{"name": "dataSource", "type": "string"}],
}

# Identity providers send attributes of their own, which SCIM tells a server to ignore.
OPEN_GROUPS = frozenset({"scim"})


def main() -> None:
    """Read the extract named on the command line and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("extract", type=Path, help="JSON with the keys operations and models")
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    extract = json.loads(arguments.extract.read_text(encoding="utf-8"))
    arguments.output.write_text(render(build(extract)), encoding="utf-8")


def build(extract: Json) -> Json:
    """Turn the extract into the three tables of the output."""
    models = {name: _model(name, model) for name, model in extract["models"].items()}
    operations = [_operation(raw, models) for raw in extract["operations"]]
    _close_request_models(operations, models)
    parameters = _share_parameters(operations)
    return {
        "parameters": dict(sorted(parameters.items())),
        "operations": sorted(operations, key=lambda op: (op["path"], op["method"])),
        "models": dict(sorted(models.items())),
    }


def render(tables: Json) -> str:
    """JSON text with one entry a line."""
    parts = []
    for name, table in tables.items():
        if isinstance(table, dict):
            lines = [f"{_dump(key)}:{_dump(value)}" for key, value in table.items()]
            parts.append(f'"{name}":{{\n' + ",\n".join(lines) + "\n}")
        else:
            parts.append(f'"{name}":[\n' + ",\n".join(map(_dump, table)) + "\n]")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _operation(raw: Json, models: Json) -> Json:
    path = raw["path"]
    role = "user" if "/as-user/" in path else "curator" if "/as-curator/" in path else None
    found: Json = {"name": raw["name"], "method": raw["method"], "path": path}
    group = GROUPS[re.sub(r"(As(User|Curator))?Api$", "", raw["tag"])]
    if role:
        found["role"] = role
        group += role.capitalize()
    found["group"] = group
    found["parameters"] = [_parameter(p, path) for p in raw["parameters"]]
    if raw["request_body"]:
        found["body"] = _body(raw["request_body"], models)
    found["responses"] = {status: _response(model) for status, model in raw["responses"].items()}
    found["produces"] = raw["response_content_types"]
    return found


def _body(raw: Json, models: Json) -> Json:
    fields = models.get(raw["type"], {}).get("fields", [])
    required = raw["required"] or any(field.get("required") for field in fields)
    return {"type": raw["type"], "required": required}


def _response(model: str | None) -> str | None:
    if model is None:
        return None
    return re.sub(r"^List\[(.*)\]$", r"array<\1>", model.replace("[str]", "[string]"))


def _parameter(raw: Json, path: str) -> Json:
    found = _declared(raw)
    name = raw["name"]
    for key, value in PARAMETER_DECISIONS.get(name, {}).items():
        found.setdefault(key, value)
    for pattern, decided, decision in PLACE_DECISIONS:
        if decided == name and re.fullmatch(pattern, path):
            found = decision | found
    return {key: found[key] for key in PARAMETER_KEYS if key in found}


def _declared(raw: Json) -> Json:
    found: Json = {"name": raw["name"], "in": raw["in"], **_type(raw["type"])}
    if raw["required"]:
        found["required"] = True
    # Later ones win: what the client checks (ge, le) gives way to what the text says.
    for key, aliases in {
        "format": ["format"],
        "default": ["default_from_text", "default"],
        "minimum": ["ge", "minimum"],
        "maximum": ["le", "maximum"],
        "enum": ["enum"],
    }.items():
        for alias in aliases:
            if alias in raw:
                found[key] = raw[alias]
    if raw.get("collection_format") == "csv":
        found["separator"] = ","
    return found


def _type(text: str) -> Json:
    if text == "ResponseFormat":
        return {"type": "string", "enum": ["term_id"]}
    if text == "binary":
        return {"type": "file"}
    if match := re.fullmatch(r"array<(\w+)>", text):
        return {"type": match[1], "list": True}
    if match := re.fullmatch(r"(\w+)\(([\w-]+)\)", text):
        return {"type": match[1], "format": match[2]}
    return {"type": text}


def _model(name: str, raw: Json) -> Json:
    if raw["kind"] == "enum":
        return {"enum": raw["values"]}
    if raw["kind"] == "oneOf":
        return {"one_of": ["string" if kind == "str" else kind for kind in raw["of"]]}
    fields = [_field(name, field) for field in raw["fields"]] + EXTRA_FIELDS.get(name, [])
    return {"fields": fields}


def _field(model: str, raw: Json) -> Json:
    found: Json = {"name": raw["name"], "type": raw["type"]}
    if raw["required"]:
        found["required"] = True
    for key, alias in (
        ("minimum", "ge"),
        ("min_length", "min_length"),
        ("default", "default"),
        ("enum", "enum"),
        ("read_only", "read_only"),
    ):
        if alias in raw:
            found[key] = raw[alias]
    return found | FIELD_DECISIONS.get((model, raw["name"]), {})


def _close_request_models(operations: list[Json], models: Json) -> None:
    """Let the models of requests refuse unknown fields, and empty text where one is needed."""
    for operation in operations:
        if "body" in operation and operation["group"] not in OPEN_GROUPS:
            waiting = _model_names(operation["body"]["type"], models)
            while waiting:
                name = waiting.pop()
                if "fields" in models[name] and not models[name].get("closed"):
                    models[name]["closed"] = True
                    for field in models[name]["fields"]:
                        waiting += _model_names(field["type"], models)
                        if field.get("required") and field["type"] == "string":
                            field.setdefault("min_length", 1)


def _model_names(type_text: str, models: Json) -> list[str]:
    return [word for word in re.findall(r"\w+", type_text) if word in models]


def _share_parameters(operations: list[Json]) -> Json:
    """Replace each parameter of each operation by its key in one table of distinct ones.

    The commonest form of a name has the bare name as key, the others ``name~2``, ``name~3``.
    """
    forms: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for operation in operations:
        for parameter in operation["parameters"]:
            forms[parameter["name"]][_dump(parameter)] += 1
    keys: dict[str, str] = {}
    table: Json = {}
    for name, counts in forms.items():
        ranked = sorted(counts, key=lambda text: (-counts[text], text))
        for number, text in enumerate(ranked, start=1):
            keys[text] = name if number == 1 else f"{name}~{number}"
            table[keys[text]] = json.loads(text)
    for operation in operations:
        operation["parameters"] = [keys[_dump(p)] for p in operation["parameters"]]
    return table


if __name__ == "__main__":
    main()
