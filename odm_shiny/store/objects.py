"""Objects as they are now: read them, and add new ones.

How they change is in `odm_shiny.store.edits`, what they were in `history`, how they go in
`deletion`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, and_, func, insert, select

from odm_shiny.store import counters, documents
from odm_shiny.store.clock import now_ms
from odm_shiny.store.documents import Document, Value
from odm_shiny.store.engine import Tx
from odm_shiny.store.index_hooks import tell_created
from odm_shiny.store.kinds import KINDS, MEMBER_OF, RUN_KINDS
from odm_shiny.store.refusals import NotPossible, NotStored
from odm_shiny.store.schema import objects

#: Most values in one ``IN (...)``; SQLite takes 32,766 parameters in a statement.
BATCH: Final = 5_000

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Record:
    """One object in its current version.

    Attributes
    ----------
    id
        Key inside the store; never leaves it.
    kind, slot
        The object's kind, and its dense number in that kind (0, 1, ...), which the search uses.
        Slots, ids and accessions of a kind all rise in order of creation.
    public_id
        Accession, or the decimal number of a run.
    group_id
        `id` of the group; ``None`` for studies and groups.
    position
        0-based place in the group: row of the metadata file, column of the matrix.
    run_source
        Column name of a run in its data file; ``None`` for other kinds.
    owner_id
        `id` of the user who owns it.
    template
        Accession of the template named at import, if any.
    created_at, updated_at
        Milliseconds since 1970 UTC.
    version
        Number of the current metadata version, 1 for the first.
    author, message
        Of the current version: e-mail address, and what was said about it.
    document
        The attributes; for a run its own ones put over those of its group.
    """

    id: int
    kind: str
    slot: int
    public_id: str
    group_id: int | None
    position: int | None
    run_source: str | None
    owner_id: int
    template: str | None
    created_at: int
    updated_at: int
    version: int
    author: str
    message: str
    document: Document


@dataclass(frozen=True, slots=True)
class NewGroup:
    """A group that was just stored, and its members in order.

    Attributes
    ----------
    group
        The group itself.
    ids, slots
        Of the members.
    public_ids
        Accessions of the members, or their run numbers.
    """

    group: Record
    ids: range
    slots: range
    public_ids: list[str]


def create(
    tx: Tx,
    kind: str,
    document: Mapping[str, Value],
    *,
    owner_id: int,
    author: str,
    message: str = "Imported",
    template: str | None = None,
) -> Record:
    """Store one object that has no group: a study, or a group without members."""
    return _store(
        tx,
        kind,
        [document],
        _Common(None, owner_id, template, now_ms(), author, message),
        run_sources=None,
    )[0]


def create_group(
    tx: Tx,
    kind: str,
    document: Mapping[str, Value],
    members: Sequence[Mapping[str, Value]],
    *,
    owner_id: int,
    author: str,
    message: str = "Imported",
    template: str | None = None,
    run_sources: Sequence[str] | None = None,
) -> NewGroup:
    """Store a group and all its members in one go.

    Parameters
    ----------
    kind
        Kind of the group, e.g. ``"sample_group"``.
    document
        Metadata of the group itself; of a data file that is what its runs share.
    members
        One document a member, in the order of the file. Of runs only what differs from the group.
    run_sources
        Column name of each run; for groups of runs only.

    Notes
    -----
    The group takes the first accession and its members the ones that follow, as a real ODM counts.
    """
    if kind not in MEMBER_OF:
        raise NotPossible(f"{kind} is not a kind of group")
    is_data = MEMBER_OF[kind] in RUN_KINDS
    if is_data != (run_sources is not None):
        raise NotPossible(f"{kind}: column names are for groups of runs, and those need them")
    if run_sources is not None and len(run_sources) != len(members):
        raise NotPossible(f"{len(run_sources)} column names for {len(members)} runs")
    now = now_ms()
    group = _store(
        tx,
        kind,
        [document],
        _Common(None, owner_id, template, now, author, message),
        run_sources=None,
    )[0]
    common = _Common(group, owner_id, template, now, author, message)
    stored = _store(tx, MEMBER_OF[kind], members, common, run_sources=run_sources)
    return NewGroup(group, stored.ids, stored.slots, stored.public_ids)


def get(tx: Tx, public_id: str, kinds: Collection[str] | None = None) -> Record:
    """The object with this accession or run number.

    Raises
    ------
    NotStored
        There is none, or it is of none of `kinds`.
    """
    for record in _records(tx, objects.c.public_id == public_id):
        if kinds is None or record.kind in kinds:
            return record
    raise NotStored(f"no object {public_id!r}" + (f" of {', '.join(kinds)}" if kinds else ""))


def get_many(tx: Tx, public_ids: Sequence[str]) -> list[Record]:
    """Objects in the order asked for; those that are not there are left out."""
    found = {
        record.public_id: record
        for part in batches(public_ids)
        for record in _records(tx, objects.c.public_id.in_(part))
    }
    return [found[public_id] for public_id in public_ids if public_id in found]


def by_ids(tx: Tx, ids: Iterable[int]) -> list[Record]:
    """Objects by their key, in the order asked for; missing ones are left out."""
    wanted = list(ids)
    found = {
        record.id: record
        for part in batches(wanted)
        for record in _records(tx, objects.c.id.in_(part))
    }
    return [found[key] for key in wanted if key in found]


def by_slots(tx: Tx, kind: str, slots: Iterable[int]) -> list[Record]:
    """Objects of a kind by slot, in the order asked for; missing ones are left out."""
    wanted = [int(slot) for slot in slots]
    found = {
        record.slot: record
        for part in batches(wanted)
        for record in _records(tx, and_(objects.c.kind == kind, objects.c.slot.in_(part)))
    }
    return [found[slot] for slot in wanted if slot in found]


def members(
    tx: Tx, group_id: int, *, offset: int = 0, limit: int | None = None, after: int = -1
) -> list[Record]:
    """Members of a group in file order; `after` skips positions up to and including it."""
    condition = and_(objects.c.group_id == group_id, objects.c.position > after)
    return list(_records(tx, condition, order=objects.c.position, offset=offset, limit=limit))


def n_members(tx: Tx, group_id: int) -> int:
    """How many members a group has."""
    query = select(func.count()).where(objects.c.group_id == group_id)
    return tx.conn.execute(query).scalar_one()


def count_by_kind(tx: Tx) -> dict[str, int]:
    """How many objects of each kind there are; kinds without any are left out."""
    query = select(objects.c.kind, func.count().label("n")).group_by(objects.c.kind)
    return {row.kind: row.n for row in tx.conn.execute(query)}


def iterate(tx: Tx, kind: str, *, batch: int = 2_000) -> Iterator[Record]:
    """Every object of a kind, in order of creation, read `batch` at a time."""
    slot = -1
    while True:
        condition = and_(objects.c.kind == kind, objects.c.slot > slot)
        page = list(_records(tx, condition, order=objects.c.slot, limit=batch))
        yield from page
        if len(page) < batch:
            return
        slot = page[-1].slot


def batches(items: Sequence[_Item], size: int = BATCH) -> Iterator[Sequence[_Item]]:
    """Cut a sequence into parts that fit one statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


