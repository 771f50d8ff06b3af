"""Who asks, and whether they may.

Credentials are read from the headers; which token belongs to whom is the store's knowledge, handed
in as a function. What an operation needs stands in one table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from odm_shiny.contract.operations import Operation
from odm_shiny.server.wire import Problem

if TYPE_CHECKING:
    from odm_shiny.store.people import User

FindUser: TypeAlias = "Callable[[str], User | None]"

TOKEN_HEADER = "genestack-api-token"  # noqa: S105 - the name of a header
MAX_TOKEN_CHARS = 1024
CHALLENGE = {"www-authenticate": 'Genestack-API-Token realm="ODM"'}

NO_CREDENTIALS = (
    "the API token is missing or not accepted: send it in the header Genestack-API-Token, and "
    "check that it is whole, that it was made on this server, and that nobody revoked it"
)
NO_ACCESS_TOKENS = (
    "access tokens are not configured on this server, and an Authorization header takes precedence "
    "over an API token: send Genestack-API-Token alone"
)

PERMISSION_NAMES = {
    "MANAGE_ORGANIZATION": "Manage organization",
    "MANAGE_GROUPS": "Manage groups",
    "ACCESS_ALL_DATA": "Access all data",
    "VIEW_AUDIT_LOG": "View audit log",
}


@dataclass(frozen=True)
class Need:
    """What a user must have.

    Attributes
    ----------
    curator
        Membership in the Curator group; an administrator does without.
    permissions
        All of these.
    """

    curator: bool = False
    permissions: tuple[str, ...] = ()


# "METHOD path" of an operation -> what it needs; the first pattern that fits. Everything else is
# open to every valid user.
NEEDS: tuple[tuple[re.Pattern[str], Need], ...] = tuple(
    (re.compile(pattern), need)
    for pattern, need in (
        (r"\w+ /api/v1/as-curator/.*", Need(curator=True)),
        (r"\w+ /api/v1/jobs/.*", Need(curator=True)),
        (r"POST /api/v1/reference-genomes", Need(curator=True)),
        (r"POST /api/v1/xrefsets", Need(curator=True)),
        (r"(POST|PUT) /api/v1/transformations/.*", Need(curator=True)),
        (r"\w+ /api/v1/scim/Users.*", Need(permissions=("MANAGE_ORGANIZATION",))),
        (r"\w+ /api/v1/scim/Groups.*", Need(permissions=("MANAGE_GROUPS",))),
        (
            r"\w+ /api/v1/manage-data/.*",
            Need(permissions=("MANAGE_ORGANIZATION", "ACCESS_ALL_DATA")),
        ),
        (r"\w+ /api/v1/audit/.*", Need(permissions=("VIEW_AUDIT_LOG",))),
    )
)


def token_of(headers: Mapping[str, str]) -> str | None:
    """API token of a request, if it has one; `headers` have lower-case names."""
    return headers.get(TOKEN_HEADER)


def authenticate(headers: Mapping[str, str], find_user: FindUser) -> User:
    """Find out who sent a request.

    Parameters
    ----------
    headers
        With lower-case names.
    find_user
        Owner of a valid token, or ``None``.

    Raises
    ------
    Problem
        401. The text is the same for a missing, an unknown and a revoked token, so that it tells
        nothing about which tokens exist.
    """
    if "authorization" in headers:
        raise Problem(401, NO_ACCESS_TOKENS, headers=CHALLENGE)
    token = (token_of(headers) or "").strip()
    user = find_user(token) if 0 < len(token) <= MAX_TOKEN_CHARS else None
    if user is None:
        raise Problem(401, NO_CREDENTIALS, headers=CHALLENGE)
    return user


@cache
def need_of(operation: Operation) -> Need:
    """What `operation` needs beyond a valid user."""
    asked = f"{operation.method} {operation.path}"
    return next((need for pattern, need in NEEDS if pattern.fullmatch(asked)), Need())


def authorize(operation: Operation, user: User) -> None:
    """Check that `user` may call `operation`; what they may see is the planner's concern.

    Raises
    ------
    Problem
        403, with what is missing and whom to ask.
    """
    need = need_of(operation)
    if need.curator and not (user.is_curator or user.is_admin):
        raise Problem(
            403,
            f"{operation.name} is for curators: ask an administrator of this server to add "
            f"{user.email} to the Curator group",
        )
    missing = [one for one in need.permissions if one not in user.permissions]
    if missing and not user.is_admin:
        listed = " and ".join(f'"{PERMISSION_NAMES[one]}"' for one in missing)
        raise Problem(
            403,
            f"{operation.name} needs the permission {listed}: ask an administrator of this server "
            f"to grant it to {user.email}",
        )
