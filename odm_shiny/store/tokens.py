"""API tokens: 256 random bits, shown once, kept as a hash.

A hash without salt or stretching is right here: a token is random and long, so there is nothing to
guess, and the hash is the index by which it is found.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy import insert, select, update

from odm_shiny.store import counters
from odm_shiny.store.clock import now_ms
from odm_shiny.store.engine import Tx
from odm_shiny.store.people import User, user_of, user_query
from odm_shiny.store.refusals import NotPossible, NotStored
from odm_shiny.store.schema import tokens, users

_N_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What may be known of a token after it was made.

    Attributes
    ----------
    id
        To revoke it by.
    name
        What its owner calls it.
    last_four
        Its last four characters.
    created_at, revoked_at
        Milliseconds since 1970 UTC; `revoked_at` is ``None`` while it is good.
    """

    id: int
    name: str
    last_four: str
    created_at: int
    revoked_at: int | None


def create_token(tx: Tx, user: User, name: str = "token") -> str:
    """A new token of a user; it is nowhere else, so this is the only time to keep it."""
    tx.must_write()
    if not name.strip() or len(name) > 255:
        raise NotPossible("a token needs a name of at most 255 characters")
    token = secrets.token_urlsafe(_N_BYTES)
    tx.conn.execute(
        insert(tokens).values(
            id=counters.next_number(tx, counters.TOKEN),
            user_id=user.id,
            name=name.strip(),
            hash=_hash(token),
            last_four=token[-4:],
            created_at=now_ms(),
        )
    )
    return token


def user_by_token(tx: Tx, token: str) -> User | None:
    """The active user whose token this is; ``None`` for a wrong or revoked one."""
    hashed = _hash(token)
    query = (
        user_query(tokens.c.hash)
        .join(tokens, tokens.c.user_id == users.c.id)
        .where(tokens.c.hash == hashed, tokens.c.revoked_at.is_(None))
    )
    rows = tx.conn.execute(query).all()
    # The index compares prefixes of hashes, which tells nothing of the token; the last word is
    # spoken in constant time all the same.
    if not rows or not secrets.compare_digest(rows[0].hash, hashed):
        return None
    return user_of(rows)


def list_tokens(tx: Tx, user: User) -> list[TokenInfo]:
    """All tokens of a user, revoked ones included, in order of creation."""
    token = tokens.c
    query = (
        select(token.id, token.name, token.last_four, token.created_at, token.revoked_at)
        .where(token.user_id == user.id)
        .order_by(token.id)
    )
    return [TokenInfo(*row) for row in tx.conn.execute(query)]


def revoke_token(tx: Tx, user: User, token_id: int) -> None:
    """Make a token of this user worthless from now on; twice is harmless.

    Raises
    ------
    NotStored
        The user has no such token.
    """
    tx.must_write()
    own = (tokens.c.id == token_id) & (tokens.c.user_id == user.id)
    if tx.conn.execute(select(tokens.c.id).where(own)).first() is None:
        raise NotStored(f"{user.email} has no token {token_id}")
    tx.conn.execute(
        update(tokens).where(own, tokens.c.revoked_at.is_(None)).values(revoked_at=now_ms())
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
