"""Requests generated from the project's own OpenAPI document, against a filled store.

Whatever is asked, no operation fails with a 5xx (but for the 501 of what this server does not hold
yet), and what comes back is of a declared status, type and form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from odm_shiny.contract.operations import operations
from odm_shiny.server.asgi import create_app
from odm_shiny.server.fetch import ImportRules
from odm_shiny.server.routes import HANDLERS
from odm_shiny.server.service import load_handlers
from odm_shiny.store import tokens
from odm_shiny.store.check import check

load_handlers()
TABLE = {one.name: one for one in operations()}
HANDLED = sorted(name for name, one in TABLE.items() if one.key in HANDLERS)
UNHANDLED = sorted(set(TABLE) - set(HANDLED))
# Both roles share a handler; one of them is enough for every run.
USUAL = [name for name in HANDLED if TABLE[name].role != "curator" or TABLE[name].method != "GET"]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
NOT_HELD = re.compile(rb"is not available on this server|holds no variant or flow-cytometry data")
EXAMPLES, MANY_EXAMPLES = 6, 150


def no_network(host: str, port: int) -> Sequence[str]:
    raise OSError("there is no network in this test")


class Asker:
    """Generates requests for an operation and checks the answers."""

    def __init__(self, odm: Any) -> None:
        odm.service.import_rules = ImportRules(resolve=no_network)
        with odm.store.write() as tx:
            self.token = tokens.create_token(tx, odm.user("root"), "generated")
        app = create_app(odm.service)
        schema = schemathesis.openapi.from_asgi("/openapi.json", app)
        found = [one.ok() for one in schema.get_all_operations()]
        self.operations = {one.definition.raw["operationId"]: one for one in found}
        self.ids = self._ids(odm)

    def _ids(self, odm: Any) -> list[str]:
        """Ids that exist: of objects, groups, runs, items and jobs."""
        found = list(odm.id.values())
        for kind, group in (
            ("sample", "samples"),
            ("library", "libraries"),
            ("preparation", "preparations"),
        ):
            found += odm.ids(kind, odm.id[group]).values()
        runs = list(odm.runs(odm.id["rna"]).values())
        return [*found, *runs, f"{runs[0]}-TP53", f"{runs[1]}-EGFR", "GSVC000001"]

    def ask(self, name: str, mode: GenerationMode, n_examples: int) -> set[int]:
        """The statuses of `n_examples` answers, all of them checked."""
        operation = self.operations[name]
        seen: set[int] = set()

        @settings(
            max_examples=n_examples,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate],
        )
        @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
        def one_request(case: Any, data: st.DataObject) -> None:
            self._use_known_ids(case, data)
            response = case.call(headers={"Genestack-API-Token": self.token})
            seen.add(response.status_code)
            if response.status_code == 501:
                assert TABLE[name].method == "HEAD" or NOT_HELD.search(response.content)
            else:
                case.validate_response(response, checks=CHECKS)

        one_request()
        return seen

    def _use_known_ids(self, case: Any, data: st.DataObject) -> None:
        """Mostly ask for what is there: an invented id seldom is."""
        for place in (case.path_parameters, case.query):
            for parameter in place or {}:
                named = parameter.lower().endswith(("id", "accession"))
                if named and data.draw(st.integers(0, 3)):
                    place[parameter] = data.draw(st.sampled_from(self.ids))


@pytest.fixture(scope="module")
def asker(shown_copy) -> Asker:
    return Asker(shown_copy)


@pytest.mark.parametrize("name", USUAL)
def test_valid_requests_are_answered_as_declared(asker, name) -> None:
    asker.ask(name, GenerationMode.POSITIVE, EXAMPLES)


@pytest.mark.parametrize("name", USUAL)
def test_invalid_requests_are_refused_as_declared(asker, name) -> None:
    one = asker.operations[name]
    if not (one.definition.raw.get("parameters") or one.body):
        return  # there is nothing in it that could be invalid
    asker.ask(name, GenerationMode.NEGATIVE, EXAMPLES)


@pytest.mark.parametrize("name", UNHANDLED)
def test_what_is_not_held_says_so_or_refuses_the_request(asker, name) -> None:
    assert asker.ask(name, GenerationMode.POSITIVE, 2) <= {400, 404, 413, 415, 501}


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", HANDLED)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_many_requests_are_answered_as_declared(asker, name, mode) -> None:
    one = asker.operations[name]
    if mode is GenerationMode.POSITIVE or one.definition.raw.get("parameters") or one.body:
        asker.ask(name, mode, MANY_EXAMPLES)


def test_the_store_is_whole_after_all_this(asker, shown_copy) -> None:
    assert [found for found in check(shown_copy.store) if not found.is_harmless] == []
