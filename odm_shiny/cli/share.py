"""``share``: who may see a study, in an embedded ODM's store.

ODM's API has no operation that shares a study, so there is nothing to ask a server by its address;
``--url`` is understood in order to say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from odm_shiny.cli.options import AsJson, StoreOption, examples
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
NO_GROUPS = (
    "groups of people are read from the store of an embedded ODM: give --store instead of --url, "
    "on the machine that has it; groups of another ODM are made in its browser or by SCIM"
)

commands = typer.Typer(
    help="Share studies of an embedded ODM with groups of people.", no_args_is_help=True
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
        'odm-shiny share groups --to "Lab A" --member cy@example.org',
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
    store: StoreOption = None,
    as_json: AsJson = False,
    url: NoUrl = None,
) -> None:
    """List the groups and their members; make one, or add members, first if asked to."""
    _refuse(url, NO_GROUPS)
    with existing(store) as place:
        from odm_shiny.store import people, people_groups

        with place.write() as tx:
            if new is not None:
                to = people_groups.create_group(tx, new).accession
            if member:
                if to is None:
                    raise OdmError("say which group gets the members: --to GROUP or --new NAME")
                users = [people.ensure_user(tx, email).id for email in member]
                people_groups.add_members(tx, _group(tx, to).accession, users)
            rows = []
            for group in people_groups.list_groups(tx):
                emails = people.emails(tx, people_groups.members(tx, group.accession))
                row = {"accession": group.accession, "name": group.name}
                rows.append({**row, "members": sorted(emails.values())})
    if as_json:
        answer_json(rows)
    else:
        answer_table(rows, ("accession", "name", "members"), as_json=False)


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
    for group in listed:
        if name.casefold() in (group.accession.casefold(), group.name.casefold()):
            return group
    known = ", ".join(group.name for group in listed)
    raise OdmError(f"there is no group {name!r}; there are {known}")


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    app.add_typer(commands, name="share")
