"""Tokens of a real store at the door of the service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from odm_shiny.contract.messages import Reply, Request
from odm_shiny.server.service import Service
from odm_shiny.store import people, tokens
from odm_shiny.store.store import Store

HANDLERS = {"GET /odm-shiny/whoami": lambda call: {"email": call.user.email}}
PATH = "/api/odm-shiny/v1/whoami"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "odm") as store:
        yield store


@pytest.fixture
def token(store: Store) -> str:
    with store.write() as tx:
        user = people.create_user(tx, "zoë@example.org")
        return tokens.create_token(tx, user, "first")


def ask(service: Service, host: str | None = "10.0.0.1", **headers: str) -> Reply:
    lowered = {name.replace("_", "-"): value for name, value in headers.items()}
    return service.handle(Request("GET", PATH, headers=lowered, client_host=host))


def test_a_token_of_the_store_names_its_owner(store: Store, token: str) -> None:
    reply = ask(Service(store, handlers=HANDLERS), genestack_api_token=token)
    assert reply.status == 200
    assert json.loads(reply.body) == {"email": "zoë@example.org"}


def test_a_revoked_token_is_like_one_that_never_was(store: Store, token: str) -> None:
    service = Service(store, handlers=HANDLERS)
    with store.write() as tx:
        user = people.find_user(tx, "zoë@example.org")
        assert user is not None
        tokens.revoke_token(tx, user, tokens.list_tokens(tx, user)[0].id)
    revoked = ask(service, genestack_api_token=token)
    unknown = ask(service, genestack_api_token=token[::-1])
    assert (revoked.status, unknown.status) == (401, 401)
    assert revoked.body == unknown.body


def test_an_access_token_is_refused_beside_a_good_api_token(store: Store, token: str) -> None:
    service = Service(store, handlers=HANDLERS)
    assert ask(service, genestack_api_token=token, authorization="Bearer x.y.z").status == 401


def test_the_local_user_is_for_this_process_only(store: Store, token: str) -> None:
    service = Service(store, handlers=HANDLERS, local_user="zoë@example.org")
    assert ask(service, host=None).status == 200
    assert ask(service, host="10.0.0.1").status == 401
    assert ask(service, host=None, genestack_api_token="forged").status == 401
    assert ask(service, host=None, authorization="Bearer x").status == 401


def test_a_local_user_who_is_not_there_is_named(store: Store) -> None:
    reply = ask(Service(store, handlers=HANDLERS, local_user="nobody@example.org"), host=None)
    assert reply.status == 401
    assert "nobody@example.org" in json.loads(reply.body)["error"]["message"]
