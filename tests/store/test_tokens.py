"""API tokens."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from odm_shiny.store import people, tokens
from odm_shiny.store.refusals import NotPossible, NotStored
from odm_shiny.store.store import Store


def test_a_token_names_its_user_until_it_is_revoked(store: Store) -> None:
    with store.write() as tx:
        ann = people.create_user(tx, "ann@example.org", is_curator=True)
        first, second = (tokens.create_token(tx, ann, name) for name in ("laptop", "é"))
        assert first != second
        assert tokens.user_by_token(tx, first) == ann
        (one, other) = tokens.list_tokens(tx, ann)
        assert (one.name, one.last_four, one.revoked_at) == ("laptop", first[-4:], None)
        tokens.revoke_token(tx, ann, one.id)
        tokens.revoke_token(tx, ann, one.id)
        assert tokens.user_by_token(tx, first) is None
        assert tokens.user_by_token(tx, second) == ann
        assert tokens.list_tokens(tx, ann)[0].revoked_at is not None
        assert other.revoked_at is None


def test_a_token_has_256_random_bits(store: Store) -> None:
    with store.write() as tx:
        made = {tokens.create_token(tx, people.local_user(tx)) for _ in range(50)}
    assert len(made) == 50
    assert {len(token) for token in made} == {43}, "32 bytes in base64 without padding"


@pytest.mark.parametrize(
    "token", ["", "x", "\ud800", "é" * 100, "' OR 1=1 --", "%", "\x00"], ids=ascii
)
def test_what_is_no_token_names_nobody(store: Store, token: str) -> None:
    with store.write() as tx:
        tokens.create_token(tx, people.local_user(tx))
        assert tokens.user_by_token(tx, token) is None


def test_the_hash_of_a_token_is_no_token(store: Store) -> None:
    with store.write() as tx:
        token = tokens.create_token(tx, people.local_user(tx))
        assert tokens.user_by_token(tx, hashlib.sha256(token.encode()).hexdigest()) is None


def test_a_deactivated_user_has_no_access(store: Store) -> None:
    with store.write() as tx:
        ann = people.create_user(tx, "ann@example.org")
        token = tokens.create_token(tx, ann)
        people.update_user(tx, ann.id, is_active=False)
        assert tokens.user_by_token(tx, token) is None


def test_a_token_is_in_no_file_of_the_store(store: Store, store_folder: Path) -> None:
    with store.write() as tx:
        token = tokens.create_token(tx, people.local_user(tx), "laptop")
    files = [path for path in store_folder.rglob("*") if path.is_file()]
    assert len(files) >= 2, "database and log"
    content = b"".join(path.read_bytes() for path in files)
    assert b"laptop" in content
    assert token.encode() not in content
    assert token[:-4].encode() not in content
    store.close()
    assert token.encode() not in (store_folder / "metadata.sqlite").read_bytes()


def test_somebody_elses_token_cannot_be_revoked(store: Store) -> None:
    with store.write() as tx:
        ann = people.create_user(tx, "ann@example.org")
        token = tokens.create_token(tx, ann)
        (info,) = tokens.list_tokens(tx, ann)
        with pytest.raises(NotStored, match="has no token"):
            tokens.revoke_token(tx, people.local_user(tx), info.id)
        assert tokens.user_by_token(tx, token) == ann
        with pytest.raises(NotPossible, match="needs a name"):
            tokens.create_token(tx, ann, " ")


def test_the_user_is_found_by_one_question(store: Store) -> None:
    from sqlalchemy import event

    with store.write() as tx:
        token = tokens.create_token(tx, people.local_user(tx))
        asked: list[str] = []
        event.listen(tx.conn, "before_cursor_execute", lambda *args: asked.append(args[2]))
        assert tokens.user_by_token(tx, token) is not None
    assert len(asked) == 1
