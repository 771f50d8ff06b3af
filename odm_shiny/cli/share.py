"""``share``: who may see a study.

ODM's API knows groups of people, by SCIM, but has no operation that shares a study: for that there
is nothing to ask a server by its address, and ``--url`` is understood in order to say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from odm_shiny.cli.options import AsJson, StoreOption, Url, client_of, examples
from odm_shiny.cli.output import answer, answer_json, answer_table
from odm_shiny.cli.store import existing
from odm_shiny.errors import OdmError, QueryError

if TYPE_CHECKING:
    from odm_shiny.store.engine import Tx
    from odm_shiny.store.people_groups import PeopleGroup

NO_SHARING = (
    "ODM's API has no operation that shares a study or tells with whom it is shared: share it in "
    "ODM's browser or with odm-share-study of ODM's SDK; a server of odm-shiny on the machine that "
    "has its store, with --store instead of --url"
)
commands = typer.Typer(
    help="Share studies of an embedded ODM; manage groups of people.",
    no_args_is_help=True,
)

Study = Annotated[str, typer.Argument(metavar="ACCESSION", help="Accession of the study.")]
Group = Annotated[str, typer.Argument(metavar="GROUP", help="Name or accession of the group.")]
NoUrl = Annotated[str | None, typer.Option("--url", metavar="URL", hidden=True)]


@commands.command(epilog=examples('odm-shiny share add GSF000010 "Lab A" --store ./my-odm'))
def add(study: Study, group: Group, store: StoreOption = None, url: NoUrl = None) -> None:
    """Let a group see a study and everything in it."""
    _refuse(url, NO_SHARING)
    _change(study, group, store, share=True)


@commands.command(epilog=examples('odm-shiny share remove GSF000010 "Lab A" --store ./my-odm'))
def remove(study: Study, group: Group, store: StoreOption = None, url: NoUrl = None) -> None:
    """Take a study back from a group."""
    _refuse(url, NO_SHARING)
    _change(study, group, store, share=False)


@commands.command("list", epilog=examples("odm-shiny share list GSF000010 --store ./my-odm"))
def list_groups(
    study: Study, store: StoreOption = None, as_json: AsJson = False, url: NoUrl = None
) -> None:
    """List the groups that a study is shared with."""
    _refuse(url, NO_SHARING)
    with existing(store) as place:
        from odm_shiny.store import objects, sharing

        with place.read() as tx:
            found = sharing.groups_sharing(tx, objects.get(tx, study))
    rows = [{"accession": group.accession, "name": group.name} for group in found]
    answer_table(rows, ("accession", "name"), as_json=as_json)


@commands.command(
    epilog=examples(
        "odm-shiny share groups --store ./my-odm",
        'odm-shiny share groups --new "Lab A" --member ann@example.org --member bo@example.org',
        'odm-shiny share groups --to "Lab A" --member cy@example.org --url https://odm.example.org',
    )
)
def groups(
    new: Annotated[
        str | None, typer.Option("--new", metavar="NAME", help="Make a group first.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="GROUP", help="Group that gets the members.")
    ] = None,
    member: Annotated[
        list[str] | None,
        typer.Option("--member", metavar="EMAIL", help="User to add; made if need be."),
    ] = None,
    url: Url = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """List the groups and their members; make one, or add members, first if asked to.

    On a server this needs the right to manage groups, and to manage users for their addresses.
    """
    if member and new is None and to is None:
        raise QueryError("say which group gets the members: --to GROUP or --new NAME")
    if url is None:
        rows = _groups_of_store(store, new, to, member)
    else:
        rows = _groups_of_server(url, new, to, member)
    if as_json:
        answer_json(rows)
    else:
        answer_table(rows, ("accession", "name", "members"), as_json=False)


def _groups_of_store(
    store: str | None, new: str | None, to: str | None, member: Sequence[str] | None
) -> list[dict[str, Any]]:
    with existing(store) as place:
        from odm_shiny.store import people, people_groups

        with place.write() as tx:
            if new is not None:
                to = people_groups.create_group(tx, new).accession
            if member:
                users = [people.ensure_user(tx, email).id for email in member]
                people_groups.add_members(tx, _group(tx, to or "").accession, users)
            rows = []
            for group in people_groups.list_groups(tx):
                emails = people.emails(tx, people_groups.members(tx, group.accession))
                row = {"accession": group.accession, "name": group.name}
                rows.append({**row, "members": sorted(emails.values())})
    return rows


def _groups_of_server(
    url: str, new: str | None, to: str | None, member: Sequence[str] | None
) -> list[dict[str, Any]]:
    from odm_shiny.cli import scim_groups

    with client_of(url, None) as client:
        if new is not None:
            to = scim_groups.create_group(client, new)
        if member:
            named = [(one["accession"], one["name"]) for one in scim_groups.list_groups(client)]
            scim_groups.add_members(client, _accession(named, to or ""), member)
        return scim_groups.list_groups(client)


def _refuse(url: str | None, why: str) -> None:
    if url is not None:
        raise QueryError(why)


def _change(study: str, group: str, store: str | None, *, share: bool) -> None:
    with existing(store) as place:
        from odm_shiny.store import objects, sharing

        with place.write() as tx:
            record, people = objects.get(tx, study), _group(tx, group)
            change = sharing.share if share else sharing.unshare
            changed = change(tx, record, people)
    if share:
        answer(f"{study} is {'now' if changed else 'already'} shared with {people.name}")
    else:
        answer(f"{study} is {'no longer' if changed else 'not'} shared with {people.name}")


def _group(tx: Tx, name: str) -> PeopleGroup:
    from odm_shiny.store import people_groups

    listed = people_groups.list_groups(tx)
    accession = _accession([(group.accession, group.name) for group in listed], name)
    return next(group for group in listed if group.accession == accession)


def _accession(groups: Sequence[tuple[str, str]], name: str) -> str:
    """Accession of the group with this accession or name."""
    for accession, own_name in groups:
        if name.casefold() in (accession.casefold(), own_name.casefold()):
            return accession
    known = ", ".join(own_name for _, own_name in groups)
    raise OdmError(f"there is no group {name!r}; there are {known}")


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    app.add_typer(commands, name="share")
