"""What stands where a result is not there: waiting, loading, empty, cancelled, failed.

Every module draws these the same way: `state_ui` above its result, `state_server` with the work
that makes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from htmltools import Tag, TagList, tags
from shiny import Inputs, Outputs, Session, module, reactive, render, ui

from odm_shiny.errors import (
    BadRequest,
    DeadlineExceeded,
    Forbidden,
    FrameError,
    MalformedResponse,
    NotAuthenticated,
    NotFound,
    OdmError,
    QueryError,
    RateLimited,
    RedirectRefused,
    ServerFault,
    StatusError,
    StoreError,
    TransportError,
)
from odm_shiny.modules.assets import page_assets
from odm_shiny.modules.bookmarks import value_of
from odm_shiny.modules.reactives import NEXT
from odm_shiny.modules.work import Latest, Status, Together


@dataclass(frozen=True)
class Explanation:
    """An error as a person should read it.

    Attributes
    ----------
    code
        Short name for tests and style: ``not-signed-in``, ``forbidden``, ``timeout`` ...
    title, advice
        What happened and what to do.
    details
        What the error itself says; empty where it is not meant for users.
    """

    code: str
    title: str
    advice: str
    details: str = ""


# The first class that fits explains an error, so the narrow ones stand first.
_EXPLAINED: tuple[tuple[type[OdmError], str, str, str], ...] = (
    (
        NotAuthenticated,
        "not-signed-in",
        "Not signed in",
        "The ODM does not accept the token, or got none. Sign in with a valid token.",
    ),
    (
        Forbidden,
        "forbidden",
        "No permission",
        "You are signed in, but may not see this. Ask its owner to share it with you.",
    ),
    (
        NotFound,
        "not-found",
        "Not found",
        "It was deleted, or is not shared with you. Choose something else.",
    ),
    (
        RateLimited,
        "busy",
        "The ODM is busy",
        "It asks for fewer requests. Wait a moment, then try again.",
    ),
    (
        BadRequest,
        "bad-request",
        "The ODM cannot read this question",
        "Check the filter. The details say what the ODM did not understand.",
    ),
    (
        ServerFault,
        "server-fault",
        "The ODM failed",
        "This is a fault of the server, not yours. Try again; if it stays, tell its administrator.",
    ),
    (StatusError, "refused", "The ODM refused", "The details say why."),
    (
        DeadlineExceeded,
        "timeout",
        "The ODM did not answer in time",
        "Try again, or ask for less: a narrower filter, fewer samples.",
    ),
    (
        RedirectRefused,
        "redirected",
        "The ODM has moved",
        "Its address points to another host, to which no token is sent. Check the address.",
    ),
    (
        MalformedResponse,
        "unreadable",
        "The answer cannot be read",
        "What came is not what an ODM sends. Check the address of the ODM.",
    ),
    (
        TransportError,
        "unreachable",
        "The ODM cannot be reached",
        "Check the network and the address of the ODM, then try again.",
    ),
    (QueryError, "query", "This question cannot be asked", "The details say what to change."),
    (FrameError, "frame", "The data do not fit together", "The details say where."),
    (StoreError, "store", "The store cannot be read", "The details say why."),
    (OdmError, "error", "This did not work", "The details say why."),
)
_UNEXPECTED = Explanation(
    "unexpected",
    "Something went wrong",
    "This is a fault of the app. It was written to the log of the server.",
)


def explain(error: BaseException) -> Explanation:
    """Say what an error means and what to do about it."""
    for kind, code, title, advice in _EXPLAINED:
        if isinstance(error, kind):
            return Explanation(code, title, advice, str(error))
    return _UNEXPECTED


def state_tag(
    status: Status,
    error: BaseException | None = None,
    *,
    loading: str = "Loading",
    waiting: str = "",
    empty: str = "",
    buttons: tuple[Tag | None, Tag | None] = (None, None),
) -> Tag | None:
    """Draw a state; nothing where there is a result to show.

    Parameters
    ----------
    status, error
        Of the work.
    loading, waiting, empty
        Texts for a running work, for one that has nothing to ask yet, and for an empty result.
    buttons
        To cancel and to try again.
    """
    cancel, retry = buttons
    if status == "running":
        return tags.div(
            tags.span(class_="spinner-border spinner-border-sm", aria_hidden="true"),
            tags.span(f"{loading}…"),
            cancel,
            class_="odm-state odm-loading",
            role="status",
        )
    if status == "failed" and error is not None:
        return _error_tag(explain(error), retry)
    if status == "cancelled":
        return _note("Cancelled.", retry, code="cancelled")
    if status == "idle":
        return _note(waiting, code="waiting") if waiting else None
    return _note(empty, code="empty") if empty else None


@module.ui
def state_ui() -> Tag:
    """Place for a state; it takes no room while there is a result."""
    return tags.div(page_assets(), ui.output_ui("shown"), class_="odm-state-place")


@module.server
def state_server(
    input: Inputs,
    output: Outputs,
    session: Session,
    work: Latest[Any] | Together,
    *,
    loading: str = "Loading",
    waiting: str | Callable[[], str] = "",
    empty: Callable[[Any], str] = lambda result: "",
    whole: bool = False,
) -> None:
    """Draw the state of `work`, with buttons to cancel it and to try again.

    Parameters
    ----------
    loading, waiting
        What is loaded; what to choose first.
    empty
        Given the result, says why there is nothing to see, or ``""``.
    whole
        Show errors of what the work needs first, too: for results, not for controls.
    """
    session.bookmark.exclude.extend(["cancel", "retry"])

    @render.ui
    def shown() -> TagList:
        status = work.status() if whole else work.own_status()
        wait = waiting() if callable(waiting) and status == "idle" else waiting
        return TagList(
            state_tag(
                status,
                work.error(),
                loading=loading,
                waiting=str(wait) if status == "idle" else "",
                empty=empty(work.result()) if status == "done" else "",
                buttons=(
                    ui.input_action_button("cancel", "Cancel", class_="btn-sm btn-link"),
                    ui.input_action_button("retry", "Try again", class_="btn-sm"),
                ),
            )
        )

    clicks = {"cancel": 0, "retry": 0}

    @reactive.effect(priority=NEXT)
    def _act() -> None:
        for name, act in (("cancel", work.cancel), ("retry", work.retry)):
            # A button that is drawn again begins at 0: that is no click.
            before, clicks[name] = clicks[name], int(value_of(session, name, 0) or 0)
            if clicks[name] > before:
                act()


def _error_tag(said: Explanation, retry: Tag | None) -> Tag:
    details = (
        tags.details(tags.summary("Details"), tags.pre(said.details)) if said.details else None
    )
    return tags.div(
        tags.strong(said.title),
        tags.p(said.advice),
        details,
        retry,
        class_="odm-state odm-error alert alert-danger",
        role="alert",
        data_state=said.code,
    )


def _note(text: str, button: Tag | None = None, *, code: str) -> Tag:
    return tags.div(
        tags.span(text), button, class_="odm-state odm-note", role="status", data_state=code
    )
