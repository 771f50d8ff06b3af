"""What comes with the package: the default template and small dictionaries."""

from __future__ import annotations

from collections import Counter

import pytest

from odm_shiny.store import defaults
from odm_shiny.store.dictionary_format import parse_terms
from odm_shiny.store.store import Store
from odm_shiny.store.template_format import parse_attributes
from odm_shiny.store.templates import default_template


def names(store: Store, kind: str) -> list[str]:
    with store.read() as tx:
        return [attribute.name for attribute in default_template(tx).of_kind(kind)]


def test_a_study_begins_with_its_title(store: Store) -> None:
    assert names(store, "study")[:2] == ["genestack:accession", "Study Title"]


def test_samples_have_the_documented_attributes_in_their_order(store: Store) -> None:
    found = names(store, "sample")
    documented = [
        "Sample Source ID",
        "Sample Name",
        "Organism",
        "Sex",
        "Disease",
        "Age",
        "Age Unit",
        "Tissue",
        "Cell Type",
        "Cell Line",
        "Compound Treatment / Compound",
        "Compound Treatment / Dose",
        "Compound Treatment / Dose Unit",
        "Data Files / Raw",
        "Data Files / Processed",
        "Import Source URL",
    ]
    assert [name for name in found if name in documented] == documented
    assert set(found) - set(documented) == {"genestack:accession", "Sample Source"}


@pytest.mark.parametrize(
    "kind", ["expression", "expression_group", "variant", "flow", "library", "preparation"]
)
def test_every_kind_of_data_has_a_section(store: Store, kind: str) -> None:
    assert len(names(store, kind)) > 8


def test_the_template_needs_no_completion(store: Store) -> None:
    items = defaults.template_items()
    parsed = parse_attributes(items)
    assert [a.name for a in parsed] == [item["name"] for item in items]
    assert all(a.description for a in parsed)


def test_every_dictionary_that_the_template_names_comes_with_it() -> None:
    named = {
        item["dictionaryName"] for item in defaults.template_items() if "dictionaryName" in item
    }
    assert named == {item["name"] for item in defaults.dictionary_items()}


@pytest.mark.parametrize("item", defaults.dictionary_items(), ids=lambda item: item["name"])
def test_in_a_dictionary_no_name_and_no_id_means_two_terms(item: dict[str, object]) -> None:
    terms = parse_terms(item["terms"])
    ids = Counter(term.id for term in terms if term.id)
    used = Counter(
        name.casefold() for term in terms for name in (term.label, *term.exact, *term.related)
    )
    assert {name: n for name, n in (ids + used).items() if n > 1} == {}
