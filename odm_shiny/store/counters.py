"""Numbers that are given out once, and never again."""

from __future__ import annotations

from typing import Final

from sqlalchemy import insert, select, update

from odm_shiny.store.engine import Tx
from odm_shiny.store.schema import counters

OBJECT: Final = "object"  # primary keys of objects
ACCESSION: Final = "accession"  # GSF: objects, templates, dictionaries
RUN: Final = "run"  # runId
CHAIN: Final = "chain"  # GSVC
PEOPLE_GROUP: Final = "people_group"  # GSG
USER: Final = "user"
TOKEN: Final = "token"  # noqa: S105 - the name of a counter
TEMPLATE: Final = "template"
DICTIONARY: Final = "dictionary"
TERM: Final = "term"
JOB: Final = "job"


def slot_counter(kind: str) -> str:
    """Name of the counter of a kind's slots; slot = number - 1."""
    return f"slot:{kind}"


def reserve(tx: Tx, name: str, count: int = 1) -> range:
    """Take the next `count` numbers of a counter, the first ever being 1.

    The counter moves in the caller's transaction, so a rollback gives the numbers back, and two
    processes never get the same one.
    """
    tx.must_write()
    if count <= 0:
        return range(0)
    move = (
        update(counters)
        .where(counters.c.name == name)
        .values(value=counters.c.value + count)
        .returning(counters.c.value)
    )
    last = tx.conn.execute(move).scalar_one_or_none()
    if last is None:
        tx.conn.execute(insert(counters).values(name=name, value=count))
        last = count
    return range(last - count + 1, last + 1)


def next_number(tx: Tx, name: str) -> int:
    """The next number of a counter."""
    return reserve(tx, name)[0]


def last_number(tx: Tx, name: str) -> int:
    """The number given out last, 0 for none."""
    found = tx.conn.execute(select(counters.c.value).where(counters.c.name == name))
    return found.scalar_one_or_none() or 0


def accession(number: int, prefix: str = "GSF") -> str:
    """Write a number as an accession: at least six digits.

    >>> accession(159), accession(1147033), accession(1, "GSG")
    ('GSF000159', 'GSF1147033', 'GSG000001')
    """
    return f"{prefix}{number:06d}"


def next_accession(tx: Tx) -> str:
    """The next ``GSF`` accession."""
    return accession(next_number(tx, ACCESSION))
