"""What several commands ask of records: which kind an accession is of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from odm_shiny.errors import BadRequest, NotFound, OdmError

if TYPE_CHECKING:
    from odm_shiny.client.client import Client

RecordKind = Literal["studies", "samples", "libraries", "preparations"]
RECORD_KINDS: tuple[RecordKind, ...] = ("studies", "samples", "libraries", "preparations")


def resource(client: Client, kind: RecordKind) -> Any:
    """Return the part of the client for one kind of records."""
    return getattr(client, kind)


def find_record(client: Client, accession: str) -> tuple[RecordKind, dict[str, Any]] | None:
    """Find the study, sample, library or preparation of an accession; ``None`` for none."""
    for kind in RECORD_KINDS:
        try:
            return kind, resource(client, kind).get(accession)
        except (NotFound, BadRequest):
            # Some servers call an accession of another kind malformed, others unknown.
            continue
    return None


def record_kind(client: Client, accession: str) -> RecordKind:
    """Tell the kind of an accession.

    Raises
    ------
    OdmError
        There is no study, sample, library or preparation of this accession that one may see.
    """
    found = find_record(client, accession)
    if found is None:
        kinds = "study, sample, library or preparation"
        raise OdmError(f"{accession} is no {kinds} that you may see")
    return found[0]
