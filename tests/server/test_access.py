from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from odm_shiny.contract.operations import Operation, operation, operations
from odm_shiny.server.access import PERMISSION_NAMES, authenticate, authorize, need_of
from odm_shiny.server.wire import Problem
from odm_shiny.store.people import PERMISSIONS, User

TOKEN = "good-token"


@pytest.fixture
def find_user(reader: User) -> Callable[[str], User | None]:
    return lambda token: reader if token == TOKEN else None


def refused(one: Operation, user: User) -> Problem | None:
    try:
        authorize(one, user)
    except Problem as problem:
        return problem
    return None


def test_a_good_token_names_its_owner(find_user, reader: User) -> None:
    assert authenticate({"genestack-api-token": TOKEN}, find_user) == reader
    assert authenticate({"genestack-api-token": f" {TOKEN} "}, find_user) == reader


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"genestack-api-token": ""},
        {"genestack-api-token": "   "},
        {"genestack-api-token": "forged"},
        {"genestack-api-token": "x" * 10_000},
    ],
    ids=["none", "empty", "blank", "unknown", "long"],
)
def test_every_bad_token_gets_the_same_answer(find_user, headers: dict[str, str]) -> None:
    with pytest.raises(Problem) as caught:
        authenticate(headers, find_user)
    with pytest.raises(Problem) as missing:
        authenticate({}, find_user)
    assert caught.value.status == 401
    assert caught.value.message == missing.value.message
    assert "Genestack-API-Token" in caught.value.message
    assert "forged" not in caught.value.message
    assert "www-authenticate" in caught.value.headers


@pytest.mark.parametrize("value", ["Bearer abc.def.ghi", "bearer x", "Basic YTpi", ""])
def test_an_authorization_header_is_refused_even_beside_a_good_token(find_user, value: str) -> None:
    headers = {"authorization": value, "genestack-api-token": TOKEN}
    with pytest.raises(Problem) as caught:
        authenticate(headers, find_user)
    assert caught.value.status == 401
    assert "access tokens are not configured" in caught.value.message
    assert "takes precedence" in caught.value.message
    assert not value or value not in caught.value.message


def test_the_long_token_is_not_even_looked_up(find_user) -> None:
    asked: list[str] = []
    with pytest.raises(Problem):
        authenticate({"genestack-api-token": "x" * 10_000}, lambda t: asked.append(t))
    assert asked == []


OPEN_WRITES = {"POST /links/get-batch", "POST /integration/fulltext/search/studies"}


@pytest.mark.parametrize("one", operations(), ids=lambda one: one.name)
def test_each_operation_is_open_to_those_who_may_and_closed_to_the_others(
    one: Operation, person: Callable[..., User]
) -> None:
    reader, curator = person("reader"), person("curator", is_curator=True)
    admin = replace(person("admin", permissions=frozenset(PERMISSIONS)), is_admin=True)
    assert refused(one, admin) is None
    if "/as-user/" in one.path or one.path.startswith("/api/odm-shiny/"):
        assert refused(one, reader) is None
    elif "/as-curator/" in one.path or one.path.startswith("/api/v1/jobs/"):
        assert refused(one, curator) is None
        problem = refused(one, reader)
        assert problem is not None
        assert problem.status == 403
        assert "ask an administrator" in problem.message
        assert "Curator group" in problem.message
        assert reader.email in problem.message
    elif need_of(one).permissions:
        assert refused(one, curator).status == 403
        able = person("able", permissions=frozenset(need_of(one).permissions))
        assert refused(one, able) is None
    elif need_of(one).curator:
        assert refused(one, curator) is None
        assert refused(one, reader).status == 403
        assert one.method in {"POST", "PUT"}
    else:
        assert one.method in {"GET", "DELETE"}, "a change that needs nothing"


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("create", "curator"),
        ("upload", "curator"),
        ("search_entries", "nothing"),
        ("get_task_info", "nothing"),
        ("search_reference_genomes", "nothing"),
        ("find_users", "MANAGE_ORGANIZATION"),
        ("delete_group", "MANAGE_GROUPS"),
        ("delete_data", "ACCESS_ALL_DATA MANAGE_ORGANIZATION"),
        ("search_audit_events", "VIEW_AUDIT_LOG"),
        ("info", "curator"),
        ("start_import_study", "curator"),
    ],
)
def test_needs_are_those_of_the_permission_table(name: str, needed: str) -> None:
    need = need_of(operation(name))
    words = "curator" if need.curator else " ".join(sorted(need.permissions)) or "nothing"
    assert words == needed


def test_one_of_two_permissions_is_not_enough(person: Callable[..., User]) -> None:
    half = person("half", permissions=frozenset({"ACCESS_ALL_DATA"}))
    problem = refused(operation("delete_data"), half)
    assert problem is not None
    assert '"Manage organization"' in problem.message
    assert "Access all data" not in problem.message


def test_every_permission_asked_for_exists() -> None:
    assert set(PERMISSION_NAMES) <= PERMISSIONS
    asked = {name for one in operations() for name in need_of(one).permissions}
    assert asked <= set(PERMISSION_NAMES)
