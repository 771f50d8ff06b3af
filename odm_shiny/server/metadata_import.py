"""Metadata files become studies, samples, libraries and preparations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odm_shiny.errors import FileError
from odm_shiny.formats.tsv import MetadataTable, read_metadata
from odm_shiny.server import technical
from odm_shiny.server.import_kinds import ImportKind
from odm_shiny.store import objects
from odm_shiny.store.kinds import MEMBER_OF

if TYPE_CHECKING:
    from odm_shiny.server.fetch import Fetched
    from odm_shiny.server.template_book import TemplateBook
    from odm_shiny.store.engine import Tx
    from odm_shiny.store.people import User

Document = dict[str, Any]

MAX_SHOWN = 5


def read_metadata_file(kind: ImportKind, file: Fetched) -> MetadataTable:
    """Read and check the metadata file of a study or of a group.

    Raises
    ------
    FileError
        Not a metadata table; a required attribute is missing in the header or in a record, or a
        value that must be unique is repeated. With line and column.
    """
    table = read_metadata(file.path, name=file.name, single_record=kind.kind == "study")
    for attribute in kind.required:
        _check_filled(table, attribute, file.name)
    for attribute in kind.unique:
        _check_unique(table, attribute, file.name)
    return table


def store_metadata(
    tx: Tx,
    kind: ImportKind,
    table: MetadataTable,
    book: TemplateBook,
    *,
    owner: User,
    template: str | None,
) -> str:
    """Store the records of a table; the accession of the study or group."""
    member = MEMBER_OF.get(kind.kind, kind.kind)
    typed = book.typing(template, member)
    documents = [
        {name: typed(name, value) for name, value in own.items()}
        for own in (technical.without(one, technical.OF_OBJECTS) for one in table.records)
    ]
    if kind.kind == "study":
        return objects.create(
            tx, "study", documents[0], owner_id=owner.id, author=owner.email, template=template
        ).public_id
    return objects.create_group(
        tx, kind.kind, {}, documents, owner_id=owner.id, author=owner.email, template=template
    ).group.public_id


def _check_filled(table: MetadataTable, attribute: str, name: str) -> None:
    if attribute not in table.columns:
        near = ", ".join(table.columns[:MAX_SHOWN])
        raise FileError(
            f"has no column {attribute!r}, which every record needs; it has: {near}"
            + (" ..." if len(table.columns) > MAX_SHOWN else ""),
            path=name,
            line=1,
        )
    column = table.columns.index(attribute) + 1
    for record, line in zip(table.records, table.lines, strict=True):
        if record.get(attribute) is None:
            raise FileError(
                f"{attribute!r} is empty; every record needs one",
                path=name,
                line=line,
                column=column,
            )


def _check_unique(table: MetadataTable, attribute: str, name: str) -> None:
    column = table.columns.index(attribute) + 1
    first: dict[str, int] = {}
    for record, line in zip(table.records, table.lines, strict=True):
        value = record[attribute]
        if isinstance(value, list):
            raise FileError(
                f"{attribute!r} has {len(value)} values, and an object has one id; write || for "
                "a | that belongs to it",
                path=name,
                line=line,
                column=column,
            )
        if value in first:
            raise FileError(
                f"{attribute!r} {value!r} stands in line {first[value]} already; "
                "it must be different in every record",
                path=name,
                line=line,
                column=column,
            )
        first[value] = line
