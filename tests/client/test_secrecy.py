"""The token is nowhere but in the header of a request to its own origin."""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import traceback

import httpx
import pytest
import rich.console
import rich.traceback

from odm_shiny.client.auth import Secret
from odm_shiny.client.http import HttpTransport
from odm_shiny.connect import connect
from odm_shiny.errors import OdmError, QueryError

CANARY = "canary-7f3a9b-token"


def every_text(error: BaseException) -> str:
    """What any tool would show of an error, local variables included; without the test's own."""
    frame = error.__traceback__
    while frame is not None and "tests" in frame.tb_frame.f_code.co_filename:
        frame = frame.tb_next
    error = error.with_traceback(frame)
    out = io.StringIO()
    console = rich.console.Console(file=out, width=4000, color_system=None)
    shown = rich.traceback.Traceback.from_exception(
        type(error),
        error,
        error.__traceback__,
        show_locals=True,
        locals_max_length=None,
        locals_max_string=None,
    )
    console.print(shown)
    plain = traceback.TracebackException.from_exception(error, capture_locals=True)
    return out.getvalue() + "".join(plain.format())


FAULTS = {
    "refused": lambda replies: [replies.RESET],
    "cut": lambda replies: [replies.http(200, b"{", length=99), None],
    "401": lambda replies: replies.http(401, b'{"error":{"message":"no"}}'),
    "500": lambda replies: replies.http(500),
    "html": lambda replies: replies.http(200, "<html>in</html>", {"Content-Type": "text/html"}),
    "broken json": lambda replies: replies.http(200, b'{"a": nonsense'),
    "not http": lambda replies: [b"nonsense\r\n\r\n", None],
    "long header": lambda replies: replies.http(200, b"{}", {"X": "a" * 200_000}),
    "redirect": lambda replies: replies.http(302, b"", {"Location": "http://evil.example/"}),
    "silent": lambda replies: [1.0, None],
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("header", ["token", "access_token"])
def test_no_error_shows_the_token(stub, ask, replies, caplog, fault, header):
    caplog.set_level(logging.DEBUG)
    stub.answer(FAULTS[fault](replies))
    given = {"token": None, header: Secret(CANARY)}

    def work(client):
        return client.samples.get("GSF1")

    with pytest.raises(OdmError) as caught:
        ask(stub.url, work, retries=0, timeout_s=0.5, **given)
    del given
    assert CANARY in "".join(map(str, stub.requests))
    assert CANARY not in every_text(caught.value)
    assert CANARY not in caplog.text


@pytest.mark.parametrize("error", [KeyboardInterrupt, httpx.ReadError, httpx.ConnectError])
def test_what_a_library_holds_while_it_fails_is_not_shown(stub, monkeypatch, error):
    def failing(self, request):
        in_the_open = b"".join(value for _, value in request.headers).decode()
        assert CANARY in in_the_open
        raise error("broken")

    with connect(stub.url, Secret(CANARY), cache=False, retries=0) as client:
        monkeypatch.setattr("httpcore.ConnectionPool.handle_request", failing)
        with pytest.raises((KeyboardInterrupt, OdmError)) as caught:
            client.samples.get("GSF1")
    assert CANARY not in every_text(caught.value)


def test_a_client_and_its_parts_show_no_token(stub):
    with connect(stub.url, Secret(CANARY), cache=False) as client:
        seen = [repr(client), str(client), repr(vars(client)), repr(client.samples)]
        seen.append(repr(client.driver.transport))
        seen.append(repr(vars(client.driver.transport)))
        assert isinstance(client.driver.transport, HttpTransport)
        seen.append(repr(client.driver.transport.address))
        seen.append(repr(vars(client.driver.transport._client)))
        seen.append(repr(client.driver.transport._client.headers))
        assert CANARY not in "".join(seen)


@pytest.mark.parametrize(
    "show",
    [repr, str, format, "{:>20}".format, "%s".__mod__, lambda secret: f"{secret!r:>30}"],
    ids=["repr", "str", "format", "spec", "percent", "f-string"],
)
def test_a_secret_shows_stars(show):
    assert CANARY not in show(Secret(CANARY))
    assert "***" in show(Secret(CANARY))


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, vars])
def test_a_secret_is_neither_copied_nor_written(take):
    with pytest.raises(TypeError) as caught:
        take(Secret(CANARY))
    assert CANARY not in every_text(caught.value)


def test_a_secret_does_not_change_and_equals_its_like():
    secret = Secret(f"  {CANARY}\n")
    assert secret.reveal() == CANARY
    assert secret == Secret(CANARY)
    assert hash(secret) == hash(Secret(CANARY))
    assert secret != Secret("other")
    assert secret != CANARY
    with pytest.raises(AttributeError):
        secret.reveal = lambda: "x"


def test_the_header_of_a_secret_is_sent_and_not_shown():
    header = Secret(CANARY).header("Bearer ")
    assert bytes(header) == f"Bearer {CANARY}".encode()
    assert CANARY not in repr(header) + str(header) + repr([header])


@pytest.mark.parametrize("text", ["", "   ", "a\nb", "“quoted”", "tab\there", "\x00"])
def test_text_that_is_no_token_is_refused_without_showing_it(text):
    whole = f"{CANARY}{text}" if text.strip() else text
    with pytest.raises(QueryError, match="copy it again") as caught:
        Secret(whole)
    assert CANARY not in str(caught.value)


def test_a_bad_token_given_to_connect_is_not_shown(stub):
    with pytest.raises(QueryError) as caught:
        connect("http://odm.example.org", Secret(CANARY))
    assert "unencrypted" in str(caught.value)
    assert CANARY not in every_text(caught.value)


def test_results_can_be_shown_and_none_holds_the_token(stub, replies):
    stub.answer(replies.http(200, {"data": [{"a": 1}], "meta": {"pagination": {"total": 1}}}))
    with connect(stub.url, Secret(CANARY), cache=False) as client:
        found = client.samples.find()
        found.to_pandas()
        assert CANARY not in repr(found) + found._repr_html_() + repr(vars(found))
        query = client.query()
        assert CANARY not in pickle.dumps(query).decode("latin-1") + repr(query)
