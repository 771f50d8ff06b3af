"""Groups of people of a server, by SCIM: list them, make one, add members."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from odm_shiny.errors import Forbidden, OdmError

if TYPE_CHECKING:
    from odm_shiny.client.client import Client

GROUPS: Final = "/api/v1/scim/Groups"
USERS: Final = "/api/v1/scim/Users"
PAGE: Final = 100

_ACCEPT: Final = ("application/scim+json", "application/json")
_PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
_GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"


def list_groups(client: Client) -> list[dict[str, Any]]:
    """Accession, name and e-mail addresses of the members of every group.

    A member is named by the address where the caller may see users, else by the display name.
    """
    try:
        emails = {str(one["id"]): _email(one) for one in _every(client, USERS)}
    except Forbidden:
        emails = {}
    return [
        {
            "accession": str(group["id"]),
            "name": group["displayName"],
            "members": sorted(
                emails.get(str(one["value"])) or str(one.get("display") or one["value"])
                for one in group.get("members") or []
            ),
        }
        for group in _every(client, GROUPS)
    ]


def create_group(client: Client, name: str) -> str:
    """Make a group of people; its accession."""
    made = _send(client, "POST", GROUPS, {"schemas": [_GROUP], "displayName": name})
    return str(made["id"])


def add_members(client: Client, accession: str, emails: Sequence[str]) -> None:
    """Put users into a group; those who are not there are made."""
    known = {_email(one).casefold(): str(one["id"]) for one in _every(client, USERS)}
    ids = [known.get(email.casefold()) or _new_user(client, email) for email in emails]
    value = [{"value": one, "$ref": f"{USERS}/{one}"} for one in ids]
    step = {"op": "add", "path": "members", "value": value}
    _send(client, "PATCH", f"{GROUPS}/{accession}", {"schemas": [_PATCH], "Operations": [step]})


def _new_user(client: Client, email: str) -> str:
    body = {
        "schemas": [_USER],
        "active": True,
        "displayName": email,
        "userName": email,
        "emails": [{"type": "work", "value": email, "primary": True}],
    }
    return str(_send(client, "POST", USERS, body)["id"])


def _every(client: Client, path: str) -> Iterator[dict[str, Any]]:
    """All resources of a list, page by page."""
    from odm_shiny.client import decode

    start = 1
    while True:
        parameters = {"startIndex": start, "count": PAGE}
        steps = client.session.get_at(path, decode.record, parameters=parameters, accept=_ACCEPT)
        page = client.driver.run(steps)
        found = page.get("Resources")
        if not isinstance(found, list):
            raise OdmError(f"{path} gave no list of SCIM resources")
        yield from found
        start += len(found)
        if not found or start > int(page.get("totalResults") or 0):
            return


def _send(client: Client, method: str, path: str, body: Any) -> dict[str, Any]:
    from odm_shiny.client import decode

    steps = client.session.send(method, path, decode.record_or_nothing, body=body, accept=_ACCEPT)
    return dict(client.driver.run(steps))


def _email(user: dict[str, Any]) -> str:
    emails = user.get("emails") or [{}]
    return str(emails[0].get("value") or user.get("userName") or "")
