"""Groups of people over HTTP: by the official client, and by the command line."""

from __future__ import annotations

import json
from typing import Any

import odm_api
import pytest
from odm_api.exceptions import ConflictException, ForbiddenException, NotFoundException

pytestmark = pytest.mark.peer

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def patch(group: str, api: odm_api.GroupsApi, **step: Any) -> None:
    operation = odm_api.GroupPatchOperationsInner(**step)
    api.patch_group(group, odm_api.GroupPatch(schemas=[PATCH], Operations=[operation]))


def test_the_official_client_manages_users_and_groups(server) -> None:
    client = server.client(server.token("scim-root@example.org", "--admin", "--curator"))
    users, groups = odm_api.UsersApi(client), odm_api.GroupsApi(client)
    email = odm_api.CreateUserRequestEmailsInner(type="work", value="zoe@example.org")
    made = users.create_user(
        odm_api.CreateUserRequest(active=True, emails=[email], displayName="Zoë")
    )
    assert users.get_user(made.id).display_name == "Zoë"
    assert users.find_users(filter='userName eq "zoe@example.org"').total_results == 1
    group = groups.create_group(odm_api.CreateGroupRequest(displayName="Labor Ö"))
    with pytest.raises(ConflictException):
        groups.create_group(odm_api.CreateGroupRequest(displayName="labor ö"))
    patch(group.id, groups, op="add", path="members", value={"value": made.id})
    patch(group.id, groups, op="replace", value={"displayName": "Labor P"})
    (found,) = groups.find_groups(filter='displayName eq "Labor P"').resources
    assert [one.value for one in found.members] == [made.id]
    assert found.members[0].display == "Zoë"
    patch(group.id, groups, op="remove", path=f'members[value eq "{made.id}"]')
    assert groups.get_group(group.id).members == []
    groups.delete_group(group.id)
    with pytest.raises(NotFoundException):
        groups.get_group(group.id)
    users.delete_user(made.id)
    with pytest.raises(NotFoundException):
        users.get_user(made.id)


def test_who_may_not_manage_groups_is_told_what_is_missing(server) -> None:
    client = server.client(server.token("scim-cur@example.org", "--curator"))
    with pytest.raises(ForbiddenException, match="Manage groups"):
        odm_api.GroupsApi(client).find_groups()


def test_the_command_line_lists_and_fills_groups_of_a_server(server) -> None:
    root = server.token("scim-root2@example.org", "--admin")
    words = ("share", "groups", "--new", "Lab Q", "--member", "mo@example.org", "--json")
    made = server.run(root, *words)
    assert made.returncode == 0, made.stderr
    (group,) = [one for one in json.loads(made.stdout) if one["name"] == "Lab Q"]
    assert group["members"] == ["mo@example.org"]
    more = server.run(
        root, "share", "groups", "--to", "lab q", "--member", "MO@example.org", "--json"
    )
    (again,) = [one for one in json.loads(more.stdout) if one["name"] == "Lab Q"]
    assert again == group
    unknown = server.run(root, "share", "groups", "--to", "Lab X", "--member", "a@example.org")
    assert unknown.returncode == 1
    assert "there is no group 'Lab X'; there are All users" in unknown.stderr
    refused = server.run(server.token("scim-no@example.org"), "share", "groups")
    assert refused.returncode == 1
    assert "Manage groups" in refused.stderr
