"""Dictionaries (controlled vocabularies) in the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update

from odm_shiny.store import counters
from odm_shiny.store.clock import now_ms
from odm_shiny.store.dictionary_format import Term
from odm_shiny.store.engine import Tx
from odm_shiny.store.objects import batches
from odm_shiny.store.refusals import BadTemplate, NameTaken, NotStored
from odm_shiny.store.schema import dictionaries, term_names, term_parents, terms

#: How a name stands for a term.
LABEL: Final = "label"
EXACT: Final = "exact"
RELATED: Final = "related"


@dataclass(frozen=True, slots=True)
class Dictionary:
    """A dictionary, without its terms.

    Attributes
    ----------
    accession, name, description
        What it is known by; names differ by more than capital letters.
    is_complete
        False for an extract: a value that is not in it is no error then.
    n_terms
        How many terms it has; an empty one allows any text.
    """

    id: int
    accession: str
    name: str
    description: str
    is_complete: bool
    n_terms: int


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a dictionary says of some texts.

    Attributes
    ----------
    dictionary
        Where it comes from.
    labels
        Folded label -> (label, id in the ontology or ``None``).
    synonyms
        Folded synonym -> the labels that it stands for.
    """

    dictionary: Dictionary
    labels: dict[str, tuple[str, str | None]]
    synonyms: dict[str, tuple[str, ...]]

    def is_label(self, text: str) -> bool:
        """Whether a text is a preferred name, capital letters making no difference."""
        return fold(text) in self.labels

    def preferred(self, text: str) -> tuple[str, ...]:
        """The preferred names of a label or synonym; none for a text that is neither."""
        label = self.labels.get(fold(text))
        return (label[0],) if label else self.synonyms.get(fold(text), ())

    def term_id(self, text: str) -> str | None:
        """Id in the ontology of the term with this label; ``None`` if it has none."""
        return self.labels.get(fold(text), ("", None))[1]


def fold(text: str) -> str:
    """The form of a name under which it is looked up.

    >>> fold("  T-Cell ")
    't-cell'
    """
    return text.strip().casefold()


def add_dictionary(
    tx: Tx,
    name: str,
    entries: Sequence[Term],
    *,
    description: str = "",
    is_complete: bool = True,
) -> Dictionary:
    """Store a new dictionary.

    Raises
    ------
    NameTaken
        There is one of that name.
    BadTemplate
        A term names a parent that is not there.
    """
    tx.must_write()
    if not fold(name):
        raise BadTemplate("a dictionary needs a name")
    if find_dictionary(tx, name) is not None:
        raise NameTaken(f"there is a dictionary called {name!r} already")
    key = counters.next_number(tx, counters.DICTIONARY)
    tx.conn.execute(
        insert(dictionaries).values(
            id=key,
            accession=counters.next_accession(tx),
            name=name.strip(),
            name_key=fold(name),
            description=description,
            is_complete=is_complete,
            created_at=now_ms(),
        )
    )
    _insert_terms(tx, key, entries)
    return get_dictionary(tx, name)


def replace_terms(
    tx: Tx, name: str, entries: Sequence[Term], *, is_complete: bool = True
) -> Dictionary:
    """Replace all terms of a dictionary; its accession stays."""
    tx.must_write()
    found = get_dictionary(tx, name)
    _delete_terms(tx, found.id)
    _insert_terms(tx, found.id, entries)
    tx.conn.execute(
        update(dictionaries).where(dictionaries.c.id == found.id).values(is_complete=is_complete)
    )
    return get_dictionary(tx, name)


def delete_dictionary(tx: Tx, name: str) -> None:
    """Remove a dictionary; attributes that name it hold free text from then on."""
    tx.must_write()
    found = get_dictionary(tx, name)
    _delete_terms(tx, found.id)
    tx.conn.execute(delete(dictionaries).where(dictionaries.c.id == found.id))


def list_dictionaries(tx: Tx) -> list[Dictionary]:
    """All dictionaries in order of creation."""
    return _dictionaries(tx)


def find_dictionary(tx: Tx, name: str) -> Dictionary | None:
    """A dictionary by name, capital letters making no difference."""
    found = _dictionaries(tx, dictionaries.c.name_key == fold(name))
    return found[0] if found else None


def get_dictionary(tx: Tx, name: str) -> Dictionary:
    """A dictionary by name; `NotStored` if there is none."""
    found = find_dictionary(tx, name)
    if found is None:
        raise NotStored(f"no dictionary {name!r}")
    return found


