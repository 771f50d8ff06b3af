from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from odm_shiny.errors import QueryError, QuerySyntaxError
from odm_shiny.query.expr import feature, field
from odm_shiny.query.filter_text import parse_filter, render_filter
from odm_shiny.query.nodes import And, Compare, Expr, Not, Or

A, B, C = (Compare(name, "=", name.lower()) for name in "ABC")


@pytest.mark.parametrize(
    ("text", "expr"),
    [
        pytest.param("A=a", A, id="one condition"),
        pytest.param(' "A"\t= "a"\n', A, id="blanks and quotes do not matter"),
        pytest.param("A=a AND B=b OR C=c", Or((And((A, B)), C)), id="AND binds tighter"),
        pytest.param("A=a OR B=b AND C=c", Or((A, And((B, C)))), id="AND binds tighter, after"),
        pytest.param("A=a && (B=b || C=c)", And((A, Or((B, C)))), id="signs and parentheses"),
        pytest.param("((A=a))", A, id="parentheses without need"),
        pytest.param("(A=a AND B=b) AND C=c", And((A, B, C)), id="nested AND is one"),
        pytest.param("NOT A=a OR B=b", Or((Not(A), B)), id="NOT binds tightest"),
        pytest.param("!(A=a)", Not(A), id="NOT of a group"),
        pytest.param("NOT (NOT A=a)", Not(Not(A)), id="NOT twice"),
        pytest.param("!A=a&&!B=b", And((Not(A), Not(B))), id="without any blank"),
        pytest.param("A!=a", Compare("A", "!=", "a"), id="unequal, not NOT"),
        pytest.param(
            'Organism!="Mus musculus" || Sex=female',
            Or((Compare("Organism", "!=", "Mus musculus"), Compare("Sex", "=", "female"))),
            id="mixed",
        ),
        pytest.param(
            '"Sample Source"="site A" AND (Age > 30 AND Age < 50.5)',
            And(
                (
                    Compare("Sample Source", "=", "site A"),
                    Compare("Age", ">", "30"),
                    Compare("Age", "<", "50.5"),
                )
            ),
            id="name with a blank",
        ),
        pytest.param(
            "genestack:accession = GSF000021",
            Compare("genestack:accession", "=", "GSF000021"),
            id="colon in a key",
        ),
        pytest.param("Date>=2024-05-06", Compare("Date", ">=", "2024-05-06"), id="date"),
        pytest.param("A=null", Compare("A", "=", None), id="not set"),
        pytest.param("A != null", Compare("A", "!=", None), id="set"),
        pytest.param('A="null"', Compare("A", "=", "null"), id="the word null"),
        pytest.param("A=NULL", Compare("A", "=", "NULL"), id="another word"),
        pytest.param("A=*", Not(Compare("A", "=", None)), id="any value"),
        pytest.param("A!=*", Compare("A", "=", None), id="no value"),
        pytest.param('A="*"', Compare("A", "=", "*"), id="a star"),
        pytest.param("A=hepat*", Compare("A", "=", "hepat*"), id="no wildcards"),
        pytest.param('A=""', Compare("A", "=", ""), id="empty text"),
        pytest.param(r'A="\"\\"', Compare("A", "=", '"\\'), id="escapes"),
        pytest.param(r"A=C:\dir", Compare("A", "=", r"C:\dir"), id="backslash in a word"),
        pytest.param("A=and", Compare("A", "=", "and"), id="lower case and is a word"),
        pytest.param("or=not", Compare("or", "=", "not"), id="lower case or is a name"),
        pytest.param("A= ~5", Compare("A", "=", "~5"), id="tilde"),
        pytest.param("Größe='x'", Compare("Größe", "=", "'x'"), id="single quotes are characters"),
    ],
)
def test_filters_are_read(text: str, expr: Expr) -> None:
    assert parse_filter(text) == expr


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("A", 1, "expected an operator .* after A, found the end"),
        ("A =", 3, "expected a value after =, found the end"),
        ("A = AND B=b", 4, 'put the word in double quotes if it is the value, "AND"'),
        ("= a", 0, "expected a condition like Tissue=liver"),
        ("A==a", 2, "write ="),
        ("A=>3", 2, "write >="),
        ("A=<3", 2, "write <="),
        ("A<>3", 2, "write !="),
        ("A=~3", 1, '"contains" is for columns of data'),
        ("A=a B=b", 4, "join conditions with AND or OR"),
        ("A=normal liver", 9, "double quotes"),
        ("A=a and B=b", 4, "upper case, AND"),
        ("A=a,b", 3, "A=x OR A=y"),
        ("A=a & B=b", 4, "write && or AND"),
        ("A=a AND", 7, "found the end of the text"),
        ("OR A=a", 0, "found OR"),
        ("A=a AND OR B=b", 8, "found OR"),
        ("NOT NOT A=a", 4, r"NOT \(NOT"),
        ("()", 1, r"found \)"),
        ("(A=a", 0, "never closed"),
        ("((A=a) AND B=b", 0, "never closed"),
        ("A=a)", 3, "closes nothing"),
        ('""=a', 0, "name of an attribute is empty"),
        ("Age>old", 4, "'old'"),
        ("Age<null", 4, "null"),
        ("1<Age<5", 2, "Age>1 AND Age<"),
        ("Sample Source=a", 7, '"Sample Source"='),
        ("A=a AND (B=b OR C)", 17, "after C"),
    ],
)
def test_an_error_says_where_and_what_to_do(text: str, position: int, says: str) -> None:
    with pytest.raises(QuerySyntaxError, match=says) as caught:
        parse_filter(text)
    assert caught.value.position == position
    assert caught.value.text == text
    assert f"(at position {position})\n" in str(caught.value)


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (Compare("Sample Source", "=", "site A"), '"Sample Source"="site A"'),
        (Or((And((A, B)), C)), "(A=a AND B=b) OR C=c"),
        (And((Or((A, B)), Not(C))), "(A=a OR B=b) AND NOT C=c"),
        (Not(And((A, Not(Not(B))))), "NOT (A=a AND NOT (NOT B=b))"),
        (Compare("genestack:accession", "!=", None), "genestack:accession!=null"),
        (Compare("null", "=", "AND"), '"null"="AND"'),
        (Compare("A", "=", "Ä"), 'A="Ä"'),
    ],
)
def test_filters_are_written(expr: Expr, text: str) -> None:
    assert render_filter(expr) == text


