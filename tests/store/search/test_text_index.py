from __future__ import annotations

import numpy as np
import pytest

from odm_shiny.errors import QueryError
from odm_shiny.query.full_text import parse_text, term
from odm_shiny.store.search import Change

DOCUMENTS = [
    {"genestack:accession": "GSF000001", "Tissue": "liver", "Note": "single-nuclei RNA, 10x v3"},
    {"genestack:accession": "GSF000002", "Tissue": "lung", "Note": "RNA of single cells"},
    {"genestack:accession": "GSF000003", "Tissue": ["Ösophagus", "liver"], "Note": "T_cell İ"},
    {"genestack:accession": "GSF000004", "Tissue": "single", "Note": "nuclei", "Age": 52.5},
]


@pytest.mark.parametrize(
    ("query", "slots"),
    [
        ("liver", [0, 2]),
        ("LIVER lung", [0, 1, 2]),
        ("GSF000001,GSF000004", [0, 3]),
        ('"single nuclei"', [0]),
        ("single-nuclei", [0]),
        ("single AND nuclei", [0, 3]),
        ("NOT single", [2]),
        ("rna AND NOT (liver OR lung)", []),
        ("ösophagus", [2]),
        ("ÖSO*", [2]),
        ("oso*", []),
        ("t_cell", [2]),
        ("cell", []),
        ("cel*", [1]),
        ("*cell*", [1, 2]),
        ("gsf00000?", [0, 1, 2, 3]),
        ("g*4", [3]),
        ("52", [3]),
        ('"52 5"', [3]),
        ("single-n*", [0]),
        ("s*-n*", [0]),
        ("?x", []),
        ("1?x", [0]),
        ("*", [0, 1, 2, 3]),
        ('"*"', []),
        ("Tissue", []),
        ("İ", [2]),
    ],
)
def test_words_phrases_and_wildcards(index, query, slots):
    index.add(DOCUMENTS)
    with index.read() as tx:
        found = index.search.text(tx, "sample", parse_text(query))
    assert np.flatnonzero(found).tolist() == slots


def test_synonyms_stand_for_a_term_as_phrases(index):
    index.add(DOCUMENTS)
    asked = []

    def expand(text):
        asked.append(text)
        return ["liver", "nuclei RNA"] if text == "hepar" else []

    with index.read() as tx:
        found = index.search.text(tx, "sample", parse_text("hepar AND NOT t_cell"), expand)
    assert np.flatnonzero(found).tolist() == [0]
    assert sorted(asked) == ["hepar", "t_cell"]


def test_thousands_of_synonyms_are_searched(index):
    index.add([{"Tissue": f"term {n}"} for n in range(0, 5_000, 100)])
    with index.read() as tx:
        synonyms = [f"Term {n}" for n in range(0, 5_000, 200)]
        found = index.search.text(tx, "sample", term("organ"), lambda _: synonyms)
    assert found.tolist() == [True, False] * 25


def test_words_of_values_that_are_no_more_are_not_found(index):
    index.add([{"Note": "retina"}, {"Note": ["retina", "cornea"]}])
    index.change(
        Change(0, {"Note": "retina"}, {"Note": "iris"}),
        Change(1, {"Note": ["retina", "cornea"]}, {"Note": ["cornea"]}),
    )
    with index.read() as tx:
        for query in ("retina", "ret*", "*tina", "*"):
            found = index.search.text(tx, "sample", parse_text(query))
            assert found.tolist() == ([True, True] if query == "*" else [False, False])
        assert index.search.text(tx, "sample", parse_text("c*a")).tolist() == [False, True]


def test_a_wildcard_for_too_many_words_is_refused_with_advice(index):
    index.add([{"genestack:accession": f"GSF{n:06d}"} for n in range(10_001)])
    with index.read() as tx:
        with pytest.raises(QueryError, match=r"'\*0\*'.*10,000 words.*more letters"):
            index.search.text(tx, "sample", term("*0*"))
        assert index.search.text(tx, "sample", term("gsf0*")).all()
        assert index.search.text(tx, "sample", term("*01")).sum() == 100


def test_the_combinations_of_wildcards_are_bounded_too(index):
    index.add([{"A": f"a{n} b{n}"} for n in range(200)])
    with index.read() as tx:
        with pytest.raises(QueryError, match="10,000"):
            index.search.text(tx, "sample", term("*a*-*b*"))
        assert index.search.text(tx, "sample", term("*a?-*b?")).sum() == 10
        assert index.search.text(tx, "sample", term("a?-b?")).sum() == 10


def test_very_long_words_are_words(index):
    sequence = "acgt" * 10_000
    index.add([{"Sequence": sequence}, {"Sequence": sequence[:-8]}])
    with index.read() as tx:
        assert index.search.text(tx, "sample", term("acgtacgt*")).tolist() == [True, True]
        assert index.search.text(tx, "sample", term(sequence[:-8])).tolist()[1]
