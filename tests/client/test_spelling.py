from __future__ import annotations

import warnings

import pytest

from odm_shiny.client.spelling import UnknownAttributeWarning
from odm_shiny.connect import connect
from odm_shiny.errors import QueryError
from odm_shiny.query.expr import field

TYPO = field("Tisue") == "liver"
SAID = "nothing was found: no sample has an attribute 'Tisue': did you mean 'Tissue'"


@pytest.fixture(params=[True, False], ids=["extensions", "none"])
def client(request, filled):
    with connect(store=filled.where, extensions=request.param) as found:
        yield found


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.query().where(sample=TYPO).run(),
        lambda client: client.query().where(sample=TYPO).genes("TP53").expression().run(),
        lambda client: client.query().where(sample=TYPO).studies().run(),
        lambda client: client.samples.find("Tisue=liver"),
    ],
    ids=["samples", "values", "studies", "find"],
)
def test_an_empty_result_names_the_attribute_that_nobody_has(client, ask):
    found = ask(client)
    with pytest.warns(UnknownAttributeWarning, match=SAID) as said:
        assert found.to_list() == []
    assert len(said) == 1
    assert found.to_list() == []  # and says it once


def test_the_same_for_event_loops(on, filled):
    with pytest.warns(UnknownAttributeWarning, match=SAID):
        assert on(filled.where, lambda client: client.samples.find(TYPO).to_list()) == []


def test_an_attribute_that_somebody_has_is_no_mistake(client):
    assert client.query().where(sample=field("Tissue") == "brain").run().to_list() == []
    assert client.explain(client.query().where(sample=field("Tissue") == "brain")).notes == ()


def test_a_result_with_rows_costs_no_more_requests(client, monkeypatch):
    client.whoami()
    asked = []
    transport = client.driver.transport
    open_ = transport.open
    monkeypatch.setattr(transport, "open", lambda *given: asked.append(given[0]) or open_(*given))
    either = (field("Tissue") == "liver") | TYPO
    assert len(client.query().where(sample=either).run().to_list()) == 3
    assert len(asked) == 1


def test_explaining_names_each_attribute_that_nobody_has(client):
    query = client.query().where(study='"Study Titel"=x', sample=TYPO)
    funnel = client.explain(query)
    assert funnel.notes == (
        "no study has an attribute 'Study Titel': did you mean 'Study Title'?",
        "no sample has an attribute 'Tisue': did you mean 'Tissue'?",
    )
    assert str(funnel).splitlines()[-1] == funnel.notes[1]
    assert "&#x27;Tissue&#x27;" in funnel._repr_html_()


def test_a_courtesy_that_fails_spoils_nothing(stub, replies):
    empty = {"data": [], "meta": {"pagination": {"total": 0}}}
    stub.answer(replies.http(200, empty), replies.http(400))
    with (
        connect(stub.url, "token-1", cache=False, extensions=False) as client,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("error")
        assert client.samples.find(TYPO).to_list() == []


@pytest.mark.parametrize("call", ["run", "listing"])
def test_what_is_no_query_is_refused(client, call):
    with pytest.raises(QueryError, match=r"a query must stand here.*not 'GSF1'; records by acc"):
        getattr(client, call)("GSF1")
