"""Generated conditions: names and values with everything that a text language can trip over."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from odm_shiny.query.full_text import Term, render_text, term
from odm_shiny.query.nodes import And, Compare, DataCompare, Expr, Not, Or
from odm_shiny.query.plan import KINDS
from odm_shiny.query.query import Query

AWKWARD = [
    "AND",
    "or",
    "Not",
    "null",
    "NULL",
    "*",
    "=~",
    "feature",
    "value.x",
    "MinValue",
    'a "b" c',
    "back\\slash",
    'end\\"',
    "a b",
    "\ttab\nnewline",
    "a\u00a0b\u2028c",
    "é",
    "e\u0301",
    "細胞",
    "😀",
    "a=b",
    "(x)",
    "a,b",
    "R&D",
    "||",
    "!",
    "~5",
    "'liver'",
    "“liver”",
    "007",
    "-1.5e3",
    "genestack:accession",
    "x" * 130,
]
ALPHABET = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
NUMBERS = ["0", "4", "-3", "007", "2.50", "1e-4", "+.5", "12345678901234567890"]
MOMENTS = ["2024-05", "2024-05-06", "2024-05-06T10:00:00Z", "2024-05-06 10:00+02:00"]

TEXTS = st.one_of(st.sampled_from(AWKWARD), st.text(ALPHABET, max_size=12))
NAMES = TEXTS.filter(bool)


def nested(conditions: SearchStrategy[Expr]) -> SearchStrategy[Expr]:
    def join(inner: SearchStrategy[Expr]) -> SearchStrategy[Expr]:
        items = st.lists(inner, min_size=2, max_size=4).map(tuple)
        return st.one_of(items.map(And), items.map(Or), inner.map(Not))

    return st.recursive(conditions, join, max_leaves=12)


def compares() -> SearchStrategy[Compare]:
    equal = st.builds(Compare, NAMES, st.sampled_from(["=", "!="]), st.none() | TEXTS)
    order = st.builds(
        Compare, NAMES, st.sampled_from(["<", "<=", ">", ">="]), st.sampled_from(NUMBERS + MOMENTS)
    )
    return equal | order


def data_compares() -> SearchStrategy[DataCompare]:
    names = st.none() | NAMES
    numbers = st.sampled_from(NUMBERS)
    equality = st.sampled_from(["=", "!="])

    def listed(one: SearchStrategy[str]) -> SearchStrategy[tuple[str | None, ...]]:
        return st.lists(st.none() | one, min_size=1, max_size=4).map(tuple)

    return st.one_of(
        st.builds(DataCompare, st.just("feature"), names, equality, listed(TEXTS)),
        st.builds(DataCompare, st.just("value"), names, equality, listed(numbers)),
        st.builds(DataCompare, st.just("feature"), names, st.just("=~"), st.tuples(TEXTS)),
        st.builds(
            DataCompare,
            st.sampled_from(["feature", "value"]),
            names,
            st.sampled_from(["<", "<=", ">", ">="]),
            st.tuples(numbers),
        ),
    )


def terms() -> SearchStrategy[Term]:
    quoted = TEXTS.map(lambda text: Term(term(f"{text} ").words, f"{text} ", True))
    return quoted | TEXTS.map(term) | st.sampled_from(["hepat*", "?eta-cell"]).map(term)


@pytest.fixture(scope="session")
def filters() -> SearchStrategy[Expr]:
    """Metadata filters."""
    return nested(compares())


@pytest.fixture(scope="session")
def data_queries() -> SearchStrategy[Expr]:
    """Data queries."""
    return nested(data_compares())


@pytest.fixture(scope="session")
def text_queries() -> SearchStrategy[Expr]:
    """Full-text queries."""
    return nested(terms())


def some_queries() -> SearchStrategy[Query]:
    filters = st.none() | nested(compares())
    words = st.none() | nested(terms()).map(render_text)
    return st.builds(
        Query,
        kind=st.sampled_from(KINDS),
        study_filter=filters,
        study_text=words,
        sample_filter=filters,
        sample_text=words,
        library_filter=filters,
        preparation_text=words,
        expression_filter=filters,
        data_query=st.none() | nested(data_compares()),
        use_versions=st.sampled_from([None, "*", "v1, v0", "GSVC1:v2;GSVC2:GSF3"]),
        metadata_level=st.sampled_from(["all", "template", "default"]),
        search_specific_terms=st.booleans(),
        response_terms=st.booleans(),
        sort=st.sampled_from([None, "name", "-creation", "+id"]),
        group=st.sampled_from([None, "GSF000021", "a\"b'c\\"]),
        limit=st.none() | st.integers(1, 10**9),
    )


@pytest.fixture(scope="session")
def queries() -> SearchStrategy[Query]:
    """Queries with any of their parts."""
    return some_queries()


@pytest.fixture(scope="session")
def texts() -> SearchStrategy[str]:
    """Text with quotes, backslashes, blanks, operators and other scripts."""
    return TEXTS


@pytest.fixture(scope="session")
def calls_of() -> Callable[[Callable[[], object]], int]:
    """Count the Python calls that a function makes: a measure of work without a clock."""

    def count(work: Callable[[], object]) -> int:
        calls = 0

        def note(_frame: object, event: str, _arg: object) -> None:
            nonlocal calls
            calls += event in ("call", "c_call")

        sys.setprofile(note)
        try:
            work()
        finally:
            sys.setprofile(None)
        return calls

    return count
