"""Widening of search terms."""

from __future__ import annotations

import pytest

from odm_shiny.store import dictionaries, expansion
from odm_shiny.store.dictionary_format import Term
from odm_shiny.store.store import Store


@pytest.fixture
def tree(store: Store) -> Store:
    """organ > liver > left lobe, and a cycle; another dictionary shares a name."""
    with store.write() as tx:
        dictionaries.add_dictionary(
            tx,
            "Organs",
            [
                Term("organ", exact=("organe",), parents=("left lobe",)),
                Term("liver", exact=("Leber",), related=("hepatic",), parents=("organ",)),
                Term("left lobe", parents=("liver",)),
                Term("lœuf", parents=("organ", "liver")),
            ],
        )
        dictionaries.add_dictionary(tx, "Food", [Term("pâté", related=("LIVER",))])
    return store


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Leber", {"liver", "Leber", "hepatic"}),
        ("hepatic", {"liver", "Leber", "hepatic"}),
        # Uberon's extract comes with the package and knows the liver, too.
        ("LIVER", {"liver", "Leber", "hepatic", "hepatic tissue", "pâté", "LIVER"}),
        ("organ", {"organ", "organe"}),
        ("live", set()),
        ("", set()),
        ("liver cell x", set()),
    ],
)
def test_a_whole_term_brings_its_label_and_synonyms(
    tree: Store, text: str, names: set[str]
) -> None:
    with tree.read() as tx:
        found = expansion.expand(tx, text)
    assert set(found) == names
    assert len(found) == len(names)


def test_narrower_terms_are_found_at_any_depth_and_a_cycle_ends(tree: Store) -> None:
    with tree.read() as tx:
        assert set(expansion.narrower(tx, "organe")) == {
            "liver",
            "Leber",
            "hepatic",
            "left lobe",
            "lœuf",
        }
        assert expansion.narrower(tx, "unknown") == []
        assert expansion.narrower(tx, "lœuf") == []


def test_the_nearest_terms_come_first_when_there_are_too_many(tree: Store) -> None:
    with tree.read() as tx:
        assert set(expansion.narrower(tx, "organ", limit=1)) == {"liver", "Leber", "hepatic"}
        assert expansion.narrower(tx, "organ", limit=0) == []


def test_thirty_thousand_narrower_terms_are_the_most(store: Store) -> None:
    children = [Term(f"t{n}", parents=("top",)) for n in range(31_000)]
    with store.write() as tx:
        dictionaries.add_dictionary(tx, "Big", [Term("top"), *children])
        assert len(expansion.narrower(tx, "top")) == 30_000
