"""Users and groups of people by SCIM."""

from __future__ import annotations

import pytest

from odm_shiny.server.scim import GROUP_KEYS, USER_KEYS, read_filter
from odm_shiny.server.wire import Problem
from odm_shiny.store import objects, people, people_groups, sharing, tokens
from odm_shiny.store.check import check

GROUPS, USERS = "scim/Groups", "scim/Users"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def ask(odm, method, path, body=None, by="root", **query):
    return odm.ask(method, path, by=by, body=body, **query)


def patched(odm, path, *steps, by="root"):
    return ask(odm, "PATCH", path, {"schemas": [PATCH], "Operations": list(steps)}, by=by)


def new_group(odm, name="Labor Ä"):
    answer = ask(odm, "POST", GROUPS, {"displayName": name})
    assert answer.status == 201, answer.text
    return answer.json


def number(odm, name):
    return str(odm.user(name).id)


def members(odm, group):
    found = ask(odm, "GET", f"{GROUPS}/{group}").json["members"]
    return [one["display"] for one in found]


def test_a_group_is_made_named_found_and_removed(odm) -> None:
    made = new_group(odm)
    assert made["id"].startswith("GSG")
    assert (made["displayName"], made["members"]) == ("Labor Ä", [])
    for text in ('displayName eq "Labor Ä"', 'DISPLAYNAME EQ "labor ä"'):
        answer = ask(odm, "GET", GROUPS, filter=text)
        assert answer.headers["content-type"] == "application/scim+json"
        assert answer.json["totalResults"] == 1
        assert answer.json["Resources"] == [made]
    step = {"op": "replace", "path": "displayName", "value": "Lab B"}
    answer = patched(odm, f"{GROUPS}/{made['id']}", step)
    assert (answer.status, answer.body) == (204, b"")
    assert ask(odm, "GET", f"{GROUPS}/{made['id']}").json["displayName"] == "Lab B"
    assert ask(odm, "DELETE", f"{GROUPS}/{made['id']}").status == 204
    assert ask(odm, "GET", f"{GROUPS}/{made['id']}").status == 404


def test_members_are_added_replaced_and_removed(odm) -> None:
    group = new_group(odm)["id"]
    path = f"{GROUPS}/{group}"
    ids = {name: {"value": number(odm, name)} for name in ("ann", "ben", "cleo")}
    steps = (
        ({"op": "add", "path": "members", "value": [ids["ann"], ids["ben"]]}, {"ann", "ben"}),
        ({"op": "add", "value": {"members": [ids["ann"]]}}, {"ann", "ben"}),
        ({"op": "replace", "path": "members", "value": [ids["ben"], ids["cleo"]]}, {"ben", "cleo"}),
        ({"op": "remove", "path": f'members[value eq "{ids["ben"]["value"]}"]'}, {"cleo"}),
        ({"op": "remove", "path": "members", "value": [ids["ann"]]}, {"cleo"}),
        ({"op": "remove", "path": "members"}, set()),
    )
    for step, names in steps:
        assert patched(odm, path, step).status == 204
        assert {name.split("@")[0].lower() for name in members(odm, group)} == names
    assert check(odm.store) == []


def test_a_member_sees_what_is_shared_with_the_group(odm) -> None:
    group = new_group(odm)["id"]
    with odm.store.write() as tx:
        sharing.share(tx, objects.get(tx, odm.id["study"]), people_groups.get_group(tx, group))
    study = f"as-user/studies/{odm.id['study']}"
    assert odm.ask("GET", study, by="dora").status == 404
    dora = {"value": number(odm, "dora")}
    patched(odm, f"{GROUPS}/{group}", {"op": "add", "path": "members", "value": dora})
    assert odm.ask("GET", study, by="dora").status == 200
    ask(odm, "DELETE", f"{GROUPS}/{group}")
    assert odm.ask("GET", study, by="dora").status == 404


