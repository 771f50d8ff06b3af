from __future__ import annotations

import pytest

from odm_shiny.errors import QueryError
from odm_shiny.query.words import check_word, unknown_word


def test_the_nearest_word_is_named() -> None:
    error = unknown_word("kind", "smaples", ["studies", "samples"])
    assert str(error) == (
        "unknown kind 'smaples': did you mean 'samples'? Known are studies, samples"
    )


def test_a_word_far_from_all_gets_the_list_only() -> None:
    assert str(unknown_word("kind", 7, ["a", "b"])) == "unknown kind 7: Known are a, b"


def test_known_words_pass() -> None:
    check_word("kind", "a", iter(["a", "b"]))
    with pytest.raises(QueryError, match="unknown kind"):
        check_word("kind", ["a"], ["a"])
