"""Metadata of a study's samples against its template."""

from __future__ import annotations

from typing import Any

from odm_shiny.server.conditions import Conditions
from odm_shiny.server.planner import Planner
from odm_shiny.server.routes import Call, handles
from odm_shiny.server.template_book import TemplateBook
from odm_shiny.server.visibility import visible_record
from odm_shiny.store import link_graph, objects
from odm_shiny.store.validation import InvalidValue, summarize, vocabularies_for


@handles("GET /integration/studies/{id}/validation-summary")
def validation_summary(call: Call) -> dict[str, Any]:
    """Invalid values of the samples of a study, by sample group and attribute."""
    with call.service.store.read() as tx:
        study = visible_record(call, tx, call.path["id"], ("study",))
        book = TemplateBook(tx)
        attributes = book.template(book.applied([study])[0]).of_kind("sample")
        seen = Planner(call.service.store, tx, call.user, Conditions()).visible("sample")
        groups = []
        for group in link_graph.groups_of_study(tx, study, "sample_group"):
            members = [one for one in objects.members(tx, group.id) if seen[one.slot]]
            samples = [member.document for member in members]
            words = vocabularies_for(tx, samples, attributes)
            invalid = summarize(samples, attributes, words)
            if invalid:
                groups.append(_group(group.public_id, invalid))
    return {"samples": groups}


def _group(accession: str, invalid: dict[str, list[InvalidValue]]) -> dict[str, Any]:
    return {
        "groupAccession": accession,
        "attributes": [
            {
                "attributeName": name,
                "attributeInvalidValues": [_value(one) for one in values],
            }
            for name, values in invalid.items()
        ],
    }


def _value(invalid: InvalidValue) -> dict[str, Any]:
    return {
        "value": invalid.value,
        "count": invalid.count,
        "errors": [
            {"errorType": problem.kind, "errorMessage": problem.message}
            for problem in invalid.problems
        ],
    }
