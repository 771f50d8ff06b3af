"""Template files of ODM: a JSON array of attribute rules, checked and completed.

What the fields mean, and which attributes are technical, is in the semantics of the API, 14.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from odm_shiny.store.documents import ACCESSION
from odm_shiny.store.refusals import BadTemplate

_PREFIX: Final = "com.genestack.api.metainfo."
STRING: Final = _PREFIX + "StringValue"
INTEGER: Final = _PREFIX + "IntegerValue"
DECIMAL: Final = _PREFIX + "DecimalValue"
BOOLEAN: Final = _PREFIX + "BooleanValue"
DATE: Final = _PREFIX + "DateTimeValue"
LINK: Final = _PREFIX + "ExternalLink"
METAINFO_TYPES: Final = frozenset({STRING, INTEGER, DECIMAL, BOOLEAN, DATE, LINK})

TRANSCRIPTOMICS: Final = "genestack:transcriptomicsParent"
_PARENTS: Final = frozenset({TRANSCRIPTOMICS, "genestack:genomicsParent", "genestack:facsParent"})
_BASIC: Final = (
    "study",
    "genestack:sampleObject",
    "genestack:libraryObject",
    "genestack:preparationObject",
)
_RARE: Final = ("transcriptomics", "genomics", "facs")
TYPES: Final = frozenset({*_BASIC, *_PARENTS, *(f"genestack:{word}Object" for word in _RARE)})

DATA_CLASS: Final = "Data Class"
FEATURES: Final = ("Features (string)", "Features (numeric)", "Values (numeric)")
#: Never edited, whatever a template says.
TECHNICAL: Final = frozenset({ACCESSION, "groupId", DATA_CLASS, *FEATURES})

_DEPRECATED: Final = frozenset({"isSingle", "dictionaryPath", "referencedKeyName"})
_OPTIONAL: Final = frozenset({"isReadOnly", "description", "dictionaryName"})
_REQUIRED: Final = ("name", "isRequired", "metainfoType", "dataType")
_MAX_NAME, _MAX_DESCRIPTION = 255, 500


class TemplateAttribute(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One attribute rule of a template.

    Attributes
    ----------
    name
        The attribute; ``A / B`` is shown as B in a block A.
    data_type
        Which objects it is for, e.g. ``"genestack:sampleObject"``.
    metainfo_type
        Type of its values, ``"com.genestack.api.metainfo.StringValue"`` and so on.
    is_required, is_read_only
        Whether it must be set; whether it can be edited.
    description
        For people, at most 500 characters.
    dictionary_name
        Dictionary that the values come from; ``None`` for free text.
    """

    name: str
    data_type: str
    metainfo_type: str
    is_required: bool
    is_read_only: bool = False
    description: str | None = None
    dictionary_name: str | None = None


def parse_attributes(items: Any) -> tuple[TemplateAttribute, ...]:
    """Check a template file and add the technical attributes that it lacks.

    Parameters
    ----------
    items
        The decoded JSON: an array of objects.

    Returns
    -------
    The attributes, per data type in the order given: the accession first, ``Data Class`` second in
    data files, ``Features (...)`` and ``Values (numeric)`` last in tabular ones.

    Raises
    ------
    BadTemplate
        Naming the entry (1-based) and what is wrong with it.
    """
    if not isinstance(items, list):
        raise BadTemplate("a template is a JSON array of attributes")
    attributes = [_attribute(item, f"attribute {n}") for n, item in enumerate(items, start=1)]
    seen: set[tuple[str, str]] = set()
    for attribute in attributes:
        key = (attribute.data_type, attribute.name)
        if key in seen:
            raise BadTemplate(f"{attribute.name!r} is there twice for {attribute.data_type}")
        seen.add(key)
    types = dict.fromkeys(attribute.data_type for attribute in attributes)
    return tuple(
        attribute
        for data_type in types
        for attribute in _completed(data_type, [a for a in attributes if a.data_type == data_type])
    )


def encode_attributes(attributes: Sequence[TemplateAttribute]) -> str:
    """JSON text of a template, in the format of a template file."""
    return msgspec.json.encode(attributes).decode()


def decode_attributes(text: str) -> tuple[TemplateAttribute, ...]:
    """The attributes of a text that `encode_attributes` made."""
    return msgspec.json.decode(text, type=tuple[TemplateAttribute, ...])


def _attribute(item: Any, where: str) -> TemplateAttribute:
    if not isinstance(item, Mapping):
        raise BadTemplate(f"{where} is not an object")
    for name in _REQUIRED:
        if name not in item:
            raise BadTemplate(f"{where} has no {name!r}")
    unknown = sorted(set(item) - {*_REQUIRED, *_OPTIONAL, *_DEPRECATED})
    if unknown:
        raise BadTemplate(f"{where} has an unknown field {unknown[0]!r}")
    kept = {name: value for name, value in item.items() if name not in _DEPRECATED}
    try:
        attribute = msgspec.convert(kept, TemplateAttribute)
    except msgspec.ValidationError as error:
        raise BadTemplate(f"{where}: {error}") from error
    _check(attribute, where)
    return attribute


def _check(attribute: TemplateAttribute, where: str) -> None:
    if not attribute.name.strip() or len(attribute.name) > _MAX_NAME:
        raise BadTemplate(f"{where} needs a name of 1 to {_MAX_NAME} characters")
    if attribute.metainfo_type not in METAINFO_TYPES:
        raise BadTemplate(
            f"{where} ({attribute.name}) has an unknown metainfoType {attribute.metainfo_type!r}; "
            f"there are {', '.join(sorted(METAINFO_TYPES))}"
        )
    if attribute.data_type not in TYPES:
        raise BadTemplate(
            f"{where} ({attribute.name}) has an unknown dataType {attribute.data_type!r}; "
            f"there are {', '.join(sorted(TYPES))}"
        )
    if attribute.description is not None and len(attribute.description) > _MAX_DESCRIPTION:
        raise BadTemplate(
            f"{where} ({attribute.name}) has a description of more than {_MAX_DESCRIPTION} "
            "characters"
        )


def _completed(data_type: str, own: Iterable[TemplateAttribute]) -> list[TemplateAttribute]:
    """Put technical attributes where they belong, made where they are missing."""
    given = {attribute.name: attribute for attribute in own}
    first = [ACCESSION, *([DATA_CLASS] if data_type in _PARENTS else [])]
    last = list(FEATURES) if data_type == TRANSCRIPTOMICS else []

    def technical(name: str) -> TemplateAttribute:
        is_required = name not in FEATURES
        return given.get(name) or TemplateAttribute(name, data_type, STRING, is_required, True)

    middle = [attribute for name, attribute in given.items() if name not in {*first, *last}]
    return [*map(technical, first), *middle, *map(technical, last)]
