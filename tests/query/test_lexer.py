from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from odm_shiny.errors import QuerySyntaxError
from odm_shiny.query.lexer import MAX_BYTES, Lexer, Rules, quoted

RULES = Rules("the filter")


def tokens(text: str, rules: Rules = RULES) -> list[tuple[str, str]]:
    lexer, found = Lexer(text, rules), []
    while lexer.next.kind != "end":
        token = lexer.take()
        found.append((token.kind, token.text))
    return found


def test_words_operators_and_quoted_text() -> None:
    assert tokens('a:b/c.d>="x \\"y\\" \\\\"AND(!é)') == [
        ("word", "a:b/c.d"),
        ("operator", ">="),
        ("quoted", 'x "y" \\'),
        ("and", "AND"),
        ("open", "("),
        ("not", "!"),
        ("word", "é"),
        ("close", ")"),
    ]


def test_operators_are_as_long_as_they_can_be() -> None:
    assert [text for _, text in tokens("a!=b=~c<=d=<e&&f||g&h|i")] == [
        *("a", "!=", "b", "=~", "c", "<=", "d", "=", "<", "e"),
        *("&&", "f", "||", "g", "&", "h", "|", "i"),
    ]


@pytest.mark.parametrize(
    ("any_case", "kinds"), [(False, ["word", "word", "not"]), (True, ["and", "or", "not"])]
)
def test_case_of_keywords_is_a_matter_of_the_language(any_case: bool, kinds: list[str]) -> None:
    assert [kind for kind, _ in tokens("and Or NOT", Rules("it", any_case=any_case))] == kinds


def test_quoted_keywords_and_keywords_inside_words_are_text() -> None:
    assert [kind for kind, _ in tokens('"AND" ANDROGEN NOT1')] == ["quoted", "word", "word"]


def test_full_text_keeps_signs_inside_words_and_drops_commas() -> None:
    found = tokens("R&D,p<0.05 a=b&&c|d||e", Rules("it", full_text=True))
    assert found == [
        *(("word", "R&D"), ("word", "p<0.05"), ("word", "a=b"), ("and", "&&")),
        *(("word", "c|d"), ("or", "||"), ("word", "e")),
    ]


def test_every_kind_of_blank_separates() -> None:
    assert [text for _, text in tokens("a\tb\nc\u00a0d\u2003e")] == ["a", "b", "c", "d", "e"]


def test_the_end_stays_the_end() -> None:
    lexer = Lexer("a", RULES)
    assert [lexer.take().kind for _ in range(3)] == ["word", "end", "end"]


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ('a="b', 2, "never closed"),
        ('a="\\n"', 3, "unknown escape"),
        ('a="é\\\\\\x"', 6, "unknown escape"),
        ("a=\0", 2, "NUL"),
        ("", 0, "empty"),
        (" \n", 0, "empty"),
    ],
)
def test_broken_text_is_reported_where_it_breaks(text: str, position: int, says: str) -> None:
    with pytest.raises(QuerySyntaxError, match=says) as caught:
        tokens(text)
    assert caught.value.position == position
    assert caught.value.text == text


def test_the_caret_stands_below_the_place() -> None:
    text = f"{'x' * 50}\n=\t\x1b{'y' * 50}="
    error = Lexer(text, RULES).error("here", 51)
    message, shown, caret = str(error).split("\n")
    assert message == "here (at position 51)"
    assert shown[caret.index("^")] == "="
    assert shown.startswith("  …x")
    assert shown.endswith("y…")
    assert shown.isprintable()


@pytest.mark.parametrize("text", ["x" * (MAX_BYTES + 1), "é" * (MAX_BYTES // 2 + 1)])
def test_long_text_is_refused_by_its_bytes(text: str) -> None:
    with pytest.raises(QuerySyntaxError, match="longer than 256 KB"):
        Lexer(text, RULES)


def test_the_longest_text_is_read() -> None:
    assert tokens("é" * (MAX_BYTES // 2)) == [("word", "é" * (MAX_BYTES // 2))]


@given(data=st.data())
def test_quoting_is_the_inverse_of_reading(data: st.DataObject, texts: SearchStrategy[str]) -> None:
    text = data.draw(texts)
    assert tokens(quoted(text)) == [("quoted", text)]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_tokens_or_an_error_inside_it(text: str) -> None:
    position = 0
    try:
        tokens(text)
    except QuerySyntaxError as error:
        position = error.position
    assert 0 <= position <= len(text)


@pytest.mark.parametrize("piece", ["a=b OR ", '"a b"="\\"" ', "((", '"\\\\', "é ", "\\", '""'])
def test_work_grows_with_the_text(
    piece: str, calls_of: Callable[[Callable[[], object]], int]
) -> None:
    def read(times: int) -> Callable[[], object]:
        def work() -> None:
            try:
                tokens(piece * times)
            except QuerySyntaxError:
                return

        return work

    assert calls_of(read(2000)) <= 10 * calls_of(read(200)) + 200
