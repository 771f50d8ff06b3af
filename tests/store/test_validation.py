"""Metadata against its template."""

from __future__ import annotations

from typing import Any

import pytest

from odm_shiny.store import dictionaries, validation
from odm_shiny.store.dictionary_format import Term
from odm_shiny.store.store import Store
from odm_shiny.store.template_format import DECIMAL, STRING, TemplateAttribute
from odm_shiny.store.validation import InvalidValue, summarize, validate, vocabularies_for

SAMPLE = "genestack:sampleObject"
ID = TemplateAttribute("Sample Source ID", SAMPLE, STRING, True)
AGE = TemplateAttribute("Age", SAMPLE, DECIMAL, False)
SEX = TemplateAttribute("Sex", SAMPLE, STRING, True, dictionary_name="Own sex")
TISSUE = TemplateAttribute("Tissue", SAMPLE, STRING, False, dictionary_name="Extract")
FREE = TemplateAttribute("Free", SAMPLE, STRING, False, dictionary_name="Empty")
LOST = TemplateAttribute("Lost", SAMPLE, STRING, False, dictionary_name="Not there")
ACCESSION = TemplateAttribute("genestack:accession", SAMPLE, STRING, True, True)
RULES = [ACCESSION, ID, AGE, SEX, TISSUE, FREE, LOST]


@pytest.fixture
def check(store: Store) -> Any:
    """Validate with three dictionaries: a complete one, an extract, an empty one."""
    with store.write() as tx:
        dictionaries.add_dictionary(tx, "Own sex", [Term("male", exact=("M",)), Term("female")])
        dictionaries.add_dictionary(
            tx, "Extract", [Term("liver", exact=("Leber",))], is_complete=False
        )
        dictionaries.add_dictionary(tx, "Empty", [])

    def run(document: dict[str, Any]) -> dict[str, list[str]]:
        with store.read() as tx:
            words = vocabularies_for(tx, [document], RULES)
        found = validate(document, RULES, words)
        return {name: [problem.kind for problem in problems] for name, problems in found.items()}

    return run


GOOD = {"Sample Source ID": "S-01", "Age": 52, "Sex": "male", "Tissue": "liver"}


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        ({}, {}),
        ({"Sample Source ID": None}, {"Sample Source ID": ["VALUE_NOT_SET"]}),
        ({"Sample Source ID": ""}, {"Sample Source ID": ["VALUE_NOT_SET"]}),
        ({"Age": "fifty"}, {"Age": ["TYPE_NOT_MATCH"]}),
        ({"Age": [52, "x", 1.5]}, {"Age": ["TYPE_NOT_MATCH"]}),
        ({"Age": None}, {}),
        ({"Sex": "M"}, {"Sex": ["SYNONYM_ATTRIBUTE"]}),
        ({"Sex": "MALE"}, {}),
        ({"Sex": "mâle"}, {"Sex": ["VOCABULARY_NOT_FOUND"]}),
        ({"Sex": ["m", "x"]}, {"Sex": ["SYNONYM_ATTRIBUTE", "VOCABULARY_NOT_FOUND"]}),
        ({"Sex": "Not applicable"}, {}),
        ({"Sex": "Not reported"}, {}),
        ({"Sex": "not recorded"}, {}),
        ({"Tissue": "Leber"}, {"Tissue": ["SYNONYM_ATTRIBUTE"]}),
        ({"Tissue": "spleen"}, {}),
        ({"Free": "anything", "Lost": "anything", "Outside": 5}, {}),
    ],
    ids=repr,
)
def test_each_kind_of_problem_is_found(
    check: Any, change: dict[str, Any], problems: dict[str, list[str]]
) -> None:
    assert check({**GOOD, **change}) == problems


def test_a_synonym_names_the_preferred_label(store: Store, check: Any) -> None:
    with store.read() as tx:
        words = vocabularies_for(tx, [{"Sex": "M"}], [SEX])
        accession = dictionaries.get_dictionary(tx, "Own sex").accession
    (problem,) = validate({"Sex": "M"}, [SEX], words)["Sex"]
    assert problem.message == (
        'The value "M" for attribute "Sex" is a synonym in the controlled vocabulary '
        f'"{accession}" . Did you mean one of [male]?'
    )


def test_a_group_is_summarized_by_distinct_values_most_frequent_first(
    store: Store, check: Any
) -> None:
    group: list[dict[str, Any]] = [
        {"Sample Source ID": "S-01", "Sex": "M", "Age": 52},
        {"Sample Source ID": "S-02", "Sex": ["M", "x"], "Age": "52"},
        {"Sample Source ID": "S-03", "Age": "about 50"},
        {"Sample Source ID": "S-04", "Sex": "female", "Age": "52"},
    ]
    with store.read() as tx:
        found = summarize(group, RULES, vocabularies_for(tx, group, RULES))
    shown = {
        name: [(v.value, v.count, [p.kind for p in v.problems]) for v in values]
        for name, values in found.items()
    }
    assert shown == {
        "Age": [("52", 2, ["TYPE_NOT_MATCH"]), ("about 50", 1, ["TYPE_NOT_MATCH"])],
        "Sex": [
            ("M", 2, ["SYNONYM_ATTRIBUTE"]),
            (None, 1, ["VALUE_NOT_SET"]),
            ("x", 1, ["VOCABULARY_NOT_FOUND"]),
        ],
    }


def test_a_required_attribute_that_nobody_has_is_missing_once() -> None:
    found = summarize([{"Age": 1}, {"Age": 2}, {"Sample Source ID": ""}], [ID], {})
    (invalid,) = found["Sample Source ID"]
    assert isinstance(invalid, InvalidValue)
    assert (invalid.value, invalid.count) == (None, 3)
    assert [p.kind for p in invalid.problems] == [validation.MISSING_ATTRIBUTE]


def test_an_empty_group_has_no_problems() -> None:
    assert summarize([], RULES, {}) == {}
