"""Version chains of data files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select, update

from odm_shiny.store import counters
from odm_shiny.store.clock import now_ms
from odm_shiny.store.engine import Tx
from odm_shiny.store.kinds import CHAINED_KINDS
from odm_shiny.store.objects import Record, batches, get
from odm_shiny.store.refusals import ChainConflict, NotStored
from odm_shiny.store.schema import chain_members, chains


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file stands in its chain.

    Attributes
    ----------
    chain
        Accession of the chain.
    number
        1, 2, ... in order of import; the number of a deleted file is not given out again.
    is_active
        Whether it is the newest file that is still there.
    """

    chain: str
    number: int
    is_active: bool


def append(tx: Tx, previous: str, new: Record) -> Place:
    """Put a new file behind another one.

    Parameters
    ----------
    previous
        Accession of an earlier file or of a chain. A file outside of any chain becomes the first
        one of a new chain; a file in the middle of a chain stands for that chain.

    Raises
    ------
    NotStored
        There is neither such a file nor such a chain.
    ChainConflict
        Different kinds of data, a kind without versions, or `new` is in a chain already.
    """
    tx.must_write()
    if new.kind not in CHAINED_KINDS:
        raise ChainConflict(f"{new.kind} has no data versions; leave previousVersion out")
    if new.id in places(tx, [new.id]):
        raise ChainConflict(f"{new.public_id} is in a version chain already")
    chain = _chain(tx, previous, new)
    number = tx.conn.execute(
        update(chains)
        .where(chains.c.accession == chain)
        .values(last_number=chains.c.last_number + 1)
        .returning(chains.c.last_number)
    ).scalar_one()
    tx.conn.execute(insert(chain_members).values(chain=chain, number=number, group_id=new.id))
    return Place(chain, number, is_active=True)


def places(tx: Tx, group_ids: Iterable[int] | None = None) -> dict[int, Place]:
    """Group id -> place in its chain, for these groups or for all; unchained ones are left out."""
    newest = (
        select(chain_members.c.chain, func.max(chain_members.c.number).label("number"))
        .group_by(chain_members.c.chain)
        .subquery()
    )
    query = select(
        chain_members.c.group_id,
        chain_members.c.chain,
        chain_members.c.number,
        newest.c.number == chain_members.c.number,
    ).join(newest, newest.c.chain == chain_members.c.chain)
    if group_ids is None:
        rows: Iterable[Any] = tx.conn.execute(query)
    else:
        rows = (
            row
            for part in batches(sorted(set(group_ids)))
            for row in tx.conn.execute(query.where(chain_members.c.group_id.in_(part)))
        )
    return {group: Place(chain, number, bool(newest)) for group, chain, number, newest in rows}


def members(tx: Tx, chain: str) -> list[int]:
    """Ids of the files of a chain that are still there, oldest first."""
    query = select(chain_members.c.group_id).where(chain_members.c.chain == chain)
    return list(tx.conn.execute(query.order_by(chain_members.c.number)).scalars())


def _chain(tx: Tx, previous: str, new: Record) -> str:
    """Accession of the chain that `previous` names, made if need be."""
    query = select(chains.c.kind).where(chains.c.accession == previous)
    kind = tx.conn.execute(query).scalar_one_or_none()
    if kind is not None:
        _refuse_mixture(previous, kind, new)
        return previous
    try:
        file = get(tx, previous)
    except NotStored as error:
        raise NotStored(f"no data file and no version chain {previous!r}") from error
    _refuse_mixture(previous, file.kind, new)
    if file.id == new.id:
        raise ChainConflict(f"{previous} cannot be its own previous version")
    place = places(tx, [file.id]).get(file.id)
    return place.chain if place else _begin(tx, file)


def _begin(tx: Tx, first: Record) -> str:
    accession = counters.accession(counters.next_number(tx, counters.CHAIN), "GSVC")
    tx.conn.execute(
        insert(chains).values(
            accession=accession, kind=first.kind, last_number=1, created_at=now_ms()
        )
    )
    tx.conn.execute(insert(chain_members).values(chain=accession, number=1, group_id=first.id))
    return accession


def _refuse_mixture(previous: str, kind: str, new: Record) -> None:
    if kind != new.kind:
        raise ChainConflict(
            f"{previous} is {kind.replace('_', ' ')}, the new file {new.kind.replace('_', ' ')}; "
            "a version chain holds one kind of data"
        )
