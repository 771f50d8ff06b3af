from __future__ import annotations

from html.parser import HTMLParser

import pytest

from odm_shiny.query.expr import field
from odm_shiny.query.lexer import quoted
from odm_shiny.query.query import Query

NASTY = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a & b", "</code>"]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    return tags


def test_the_default_query_is_short() -> None:
    assert repr(Query()) == "<Query samples>"


def test_one_line_says_what_is_asked() -> None:
    query = Query().studies().where(study="Title=x").text(study="a b").terms().sorted_by("-name")
    assert repr(query) == (
        "<Query studies: study Title=x; study text a b; term identifiers yes; sorted by -name>"
    )


def test_one_line_stays_one_line() -> None:
    query = Query().where(sample=field("a") == "x\n\x1b[31m" + "y" * 500).genes(["G"] * 3)
    assert repr(query).isprintable()
    assert len(repr(query)) < 200
    assert "…" in repr(query)


@pytest.mark.parametrize("text", NASTY)
def test_markup_in_conditions_is_text_in_a_notebook(text: str) -> None:
    query = Query().where(sample=field(text) == text).text(study=quoted(text)).matrix("GSF<b>")
    tags = parsed(query._repr_html_())
    assert tags.tags == {"table", "caption", "tbody", "tr", "th", "td", "code"}
    assert {name for name, _ in tags.attributes} == {"style"}
    assert text.replace('"', '\\"') in tags.text


def test_a_long_condition_does_not_fill_the_notebook() -> None:
    query = Query().genes([f"ENSG{n:011d}" for n in range(5_000)])
    assert len(query._repr_html_()) < 5_000
