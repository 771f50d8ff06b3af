"""``token``: who may use an ODM server, by tokens kept in its store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from odm_shiny.cli.options import AsJson, StoreOption, examples, needs, store_place
from odm_shiny.cli.output import answer, answer_json, answer_table, say
from odm_shiny.cli.times import iso
from odm_shiny.errors import OdmError, QueryError

if TYPE_CHECKING:
    from odm_shiny.store.people import User
    from odm_shiny.store.store import Store

commands = typer.Typer(
    help="Make, list and revoke tokens, while a server runs on the store or not.",
    no_args_is_help=True,
)

Email = Annotated[str, typer.Option("--user", metavar="EMAIL", help="Whose token it is.")]


@commands.command(
    epilog=examples(
        "odm-shiny token create --store ./my-odm --user ann@example.org --curator",
        "export ODM_TOKEN=$(odm-shiny token create --store ./my-odm --user ann@example.org)",
    )
)
def create(
    user: Email,
    store: StoreOption = None,
    curator: Annotated[
        bool, typer.Option("--curator", help="Let the user import, edit and link, too.")
    ] = False,
    admin: Annotated[
        bool, typer.Option("--admin", help="Grant the user every permission, curation included.")
    ] = False,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="What to call the token.")
    ] = "token",
    as_json: AsJson = False,
) -> None:
    """Make a token, and its user if need be; print the token alone on standard output.

    It is shown this once: the store keeps a hash of it.
    """
    with opened(store) as place:
        from odm_shiny.store import people, tokens

        with place.write() as tx:
            owner = people.ensure_user(tx, user, is_curator=curator or admin, is_admin=admin)
            token = tokens.create_token(tx, owner, name)
    if as_json:
        answer_json({"token": token, **_rights(owner), "name": name})
        return
    rights = ", ".join(right for right in ("curator", "admin") if _rights(owner)[right])
    say(f"token {name!r} of {owner.email}" + (f" ({rights})" if rights else ""))
    answer(token)


@commands.command("list", epilog=examples("odm-shiny token list --store ./my-odm --json"))
def list_tokens(
    user: Annotated[
        str | None, typer.Option("--user", metavar="EMAIL", help="Only the tokens of this user.")
    ] = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """List tokens: whose, called what, since when; never the tokens themselves."""
    rows: list[dict[str, Any]] = []
    with opened(store) as place:
        from odm_shiny.store import people, tokens

        with place.read() as tx:
            owners = [_known(people.find_user(tx, user), user)] if user else people.list_users(tx)
            for owner in owners:
                rows += [
                    {
                        "id": token.id,
                        **_rights(owner),
                        "name": token.name,
                        "ends_in": token.last_four,
                        "created": iso(token.created_at),
                        "revoked": iso(token.revoked_at),
                    }
                    for token in tokens.list_tokens(tx, owner)
                ]
    columns = ("id", "user", "curator", "admin", "name", "ends_in", "created", "revoked")
    answer_table(rows, columns, as_json=as_json)


@commands.command(
    epilog=examples(
        "odm-shiny token revoke 3 --store ./my-odm --user ann@example.org",
        "odm-shiny token revoke --name laptop --store ./my-odm --user ann@example.org",
    )
)
def revoke(
    user: Email,
    token_id: Annotated[
        int | None, typer.Argument(metavar="[ID]", help="Number of the token; see `token list`.")
    ] = None,
    store: StoreOption = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="Revoke every token of this name instead."),
    ] = None,
) -> None:
    """Make a token worthless from now on, on running servers too."""
    if (token_id is None) == (name is None):
        raise QueryError("say which token: its number, or --name")
    with opened(store) as place:
        from odm_shiny.store import people, tokens

        with place.write() as tx:
            owner = _known(people.find_user(tx, user), user)
            good = [token for token in tokens.list_tokens(tx, owner) if token.revoked_at is None]
            ids = [token_id] if token_id else [token.id for token in good if token.name == name]
            if not ids:
                raise OdmError(f"{user} has no token called {name!r} that is still good")
            for one in ids:
                tokens.revoke_token(tx, owner, one)
    answer(f"revoked {', '.join(map(str, ids))}")


@contextmanager
def opened(store: str | None) -> Iterator[Store]:
    """Open the store of ``--store`` for one command."""
    with needs("server"):
        from odm_shiny.store.store import Store

        place = Store.open(store_place(store))
    try:
        yield place
    finally:
        place.close()


def _known(owner: User | None, email: str | None) -> User:
    if owner is None:
        raise OdmError(f"there is no user {email} in this store")
    return owner


def _rights(owner: User) -> dict[str, Any]:
    return {"user": owner.email, "curator": owner.is_curator, "admin": owner.is_admin}


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    app.add_typer(commands, name="token")
