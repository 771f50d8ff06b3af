"""Compare metadata with the template that applies to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from odm_shiny.store import documents
from odm_shiny.store.dictionaries import Vocabulary, fold, vocabulary
from odm_shiny.store.documents import Document, Value
from odm_shiny.store.engine import Tx
from odm_shiny.store.template_format import TECHNICAL, TemplateAttribute
from odm_shiny.store.typed_values import fits

VALUE_NOT_SET: Final = "VALUE_NOT_SET"
MISSING_ATTRIBUTE: Final = "MISSING_ATTRIBUTE"
TYPE_NOT_MATCH: Final = "TYPE_NOT_MATCH"
VOCABULARY_NOT_FOUND: Final = "VOCABULARY_NOT_FOUND"
SYNONYM_ATTRIBUTE: Final = "SYNONYM_ATTRIBUTE"

#: Always good where a dictionary is asked for.
_ALWAYS_GOOD: Final = frozenset({"not applicable", "not reported", "not recorded"})
_SPOKEN: Final = {
    "IntegerValue": "a whole number",
    "DecimalValue": "a number",
    "BooleanValue": "true or false",
    "DateTimeValue": "an ISO 8601 date such as 2024-05-31",
    "ExternalLink": "a link such as https://example.org/file",
}

#: Dictionary name -> what it says of the values at hand; ``None`` for an unknown dictionary.
Vocabularies: TypeAlias = Mapping[str, Vocabulary | None]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one value.

    Attributes
    ----------
    kind
        ``VALUE_NOT_SET``, ``MISSING_ATTRIBUTE``, ``TYPE_NOT_MATCH``, ``VOCABULARY_NOT_FOUND`` or
        ``SYNONYM_ATTRIBUTE``.
    message
        For people.
    """

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class InvalidValue:
    """A value that breaks the template, and how often.

    Attributes
    ----------
    value
        Its text; ``None`` where there is no value.
    count
        Number of objects that have it.
    problems
        Why it is invalid.
    """

    value: str | None
    count: int
    problems: tuple[Problem, ...]


def validate(
    document: Mapping[str, Value],
    attributes: Iterable[TemplateAttribute],
    vocabularies: Vocabularies,
) -> dict[str, list[Problem]]:
    """Problems of one document, by attribute; attributes without any are left out."""
    found: dict[str, list[Problem]] = {}
    for attribute in _checked(attributes):
        problems = list(_problems(attribute, document.get(attribute.name), vocabularies))
        if problems:
            found[attribute.name] = list(dict.fromkeys(problems))
    return found


def summarize(
    group: Sequence[Document],
    attributes: Iterable[TemplateAttribute],
    vocabularies: Vocabularies,
) -> dict[str, list[InvalidValue]]:
    """Invalid values of a group of objects, by attribute, most frequent first.

    A required attribute that no object of the group has is reported once, as missing; one that some
    lack, as not set. Each distinct value is looked at once.
    """
    found: dict[str, list[InvalidValue]] = {}
    for attribute in _checked(attributes):
        invalid = _invalid(group, attribute, vocabularies)
        if invalid:
            found[attribute.name] = invalid
    return found


def vocabularies_for(
    tx: Tx, group: Iterable[Mapping[str, Value]], attributes: Iterable[TemplateAttribute]
) -> Vocabularies:
    """Look the values of documents up in the dictionaries that their template names."""
    ruled = [attribute for attribute in attributes if attribute.dictionary_name]
    texts: dict[str, set[str]] = {attribute.dictionary_name or "": set() for attribute in ruled}
    for document in group:
        for attribute in ruled:
            texts[attribute.dictionary_name or ""].update(
                documents.texts(document.get(attribute.name))
            )
    return {name: vocabulary(tx, name, of_name) for name, of_name in texts.items()}


def _checked(attributes: Iterable[TemplateAttribute]) -> Iterable[TemplateAttribute]:
    """Technical attributes are the store's own, and not for people to fill."""
    return (attribute for attribute in attributes if attribute.name not in TECHNICAL)


def _invalid(
    group: Sequence[Document], attribute: TemplateAttribute, vocabularies: Vocabularies
) -> list[InvalidValue]:
    # By type, too: 52 may be fine where "52" is not.
    counts: dict[tuple[str | None, type], int] = {}
    values: dict[tuple[str | None, type], Value] = {}
    for document in group:
        value = document.get(attribute.name)
        for item in value if isinstance(value, list) and value else [value]:
            text = next(iter(documents.texts(item)), None) or None
            key = (text, type(item) if text is not None else type(None))
            counts[key] = counts.get(key, 0) + 1
            values[key] = item
    if group and attribute.is_required and all(text is None for text, _ in counts):
        message = f'Required attribute "{attribute.name}" is missing'
        return [InvalidValue(None, len(group), (Problem(MISSING_ATTRIBUTE, message),))]
    invalid = [
        InvalidValue(key[0], counts[key], problems)
        for key, value in values.items()
        if (problems := tuple(_problems(attribute, value, vocabularies)))
    ]
    return sorted(invalid, key=lambda item: (-item.count, item.value or ""))


def _problems(
    attribute: TemplateAttribute, value: Value, vocabularies: Vocabularies
) -> Iterable[Problem]:
    items = [item for item in (value if isinstance(value, list) else [value]) if _is_set(item)]
    if not items and attribute.is_required:
        yield Problem(
            VALUE_NOT_SET,
            f'The value for required attribute "{attribute.name}" is not present',
        )
    for item in items:
        if not fits(attribute, item):
            kind = attribute.metainfo_type.rpartition(".")[2]
            yield Problem(
                TYPE_NOT_MATCH,
                f'The value "{documents.texts(item)[0]}" for attribute "{attribute.name}" is not '
                f"{_SPOKEN[kind]}",
            )
        if attribute.dictionary_name:
            yield from _term_problems(attribute, item, vocabularies.get(attribute.dictionary_name))


def _term_problems(
    attribute: TemplateAttribute, item: Value, words: Vocabulary | None
) -> Iterable[Problem]:
    """A dictionary that is unknown or empty allows everything; an extract, what it lacks."""
    text = documents.texts(item)[0]
    if words is None or not words.dictionary.n_terms or fold(text) in _ALWAYS_GOOD:
        return
    if words.is_label(text):
        return
    where = f'The value "{text}" for attribute "{attribute.name}"'
    preferred = words.preferred(text)
    if preferred:
        yield Problem(
            SYNONYM_ATTRIBUTE,
            f"{where} is a synonym in the controlled vocabulary "
            f'"{words.dictionary.accession}" . Did you mean one of [{", ".join(preferred)}]?',
        )
    elif words.dictionary.is_complete:
        yield Problem(
            VOCABULARY_NOT_FOUND,
            f'{where} is not in the controlled vocabulary "{words.dictionary.name}" '
            f"({words.dictionary.accession})",
        )


def _is_set(item: Value) -> bool:
    return item is not None and item != ""
