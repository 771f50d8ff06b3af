"""The code that asks what is shown: printed from the queries that ran."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from htmltools import Tag, tags
from shiny import Inputs, Outputs, Session, module, reactive, render, ui

from odm_shiny.errors import QueryError
from odm_shiny.modules.assets import page_assets, script
from odm_shiny.modules.bookmarks import kept_input
from odm_shiny.modules.controls import hint
from odm_shiny.modules.reactives import as_reactive
from odm_shiny.query.code import to_python
from odm_shiny.query.code_r import to_r
from odm_shiny.query.query import Query

if TYPE_CHECKING:
    from odm_shiny.client.client import Client

LANGUAGES = {"python": "Python", "r": "R", "curl": "curl"}
EXAMPLE_URL = "https://odm.example.org"


def address_of(client: Client) -> str | None:
    """Return the URL of an ODM, ``None`` for one inside this process."""
    url = client.session.wire.url
    return url if url.startswith(("http://", "https://")) else None


def python_script(queries: Mapping[str, Query], url: str | None, ending: str = "") -> str:
    """Write a script that asks every query and keeps each answer as a table under its name.

    Parameters
    ----------
    queries
        Name of a variable to the query whose answer it holds.
    url
        Of the ODM; ``None``: ``connect()`` finds the embedded one.
    ending
        Lines that work with these tables.
    """
    parts = []
    for name, query in queries.items():
        asked = to_python(query, url=url, run=True)
        parts.append(f"# {name}\n{asked}{name} = result.to_pandas()\n")
    return "\n".join([*parts, ending]).rstrip("\n") + "\n"


def r_script(queries: Mapping[str, Query], url: str | None) -> str:
    """Write the same questions in R, with the package odmshiny.

    Parameters
    ----------
    queries, url
        As for `python_script`; names are words that R takes as they are.
    """
    parts = []
    for name, query in queries.items():
        asked = to_r(query, url=url, run=True)
        parts.append(f"# {name}\n{asked}{name} <- result\n")
    return "\n".join(parts)


def curl_script(queries: Mapping[str, Query], url: str | None) -> str:
    """Write the same questions as lines for a shell."""
    parts = []
    if url is None:
        parts.append(
            "# This app holds its ODM inside. To reach it by curl, start `odm-shiny serve` on its\n"
            "# store and put the address that it prints in place of this one.\n"
        )
    for name, query in queries.items():
        parts.append(f"# {name}\n{query.to_curl(url or EXAMPLE_URL)}")
    return "\n".join(parts)


@module.ui
def show_code_ui() -> Tag:
    """Place for the code."""
    return tags.div(
        page_assets(),
        script("odm-copy.js"),
        tags.div(
            ui.input_radio_buttons("language", "Language", LANGUAGES, inline=True),
            tags.button(
                "Copy",
                type="button",
                class_="btn btn-default btn-sm odm-copy",
                data_copy=ui.output_code("code").attrs["id"],
            ),
            class_="odm-controls",
        ),
        ui.output_code("code", placeholder=True),
        hint(
            "Printed from the queries that ran. The token is not in it: it is read from the "
            "variable ODM_TOKEN, or from the saved login."
        ),
    )


@module.server
def show_code_server(
    input: Inputs,
    output: Outputs,
    session: Session,
    client: Client | Callable[[], Client],
    queries: Callable[[], Mapping[str, Query]],
    ending: Callable[[], str] = lambda: "",
) -> Callable[[], str]:
    """Show the code of queries.

    Parameters
    ----------
    queries
        Reactive: name of a variable to the query whose answer it holds.
    ending
        Reactive lines of Python that work with these tables.

    Returns
    -------
    Reactive text of the code that is shown.
    """
    get_client = as_reactive(client)
    language = kept_input(
        session,
        "language",
        default="python",
        choices=LANGUAGES,
        restore=lambda value: ui.update_radio_buttons("language", selected=value),
    )

    @reactive.calc
    def text() -> str:
        url = address_of(get_client())
        try:
            if language() == "curl":
                return curl_script(queries(), url)
            if language() == "r":
                return r_script(queries(), url)
        except QueryError as exc:
            return f"# {exc}"
        return python_script(queries(), url, ending())

    @render.code
    def code() -> str:
        return text()

    return text
