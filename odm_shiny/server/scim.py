"""SCIM 2.0 (RFC 7643, RFC 7644) as far as ODM speaks it: shapes, filters and patches.

Users are known by an e-mail address, groups by a name. A filter compares for equality, a patch
adds, replaces or removes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from odm_shiny.server.wire import SCIM_JSON, Problem, json_reply

if TYPE_CHECKING:
    from odm_shiny.contract.messages import Reply
    from odm_shiny.server.routes import Call
    from odm_shiny.store.people import User
    from odm_shiny.store.people_groups import PeopleGroup

USER_SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
LIST_SCHEMA: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
DEFAULT_COUNT: Final = 100
MAX_CHARS: Final = 255

_CONDITION: Final = re.compile(
    r'\s*([A-Za-z.]+)\s+(\w+)\s+("(?:[^"\\]|\\.)*"|true|false)\s*(and\b|\Z)?', re.IGNORECASE
)
_ONE_MEMBER: Final = re.compile(r'members\[\s*value\s+eq\s+"([^"]*)"\s*\]', re.IGNORECASE)

#: Attributes that a filter may name, in lower case -> the values of a resource.
USER_KEYS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "id": lambda one: str(one["id"]),
    "username": lambda one: str(one["userName"]),
    "emails": lambda one: str(one["emails"][0]["value"]),
    "emails.value": lambda one: str(one["emails"][0]["value"]),
    "displayname": lambda one: str(one["displayName"]),
    "active": lambda one: "true" if one["active"] else "false",
}
GROUP_KEYS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "displayname": lambda one: str(one["displayName"]),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a patch: what is done to one attribute, named in lower case.

    Attributes
    ----------
    op
        ``add``, ``replace`` or ``remove``.
    name
        Attribute.
    value
        As it was sent; for ``remove`` the ids that go, ``None`` for all.
    """

    op: str
    name: str
    value: Any


def user_resource(user: User) -> dict[str, Any]:
    """A user on the wire."""
    return {
        "schemas": [USER_SCHEMA],
        "id": str(user.id),
        "userName": user.email,
        "displayName": user.name or user.email,
        "active": True,
        "emails": [{"type": "work", "value": user.email, "primary": True}],
        "meta": {"resourceType": "User"},
    }


def group_resource(group: PeopleGroup, members: Sequence[User] | None) -> dict[str, Any]:
    """A group on the wire; `members` is ``None`` where they are left out."""
    made = datetime.fromtimestamp(group.created_at / 1000, UTC).isoformat(timespec="milliseconds")
    found: dict[str, Any] = {
        "schemas": [GROUP_SCHEMA],
        "id": group.accession,
        "displayName": group.name,
        "meta": {"resourceType": "Group", "created": made.replace("+00:00", "Z")},
    }
    if members is not None:
        found["members"] = [
            {
                "value": str(one.id),
                "display": one.name or one.email,
                "$ref": f"/api/v1/scim/Users/{one.id}",
            }
            for one in members
        ]
    return found


def reply(resource: Mapping[str, Any], status: int = 200) -> Reply:
    """Answer with one resource."""
    return json_reply(resource, status, content_type=SCIM_JSON)


def listing(
    call: Call,
    resources: Iterable[dict[str, Any]],
    keys: Mapping[str, Callable[[Mapping[str, Any]], str]],
) -> Reply:
    """Answer with the page of those resources that meet the call's ``filter``."""
    wanted = read_filter(call.query.get("filter"), keys)
    found = [
        one
        for one in resources
        if all(keys[name](one).casefold() == value.casefold() for name, value in wanted)
    ]
    start = max(call.query.get("startIndex", 1), 1)
    count = max(call.query.get("count", DEFAULT_COUNT), 0)
    page = found[start - 1 : start - 1 + count]
    return reply(
        {
            "schemas": [LIST_SCHEMA],
            "totalResults": len(found),
            "startIndex": start,
            "itemsPerPage": len(page),
            "Resources": page,
        }
    )


def read_filter(text: str | None, keys: Iterable[str]) -> list[tuple[str, str]]:
    """Read ``displayName eq "Lab A" and active eq true`` as (attribute, value), all to hold.

    Raises
    ------
    Problem
        400: another operator or attribute, or no filter at all.
    """
    if not (text or "").strip():
        return []
    assert text is not None
    known, wanted, place, goes_on = list(keys), [], 0, True
    while goes_on:
        found = _CONDITION.match(text, place)
        name = found[1].lower() if found else ""
        if not found or name not in known or found[2].lower() != "eq" or found[4] is None:
            raise Problem(
                400,
                f"filter: {text[place : place + 60]!r} is not understood; a filter is "
                f'ATTRIBUTE eq "VALUE", joined with and; attributes: {", ".join(known)}',
                scim_type="invalidFilter",
            )
        value = found[3]
        wanted.append((name, re.sub(r"\\(.)", r"\1", value[1:-1]) if value[0] == '"' else value))
        place, goes_on = found.end(), found[4] != ""
    return wanted


def read_patch(body: Mapping[str, Any], known: Iterable[str]) -> list[Change]:
    """Read the operations of a patch, in order; one without a path names attributes in its value.

    Raises
    ------
    Problem
        400: an attribute that cannot be changed, or a value that makes no sense.
    """
    changes = []
    names = set(known)
    for number, step in enumerate(body.get("Operations") or [], 1):
        op, path, value = step["op"], step.get("path"), step.get("value")
        if path is None:
            if not isinstance(value, Mapping):
                raise _refused(number, "has neither a path nor an object as its value")
            changes += [Change(op, name.lower(), one) for name, one in value.items()]
        elif one := _ONE_MEMBER.fullmatch(path.strip()):
            changes.append(Change(op, "members", [{"value": one[1]}]))
        else:
            changes.append(Change(op, path.strip().lower(), value))
        for change in changes:
            if change.name not in names:
                raise _refused(number, f"names {change.name[:60]!r}; known: {sorted(names)}")
    return changes


def member_ids(value: Any) -> list[int]:
    """Ids of users in ``[{"value": "3"}, ...]``, or in one such object.

    Raises
    ------
    Problem
        400: anything else.
    """
    ids = []
    for one in value if isinstance(value, list) else [value]:
        text = one.get("value") if isinstance(one, Mapping) else None
        if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,18}", text):
            raise Problem(
                400, 'members: each is {"value": "ID OF A USER"}', scim_type="invalidValue"
            )
        ids.append(int(text))
    return ids


def text_of(value: Any, name: str) -> str:
    """A text that is not empty, of at most `MAX_CHARS` characters.

    Raises
    ------
    Problem
        400: anything else.
    """
    if not isinstance(value, str) or not value.strip() or "\0" in value or len(value) > MAX_CHARS:
        raise Problem(
            400, f"{name} must be a text of 1 to {MAX_CHARS} characters", scim_type="invalidValue"
        )
    return value.strip()


def email_of(value: Any) -> str:
    """The one address of ``[{"type": "work", "value": "ann@example.org"}]``.

    Raises
    ------
    Problem
        400: none or several.
    """
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], Mapping):
        raise Problem(400, "emails must have exactly one entry", scim_type="invalidValue")
    return text_of(value[0].get("value"), "emails.value")


def _refused(number: int, fault: str) -> Problem:
    return Problem(400, f"operation {number} {fault}", scim_type="invalidPath")
