"""``login`` and ``logout``: the token of an ODM, kept in the keyring of the operating system."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from odm_shiny.cli.options import examples
from odm_shiny.cli.output import answer, say
from odm_shiny.errors import OdmError, QueryError


def login(
    url: Annotated[str, typer.Argument(metavar="URL", help="Address of the ODM, as in a browser.")],
    no_check: Annotated[
        bool, typer.Option("--no-check", help="Save without asking the ODM about the token.")
    ] = False,
) -> None:
    """Save the token of an ODM, and use that ODM where nothing else is said.

    The token is asked for, or read from standard input; it is never an argument, which other users
    of the machine could see.
    """
    from odm_shiny.client.auth import save_login

    token = _read_token(url)
    who = None if no_check else _check(url, token)
    saved = save_login(url, token, name=who)
    answer(f"logged in to {saved.url}" + (f" as {who}" if who else ""))


def logout(
    url: Annotated[
        str | None,
        typer.Argument(metavar="[URL]", help="Address of the ODM; else the one used by default."),
    ] = None,
) -> None:
    """Forget the token of an ODM."""
    from odm_shiny.client.auth import forget_login, saved_logins

    known = saved_logins()
    if url is None and not known:
        raise OdmError("there is no login to forget")
    forgotten = url or known[0]
    if not forget_login(forgotten):
        hint = f"; there is one of {', '.join(known)}" if known else ""
        raise OdmError(f"there is no login of {forgotten}{hint}")
    answer(f"forgot the login of {forgotten}")


def _read_token(url: str) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(f"API token of {url}", hide_input=True, err=True))
    token = sys.stdin.readline().strip()
    if not token:
        raise QueryError("no token came on standard input: odm-shiny login URL < file-with-token")
    return token


def _check(url: str, token: str) -> str | None:
    """Ask the ODM something small with the token; its user's name, where the ODM tells it."""
    from odm_shiny.connect import connect

    say(f"asking {url} ...")
    with connect(url, token, timeout_s=20, deadline_s=40) as client:
        client.studies.find(limit=1).to_list()
        # Only this project's own server tells; it is asked after the token is known to be good.
        who = client.whoami()
    return str(who["email"]) if who and who.get("email") else None


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    app.command(
        epilog=examples(
            "odm-shiny login https://odm.example.org",
            "odm-shiny login https://odm.example.org < token.txt",
        )
    )(login)
    app.command(epilog=examples("odm-shiny logout https://odm.example.org"))(logout)
