"""Attributes that ODM writes itself: no file and no edit sets them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

#: Where an object stands. Documents do not hold these; they are shown with them.
OF_OBJECTS: Final = frozenset(
    {
        "genestack:accession",
        "groupId",
        "genestack:chain",
        "genestack:versionInChain",
        "genestack:activeInChain",
    }
)

#: What stood between run and measurement in the names of columns.
SEPARATOR: Final = "Measurement Separator"

#: What a data file says of itself.
OF_DATA: Final = frozenset(
    {"Data Class", "Features (string)", "Features (numeric)", "Values (numeric)", SEPARATOR}
)


def without(document: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """The attributes of a document that are not among `names`."""
    return {name: value for name, value in document.items() if name not in names}


def notes(columns: Iterable[str]) -> list[str]:
    """Say for an imported table which of its columns are left out."""
    return [
        f"column {name!r} was left out: the server gives each object its own"
        for name in columns
        if name in OF_OBJECTS
    ]
