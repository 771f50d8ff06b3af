"""Objects as a caller sees them: the level of detail, the order, the ids around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from odm_shiny.server.shapes import MINIMAL, Shape, default_level
from odm_shiny.server.template_book import TemplateBook
from odm_shiny.server.wire import Problem
from odm_shiny.store import chains, objects
from odm_shiny.store.documents import ACCESSION

if TYPE_CHECKING:
    from odm_shiny.server.routes import Call
    from odm_shiny.store.engine import Tx
    from odm_shiny.store.lean_reads import Shown
    from odm_shiny.store.objects import Record
    from odm_shiny.store.store import Store

TERM_ID: Final = "term_id"


class View:
    """Renders objects of one reply.

    Parameters
    ----------
    store, tx
        Where related objects are looked up.
    level
        ``minimal_data``, ``extended_data_included`` or ``original_data_included``.
    terms
        Show dictionary values with the id of their term.
    """

    def __init__(self, store: Store, tx: Tx, *, level: str, terms: bool = False) -> None:
        self.store = store
        self.tx = tx
        self.level = level
        self.book = TemplateBook(tx)
        self.terms = terms
        self._shapes: dict[tuple[str, str | None], Shape] = {}
        self._shape_of: dict[tuple[str, int, str | None], Shape] = {}
        self._group_ids: dict[int, str] = {}

    @classmethod
    def of_call(cls, call: Call, tx: Tx) -> View:
        """The view that a call asks for by ``returnedMetadataFields`` and ``responseFormat``."""
        level = call.query.get("returnedMetadataFields") or default_level(call.role)
        form = call.query.get("responseFormat")
        if form not in (None, TERM_ID):
            raise Problem(400, f"responseFormat: {form!r} is not known; the one form is {TERM_ID}")
        return cls(call.service.store, tx, level=level, terms=form == TERM_ID)

    def records(self, records: Sequence[Shown]) -> list[dict[str, Any]]:
        """Flat records: accession first, ``groupId`` last."""
        self._learn_groups(records)
        shaped = []
        for record, shape in zip(records, self._shapes_of(records), strict=True):
            accession = record.public_id
            shown = shape.of(record.document, {ACCESSION: None})
            shown[ACCESSION] = accession  # the place stays, whatever the document says
            if record.group_id is not None:
                shown["groupId"] = self._group_ids[record.group_id]
            shaped.append(shown)
        return shaped

    def groups(self, records: Sequence[Record]) -> list[dict[str, Any]]:
        """Groups with their metadata and, for data files, their place in the version chain."""
        places = chains.places(self.tx, [record.id for record in records])
        shaped = []
        for record, document in zip(records, self._shaped(records), strict=True):
            place = places.get(record.id)
            metadata: dict[str, Any] = {ACCESSION: record.public_id}
            metadata.update((n, v) for n, v in document.items() if n != ACCESSION)
            metadata["genestack:chain"] = place.chain if place else None
            metadata["genestack:versionInChain"] = place.number if place else None
            metadata["genestack:activeInChain"] = place.is_active if place else None
            shaped.append({"itemId": record.public_id, "metadata": metadata})
        return shaped

    def runs(self, records: Sequence[Record]) -> list[dict[str, Any]]:
        """Runs with where they come from and their metadata."""
        origins, shown = self.origins(records), self.run_metadata(records)
        return [
            {"itemOrigin": origin, "metadata": metadata}
            for origin, metadata in zip(origins, shown, strict=True)
        ]

    def run_metadata(self, records: Sequence[Record]) -> list[dict[str, Any]]:
        """Metadata of runs: those of their file with their own put over them."""
        return [
            {name: value for name, value in document.items() if name != ACCESSION}
            for document in self._shaped(records)
        ]

    def origins(self, records: Sequence[Record]) -> list[dict[str, str]]:
        """Column, run and file that the items of a run come from."""
        self._learn_groups(records)
        return [
            {
                "runSourceId": record.run_source or "",
                "runId": record.public_id,
                "groupId": self._group_ids[record.group_id or 0],
            }
            for record in records
        ]

    def _shaped(self, records: Sequence[Record]) -> list[dict[str, Any]]:
        shapes = self._shapes_of(records)
        return [shape.of(record.document) for record, shape in zip(records, shapes, strict=True)]

    def _shapes_of(self, records: Sequence[Shown]) -> list[Shape]:
        """Shape of each object; members of a group with the same template share one."""
        if self.level == MINIMAL:
            return [self._shape(record.kind, None) for record in records]
        keys = [(record.kind, record.group_id or -record.id, record.template) for record in records]
        found = dict(zip(keys, records, strict=True))
        new = {key: record for key, record in found.items() if key not in self._shape_of}
        templates = self.book.applied(list(new.values())) if new else []
        for key, template in zip(new, templates, strict=True):
            self._shape_of[key] = self._shape(key[0], template)
        return [self._shape_of[key] for key in keys]

    def _shape(self, kind: str, template: str | None) -> Shape:
        key = (kind, template)
        if key not in self._shapes:
            self._shapes[key] = Shape(
                self.level,
                self.book.names(None, kind),
                self.book.names(template, kind),
                self.book.terms(template, kind) if self.terms else None,
            )
        return self._shapes[key]

    def _learn_groups(self, records: Sequence[Shown]) -> None:
        ids = {record.group_id for record in records}
        unknown = {one for one in ids if one is not None and one not in self._group_ids}
        for group in objects.by_ids(self.tx, sorted(unknown)):
            self._group_ids[group.id] = group.public_id
