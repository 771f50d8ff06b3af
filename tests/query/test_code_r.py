from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from odm_shiny.errors import QueryError
from odm_shiny.query.code_r import to_r
from odm_shiny.query.expr import feature, field, value
from odm_shiny.query.nodes import Expr, Not
from odm_shiny.query.query import Query

# What R makes of the code is looked at in tests/bridge/test_r_package.py.

URL = "https://odm.example.org"
STRING = re.compile(r'"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`')


def argument(condition: Expr) -> str:
    """Give a condition of samples as it stands in the code, on one line."""
    code = to_r(Query().where(sample=condition))
    inner = code[code.index("odm_where(") + len("odm_where(") : code.rindex(")")]
    return " ".join(inner.split()).removeprefix("sample = ")


def test_r_reads_as_a_person_would_write_it() -> None:
    query = (
        Query()
        .expression()
        .where(
            study=field("Study Title") == "Atlas",
            sample=field("Tissue").is_in(["liver", "lung"])
            & ((field("Age") >= 40) | field("Age").is_null())
            & ~(field("Sex") == "male"),
        )
        .text(study='"single cell"')
        .genes("TP53", "MYC")
        .at_least(4)
        .versions("v1")
        .metadata("template")
        .specific_terms()
        .terms()
        .sorted_by("name", descending=True)
        .limited_to(5)
    )
    assert to_r(query, url=URL).split("\n") == [
        "library(odmshiny)",
        "",
        'con <- odm_connect("https://odm.example.org")',
        "query <- odm_query(con) |>",
        "  odm_expression() |>",
        "  odm_where(",
        '    study = `Study Title` == "Atlas",',
        '    sample = Tissue %in% c("liver", "lung") &',
        "      (Age >= 40 | is.na(Age)) &",
        '      !(Sex == "male")',
        "  ) |>",
        '  odm_text(study = "\\"single cell\\"") |>',
        '  odm_genes(c("TP53", "MYC")) |>',
        "  odm_at_least(4) |>",
        '  odm_versions("v1") |>',
        '  odm_metadata("template") |>',
        "  odm_specific_terms() |>",
        "  odm_terms() |>",
        '  odm_sorted_by("name", descending = TRUE) |>',
        "  odm_limited_to(5)",
        "result <- odm_collect(query)",
        "",
    ]


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (field("A") == 40, 'A == "40"'),
        (field("A") > 40, "A > 40"),
        (field("A") > "007", 'A > "007"'),
        (field("A") > 1e-05, 'A > "1e-05"'),
        (field("A") >= "2024-05-06", 'A >= "2024-05-06"'),
        (field("A").not_in(["x", None]), 'A %notin% c("x", NA)'),
        (field("A").not_null(), "!is.na(A)"),
        (Not(field("A").is_null()), "!(is.na(A))"),
        (field("a b`c\\") == "x", r'`a b\`c\\` == "x"'),
        (field("TRUE") == "x", '`TRUE` == "x"'),
        (field("..1") == "x", '`..1` == "x"'),
        (field("1a") == "x", '`1a` == "x"'),
        (field("\u2028") == "\u0085", r'field("\u2028") == "\u0085"'),
        (field("é") == "細胞😀", '`é` == "細胞😀"'),
        (field("x" * 61) == "y", f'field( "{"x" * 61}" ) == "y"'),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_condition_is_written_as_r(condition: Expr, code: str) -> None:
    assert argument(condition) == code


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (feature("gene").is_in(["A", None]), 'odm_data(feature("gene") %in% c("A", NA))'),
        (value("FC").is_in([2, None]), 'odm_data(value("FC") %in% c(2, NA))'),
        (value() == "2.50", 'odm_data(value == "2.50")'),
        (feature("gene").contains("CD"), 'odm_data(grepl("CD", feature("gene"), fixed = TRUE))'),
        (feature() == "A", 'odm_genes("A")'),
        (
            (feature() == "A") & (value() >= 2) & (value() < 3),
            'odm_data(feature == "A" & value >= 2 & value < 3)',
        ),
    ],
    ids=["feature", "value", "text", "contains", "genes", "range"],
)
def test_conditions_on_data_are_written_as_r(condition: Expr, code: str) -> None:
    assert code in to_r(Query().data(condition))


def test_a_file_is_read_as_a_matrix() -> None:
    assert 'odm_query() |> odm_matrix("GSF1")\n' in to_r(Query().matrix("GSF1"))


@given(data=st.data())
def test_lines_are_short_but_for_names(data: st.DataObject, queries: SearchStrategy[Query]) -> None:
    code = to_r(data.draw(queries))
    assert max(len(STRING.sub('""', line)) for line in code.split("\n")) <= 80


@given(data=st.data())
def test_brackets_never_nest_deeper_than_r_reads(
    data: st.DataObject, filters: SearchStrategy[Expr]
) -> None:
    deep = data.draw(filters)
    for level in range(40):
        deep = (deep & (field("A") == "a")) if level % 2 else ~(deep | (field("B") > 3))
    depth = deepest = 0
    for char in STRING.sub("", to_r(Query().where(sample=deep))):
        depth += {"(": 1, ")": -1}.get(char, 0)
        deepest = max(deepest, depth)
    assert depth == 0
    assert deepest < 50


@pytest.mark.parametrize("url", ["odm.example.org", "https://u:p@odm.example.org", f"{URL}?a=b"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(QueryError, match="address"):
        to_r(Query(), url=url)