@given(data=st.data())
def test_reading_is_the_inverse_of_writing(
    data: st.DataObject, filters: SearchStrategy[Expr]
) -> None:
    expr = data.draw(filters)
    assert parse_filter(render_filter(expr)) == expr


@given(st.text('ab=!<>~&|,() "\\ANDORT*null1', max_size=30))
def test_any_text_is_a_filter_or_an_error_inside_it(text: str) -> None:
    position = 0
    try:
        expr = parse_filter(text)
        assert parse_filter(render_filter(expr)) == expr
    except QuerySyntaxError as error:
        position = error.position
    assert 0 <= position <= len(text)


def test_other_languages_are_not_written_as_a_filter() -> None:
    with pytest.raises(QueryError, match=r"\.data\(\.\.\.\)"):
        render_filter(feature() == "TP53")


def test_ten_thousand_alternatives_are_read() -> None:
    values = [str(n) for n in range(10_000)]
    expr = parse_filter(" OR ".join(f"A={one}" for one in values))
    assert expr == field("A").is_in(values)


@pytest.mark.parametrize(
    ("text", "says", "position"),
    [
        pytest.param(" OR ".join(["A=a"] * 10_001), "10,000 conditions", 70_000, id="terms"),
        pytest.param("(" * 10_000 + "A=a" + ")" * 10_000, "64 levels", 64, id="parentheses"),
        pytest.param("(" * 10_000, "64 levels", 64, id="open parentheses"),
        pytest.param("!(" * 5_000 + "A=a" + ")" * 5_000, "64 levels", 129, id="negations"),
        pytest.param("A=" + "a" * 2**20, "256 KB", 2**18, id="size"),
        pytest.param(" OR ".join(["A=a"] * 100_000), "256 KB", 2**18, id="alternatives"),
    ],
)
def test_filter_bombs_are_refused(text: str, says: str, position: int) -> None:
    with pytest.raises(QuerySyntaxError, match=says) as caught:
        parse_filter(text)
    assert caught.value.position == position
    assert len(str(caught.value)) < 500


def test_levels_without_parentheses_count_too() -> None:
    text = "A=a"
    for _ in range(33):
        text = f"NOT (A=a AND {text})"
    with pytest.raises(QuerySyntaxError, match="more than 64 levels"):
        parse_filter(text)


@pytest.mark.parametrize("levels", [1, 64])
def test_sixty_four_parentheses_are_read(levels: int) -> None:
    assert parse_filter("(" * levels + "A=a" + ")" * levels) == A


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param("A=a OR ", id="alternatives"),
        pytest.param("(A=a AND B=b) OR NOT ", id="groups"),
        pytest.param('"A b">"1" AND ', id="quoted"),
    ],
)
def test_work_grows_with_the_text(
    piece: str, calls_of: Callable[[Callable[[], object]], int]
) -> None:
    def work(times: int) -> Callable[[], object]:
        return lambda: parse_filter(piece * times + "A=a")

    assert calls_of(work(3000)) <= 10 * calls_of(work(300)) + 100


def test_the_message_is_one_a_person_can_use() -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse_filter('Tissue=liver AND Disease=type 2 diabetes OR "Sex"=f')
    assert str(caught.value) == (
        "expected AND, OR or the end of the text, found 2; put text with blanks in double quotes, "
        "or join conditions with AND or OR (at position 30)\n"
        '  Tissue=liver AND Disease=type 2 diabetes OR "Sex"=f\n'
        "                                ^"
    )
    assert re.search(r"^ {32}\^$", str(caught.value), re.MULTILINE)
