"""Which members of two groups belong together, by the values of an attribute."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from odm_shiny.store import documents
from odm_shiny.store.engine import Tx
from odm_shiny.store.kinds import RUN_KINDS
from odm_shiny.store.link_rules import RUN_SOURCE
from odm_shiny.store.objects import Record
from odm_shiny.store.schema import objects


@dataclass(frozen=True, slots=True)
class Keyed:
    """A member, and the values by which it is matched (several for a multi-valued attribute)."""

    id: int
    public_id: str
    keys: list[str]


@dataclass(frozen=True, slots=True)
class Match:
    """Members of two groups that belong together.

    Attributes
    ----------
    pairs
        (source, target), in order of the sources.
    unmatched
        Sources without a partner.
    """

    pairs: list[tuple[Keyed, Keyed]]
    unmatched: list[Keyed]


def match(
    tx: Tx, source_group: Record, target_group: Record, source_key: str, target_key: str
) -> Match:
    """Pair the members of two groups whose keys are equal: see `join`."""
    return join(keyed(tx, source_group.id, source_key), keyed(tx, target_group.id, target_key))


def keyed(tx: Tx, group_id: int, key: str) -> list[Keyed]:
    """Members of a group in file order, with the values of attribute `key`."""
    column = objects.c.run_source if key == RUN_SOURCE else objects.c.document
    query = (
        select(objects.c.id, objects.c.public_id, objects.c.kind, column)
        .where(objects.c.group_id == group_id)
        .order_by(objects.c.position)
    )
    rows = tx.conn.execute(query).all()
    if key == RUN_SOURCE:
        return [Keyed(own, public_id, [source]) for own, public_id, _, source in rows]
    shared = _group_value(tx, group_id, key) if rows and rows[0].kind in RUN_KINDS else None
    return [
        Keyed(own, public_id, documents.texts(documents.decode(text).get(key, shared)))
        for own, public_id, _, text in rows
    ]


def join(sources: Iterable[Keyed], targets: Iterable[Keyed]) -> Match:
    """Pair sources and targets that have a key in common.

    Exact and case-sensitive; of several keys any one will do. A pair is named once however many
    keys it shares. Linear in the number of members and pairs.
    """
    by_key: dict[str, list[Keyed]] = {}
    for target in targets:
        for key in target.keys:
            by_key.setdefault(key, []).append(target)
    pairs: list[tuple[Keyed, Keyed]] = []
    unmatched = []
    for source in sources:
        partners = {target.id: target for key in source.keys for target in by_key.get(key, ())}
        pairs.extend((source, target) for target in partners.values())
        if not partners:
            unmatched.append(source)
    return Match(pairs, unmatched)


def _group_value(tx: Tx, group_id: int, key: str) -> documents.Value:
    query = select(objects.c.document).where(objects.c.id == group_id)
    return documents.decode(tx.conn.execute(query).scalar_one()).get(key)
