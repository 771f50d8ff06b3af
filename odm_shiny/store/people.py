"""Users, and what they are permitted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Select, insert, select, update

from odm_shiny.store import counters
from odm_shiny.store.clock import now_ms
from odm_shiny.store.documents import json_text
from odm_shiny.store.engine import Tx
from odm_shiny.store.refusals import NameTaken, NotPossible, NotStored
from odm_shiny.store.schema import memberships, users

ACCESS_ALL_DATA: Final = "ACCESS_ALL_DATA"
MANAGE_ORGANIZATION: Final = "MANAGE_ORGANIZATION"
MANAGE_GROUPS: Final = "MANAGE_GROUPS"
MANAGE_TEMPLATES: Final = "MANAGE_TEMPLATES"
VIEW_AUDIT_LOG: Final = "VIEW_AUDIT_LOG"
CONFIGURE_FACETS: Final = "CONFIGURE_FACETS"

#: Everything that can be permitted; an administrator has it all.
PERMISSIONS: Final = frozenset(
    {
        ACCESS_ALL_DATA,
        MANAGE_ORGANIZATION,
        MANAGE_GROUPS,
        MANAGE_TEMPLATES,
        VIEW_AUDIT_LOG,
        CONFIGURE_FACETS,
    }
)

#: `id` of the group that everybody is in, without being listed (GSG000001).
ALL_USERS_ID: Final = 1
#: `id` of the group whose members may import, edit and link (GSG000002).
CURATORS_ID: Final = 2

#: Owner of an embedded store that is used without a server.
LOCAL_EMAIL: Final = "local@odm-shiny"


@dataclass(frozen=True)
class User:
    """Somebody who may use the store.

    Attributes
    ----------
    id
        Key inside the store.
    email
        Login, and the author of versions.
    name
        Display name.
    permissions
        Some of `PERMISSIONS`.
    groups
        Ids of the people groups the user is in, the one of all users included.
    is_curator
        Member of the Curator group.
    is_admin
        Has every permission.
    """

    id: int
    email: str
    name: str
    permissions: frozenset[str]
    groups: frozenset[int]
    is_curator: bool
    is_admin: bool


def local_user(tx: Tx) -> User:
    """The owner of an embedded store that is used in process: administrator and curator."""
    found = _one(tx, users.c.email_key == LOCAL_EMAIL)
    if found is not None:
        return found
    return create_user(tx, LOCAL_EMAIL, "Local user", permissions=PERMISSIONS, is_curator=True)


def create_user(
    tx: Tx,
    email: str,
    name: str = "",
    *,
    permissions: Collection[str] = (),
    is_curator: bool = False,
) -> User:
    """Add a user.

    Raises
    ------
    NameTaken
        The address belongs to somebody; capital letters make no difference.
    NotPossible
        Not an address, or an unknown permission.
    """
    tx.must_write()
    address = _address(email)
    if _one(tx, users.c.email_key == address.casefold()) is not None:
        raise NameTaken(f"{address} is already taken")
    key = counters.next_number(tx, counters.USER)
    tx.conn.execute(
        insert(users).values(
            id=key,
            email=address,
            email_key=address.casefold(),
            name=name.strip() or address,
            permissions=_permissions(permissions),
            is_active=True,
            created_at=now_ms(),
        )
    )
    if is_curator:
        _make_curator(tx, key)
    return get_user(tx, key)


def ensure_user(tx: Tx, email: str, *, is_curator: bool = False, is_admin: bool = False) -> User:
    """The user with this address, made if need be; rights are added, never taken away."""
    found = find_user(tx, email) or create_user(tx, email)
    if is_admin and not found.is_admin:
        update_user(tx, found.id, permissions=PERMISSIONS)
    if is_curator and not found.is_curator:
        _make_curator(tx, found.id)
    return get_user(tx, found.id)


def update_user(
    tx: Tx,
    user_id: int,
    *,
    email: str | None = None,
    name: str | None = None,
    permissions: Collection[str] | None = None,
    is_active: bool | None = None,
) -> User | None:
    """Change what is given; the user, or ``None`` once deactivated.

    Raises
    ------
    NotStored
        No such user.
    NameTaken
        The new address belongs to somebody else.
    """
    tx.must_write()
    values: dict[str, Any] = {}
    if email is not None:
        address = _address(email)
        other = select(users.c.id).where(users.c.email_key == address.casefold())
        if tx.conn.execute(other).scalar_one_or_none() not in (None, user_id):
            raise NameTaken(f"{address} is already taken")
        values |= {"email": address, "email_key": address.casefold()}
    if name is not None:
        values["name"] = name.strip()
    if permissions is not None:
        values["permissions"] = _permissions(permissions)
    if is_active is not None:
        values["is_active"] = is_active
    if values:
        changed = tx.conn.execute(update(users).where(users.c.id == user_id).values(values))
        if changed.rowcount == 0:
            raise NotStored(f"no user {user_id}")
    return _one(tx, users.c.id == user_id)


def get_user(tx: Tx, user_id: int) -> User:
    """An active user by key; `NotStored` if there is none."""
    found = _one(tx, users.c.id == user_id)
    if found is None:
        raise NotStored(f"no active user {user_id}")
    return found


def find_user(tx: Tx, email: str) -> User | None:
    """An active user by address, capital letters making no difference."""
    return _one(tx, users.c.email_key == email.strip().casefold())


def list_users(tx: Tx) -> list[User]:
    """All active users in order of creation."""
    return _users(tx, user_query())


def emails(tx: Tx, user_ids: Iterable[int]) -> dict[int, str]:
    """User id -> address, of deactivated users, too."""
    query = select(users.c.id, users.c.email).where(users.c.id.in_(set(user_ids)))
    return {row.id: row.email for row in tx.conn.execute(query)}


def user_query(*more: Any) -> Select[Any]:
    """Rows of active users, one for each membership, for `user_of`."""
    return (
        select(
            users.c.id,
            users.c.email,
            users.c.name,
            users.c.permissions,
            memberships.c.group_id,
            *more,
        )
        .join_from(users, memberships, memberships.c.user_id == users.c.id, isouter=True)
        .where(users.c.is_active)
        .order_by(users.c.id)
    )


def user_of(rows: Sequence[Any]) -> User:
    """The user whom all rows of a `user_query` speak of."""
    first = rows[0]
    permissions = msgspec.json.decode(first.permissions, type=frozenset[str])
    groups = {row.group_id for row in rows if row.group_id is not None}
    return User(
        id=first.id,
        email=first.email,
        name=first.name,
        permissions=permissions,
        groups=frozenset(groups | {ALL_USERS_ID}),
        is_curator=CURATORS_ID in groups,
        is_admin=permissions >= PERMISSIONS,
    )


def _make_curator(tx: Tx, user_id: int) -> None:
    tx.conn.execute(insert(memberships).values(user_id=user_id, group_id=CURATORS_ID))


def _one(tx: Tx, condition: Any) -> User | None:
    found = _users(tx, user_query().where(condition))
    return found[0] if found else None


def _users(tx: Tx, query: Select[Any]) -> list[User]:
    by_id: dict[int, list[Any]] = {}
    for row in tx.conn.execute(query):
        by_id.setdefault(row.id, []).append(row)
    return [user_of(rows) for rows in by_id.values()]


def _address(email: str) -> str:
    address = email.strip()
    name, _, host = address.rpartition("@")
    if not name or not host or any(char.isspace() for char in address) or len(address) > 254:
        raise NotPossible(f"{email!r} is not an e-mail address")
    return address


def _permissions(permissions: Collection[str]) -> str:
    unknown = sorted(set(permissions) - PERMISSIONS)
    if unknown:
        raise NotPossible(f"unknown permission {unknown[0]!r}; there are {sorted(PERMISSIONS)}")
    return json_text(sorted(set(permissions)))
