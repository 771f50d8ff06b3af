from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from odm_shiny.errors import QueryError
from odm_shiny.query.full_text import term
from odm_shiny.query.nodes import MAX_DEPTH, And, Compare, DataCompare, Expr, Not, Or, any_of

LIVER = Compare("Tissue", "=", "liver")
ADULT = Compare("Age", ">=", "18")
GENE = DataCompare("feature", None, "=", ("TP53",))


def test_nested_conditions_of_one_kind_are_made_one() -> None:
    assert And((And((LIVER, ADULT)), And((LIVER, ADULT)))).items == (LIVER, ADULT, LIVER, ADULT)
    joined = LIVER | ADULT | LIVER
    assert joined == Or((LIVER, ADULT, LIVER))
    assert And((Or((LIVER, ADULT)), LIVER)).items == (Or((LIVER, ADULT)), LIVER)


def test_conditions_are_values() -> None:
    one, other = LIVER & ~ADULT, And((LIVER, Not(ADULT)))
    assert one == other
    assert hash(one) == hash(other)
    assert one != (~ADULT & LIVER)
    assert pickle.loads(pickle.dumps(one)) == one
    assert copy.deepcopy(one).depth == one.depth == 2


def test_a_condition_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        LIVER.value = "lung"  # type: ignore[misc]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda: LIVER and ADULT, id="and"),
        pytest.param(lambda: not LIVER, id="not"),
        pytest.param(lambda: bool(GENE), id="bool"),
    ],
)
def test_python_logic_is_refused_with_the_cure(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"& \| ~ .*between\(low, high\).*is_in"):
        wrong()


def test_only_conditions_join_conditions() -> None:
    with pytest.raises(TypeError):
        LIVER & "Age>3"  # type: ignore[operator]
    with pytest.raises(QueryError, match="str is none"):
        And((LIVER, "Age>3"))  # type: ignore[arg-type]


def test_conditions_on_records_and_on_rows_are_not_joined() -> None:
    with pytest.raises(QueryError, match=r"\.where\(sample=\.\.\.\)\.data\(\.\.\.\)"):
        LIVER & GENE
    with pytest.raises(QueryError, match="full-text terms"):
        LIVER | term("liver")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Compare("", "=", "a"), "not empty"),
        (lambda: Compare(3, "=", "a"), "not by 3"),
        (lambda: Compare("a", "==", "b"), "'=='"),
        (lambda: Compare("a", "=", 3), "not int"),
        (lambda: Compare("a", "<", None), "null"),
        (lambda: Compare("a", ">=", "high"), "'high'"),
        (lambda: Compare("a", "=", "\0"), "NUL"),
        (lambda: Compare("a\ud800", "=", "b"), "character 1"),
        (lambda: DataCompare("gene", None, "=", ("a",)), "'gene'"),
        (lambda: DataCompare("feature", "", "=", ("a",)), "not empty"),
        (lambda: DataCompare("feature", None, "=", ()), "at least one value"),
        (lambda: DataCompare("feature", None, "~", ("a",)), "'~'"),
        (lambda: DataCompare("value", None, ">", ("1", "2")), "takes one value"),
        (lambda: DataCompare("value", None, ">", (None,)), "null"),
        (lambda: DataCompare("value", None, "=", ("1", "high")), "'high'"),
        (lambda: DataCompare("value", None, "=~", ("1",)), "a value is a number"),
        (lambda: DataCompare("feature", "start", "<", ("x",)), "'x'"),
        (lambda: And((LIVER,)), "at least two"),
        (lambda: Or(()), "at least two"),
    ],
)
def test_a_condition_without_meaning_cannot_be_made(make: Any, says: str) -> None:
    with pytest.raises(QueryError, match=says):
        make()


def test_repeated_values_of_a_list_are_dropped() -> None:
    assert DataCompare("feature", None, "=", ("B", "A", "B", None, None)).values == ("B", "A", None)


def test_depth_is_limited_so_that_recursion_is_safe() -> None:
    expr: Expr = LIVER
    for _ in range(MAX_DEPTH):
        expr = Not(expr)
    assert expr.depth == MAX_DEPTH
    assert hash(expr) == hash(copy.copy(expr))
    with pytest.raises(QueryError, match=f"more than {MAX_DEPTH} levels"):
        Not(expr)


def test_a_long_chain_is_not_deep() -> None:
    assert any_of(Compare("a", "=", str(n)) for n in range(10_000)).depth == 1
