"""Check that a store is whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from sqlalchemy import Integer, cast, func, select

from odm_shiny.store import counters, data_files
from odm_shiny.store.engine import Tx
from odm_shiny.store.indexing import indexed_kind, linked_kinds, linked_slots
from odm_shiny.store.kinds import KINDS, RUN_KINDS
from odm_shiny.store.link_rules import pairs_of_kinds
from odm_shiny.store.objects import count_by_kind
from odm_shiny.store.schema import (
    chain_members,
    chains,
    dictionaries,
    jobs,
    links,
    objects,
    templates,
    unit_links,
)
from odm_shiny.store.search import Search
from odm_shiny.store.store import Store

_MOST_PER_KIND: Final = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be.

    Attributes
    ----------
    what
        What is wrong, and where.
    cure
        What to do about it.
    is_harmless
        Whether the store works correctly all the same.
    """

    what: str
    cure: str
    is_harmless: bool = False


def check(store: Store) -> list[Finding]:
    """Look for damage and leftovers; an empty list is a healthy store."""
    with store.read() as tx:
        findings = [
            *_database(tx, store),
            *_counters(tx),
            *_chains(tx),
            *_unit_links(tx),
            *_search(tx, store.search),
            *_matrices(tx, store),
        ]
    return findings


def _database(tx: Tx, store: Store) -> Iterator[Finding]:
    restore = "restore a backup, and keep the damaged file for an attempt at recovery"
    for message in store.database.damage(tx):
        yield Finding(message, restore)


def _counters(tx: Tx) -> Iterator[Finding]:
    """Every counter must stand at or above the highest number in use."""
    number = cast(func.substr(objects.c.public_id, 4), Integer)
    used = {
        counters.OBJECT: [select(func.max(objects.c.id))],
        counters.ACCESSION: [
            select(func.max(number)).where(objects.c.kind.not_in(RUN_KINDS)),
            select(func.max(cast(func.substr(templates.c.accession, 4), Integer))),
            select(func.max(cast(func.substr(dictionaries.c.accession, 4), Integer))),
        ],
        counters.RUN: [
            select(func.max(cast(objects.c.public_id, Integer))).where(
                objects.c.kind.in_(RUN_KINDS)
            )
        ],
        counters.JOB: [select(func.max(jobs.c.id))],
    }
    for kind in count_by_kind(tx):
        slots = select(func.max(objects.c.slot) + 1).where(objects.c.kind == kind)
        used[counters.slot_counter(kind)] = [slots]
    for name, queries in used.items():
        highest = max(tx.conn.execute(query).scalar() or 0 for query in queries)
        last = counters.last_number(tx, name)
        if last < highest:
            yield Finding(
                f"the counter {name!r} stands at {last}, but {highest} is in use",
                "restore a backup: new objects could take numbers of old ones",
            )


def _chains(tx: Tx) -> Iterator[Finding]:
    query = (
        select(chains.c.accession)
        .join(chain_members, chain_members.c.chain == chains.c.accession)
        .where(chain_members.c.number > chains.c.last_number)
    )
    for accession in tx.conn.execute(query).scalars():
        yield Finding(
            f"the version chain {accession} has a member above its last number",
            "restore a backup: a new version could take the number of an old one",
        )


def _unit_links(tx: Tx) -> Iterator[Finding]:
    """The counts between groups must be those of their members' links."""
    near, far = objects.alias("near"), objects.alias("far")
    ends = [func.coalesce(end.c.group_id, end.c.id) for end in (near, far)]
    counted = (
        select(*ends, func.count())
        .select_from(links)
        .join(near, near.c.id == links.c.source_id)
        .join(far, far.c.id == links.c.target_id)
        .group_by(*ends)
    )
    kept = select(unit_links.c.source_id, unit_links.c.target_id, unit_links.c.n_links)
    true = {tuple(row) for row in tx.conn.execute(counted)}
    for source, target, n in sorted(true ^ {tuple(row) for row in tx.conn.execute(kept)}):
        yield Finding(
            f"the number of links between the groups {source} and {target} is not {n}",
            "restore a backup: what belongs to a study could be listed wrongly",
        )


def _search(tx: Tx, search: Search) -> Iterator[Finding]:
    """The search index must say what documents and links say."""
    cure = "make the search index again from the documents, which are the truth"
    for kind in sorted(KINDS):
        differences = search.mismatches(tx, kind, indexed_kind(tx, kind))
        for what in islice(differences, _MOST_PER_KIND):
            yield Finding(f"the search index differs: {what}", cure)
    for source_kind, target_kind in {*linked_kinds(tx), *pairs_of_kinds()}:
        slots = np.arange(search.size(tx, source_kind))
        offsets, targets = search.links_of(tx, source_kind, target_kind, slots)
        ends = targets.tolist()
        found = {
            slot: sorted(ends[offsets[slot] : offsets[slot + 1]])
            for slot in np.flatnonzero(np.diff(offsets)).tolist()
        }
        if found != linked_slots(tx, source_kind, target_kind):
            yield Finding(
                f"the search index differs: links from {source_kind} to {target_kind}", cure
            )


def _matrices(tx: Tx, store: Store) -> Iterator[Finding]:
    known = data_files.all_ids(tx)
    present = store.matrices.ids()
    for matrix_id in sorted(known - present):
        yield Finding(
            f"the values of matrix {matrix_id} are gone from {store.matrix_folder}",
            "restore that folder from a backup, or delete the data file and import it again",
        )
    for matrix_id in sorted(present - known):
        yield Finding(
            f"the folder {store.matrix_folder / matrix_id} belongs to no data file",
            "let a sweep remove it once it is an hour old",
            is_harmless=True,
        )
