from __future__ import annotations

from collections.abc import Callable

import pytest

from odm_shiny.query.layout import (
    Broken,
    Doc,
    Either,
    Fill,
    Group,
    Line,
    Nest,
    enclosed,
    joined,
    lay_out,
)

CALL = enclosed("f(", joined(["alpha", "beta", "gamma"], (",", Line())), ")")


@pytest.mark.parametrize(
    ("doc", "width", "text"),
    [
        pytest.param(CALL, 20, "f(\n    alpha,\n    beta,\n    gamma\n)", id="one too wide"),
        pytest.param(CALL, 21, "f(alpha, beta, gamma)", id="just fits"),
        pytest.param(
            (CALL, "!"), 21, "f(\n    alpha,\n    beta,\n    gamma\n)!", id="what follows counts"
        ),
        pytest.param(
            enclosed("outer(", CALL, ")"),
            26,
            "outer(\n    f(alpha, beta, gamma)\n)",
            id="the outer group breaks first",
        ),
        pytest.param(Group((Broken("("), "x", Broken(")"))), 9, "x", id="no parentheses when flat"),
        pytest.param(
            Group((Broken("("), Nest((Line(""), "x" * 9)), Line(""), Broken(")"))),
            8,
            f"(\n    {'x' * 9}\n)",
            id="parentheses when broken",
        ),
        pytest.param(
            enclosed("[", Fill(("aa", "bb", "cc", "dd", "ee")), "]"),
            12,
            "[\n    aa, bb,\n    cc, dd,\n    ee\n]",
            id="as many as fit",
        ),
        pytest.param(enclosed("[", Fill(("aa",)), "]"), 80, "[aa]", id="one item"),
        pytest.param(enclosed("[", Fill(()), "]"), 80, "[]", id="no item"),
        pytest.param(Either("abc", ("a", Line(), "bc")), 3, "abc", id="first way fits"),
        pytest.param(Either("abc", ("a", Line(), "bc")), 2, "a\nbc", id="second way"),
        pytest.param("too long for it", 3, "too long for it", id="text is never cut"),
    ],
)  # fmt: skip
def test_documents_are_laid_out(doc: Doc, width: int, text: str) -> None:
    assert lay_out(doc, width) == text


def test_items_of_a_list_may_break_themselves() -> None:
    long = Either("x" * 20, enclosed("(", joined(["x" * 10, "x" * 10], (Line(),)), ")"))
    text = lay_out(enclosed("[", Fill(("a", long, "b")), "]"), 16)
    assert text == ("[\n    a,\n    (\n        xxxxxxxxxx\n        xxxxxxxxxx\n    ), b\n]")


def test_work_grows_with_the_document(calls_of: Callable[[Callable[[], object]], int]) -> None:
    def work(n: int) -> Callable[[], object]:
        doc = enclosed("[", Fill(tuple(f"item_{i}" for i in range(n))), "]")
        return lambda: lay_out(doc)

    assert calls_of(work(5000)) <= 11 * calls_of(work(500))
