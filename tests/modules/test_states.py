from __future__ import annotations

import pytest
from shiny import ui

from odm_shiny.errors import (
    BadRequest,
    DeadlineExceeded,
    Forbidden,
    FrameError,
    MalformedResponse,
    NotAuthenticated,
    NotFound,
    OdmError,
    QuerySyntaxError,
    RateLimited,
    RedirectRefused,
    ServerFault,
    StatusError,
    StoreError,
    TransportError,
)
from odm_shiny.modules.states import explain, state_tag


def status(kind, code):
    return kind("GET /x: <b>said</b>", status=code)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (status(NotAuthenticated, 401), "not-signed-in"),
        (status(Forbidden, 403), "forbidden"),
        (status(NotFound, 404), "not-found"),
        (status(RateLimited, 429), "busy"),
        (status(BadRequest, 400), "bad-request"),
        (status(ServerFault, 503), "server-fault"),
        (status(StatusError, 418), "refused"),
        (DeadlineExceeded("late"), "timeout"),
        (RedirectRefused("moved"), "redirected"),
        (MalformedResponse("cut"), "unreadable"),
        (TransportError("no route"), "unreachable"),
        (QuerySyntaxError("what"), "query"),
        (FrameError("shape"), "frame"),
        (StoreError("locked"), "store"),
        (OdmError("else"), "error"),
        (ZeroDivisionError("a secret"), "unexpected"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_error_has_its_own_words(error, code):
    said = explain(error)
    assert said.code == code
    assert said.title
    assert said.advice


def test_a_fault_of_the_app_tells_no_details():
    assert explain(ZeroDivisionError("a secret")).details == ""
    assert explain(TransportError("no route")).details == "no route"


def test_an_error_is_an_alert_with_a_retry_and_its_text_is_no_markup():
    drawn = str(
        state_tag(
            "failed",
            status(Forbidden, 403),
            buttons=(None, ui.input_action_button("retry", "Try again")),
        )
    )
    assert 'role="alert"' in drawn
    assert "Try again" in drawn
    assert "&lt;b&gt;said" in drawn
    assert 'data-state="forbidden"' in drawn


def test_loading_is_told_to_screen_readers_and_can_be_cancelled():
    button = ui.input_action_button("cancel", "Cancel")
    drawn = str(state_tag("running", loading="Counting", buttons=(button, None)))
    assert 'role="status"' in drawn
    assert "Counting…" in drawn
    assert "Cancel" in drawn


@pytest.mark.parametrize(
    ("state", "texts", "shown"),
    [
        ("idle", {"waiting": "Choose a gene"}, "Choose a gene"),
        ("idle", {}, None),
        ("done", {"empty": "Nothing matches"}, "Nothing matches"),
        ("done", {}, None),
        ("cancelled", {}, "Cancelled"),
    ],
)
def test_waiting_empty_and_cancelled_are_told_and_a_result_is_not(state, texts, shown):
    drawn = state_tag(state, **texts)
    assert (drawn is None) == (shown is None)
    assert shown is None or shown in str(drawn)
