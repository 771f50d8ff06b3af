from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from odm_shiny.errors import QueryError, QuerySyntaxError
from odm_shiny.query.expr import field
from odm_shiny.query.full_text import Term, parse_text, render_text, term, tokenize
from odm_shiny.query.nodes import And, Expr, Not, Or

LIVER, LUNG, CELL = term("liver"), term("lung"), term("cell")


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Single-nuclei RNA", ["single", "nuclei", "rna"]),
        ("GSF000021,GSF000022", ["gsf000021", "gsf000022"]),
        ("a_b c__", ["a_b", "c__"]),
        ("β-Zelle Ödem 細胞 x²", ["β", "zelle", "ödem", "細胞", "x²"]),
        ("3.5 µg/ml", ["3", "5", "µg", "ml"]),
        ("", []),
        ("-*?!", []),
    ],
)
def test_tokens_are_lower_case_letters_digits_and_underscores(text: str, tokens: list[str]) -> None:
    assert tokenize(text) == tokens


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert tokenize("Café") == tokenize(unicodedata.normalize("NFD", "Café")) == ["café"]


@given(st.text())
def test_tokens_are_their_own_tokens(text: str) -> None:
    tokens = tokenize(text)
    assert tokenize(" ".join(tokens)) == tokens


@pytest.mark.parametrize(
    ("text", "expr"),
    [
        pytest.param("liver", LIVER, id="word"),
        pytest.param("liver lung", Or((LIVER, LUNG)), id="side by side"),
        pytest.param("liver, lung,cell", Or((LIVER, LUNG, CELL)), id="commas"),
        pytest.param("liver lung AND cell", Or((LIVER, And((LUNG, CELL)))), id="AND first"),
        pytest.param("liver && (lung || cell)", And((LIVER, Or((LUNG, CELL)))), id="signs"),
        pytest.param("liver NOT lung", Or((LIVER, Not(LUNG))), id="NOT is an alternative"),
        pytest.param("liver AND !lung", And((LIVER, Not(LUNG))), id="AND NOT"),
        pytest.param("(liver)(lung)", Or((LIVER, LUNG)), id="groups side by side"),
        pytest.param("liver and lung", Or((LIVER, term("and"), LUNG)), id="lower case and"),
        pytest.param(
            '"Single cell" AND "a \\"b\\""',
            And((term("Single cell"), term('a "b"'))),
            id="phrases",
        ),
        pytest.param(
            "single-nuclei",
            Term(("single", "nuclei"), "single-nuclei", False),
            id="hyphen makes a phrase",
        ),
        pytest.param("hepat* ?eta", Or((term("hepat*"), term("?eta"))), id="wildcards"),
        pytest.param('"hepat*"', Term(("hepat",), "hepat*", True), id="no wildcards inside quotes"),
        pytest.param('"AND"', Term(("and",), "AND", True), id="quoted keyword"),
        pytest.param('""', Term((), "", True), id="nothing"),
    ],
)
def test_text_queries_are_read(text: str, expr: Expr) -> None:
    assert parse_text(text) == expr


@pytest.mark.parametrize("text", ["R&D", "p<0.05", "a=b", "x|y", "A&", "“liver”", "5'UTR"])
def test_signs_are_part_of_words(text: str) -> None:
    found = parse_text(text)
    assert isinstance(found, Term)
    assert found.text == text
    assert not found.quoted
    assert list(found.words) == tokenize(text)


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", 0, "the text query is empty"),
        (",", 0, "empty"),
        ("liver AND", 9, "expected a word"),
        ("AND liver", 0, "found AND"),
        ("liver OR OR lung", 9, "found OR"),
        ("NOT", 3, "after NOT|found the end"),
        ("(liver", 0, "never closed"),
        ("liver)", 5, "closes nothing"),
        ('"liver', 0, "never closed"),
        ("()", 1, r"found \)"),
        ("x " * 10_001, 20_000, "10,000"),
        ("(" * 70, 64, "64 levels"),
    ],
)
def test_an_error_says_where(text: str, position: int, says: str) -> None:
    with pytest.raises(QuerySyntaxError, match=says) as caught:
        parse_text(text)
    assert caught.value.position == position


@given(data=st.data())
def test_reading_is_the_inverse_of_writing(
    data: st.DataObject, text_queries: SearchStrategy[Expr]
) -> None:
    expr = data.draw(text_queries)
    assert parse_text(render_text(expr)) == expr


@given(st.text('ab=!<>~&|,() "\\ANDORT*é', max_size=30))
def test_any_text_that_is_read_can_be_written(text: str) -> None:
    try:
        expr = parse_text(text)
    except QuerySyntaxError:
        return
    assert parse_text(render_text(expr)) == expr


def test_alternatives_are_written_out() -> None:
    assert render_text(parse_text('liver "a b" AND x')) == 'liver OR ("a b" AND x)'


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Term(("a",), "b", False), "not the words"),
        (lambda: Term(("a", "b"), "a b", False), "has to be quoted"),
        (lambda: Term(("and",), "AND", False), "has to be quoted"),
        (lambda: term("a\0"), "NUL"),
        (lambda: render_text(field("a") == "b"), r"\.where\(\.\.\.\)"),
    ],
)
def test_a_term_that_could_not_be_read_cannot_be_made(
    make: Callable[[], object], says: str
) -> None:
    with pytest.raises(QueryError, match=says):
        make()
