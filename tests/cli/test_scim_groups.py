"""Groups of people by SCIM, asked of an embedded ODM: the same requests as those to a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from odm_shiny.cli import scim_groups
from odm_shiny.client.client import Client
from odm_shiny.connect import connect
from odm_shiny.errors import Conflict, NotFound


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with connect(store=tmp_path / "store") as found:
        yield found


def named(client: Client) -> dict[str, list[str]]:
    return {group["name"]: group["members"] for group in scim_groups.list_groups(client)}


def test_a_group_is_made_and_gets_members_who_are_made_if_need_be(client: Client) -> None:
    group = scim_groups.create_group(client, "Labor Ä")
    scim_groups.add_members(client, group, ["bo@example.org", "Ann@example.org"])
    scim_groups.add_members(client, group, ["ann@EXAMPLE.org"])
    assert named(client)["Labor Ä"] == ["Ann@example.org", "bo@example.org"]
    assert {"Ann@example.org", "bo@example.org"} < set(named(client)["All users"])
    assert named(client)["Curator"] == ["local@odm-shiny"]


def test_long_lists_are_read_page_by_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scim_groups, "PAGE", 2)
    names = [f"g{number}" for number in range(5)]
    for name in names:
        scim_groups.create_group(client, name)
    assert list(named(client))[2:] == names


def test_what_the_server_declines_is_an_error(client: Client) -> None:
    scim_groups.create_group(client, "Lab")
    with pytest.raises(Conflict, match="'lab' already"):
        scim_groups.create_group(client, "lab")
    with pytest.raises(NotFound):
        scim_groups.add_members(client, "GSG999999", ["a@example.org"])