@pytest.mark.parametrize(
    ("step", "status"),
    [
        ({"op": "add", "path": "members", "value": [{"value": "999999"}]}, 404),
        ({"op": "add", "path": "members", "value": [{"value": "x"}]}, 400),
        ({"op": "add", "path": "members", "value": ["1"]}, 400),
        ({"op": "add", "path": "members", "value": "1"}, 400),
        ({"op": "add", "path": "owners", "value": []}, 400),
        ({"op": "add"}, 400),
        ({"op": "set", "path": "displayName", "value": "x"}, 400),
        ({"op": "replace", "path": "displayName", "value": " "}, 400),
        ({"op": "replace", "path": "displayName", "value": 5}, 400),
        ({"op": "replace", "path": "displayName", "value": "x" * 256}, 400),
        ({"op": "replace", "path": "displayName", "value": "x\0"}, 400),
        ({"op": "replace", "path": "displayName", "value": "Curator"}, 409),
        ({"op": "remove", "path": "displayName"}, 400),
    ],
    ids=lambda one: str(one)[:60],
)
def test_a_patch_is_done_whole_or_not_at_all(odm, dump, step, status) -> None:
    group = new_group(odm)["id"]
    before = dump(odm.store)
    first = {"op": "add", "path": "members", "value": [{"value": number(odm, "ann")}]}
    answer = patched(odm, f"{GROUPS}/{group}", first, step)
    assert answer.status == status
    assert answer.json["status"] == str(status)
    assert dump(odm.store) == before


def test_a_name_is_given_once_and_some_groups_stay(odm) -> None:
    new_group(odm)
    taken = ask(odm, "POST", GROUPS, {"displayName": "labor ä"})
    assert (taken.status, taken.json["scimType"]) == (409, "uniqueness")
    full = {"displayName": "x", "members": [{"value": "1", "$ref": "/Users/1"}]}
    assert ask(odm, "POST", GROUPS, full).status == 400
    for group in ("GSG000001", "GSG000002"):
        assert ask(odm, "DELETE", f"{GROUPS}/{group}").status == 403
    everybody = {"op": "remove", "path": "members"}
    assert patched(odm, f"{GROUPS}/GSG000001", everybody).status == 403


def test_lists_have_pages_and_may_leave_members_out(shown) -> None:
    whole = shown.ask("GET", GROUPS, by="root").json
    assert whole["totalResults"] == whole["itemsPerPage"] == len(whole["Resources"]) >= 3
    page = shown.ask("GET", GROUPS, by="root", startIndex=2, count=1).json
    assert page["Resources"] == whole["Resources"][1:2]
    assert (page["startIndex"], page["itemsPerPage"]) == (2, 1)
    bare = shown.ask("GET", GROUPS, by="root", excludedAttributes="members").json["Resources"]
    assert all("members" not in group for group in bare)
    beyond = shown.ask("GET", USERS, by="root", startIndex=1000).json
    assert beyond["Resources"] == []
    assert beyond["totalResults"] > 3


# ---- users --------------------------------------------------------------------------------------


def person(email, name="Zoë", *, active=True):
    return {"active": active, "displayName": name, "emails": [{"type": "work", "value": email}]}


def test_a_user_is_made_found_changed_and_deactivated(odm) -> None:
    made = ask(odm, "POST", USERS, person("Zoe@example.org"))
    assert made.status == 201
    path = f"{USERS}/{made.json['id']}"
    for text in (
        'userName eq "zoe@example.org"',
        'emails.value eq "ZOE@example.org" AND active eq true',
        'displayName eq "Zoë" and emails eq "Zoe@example.org"',
    ):
        found = ask(odm, "GET", USERS, filter=text).json["Resources"]
        assert [one["id"] for one in found] == [made.json["id"]], text
    assert ask(odm, "GET", USERS, filter="active eq false").json["Resources"] == []
    emails = [{"value": "zoe@example.com"}]
    answer = patched(
        odm,
        path,
        {"op": "replace", "path": "emails", "value": emails},
        {"op": "replace", "value": {"displayName": "Zoe"}},
    )
    assert answer.status == 200
    assert (answer.json["userName"], answer.json["displayName"]) == ("zoe@example.com", "Zoe")
    assert ask(odm, "GET", path).json == answer.json
    answer = patched(odm, path, {"op": "replace", "path": "active", "value": False})
    assert (answer.status, answer.json["active"]) == (200, False)
    assert ask(odm, "GET", path).status == 404
    again = ask(odm, "POST", USERS, person("zoe@example.com", "Zoë again"))
    assert (again.status, again.json["id"]) == (201, made.json["id"])
    assert ask(odm, "DELETE", path).status == 204
    assert ask(odm, "DELETE", path).status == 404
    assert check(odm.store) == []


