from __future__ import annotations

import pickle

import pytest
from shiny import render

from odm_shiny import connect
from odm_shiny import modules as m
from odm_shiny.modules.connection import Attempt, _secret


@pytest.fixture
def refused(served):
    """A client of a real server that it does not let in."""
    address, _ = served
    with connect(address, "not-a-token", cache=False) as client:
        yield client


def server_of(client, opened, **options):
    def server(input, output, session):
        odm = m.connection_server("odm", client, sign_in=sign_in, **options)
        study = m.study_server("study", odm.client)

        @render.text
        def title():
            return study.record()["Study Title"]

    def sign_in(address, token):
        opened.append(connect(address, token, cache=False))
        return opened[-1]

    return server


async def send(page, address, token):
    await page.message("odm-form", address, token)


def test_a_refused_session_is_let_in_with_a_token(refused, served, on_page):
    address, token = served
    opened = []

    async def steps(page):
        await page.until(lambda p: 'data-state="not-signed-in"' in p.html("study-state-shown"))
        await send(page, address, "wrong-token")
        await page.until(lambda p: "does not accept the token" in p.html("odm-problem"))
        assert page.output("title") is None
        await send(page, address, token)
        await page.until(lambda p: p.output("title") == "Leukemia, 7 people é")
        assert page.output("odm-problem") is None
        assert address in page.html("odm-where")

    on_page(server_of(refused, opened), steps)
    assert len(opened) == 2


def test_the_token_shows_nowhere(refused, served, on_page, caplog, capfd):
    address, token = served

    async def steps(page):
        await send(page, address, token)
        await page.until(lambda p: p.output("title"))
        await page.session.flush()
        seen = repr(page.session._current_inputs) + repr(page.session._current_outputs)
        assert token not in seen

    on_page(server_of(refused, []), steps)
    assert token not in caplog.text + "".join(capfd.readouterr())


def test_only_the_address_of_the_app_is_asked_unless_any_is_allowed(refused, served, on_page):
    address, token = served
    asked = []

    async def steps(page):
        await send(page, "http://127.0.0.1:9", token)
        await page.until(lambda p: p.output("title"))

    on_page(server_of(refused, asked), steps)
    assert [client.session.wire.url for client in asked] == [address]


def test_another_address_is_asked_where_it_is_allowed(refused, on_page):
    asked = []

    async def steps(page):
        await send(page, "http://127.0.0.1:9", "some-token")
        await page.until(lambda p: "cannot be reached" in p.html("odm-problem"))

    on_page(server_of(refused, asked, any_address=True), steps)
    assert [client.session.wire.url for client in asked] == ["http://127.0.0.1:9"]


def test_text_that_is_no_token_is_told_without_a_request(refused, on_page):
    asked = []

    async def steps(page):
        await send(page, "", "two\nlines")
        await page.until(lambda p: "no token" in p.html("odm-problem"))

    on_page(server_of(refused, asked), steps)
    assert asked == []


def test_an_odm_inside_the_app_asks_nobody(client, on_page):
    async def steps(page):
        await page.until(lambda p: p.output("title"))
        assert "Embedded ODM" in page.html("odm-where")
        assert "Sign in" not in page.html("odm-where")

    on_page(server_of(client, []), steps)


def test_an_attempt_shows_no_token():
    attempt = Attempt("https://x", _secret(" canary-token "))
    assert attempt.token.reveal() == "canary-token"
    assert "canary" not in repr(attempt)
    with pytest.raises(TypeError):
        pickle.dumps(attempt)
    assert _secret("two\nlines") is None