def dictionary_terms(tx: Tx, name: str, *, prefix: str = "", limit: int = 1_000) -> list[str]:
    """Labels of a dictionary that begin with `prefix` (ignoring case), in alphabetical order."""
    found = get_dictionary(tx, name)
    query = (
        select(terms.c.label)
        .join(term_names, term_names.c.term == terms.c.id)
        .where(terms.c.dictionary_id == found.id, term_names.c.relation == LABEL)
        .where(term_names.c.name_key.startswith(fold(prefix), autoescape=True))
        .order_by(term_names.c.name_key)
        .limit(limit)
    )
    return list(tx.conn.execute(query).scalars())


def vocabulary(tx: Tx, name: str, texts: Iterable[str]) -> Vocabulary | None:
    """What the dictionary `name` says of these texts; ``None`` if there is no such dictionary."""
    found = find_dictionary(tx, name)
    if found is None:
        return None
    labels: dict[str, tuple[str, str | None]] = {}
    synonyms: dict[str, tuple[str, ...]] = {}
    for part in batches(sorted({fold(text) for text in texts})):
        query = (
            select(term_names.c.name_key, term_names.c.relation, terms.c.label, terms.c.term_id)
            .join(terms, terms.c.id == term_names.c.term)
            .where(terms.c.dictionary_id == found.id, term_names.c.name_key.in_(part))
            .order_by(terms.c.id)
        )
        for key, relation, label, term_id in tx.conn.execute(query):
            if relation == LABEL:
                labels.setdefault(key, (label, term_id))
            else:
                synonyms[key] = (*synonyms.get(key, ()), label)
    return Vocabulary(found, labels, synonyms)


def _dictionaries(tx: Tx, *conditions: Any) -> list[Dictionary]:
    own = dictionaries.c
    n_terms = (
        select(func.count())
        .where(terms.c.dictionary_id == own.id)
        .correlate(dictionaries)
        .scalar_subquery()
    )
    query = (
        select(own.id, own.accession, own.name, own.description, own.is_complete, n_terms)
        .where(*conditions)
        .order_by(own.id)
    )
    return [Dictionary(*row) for row in tx.conn.execute(query)]


def _insert_terms(tx: Tx, dictionary_id: int, entries: Sequence[Term]) -> None:
    if not entries:
        return
    ids = counters.reserve(tx, counters.TERM, len(entries))
    rows = [
        {"id": key, "dictionary_id": dictionary_id, "term_id": entry.id, "label": entry.label}
        for key, entry in zip(ids, entries, strict=True)
    ]
    tx.conn.execute(insert(terms), rows)
    names = [row for key, entry in zip(ids, entries, strict=True) for row in _names(key, entry)]
    tx.conn.execute(insert(term_names), names)
    known = _known(ids, entries)
    parents = [
        {"parent": parent, "child": key}
        for key, entry in zip(ids, entries, strict=True)
        for parent in dict.fromkeys(_parent(name, known, entry) for name in entry.parents)
    ]
    if parents:
        tx.conn.execute(insert(term_parents), parents)


def _names(key: int, entry: Term) -> list[dict[str, Any]]:
    """A term's names; one that is both label and synonym counts as label."""
    named: dict[str, dict[str, Any]] = {}
    for relation, names in (
        (LABEL, [entry.label]),
        (EXACT, entry.exact),
        (RELATED, entry.related),
    ):
        for name in names:
            row = {"name_key": fold(name), "term": key, "relation": relation, "name": name}
            if row["name_key"]:
                named.setdefault(fold(name), row)
    return list(named.values())


def _known(ids: Iterable[int], entries: Sequence[Term]) -> dict[str, int]:
    """Terms by label and by id."""
    known: dict[str, int] = {}
    for key, entry in zip(ids, entries, strict=True):
        known.setdefault(entry.label, key)
        if entry.id:
            known.setdefault(entry.id, key)
    return known


def _parent(name: str, known: dict[str, int], entry: Term) -> int:
    if name not in known:
        raise BadTemplate(f"the parent {name!r} of {entry.label!r} is not in the dictionary")
    return known[name]


def _delete_terms(tx: Tx, dictionary_id: int) -> None:
    own = select(terms.c.id).where(terms.c.dictionary_id == dictionary_id)
    for column in (term_parents.c.parent, term_parents.c.child, term_names.c.term):
        tx.conn.execute(delete(column.table).where(column.in_(own)))
    tx.conn.execute(delete(terms).where(terms.c.dictionary_id == dictionary_id))