def test_a_token_of_somebody_who_is_deactivated_is_worthless(odm) -> None:
    with odm.store.write() as tx:
        token = tokens.create_token(tx, odm.user("ben"), "laptop")
    headers = {"genestack-api-token": token}
    assert odm.ask("GET", "as-user/studies", by=None, headers=headers).status == 200
    assert ask(odm, "DELETE", f"{USERS}/{number(odm, 'ben')}").status == 204
    assert odm.ask("GET", "as-user/studies", by=None, headers=headers).status == 401


@pytest.mark.parametrize(
    "body",
    [
        person("not an address"),
        person(""),
        person("a@example.org", " "),
        person("a@example.org", active=False),
        person("a@example.org") | {"emails": []},
        person("a@example.org") | {"emails": [{"value": "a@b.c"}, {"value": "d@b.c"}]},
        {"displayName": "x"},
    ],
    ids=str,
)
def test_a_user_that_makes_no_sense_is_400(odm, dump, body) -> None:
    before = dump(odm.store)
    assert ask(odm, "POST", USERS, body).status == 400
    assert dump(odm.store) == before


def test_who_asks_and_who_owns_the_embedded_store_stay(odm) -> None:
    with odm.store.write() as tx:
        local = people.local_user(tx)
    assert ask(odm, "DELETE", f"{USERS}/{number(odm, 'root')}").status == 403
    assert ask(odm, "DELETE", f"{USERS}/{local.id}").status == 403
    rename = {"op": "replace", "path": "userName", "value": "x@example.org"}
    assert patched(odm, f"{USERS}/{local.id}", rename).status == 403


# ---- rights and filters --------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["ann", "cleo", "dora"])
@pytest.mark.parametrize("path", [GROUPS, USERS, f"{GROUPS}/GSG000002", f"{USERS}/1"])
def test_users_and_groups_are_for_who_may_manage_them(shown, by, path) -> None:
    for method in ("GET", "PATCH", "POST", "DELETE"):
        answer = shown.ask(method, path, by=by, body={})
        assert answer.status in (403, 404, 405)
        assert "@example.org" not in answer.text.replace(f"{by}@example.org", "")


@pytest.mark.parametrize(
    ("permission", "open_path", "closed_path"),
    [(people.MANAGE_GROUPS, GROUPS, USERS), (people.MANAGE_ORGANIZATION, USERS, GROUPS)],
)
def test_either_permission_opens_its_half(odm, permission, open_path, closed_path) -> None:
    with odm.store.write() as tx:
        people.update_user(tx, odm.user("dora").id, permissions={permission})
    assert ask(odm, "GET", open_path, by="dora").status == 200
    assert ask(odm, "GET", closed_path, by="dora").status == 403


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ('displayName co "x"', GROUP_KEYS),
        ('userName eq "x"', GROUP_KEYS),
        ("displayName", GROUP_KEYS),
        ('displayName eq "x', GROUP_KEYS),
        ('displayName eq "x" and', GROUP_KEYS),
        ('displayName eq "x" displayName eq "x"', GROUP_KEYS),
        ('displayName eq "x" or displayName eq "y"', GROUP_KEYS),
        ('active eq "x" and', USER_KEYS),
        ("active eq maybe", USER_KEYS),
        ("x" * 100_000, USER_KEYS),
    ],
    ids=lambda one: one[:40] if isinstance(one, str) else "",
)
def test_a_filter_that_is_not_understood_is_400(text, keys) -> None:
    with pytest.raises(Problem) as caught:
        read_filter(text, keys)
    assert (caught.value.status, caught.value.scim_type) == (400, "invalidFilter")


def test_a_filter_is_read_with_its_escapes() -> None:
    assert read_filter(None, GROUP_KEYS) == read_filter("  ", GROUP_KEYS) == []
    text = ' displayName eq "a \\"b\\" and c" '
    assert read_filter(text, GROUP_KEYS) == [("displayname", 'a "b" and c')]
