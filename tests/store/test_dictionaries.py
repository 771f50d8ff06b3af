"""Dictionaries in the store."""

from __future__ import annotations

import pytest

from odm_shiny.store import dictionaries
from odm_shiny.store.dictionary_format import Term
from odm_shiny.store.refusals import BadTemplate, NameTaken, NotStored
from odm_shiny.store.store import Store

ORGANS = [
    Term("organ", "X:1"),
    Term("liver", "X:2", ("Leber", "Foie "), ("hepatic",), ("organ",)),
    Term("lung", None, ("liver",), (), ("X:1",)),
    Term("Straße", None, ("straße",)),
]


def test_labels_and_synonyms_are_found_whatever_their_capitals(store: Store) -> None:
    with store.write() as tx:
        made = dictionaries.add_dictionary(tx, "Organs", ORGANS, description="d", is_complete=False)
        assert (made.n_terms, made.is_complete, made.description) == (4, False, "d")
        words = dictionaries.vocabulary(tx, "ORGANS", ["LEBER", "Liver", "foie", "STRASSE", "gone"])
    assert words is not None
    assert words.preferred("LEBER") == ("liver",)
    assert words.preferred("Liver") == ("liver",), "a label, though a synonym of lung, too"
    assert words.preferred("foie") == ("liver",)
    assert words.preferred("STRASSE") == ("Straße",)
    assert words.preferred("gone") == ()
    assert words.is_label("liver")
    assert not words.is_label("Leber")
    assert words.term_id("Liver") == "X:2"
    assert words.term_id("Leber") is None


def test_an_unknown_dictionary_says_nothing(store: Store) -> None:
    with store.read() as tx:
        assert dictionaries.vocabulary(tx, "Nowhere", ["x"]) is None
        with pytest.raises(NotStored, match="no dictionary 'Nowhere'"):
            dictionaries.get_dictionary(tx, "Nowhere")


def test_names_are_taken_once(store: Store) -> None:
    with store.write() as tx:
        dictionaries.add_dictionary(tx, "Organs", ORGANS)
        with pytest.raises(NameTaken, match="'organs'"):
            dictionaries.add_dictionary(tx, "organs", [])
        with pytest.raises(BadTemplate, match="needs a name"):
            dictionaries.add_dictionary(tx, " ", [])


def test_an_unknown_parent_is_refused(store: Store) -> None:
    with store.write() as tx, pytest.raises(BadTemplate, match="parent 'body' of 'liver'"):
        dictionaries.add_dictionary(tx, "Organs", [Term("liver", parents=("body",))])


def test_terms_are_replaced_and_the_accession_stays(store: Store) -> None:
    with store.write() as tx:
        old = dictionaries.add_dictionary(tx, "Organs", ORGANS)
        new = dictionaries.replace_terms(tx, "organs", [Term("heart")], is_complete=False)
        assert (new.accession, new.n_terms, new.is_complete) == (old.accession, 1, False)
        words = dictionaries.vocabulary(tx, "Organs", ["liver", "heart"])
        assert words is not None
        assert list(words.labels) == ["heart"]
        dictionaries.delete_dictionary(tx, "Organs")
        assert dictionaries.find_dictionary(tx, "Organs") is None
        assert "Organs" not in {d.name for d in dictionaries.list_dictionaries(tx)}


@pytest.mark.parametrize(
    ("prefix", "labels"),
    [("", ["liver", "lung", "organ", "Straße"]), ("L", ["liver", "lung"]), ("%", []), ("Leb", [])],
)
def test_labels_are_suggested_by_prefix(store: Store, prefix: str, labels: list[str]) -> None:
    with store.write() as tx:
        dictionaries.add_dictionary(tx, "Organs", ORGANS)
        assert dictionaries.dictionary_terms(tx, "Organs", prefix=prefix) == labels
        assert dictionaries.dictionary_terms(tx, "Organs", prefix=prefix, limit=1) == labels[:1]
