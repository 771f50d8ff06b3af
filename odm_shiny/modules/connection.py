"""Sign in to an ODM: a form that comes when the ODM asks for a token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from htmltools import Tag, TagList, tags
from shiny import Inputs, Outputs, Session, module, reactive, render, ui
from shiny.module import resolve_id

from odm_shiny.client.auth import Secret
from odm_shiny.errors import NotAuthenticated, QueryError
from odm_shiny.modules.assets import page_assets, script
from odm_shiny.modules.bookmarks import keep
from odm_shiny.modules.reactives import NEXT
from odm_shiny.modules.show_code import address_of
from odm_shiny.modules.states import explain
from odm_shiny.modules.work import Latest, latest, refusals

if TYPE_CHECKING:
    from odm_shiny.client.client import Client

SignIn = Callable[[str, Secret], "Client"]


@dataclass(frozen=True)
class Attempt:
    """What somebody sent with the form.

    Attributes
    ----------
    token
        ``None`` if it cannot be one: empty, or with characters that no token has.
    number
        Tells a second try from the first.
    """

    address: str
    token: Secret | None
    number: int = 0


@dataclass(frozen=True)
class Connection:
    """Which ODM a session asks.

    Attributes
    ----------
    client
        Reactive client of this session.
    work
        How the last sign-in stands; its result is the client that was opened.
    """

    client: Callable[[], Client]
    work: Latest[Client]


@module.ui
def connection_ui() -> Tag:
    """Text that says which ODM is asked, with a link to sign in."""
    return tags.span(
        page_assets(),
        script("odm-sign-in.js"),
        ui.output_ui("where", inline=True),
        class_="odm-connection",
    )


@module.server
def connection_server(
    input: Inputs,
    output: Outputs,
    session: Session,
    client: Client,
    sign_in: SignIn | None = None,
    *,
    any_address: bool = False,
) -> Connection:
    """Ask for a token when the ODM wants one, and keep it in this session only.

    Parameters
    ----------
    client
        What is asked until somebody signs in.
    sign_in
        Opens an ODM by address and token, such as ``connect``; ``None`` offers no form.
    any_address
        Whether a person may name another ODM. The server of the app then opens connections to
        hosts that they choose: for an app on one's own machine only.
    """
    keep(session)
    fixed = client.session.wire.url
    if address_of(client) is None and not any_address:
        sign_in = None  # an ODM inside the app asks nobody for a token
    current: reactive.Value[Client] = reactive.Value(client, name="current")
    asking: reactive.Value[bool] = reactive.Value(False, name="asking")
    attempt: reactive.Value[Attempt | None] = reactive.Value(None, name="attempt")

    def plan() -> partial[Client] | None:
        tried = attempt()
        return partial(_open, sign_in, tried) if tried is not None and sign_in else None

    work = latest(plan)

    def try_it(address: str, token: str) -> None:
        before = attempt()
        where = str(address).strip() if any_address and address else fixed
        attempt.set(Attempt(where, _secret(token), before.number + 1 if before else 0))

    session.set_message_handler("form", try_it)

    @reactive.effect(priority=NEXT)
    def _use() -> None:
        if work.status() == "done":
            current.set(work.result())
            asking.set(False)
            session.on_ended(work.result().close)

    @render.ui
    def problem() -> Tag | None:
        error = work.error()
        return _problem(error) if error is not None else None

    @render.ui
    def where() -> TagList:
        link = ui.input_action_link("open", "Sign in") if sign_in is not None else None
        return TagList(tags.span(_told(current()), class_="odm-hint"), link)

    if sign_in is not None:
        _show_form(input, session, asking, fixed if not any_address else None)
    return Connection(client=current.get, work=work)


def _show_form(
    input: Inputs,
    session: Session,
    asking: reactive.Value[bool],
    address: str | None,
) -> None:
    @reactive.effect(priority=NEXT)
    @reactive.event(refusals(session), ignore_init=True)
    def _refused() -> None:
        asking.set(True)

    @reactive.effect(priority=NEXT)
    @reactive.event(input.open)
    def _wanted() -> None:
        asking.set(True)

    @reactive.effect(priority=NEXT)
    @reactive.event(input.later)
    def _later() -> None:
        asking.set(False)

    @reactive.effect(priority=NEXT)
    @reactive.event(asking, ignore_init=True)
    def _show() -> None:
        if asking():
            ui.modal_show(_form(address))
        else:
            ui.modal_remove()


def _secret(text: object) -> Secret | None:
    """Wrap a token the moment it comes; ``None`` if it cannot be one."""
    try:
        return Secret(str(text).strip())
    except QueryError:
        return None


def _open(sign_in: SignIn, attempt: Attempt) -> Client:
    if attempt.token is None:
        raise QueryError("this is no token: copy it again, whole")
    opened = sign_in(attempt.address, attempt.token)
    try:
        opened.studies.find(limit=1).to_list()
    except BaseException:
        opened.close()
        raise
    return opened


def _told(client: Client) -> str:
    return address_of(client) or "Embedded ODM"


def _problem(error: BaseException) -> Tag:
    said = explain(error)
    text = f"{said.title}. {said.advice}"
    if isinstance(error, NotAuthenticated):
        text = said.advice
    elif isinstance(error, QueryError):
        text = said.details
    return tags.div(text, class_="alert alert-danger", role="alert")


def _form(address: str | None) -> Tag:
    form_id = resolve_id("form")
    where = tags.p("ODM: ", tags.strong(address))
    if address is None:
        where = _field("address", "Address of the ODM", type="url", placeholder="https://")
    return ui.modal(
        tags.form(
            where,
            _field("token", "API token", type="password"),
            tags.p(
                "The token stays in this session of the app and is forgotten when you leave.",
                class_="odm-hint",
            ),
            ui.output_ui("problem"),
            tags.div(
                ui.input_action_button("later", "Cancel"),
                tags.button("Sign in", type="submit", class_="btn btn-primary"),
                class_="odm-buttons",
            ),
            id=form_id,
            class_="odm-sign-in",
        ),
        title="Sign in to the ODM",
        footer=None,
    )


def _field(name: str, label: str, **attributes: str) -> Tag:
    field_id = resolve_id(f"form_{name}")
    return tags.div(
        tags.label(label, for_=field_id),
        tags.input(
            id=field_id,
            name=name,
            class_="form-control",
            autocomplete="off",
            required="",
            data_shiny_no_bind_input="",
            **attributes,
        ),
        class_="form-group",
    )
