"""Change the metadata of objects: one new version each, or none when nothing changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, insert, select, update

from odm_shiny.store import documents
from odm_shiny.store.clock import now_ms
from odm_shiny.store.documents import Document, Value
from odm_shiny.store.engine import Tx
from odm_shiny.store.index_hooks import tell_changed
from odm_shiny.store.indexing import indexed
from odm_shiny.store.kinds import MEMBER_OF, RUN_KINDS
from odm_shiny.store.objects import Record, batches, by_ids, get_many
from odm_shiny.store.refusals import NotStored
from odm_shiny.store.schema import document_versions, objects

#: What a version made by a PATCH says of itself.
EDITED: Final = "Edited via API"


def patch(
    tx: Tx,
    public_id: str,
    changes: Mapping[str, Value],
    *,
    author: str,
    message: str = EDITED,
) -> Record:
    """Set, replace or (``None``) remove attributes of one object; see `patch_many`."""
    patch_many(tx, {public_id: changes}, author=author, message=message)
    return get_many(tx, [public_id])[0]


def patch_many(
    tx: Tx,
    edits: Mapping[str, Mapping[str, Value]],
    *,
    author: str,
    message: str = EDITED,
) -> list[str]:
    """Change many objects at once.

    Parameters
    ----------
    edits
        Public id -> attribute -> new value; ``None`` removes the attribute. Replaced attributes
        keep their place, new ones go to the end.

    Returns
    -------
    Public ids of the objects that did change, each by exactly one version.

    Raises
    ------
    NotStored
        One of the objects is not there; nothing is changed then.

    Notes
    -----
    Values are kept as given: typing them by the template, and refusing read-only attributes, is
    the caller's part. Editing a data file's group changes what its runs show, but makes no version
    of the runs; a run's own edit changes that run alone.
    """
    tx.must_write()
    records = get_many(tx, list(edits))
    if len(records) < len(edits):
        found = {record.public_id for record in records}
        raise NotStored(f"no object {next(key for key in edits if key not in found)!r}")
    own = _own_documents(tx, records)
    changed: list[tuple[Record, Document]] = []
    for record in records:
        new = _edited(own[record.id], edits[record.public_id], is_run=record.kind in RUN_KINDS)
        if not _same(new, own[record.id]):
            changed.append((record, new))
    _save(tx, changed, author=author, message=message)
    return [record.public_id for record, _ in changed]


def _edited(own: Document, changes: Mapping[str, Value], *, is_run: bool) -> Document:
    new = {**own, **changes}
    # A run keeps its None: it hides the attribute of the group.
    return new if is_run else documents.without_unset(new)


def _same(new: Document, old: Document) -> bool:
    """As JSON: Python takes 1, 1.0 and True for equal, a reader of the record does not."""
    return documents.encode(new) == documents.encode(old)


def _own_documents(tx: Tx, records: Sequence[Record]) -> dict[int, Document]:
    """Documents as stored: a record of a run shows its group's attributes, too."""
    own = {record.id: record.document for record in records if record.kind not in RUN_KINDS}
    for part in batches([record.id for record in records if record.kind in RUN_KINDS]):
        query = select(objects.c.id, objects.c.document).where(objects.c.id.in_(part))
        own.update((key, documents.decode(text)) for key, text in tx.conn.execute(query))
    return own


def _save(tx: Tx, changed: Sequence[tuple[Record, Document]], *, author: str, message: str) -> None:
    if not changed:
        return
    ids = [record.id for record, _ in changed]
    for part in batches(ids):
        _keep_versions(tx, part)
    now = now_ms()
    groups = [record for record, _ in changed if _is_data_group(record)]
    runs = [run for group in groups for run in _runs(tx, group) if run.id not in set(ids)]
    tx.conn.execute(
        update(objects)
        .where(objects.c.id == bindparam("key"))
        .values(
            document=bindparam("text"),
            version=objects.c.version + 1,
            updated_at=now,
            author=author,
            message=message,
        ),
        [{"key": record.id, "text": documents.encode(new)} for record, new in changed],
    )
    _tell(tx, [record for record, _ in changed], now=now)
    _tell(tx, runs, now=None)


def _keep_versions(tx: Tx, ids: Sequence[int]) -> None:
    """Copy the current versions to the older ones, inside the database."""
    columns = (
        objects.c.id,
        objects.c.version,
        objects.c.author,
        objects.c.message,
        objects.c.updated_at,
        objects.c.document,
    )
    names = ["object_id", "version", "author", "message", "timestamp", "document"]
    current = select(*columns).where(objects.c.id.in_(ids))
    tx.conn.execute(insert(document_versions).from_select(names, current))


def _is_data_group(record: Record) -> bool:
    return MEMBER_OF.get(record.kind) in RUN_KINDS


def _runs(tx: Tx, group: Record) -> list[Record]:
    """The runs of a group before its metadata change, for the search index only."""
    if tx.search is None:
        return []
    ids = tx.conn.execute(select(objects.c.id).where(objects.c.group_id == group.id)).scalars()
    return by_ids(tx, ids)


def _tell(tx: Tx, before: Sequence[Record], *, now: int | None) -> None:
    """Hand the old and the new documents to the search index, kind by kind."""
    if tx.search is None:
        return
    after = by_ids(tx, [record.id for record in before])
    changes: dict[str, list[tuple[int, Document, Document]]] = {}
    for old, was, now_is in zip(before, indexed(tx, before), indexed(tx, after), strict=True):
        changes.setdefault(old.kind, []).append((old.slot, was, now_is))
    for kind, of_kind in changes.items():
        tell_changed(tx, kind, of_kind, now=now)
