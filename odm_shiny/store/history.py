"""Metadata versions: who changed an object when, and what it was then."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from odm_shiny.store import documents
from odm_shiny.store.documents import Document
from odm_shiny.store.engine import Tx
from odm_shiny.store.kinds import RUN_KINDS
from odm_shiny.store.objects import Record, by_ids
from odm_shiny.store.refusals import VersionNotFound
from odm_shiny.store.schema import document_versions


@dataclass(frozen=True, slots=True)
class Version:
    """One metadata version, as the API lists it.

    Attributes
    ----------
    author
        E-mail address.
    message
        What was said about it.
    timestamp
        Milliseconds since 1970 UTC.
    version
        Opaque id, unique in the object.
    """

    author: str
    message: str
    timestamp: int
    version: str


def versions(tx: Tx, record: Record) -> list[Version]:
    """All versions of an object, newest first."""
    old = document_versions.c
    query = (
        select(old.author, old.message, old.timestamp, old.version)
        .where(old.object_id == record.id)
        .order_by(old.version.desc())
    )
    current = Version(record.author, record.message, record.updated_at, str(record.version))
    return [
        current,
        *(
            Version(author, message, timestamp, str(number))
            for author, message, timestamp, number in tx.conn.execute(query)
        ),
    ]


def document_at(tx: Tx, record: Record, version: str) -> Document:
    """The attributes of an object at one of its versions.

    Raises
    ------
    VersionNotFound
        The object has no such version.

    Notes
    -----
    An older version of a run is put over the metadata that its group had at that time.
    """
    if version == str(record.version):
        return record.document
    old = document_versions.c
    row = None
    if version.isascii() and version.isdigit() and len(version) <= 9:
        query = select(old.document, old.timestamp).where(
            old.object_id == record.id, old.version == int(version)
        )
        row = tx.conn.execute(query).one_or_none()
    if row is None or str(int(version)) != version:
        raise VersionNotFound(f"{record.public_id} has no metadata version {version!r}")
    document = documents.decode(row.document)
    if record.kind in RUN_KINDS and record.group_id is not None:
        document = documents.merged(_group_at(tx, record.group_id, row.timestamp), document)
    return document


def _group_at(tx: Tx, group_id: int, timestamp: int) -> Document:
    """The newest version of a group that is no younger than `timestamp`, else its first."""
    group = by_ids(tx, [group_id])[0]
    if group.updated_at <= timestamp:
        return group.document
    old = document_versions.c
    query = select(old.document, old.timestamp).where(old.object_id == group_id)
    rows = tx.conn.execute(query.order_by(old.version)).all()
    past = [row for row in rows if row.timestamp <= timestamp] or rows[:1]
    return documents.decode(past[-1].document)
