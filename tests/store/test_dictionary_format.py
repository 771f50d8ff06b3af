"""Dictionary files."""

from __future__ import annotations

import pytest

from odm_shiny.store.dictionary_format import Term, parse_csv, parse_terms
from odm_shiny.store.refusals import BadTemplate


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("label\nliver\nlung\n", [Term("liver"), Term("lung")]),
        ("\ufeffLabel\r\n\r\nfoie œuf\r\n", [Term("foie œuf")]),
        ("name,label\nUBERON:1,liver\n", [Term("liver", "UBERON:1")]),
        (
            'Label,Synonyms\nmale,"M, man,,M"\nother,\n',
            [Term("male", None, ("M", "man")), Term("other")],
        ),
        ("label\n", []),
    ],
    ids=["labels", "crlf", "ids", "synonyms", "empty"],
)
def test_the_three_layouts_are_read(text: str, terms: list[Term]) -> None:
    assert parse_csv(text) == terms


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not with ''"),
        ("word\nliver\n", "not with 'word'"),
        ("name,label\nUBERON:1,\n", "line 2 of the dictionary has no label"),
    ],
)
def test_other_layouts_are_refused(text: str, complaint: str) -> None:
    with pytest.raises(BadTemplate, match=complaint):
        parse_csv(text)


def test_json_terms_are_checked() -> None:
    assert parse_terms([{"label": "a", "parents": ["b"]}]) == [Term("a", parents=("b",))]
    with pytest.raises(BadTemplate, match="this is no dictionary"):
        parse_terms([{"label": 5}])
    with pytest.raises(BadTemplate, match="no label"):
        parse_terms([{"label": " "}])
