"""Users and groups of people, by SCIM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from odm_shiny.contract.messages import Reply
from odm_shiny.server.routes import Call, handles
from odm_shiny.server.scim import (
    GROUP_KEYS,
    USER_KEYS,
    Change,
    email_of,
    group_resource,
    listing,
    member_ids,
    read_patch,
    reply,
    text_of,
    user_resource,
)
from odm_shiny.server.wire import Problem, empty
from odm_shiny.store import people, people_groups
from odm_shiny.store.refusals import NotPossible, NotStored
from odm_shiny.store.schema import users

if TYPE_CHECKING:
    from odm_shiny.store.engine import Tx
    from odm_shiny.store.people import User
    from odm_shiny.store.people_groups import PeopleGroup

MEMBERS: Final = "members"
EMAIL_NAMES: Final = ("username", "emails")


@handles("GET /scim/Groups")
def list_groups(call: Call) -> Reply:
    """Groups of people, by name."""
    with call.service.store.read() as tx:
        groups = people_groups.list_groups(tx)
        return listing(call, [_shown(call, tx, group) for group in groups], GROUP_KEYS)


@handles("GET /scim/Groups/{id}")
def get_group(call: Call) -> Reply:
    """One group of people."""
    with call.service.store.read() as tx:
        return reply(_shown(call, tx, people_groups.get_group(tx, call.path["id"])))


@handles("POST /scim/Groups")
def create_group(call: Call) -> Reply:
    """Make a group without members."""
    if call.body.get(MEMBERS):
        raise Problem(400, "members must be empty here: add them by PATCH of the group")
    with call.service.store.write() as tx:
        group = people_groups.create_group(tx, text_of(call.body["displayName"], "displayName"))
        return reply(group_resource(group, []), 201)


@handles("PATCH /scim/Groups/{id}")
def patch_group(call: Call) -> Reply:
    """Rename a group, or change its members; all of it or nothing."""
    changes = read_patch(call.body, ("displayname", MEMBERS))
    with call.service.store.write() as tx:
        group = people_groups.get_group(tx, call.path["id"])
        for change in changes:
            if change.name == MEMBERS:
                _change_members(tx, group, change)
            elif change.op == "remove":
                raise Problem(400, "displayName cannot be removed", scim_type="invalidPath")
            else:
                people_groups.rename_group(
                    tx, group.accession, text_of(change.value, "displayName")
                )
    return empty(204)


@handles("DELETE /scim/Groups/{id}")
def delete_group(call: Call) -> Reply:
    """Remove a group; what was shared with it is shared no more."""
    with call.service.store.write() as tx:
        try:
            people_groups.delete_group(tx, call.path["id"])
        except NotPossible as exc:
            raise Problem(403, str(exc)) from exc
    return empty(204)


@handles("GET /scim/Users")
def list_users(call: Call) -> Reply:
    """Active users."""
    with call.service.store.read() as tx:
        return listing(call, map(user_resource, people.list_users(tx)), USER_KEYS)


@handles("GET /scim/Users/{id}")
def get_user(call: Call) -> Reply:
    """One active user."""
    with call.service.store.read() as tx:
        return reply(user_resource(_user(tx, call.path["id"])))


@handles("POST /scim/Users")
def create_user(call: Call) -> Reply:
    """Make a user; of a login that is known the user is updated, and active again."""
    email, name = email_of(call.body["emails"]), text_of(call.body["displayName"], "displayName")
    if not call.body["active"]:
        raise Problem(400, "active must be true: a user who is not is deleted")
    with call.service.store.write() as tx:
        query = select(users.c.id).where(users.c.email_key == email.casefold())
        known = tx.conn.execute(query).scalar_one_or_none()
        if known is None:
            user = people.create_user(tx, email, name)
        else:
            people.update_user(tx, known, name=name, is_active=True)
            user = people.get_user(tx, known)
        return reply(user_resource(user), 201)


@handles("PATCH /scim/Users/{id}")
def patch_user(call: Call) -> Reply:
    """Change the name or the login of a user, or deactivate the user."""
    changes = read_patch(call.body, ("displayname", "active", *EMAIL_NAMES))
    with call.service.store.write() as tx:
        user = _user(tx, call.path["id"])
        shown = user_resource(user)
        for change in changes:
            shown |= _change_user(call, tx, user, change)
        return reply(shown)


@handles("DELETE /scim/Users/{id}")
def delete_user(call: Call) -> Reply:
    """Deactivate a user; tokens are worthless then, objects stay."""
    with call.service.store.write() as tx:
        _deactivate(call, tx, _user(tx, call.path["id"]))
    return empty(204)


def _shown(call: Call, tx: Tx, group: PeopleGroup) -> dict[str, Any]:
    if (call.query.get("excludedAttributes") or "").strip().lower() == MEMBERS:
        return group_resource(group, None)
    ids = set(people_groups.members(tx, group.accession))
    return group_resource(group, [user for user in people.list_users(tx) if user.id in ids])


def _change_members(tx: Tx, group: PeopleGroup, change: Change) -> None:
    if group.accession == people_groups.ALL_USERS:
        raise Problem(403, f"everybody is in {group.name!r}; its members cannot be changed")
    present = people_groups.members(tx, group.accession)
    named = present if change.value is None else member_ids(change.value)
    if change.op == "remove":
        people_groups.remove_members(tx, group.accession, named)
        return
    if change.op == "replace":
        people_groups.remove_members(tx, group.accession, set(present) - set(named))
    for one in named:
        _user(tx, str(one))
    people_groups.add_members(tx, group.accession, named)


def _change_user(call: Call, tx: Tx, user: User, change: Change) -> dict[str, Any]:
    """Apply one change; what is shown of the user differently then."""
    if change.op == "remove":
        raise Problem(400, f"{change.name} cannot be removed", scim_type="invalidPath")
    if change.name == "active":
        if change.value is False:
            _deactivate(call, tx, user)
        elif change.value is not True:
            raise Problem(400, "active is true or false", scim_type="invalidValue")
        return {"active": change.value}
    if change.name == "displayname":
        changed = people.update_user(tx, user.id, name=text_of(change.value, "displayName"))
    else:
        _refuse_local(user)
        by_list = change.name == "emails"
        email = email_of(change.value) if by_list else text_of(change.value, "userName")
        changed = people.update_user(tx, user.id, email=email)
    shown = user_resource(changed) if changed else {}
    shown.pop("active", None)
    return shown


def _deactivate(call: Call, tx: Tx, user: User) -> None:
    _refuse_local(user)
    if user.id == call.user.id:
        raise Problem(403, "nobody can deactivate themselves: ask another administrator")
    people.update_user(tx, user.id, is_active=False)


def _refuse_local(user: User) -> None:
    if user.email == people.LOCAL_EMAIL:
        raise Problem(403, f"{user.email} owns what is done without a server, and stays")


def _user(tx: Tx, number: str) -> User:
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise NotStored(f"no active user {number[:40]!r}")
    return people.get_user(tx, int(number))
