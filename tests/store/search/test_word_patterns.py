from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.store.search.word_patterns import WordPattern, has_wildcard, words_like

letters = st.text("abß", max_size=6)
patterns = st.text("abß*?", min_size=1, max_size=6)


def plain(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."))


@given(patterns, letters)
def test_a_pattern_matches_what_the_regular_expression_does(pattern, word):
    assert WordPattern(pattern).matches(word) == (plain(pattern).fullmatch(word) is not None)


@given(patterns, st.lists(st.text("abß", min_size=1, max_size=6)), st.integers(0, 5))
def test_all_words_that_fit_are_found_in_all_texts(pattern, words, cut):
    texts = ["\n" + "".join(f"{word}\n" for word in part) for part in (words[:cut], words[cut:])]
    expected = [word for word in words if plain(pattern).fullmatch(word)]
    assert list(words_like(pattern, texts)) == expected


@pytest.mark.parametrize(
    ("word", "answer"), [("a*", True), ("?", True), ("a_b", False), ("", False)]
)
def test_a_wildcard_makes_a_pattern(word, answer):
    assert has_wildcard(word) is answer


def test_many_wildcards_do_not_take_exponential_time():
    # A regular expression would not finish within the life of this machine.
    assert not WordPattern("*a" * 40 + "*b").matches("a" * 70_000)
