"""Names of object types on the generic links endpoint."""

from __future__ import annotations

from typing import Final

from odm_shiny.server.wire import Problem
from odm_shiny.store import link_rules

KIND_OF_TYPE: Final = {
    "study": "study",
    "sample": "sample",
    "sampleGroup": "sample_group",
    "library": "library",
    "libraryGroup": "library_group",
    "preparation": "preparation",
    "preparationGroup": "preparation_group",
    "cellGroup": "cell_group",
    "expression": "expression",
    "expressionGroup": "expression_group",
    "variant": "variant",
    "variantGroup": "variant_group",
    "flowCytometry": "flow",
    "flowCytometryGroup": "flow_group",
    "file": "file",
}
TYPE_OF_KIND: Final = {kind: name for name, kind in KIND_OF_TYPE.items()}


def kind_of_type(name: str) -> str:
    """Kind of a type name.

    Raises
    ------
    Problem
        400: unknown name.
    """
    if name not in KIND_OF_TYPE:
        raise Problem(400, f"unknown type {name!r}; known: {', '.join(KIND_OF_TYPE)}")
    return KIND_OF_TYPE[name]


def type_pairs() -> list[tuple[str, str]]:
    """Every pair of type names that can be linked, source first."""
    return [
        (TYPE_OF_KIND[source], TYPE_OF_KIND[target])
        for source, target in link_rules.pairs_of_kinds()
    ]
