"""What templates say: names, types, what is read-only, ids of terms."""

from __future__ import annotations

import pytest

from odm_shiny.server.template_book import TemplateBook
from odm_shiny.store import objects, templates


@pytest.fixture
def book(shown):
    with shown.store.read() as tx:
        yield TemplateBook(tx)


def test_the_default_template_stands_in_for_none_and_for_one_that_is_gone(book) -> None:
    default = book.template(None)
    assert default.is_default
    assert book.template("GSF999999") is default
    assert book.template(default.accession).accession == default.accession
    assert book.describe(None)["accession"] == default.accession


def test_names_are_those_of_the_kind_in_order(book) -> None:
    assert book.names(None, "study")[:3] == ["genestack:accession", "Study Title", "Study Source"]
    assert book.names(None, "expression") == book.names(None, "expression_group")
    assert book.names(None, "sample_group") == []
    assert {"genestack:accession", "Sample Source ID"} == book.read_only(None, "sample")


@pytest.mark.parametrize(
    ("name", "value", "imported", "edited"),
    [
        ("Age", "52", 52, 52),
        ("Age", "5.5", 5.5, 5.5),
        ("Age", "old", "old", "old"),
        ("Sample Name", "52", "52", "52"),
        ("Batch", "52", "52", 52),
        ("Batch", ["1", "true", "007"], ["1", "true", "007"], [1, True, "007"]),
        ("Batch", None, None, None),
    ],
)
def test_files_and_edits_type_differently_outside_the_template(
    book, name, value, imported, edited
) -> None:
    assert repr(book.typing(None, "sample")(name, value)) == repr(imported)
    assert repr(book.typing_of_edits(None, "sample")(name, value)) == repr(edited)


@pytest.mark.parametrize(
    ("name", "value", "term"),
    [
        ("Sex", "female", "PATO:0000383"),
        ("Sex", "F", None),  # a synonym is no preferred label
        ("Sex", "nonsense", None),
        ("Sex", 5, None),
    ],
)
def test_a_dictionary_value_comes_with_its_term(book, name, value, term) -> None:
    found = book.terms(None, "sample")(name, value)
    assert (found["value"], found["termId"]) == (value, term)
    assert found["dictionary"]["name"] == "Sex"


def test_other_values_stay_as_they_are(book) -> None:
    with_term = book.terms(None, "sample")
    assert with_term("Sex", None) is None
    assert with_term("Age", 52) == 52
    assert with_term("Batch", "x") == "x"
    assert [one["termId"] for one in with_term("Sex", ["male", "x"])] == ["PATO:0000384", None]


def test_a_dictionary_that_is_not_there_is_null(odm) -> None:
    item = {
        "name": "Colour",
        "dataType": "genestack:sampleObject",
        "isRequired": False,
        "metainfoType": "com.genestack.api.metainfo.StringValue",
        "dictionaryName": "No such dictionary",
    }
    with odm.store.write() as tx:
        template = templates.add_template(tx, "colours", [item], owner_id=odm.user("ann").id)
        found = TemplateBook(tx).terms(template.accession, "sample")("Colour", "red")
    assert found == {"value": "red", "termId": None, "dictionary": None}


def test_the_template_of_an_object_is_that_of_its_study(shown) -> None:
    with shown.store.read() as tx:
        book = TemplateBook(tx)
        names = ("study", "samples", "rna", "loose")
        found = book.applied([objects.get(tx, shown.id[name]) for name in names])
        assert found == [book.template(None).accession] * len(names)