@dataclass(frozen=True, slots=True)
class _Common:
    """What all objects of one import share."""

    group: Record | None
    owner_id: int
    template: str | None
    now: int
    author: str
    message: str


@dataclass(frozen=True, slots=True)
class _Stored:
    ids: range
    slots: range
    public_ids: list[str]
    rows: list[dict[str, Any]]
    documents: list[Document]

    def __getitem__(self, index: int) -> Record:
        row = {**self.rows[index], "document": self.documents[index]}
        return Record(**row)


def _store(
    tx: Tx,
    kind: str,
    new: Sequence[Mapping[str, Value]],
    common: _Common,
    *,
    run_sources: Sequence[str] | None,
) -> _Stored:
    """Insert rows of one kind, and tell the search index."""
    if kind not in KINDS:
        raise NotPossible(f"{kind} is not a kind of object")
    is_run = kind in RUN_KINDS
    kept = [dict(own) if is_run else documents.without_unset(own) for own in new]
    n = len(kept)
    ids = counters.reserve(tx, counters.OBJECT, n)
    slots = _shifted(counters.reserve(tx, counters.slot_counter(kind), n))
    numbers = counters.reserve(tx, counters.RUN if is_run else counters.ACCESSION, n)
    public_ids = [str(number) if is_run else counters.accession(number) for number in numbers]
    group_id = common.group.id if common.group else None
    rows = [
        {
            "id": ids[i],
            "kind": kind,
            "slot": slots[i],
            "public_id": public_ids[i],
            "group_id": group_id,
            "position": i if common.group else None,
            "run_source": run_sources[i] if run_sources is not None else None,
            "owner_id": common.owner_id,
            "template": common.template,
            "created_at": common.now,
            "updated_at": common.now,
            "version": 1,
            "author": common.author,
            "message": common.message,
            "document": documents.encode(kept[i]),
        }
        for i in range(n)
    ]
    if rows:
        tx.conn.execute(insert(objects), rows)
    full = (
        [documents.merged(common.group.document, own) for own in kept]
        if is_run and common.group
        else kept
    )
    tell_created(
        tx,
        kind,
        slots,
        _indexed(public_ids, full, common.group if is_run else None),
        owner_id=common.owner_id,
        group_id=group_id,
        now=common.now,
    )
    return _Stored(ids, slots, public_ids, rows, full)


def _indexed(
    public_ids: Sequence[str], full: Sequence[Document], group: Record | None
) -> Iterator[Document]:
    """Documents for the search; a run is found by the accession of its file."""
    for public_id, document in zip(public_ids, full, strict=True):
        yield documents.indexed(group.public_id if group else public_id, document)


def _records(
    tx: Tx,
    condition: ColumnElement[bool],
    *,
    order: ColumnElement[Any] | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> Iterator[Record]:
    query = select(objects).where(condition)
    if order is not None:
        query = query.order_by(order)
    if limit is not None:
        query = query.limit(limit)
    if offset:
        query = query.offset(offset)
    rows = tx.conn.execute(query).all()
    groups = _group_documents(tx, rows)
    for row in rows:
        document = documents.decode(row.document)
        if row.kind in RUN_KINDS:
            document = documents.merged(groups[row.group_id], document)
        # The columns stand in the order of the fields; by name it would take twice the time.
        yield Record(*[*row[:-1], document])


def _group_documents(tx: Tx, rows: Sequence[Any]) -> dict[int, Document]:
    """Documents of the groups of those rows that are runs."""
    wanted = sorted({row.group_id for row in rows if row.kind in RUN_KINDS})
    found: dict[int, Document] = {}
    for part in batches(wanted):
        query = select(objects.c.id, objects.c.document).where(objects.c.id.in_(part))
        for key, text in tx.conn.execute(query):
            found[key] = documents.decode(text)
    return found


def _shifted(numbers: range) -> range:
    """Slots count from 0, counters from 1."""
    return range(numbers.start - 1, numbers.stop - 1) if numbers else range(0)
