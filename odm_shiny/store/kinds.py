"""The kinds of objects, and how they belong together."""

from __future__ import annotations

from typing import Final

#: Kind of the members of a group.
MEMBER_OF: Final = {
    "sample_group": "sample",
    "library_group": "library",
    "preparation_group": "preparation",
    "expression_group": "expression",
    "variant_group": "variant",
    "flow_group": "flow",
}

#: Kind of the group of a member.
GROUP_OF: Final = {member: group for group, member in MEMBER_OF.items()}

#: Columns of a data file: known by a number of their own, with the metadata of their group.
RUN_KINDS: Final = frozenset({"expression", "variant", "flow"})

#: Groups that a version chain can hold.
CHAINED_KINDS: Final = frozenset({"expression_group", "variant_group", "flow_group"})

KINDS: Final = frozenset({"study", "cell_group", "file", *MEMBER_OF, *GROUP_OF})

#: The part of a template that describes a kind.
DATA_TYPES: Final = {
    "study": "study",
    "sample": "genestack:sampleObject",
    "library": "genestack:libraryObject",
    "preparation": "genestack:preparationObject",
    "expression_group": "genestack:transcriptomicsParent",
    "expression": "genestack:transcriptomicsParent",
    "variant_group": "genestack:genomicsParent",
    "variant": "genestack:genomicsParent",
    "flow_group": "genestack:facsParent",
    "flow": "genestack:facsParent",
}
