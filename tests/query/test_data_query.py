from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from odm_shiny.errors import QueryError, QuerySyntaxError
from odm_shiny.query.data_query import parse_data_query, render_data_query
from odm_shiny.query.expr import feature, field, value
from odm_shiny.query.nodes import And, DataCompare, Expr, Not, Or

TP53 = feature() == "TP53"
HIGH = value() >= 4


@pytest.mark.parametrize(
    ("text", "expr"),
    [
        pytest.param("feature=TP53", TP53, id="feature"),
        pytest.param("feature=TP53 value>=4", TP53 & HIGH, id="side by side"),
        pytest.param("feature = TP53 value >= 4", TP53 & HIGH, id="blanks"),
        pytest.param("feature=TP53 AND value>=4", TP53 & HIGH, id="AND"),
        pytest.param("FEATURE=TP53 and Value>=4", TP53 & HIGH, id="any case"),
        pytest.param("features=TP53 && values>=4", TP53 & HIGH, id="plurals"),
        pytest.param("Feature=TP53 MinValue=4", TP53 & HIGH, id="old form"),
        pytest.param("minvalue = 4\nfeature = TP53", HIGH & TP53, id="old form, any order"),
        pytest.param(
            "Feature=A,B MinValue=1.5",
            feature().is_in(["A", "B"]) & (value() >= 1.5),
            id="old form, list",
        ),
        pytest.param("feature=TP53 value>=4 or value>9", (TP53 & HIGH) | (value() > 9), id="or"),
        pytest.param("not feature=TP53 value>=4", ~TP53 & HIGH, id="not"),
        pytest.param("!(feature=TP53 || value>=4)", Not(Or((TP53, HIGH))), id="not of a group"),
        pytest.param("feature=A , B,null", feature().is_in(["A", "B", None]), id="null in a list"),
        pytest.param(
            'feature!=A,"B c","null",NULL',
            feature().not_in(["A", "B c", "null", None]),
            id="none of",
        ),
        pytest.param("feature.chrom=chr1", feature("chrom") == "chr1", id="column"),
        pytest.param("feature.a.b=x", feature("a.b") == "x", id="column with a dot"),
        pytest.param('feature."gene name"=~TP', feature("gene name").contains("TP"), id="quoted"),
        pytest.param('Features."AND"=x', feature("AND") == "x", id="quoted keyword as a name"),
        pytest.param("feature.start<100", feature("start") < 100, id="numeric column"),
        pytest.param("value.FC!=2,null", value("FC").not_in([2, None]), id="measurement"),
        pytest.param("1 < value < 2.5", (value() > 1) & (value() < 2.5), id="open range"),
        pytest.param(
            "-1<=value.FC<=+1e3",
            And((value("FC") >= -1, value("FC") <= "+1e3")),
            id="closed range",
        ),
        pytest.param(
            "feature=A 1<value<=2 or feature=B",
            ((feature() == "A") & (value() > 1) & (value() <= 2)) | (feature() == "B"),
            id="range among others",
        ),
        pytest.param("not 1<value<2", Not((value() > 1) & (value() < 2)), id="not of a range"),
        pytest.param("feature=007", feature() == "007", id="text of a number is kept"),
    ],
)  # fmt: skip
def test_data_queries_are_read(text: str, expr: Expr) -> None:
    assert parse_data_query(text) == expr


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", 0, "the data query is empty"),
        ("TP53", 0, "feature=TP53"),
        ('"TP53"', 0, "feature=TP53"),
        ("gene=TP53", 0, r"feature\.gene"),
        ("FC>1", 0, r"value\.FC"),
        ("feture=A", 0, "did you mean feature?"),
        ("feature", 7, "expected an operator"),
        ("feature TP53", 8, "found TP53"),
        ("feature=", 8, "null"),
        ("feature==A", 8, "write ="),
        ("value=>4", 6, "write >="),
        ("feature=and", 8, "double quotes"),
        ("feature=A,", 10, "after ,"),
        ("feature=A,,B", 10, "after ,"),
        ("feature.=A", 8, r"feature\.NAME"),
        ('feature. "x"=A', 8, r"feature\.NAME"),
        ('feature.""=A', 8, "empty"),
        ("value=high", 6, "'high'"),
        ("value=4,high,5", 8, "'high'"),
        ("value>=null", 7, "null"),
        ("value>=4,5", 8, "lists go with"),
        ("value=~4", 7, "a value is a number"),
        ("feature=~null", 9, "null"),
        ("MinValue>4", 8, "expected = after MinValue"),
        ("MinValue=high", 9, "'high'"),
        ("4<=value", 8, "value>=4"),
        ("4>value>1", 1, "< or <="),
        ("1<value>2", 7, "< or <="),
        ("1<value<high", 8, "'high'"),
        ("1<gene<2", 2, r"value\.gene"),
        ("value>1<5", 7, "1<value<5"),
        ("4", 0, "feature=4"),
        ("feature=A | value>1", 10, "OR"),
        ("feature=A value>1)", 17, "closes nothing"),
        ("feature=" + ",".join("A" * 10_001), 20_008, "10,000 conditions and values"),
        ("(" * 10_000, 64, "64 levels"),
    ],
)
def test_an_error_says_where_and_what_to_do(text: str, position: int, says: str) -> None:
    with pytest.raises(QuerySyntaxError, match=says) as caught:
        parse_data_query(text)
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (TP53 & HIGH, "feature=TP53 AND value>=4"),
        (feature("gene name").is_in(["A", None, "null"]), 'feature."gene name"=A,null,"null"'),
        ((value("FC") < 0) | ~TP53, "value.FC<0 OR NOT feature=TP53"),
        (feature().contains(""), 'feature=~""'),
    ],
)
def test_data_queries_are_written(expr: Expr, text: str) -> None:
    assert render_data_query(expr) == text


@given(data=st.data())
def test_reading_is_the_inverse_of_writing(
    data: st.DataObject, data_queries: SearchStrategy[Expr]
) -> None:
    expr = data.draw(data_queries)
    assert parse_data_query(render_data_query(expr)) == expr


PIECES = [
    *("feature", "value", "values.y", "MinValue", ".", "x", "1", "null", '"a"', "and", "NOT"),
    *("=", "<", "<=", "!=", "=~", ",", "(", ")", " "),
]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_any_text_that_is_read_can_be_written(text: str) -> None:
    position = 0
    try:
        expr = parse_data_query(text)
        assert parse_data_query(render_data_query(expr)) == expr
    except QuerySyntaxError as error:
        position = error.position
    assert 0 <= position <= len(text)


def test_other_languages_are_not_written_as_a_data_query() -> None:
    with pytest.raises(QueryError, match=r"\.where\(\.\.\.\)"):
        render_data_query(field("Tissue") == "liver")


def test_ten_thousand_features_are_read() -> None:
    names = [f"G{n}" for n in range(10_000)]
    expr = parse_data_query("feature=" + ",".join(names))
    assert expr == DataCompare("feature", None, "=", tuple(names))


@pytest.mark.parametrize("piece", ["feature=A,B value>1 ", "1<value<2 or ", "(feature.x=~y) "])
def test_work_grows_with_the_text(
    piece: str, calls_of: Callable[[Callable[[], object]], int]
) -> None:
    def work(times: int) -> Callable[[], object]:
        return lambda: parse_data_query(piece * times + "value>1")

    assert calls_of(work(2000)) <= 10 * calls_of(work(200)) + 100
