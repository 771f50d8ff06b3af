"""What templates say, for one transaction: names, types, what is read-only, ids of terms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from odm_shiny.store import dictionaries, documents, templates
from odm_shiny.store.refusals import NotStored
from odm_shiny.store.typed_values import guessed, typed

if TYPE_CHECKING:
    from odm_shiny.store.dictionaries import Vocabulary
    from odm_shiny.store.engine import Tx
    from odm_shiny.store.lean_reads import Shown
    from odm_shiny.store.templates import Template


class TemplateBook:
    """Looks templates up once; ``None`` as an accession means the default template."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._known: dict[str | None, Template] = {}
        self._terms: dict[tuple[str, str], Vocabulary | None] = {}

    def template(self, accession: str | None) -> Template:
        """The template with this accession; the default one if there is none."""
        if accession not in self._known:
            self._known[accession] = self._find(accession)
        return self._known[accession]

    def applied(self, records: Sequence[Shown]) -> list[str]:
        """Accession of the template that holds for each object."""
        found = templates.applied_templates(self._tx, records)
        for template in found.values():
            self._known.setdefault(template.accession, template)
        return [found[record.id].accession for record in records]

    def names(self, accession: str | None, kind: str) -> list[str]:
        """Attribute names for objects of a kind, in template order."""
        return [attribute.name for attribute in self.template(accession).of_kind(kind)]

    def read_only(self, accession: str | None, kind: str) -> frozenset[str]:
        """Names of attributes that must not be edited."""
        return frozenset(
            attribute.name
            for attribute in self.template(accession).of_kind(kind)
            if attribute.is_read_only
        )

    def typing(self, accession: str | None, kind: str) -> Callable[[str, Any], Any]:
        """A function of attribute name and value that types the value by the template."""
        template = self.template(accession)
        return lambda name, value: typed(template.attribute(kind, name), value)

    def typing_of_edits(self, accession: str | None, kind: str) -> Callable[[str, Any], Any]:
        """As `typing`, but what the template does not describe is typed by what it looks like."""
        template = self.template(accession)

        def with_type(name: str, value: Any) -> Any:
            attribute = template.attribute(kind, name)
            return guessed(value) if attribute is None else typed(attribute, value)

        return with_type

    def terms(self, accession: str | None, kind: str) -> Callable[[str, Any], Any]:
        """A function of attribute name and value that adds the id of dictionary values."""
        template = self.template(accession)

        def with_term(name: str, value: Any) -> Any:
            attribute = template.attribute(kind, name)
            if value is None or attribute is None or not attribute.dictionary_name:
                return value
            if isinstance(value, list):
                return [self._term(attribute.dictionary_name, one) for one in value]
            return self._term(attribute.dictionary_name, value)

        return with_term

    def describe(self, accession: str | None) -> dict[str, Any]:
        """A template as JSON: its accession, its name and its attributes by data type."""
        template = self.template(accession)
        return {
            "accession": template.accession,
            "name": template.name,
            "isDefault": template.is_default,
            "attributes": msgspec.to_builtins(template.attributes),
        }

    def _find(self, accession: str | None) -> Template:
        if accession is not None:
            try:
                return templates.get_template(self._tx, accession)
            except NotStored:
                return self.template(None)
        return templates.default_template(self._tx)

    def _term(self, dictionary: str, value: Any) -> dict[str, Any]:
        """A value with its term; ``termId`` is null for what is no preferred label."""
        text = documents.texts(value)[0]
        key = (dictionary, text)
        if key not in self._terms:
            self._terms[key] = dictionaries.vocabulary(self._tx, dictionary, [text])
        words = self._terms[key]
        if words is None:
            return {"value": value, "termId": None, "dictionary": None}
        source = {"accession": words.dictionary.accession, "name": words.dictionary.name}
        return {"value": value, "termId": words.term_id(text), "dictionary": source}
