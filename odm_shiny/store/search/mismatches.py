"""Compare the index with the documents that it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import numpy as np

from odm_shiny.store.search.chunks import Bools
from odm_shiny.store.search.code_tables import CodeTables
from odm_shiny.store.search.columns import ColumnReader
from odm_shiny.store.search.slot_values import texts_at
from odm_shiny.store.search.value_codes import form_of
from odm_shiny.store.search_schema import Role

_BATCH: Final = 10_000


def find_mismatches(
    reader: ColumnReader, documents: Iterable[tuple[int, Mapping[str, Any]]]
) -> Iterator[str]:
    """Say what differs between the index of a kind and all its documents, (slot, document) each."""
    indexed = {name for role, name in reader.columns() if role == Role.ATTRIBUTE}
    only_indexed = reader.alive().copy()
    remaining = iter(documents)
    while batch := dict(islice(remaining, _BATCH)):
        yield from _unknown(reader, batch, only_indexed)
        for name in sorted(indexed.union(*batch.values())):
            yield from _different(reader, name, batch)
    for slot in np.flatnonzero(only_indexed).tolist():
        yield f"{reader.kind} {slot}: in the index, but there is no document"


def _unknown(
    reader: ColumnReader, batch: Mapping[int, Mapping[str, Any]], only_indexed: Bools
) -> Iterator[str]:
    for slot in batch:
        if slot < len(only_indexed) and only_indexed[slot]:
            only_indexed[slot] = False
        else:
            yield f"{reader.kind} {slot}: not in the index"


def _different(
    reader: ColumnReader, name: str, batch: Mapping[int, Mapping[str, Any]]
) -> Iterator[str]:
    found = texts_at(CodeTables.of(reader, name), np.fromiter(batch, np.int64, len(batch)))
    for (slot, document), indexed in zip(batch.items(), found, strict=True):
        form = form_of(document.get(name))
        expected = (form,) if isinstance(form, str) else form or ()
        if expected != indexed:
            yield f"{reader.kind} {slot}: {name!r} is {expected!r}, but {indexed!r} in the index"
