from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from odm_shiny.errors import QueryError
from odm_shiny.query.expr import feature, field, value
from odm_shiny.query.nodes import And, Compare, DataCompare, Expr, Or


@pytest.mark.parametrize(
    ("expr", "made"),
    [
        (field("Tissue") == "liver", Compare("Tissue", "=", "liver")),
        (field("Tissue") != "liver", Compare("Tissue", "!=", "liver")),
        (field("Tissue") == None, Compare("Tissue", "=", None)),  # noqa: E711
        (field("Tissue") != None, Compare("Tissue", "!=", None)),  # noqa: E711
        (field("Tissue").is_null(), Compare("Tissue", "=", None)),
        (field("Tissue").not_null(), Compare("Tissue", "!=", None)),
        (field("Tissue") == "null", Compare("Tissue", "=", "null")),
        (field("Treated") == True, Compare("Treated", "=", "true")),  # noqa: E712
        (field("Age") < 5, Compare("Age", "<", "5")),
        (field("Age") <= 5.5, Compare("Age", "<=", "5.5")),
        (field("Age") > np.float64(5.5), Compare("Age", ">", "5.5")),
        (5 <= field("Age"), Compare("Age", ">=", "5")),  # noqa: SIM300
        (field("Date") >= date(2024, 5, 6), Compare("Date", ">=", "2024-05-06")),
        (
            field("Age").between(40, 60),
            And((Compare("Age", ">=", "40"), Compare("Age", "<=", "60"))),
        ),
        (field("Sex").is_in(["f"]), Compare("Sex", "=", "f")),
        (
            field("Sex").is_in(["f", None, "f"]),
            Or((Compare("Sex", "=", "f"), Compare("Sex", "=", None))),
        ),
        (
            field("Sex").not_in(["f", "m"]),
            And((Compare("Sex", "!=", "f"), Compare("Sex", "!=", "m"))),
        ),
        (feature() == "TP53", DataCompare("feature", None, "=", ("TP53",))),
        (feature("chrom") == "chr1", DataCompare("feature", "chrom", "=", ("chr1",))),
        (feature("gene").contains("TP"), DataCompare("feature", "gene", "=~", ("TP",))),
        (feature().is_in(["A", "B"]), DataCompare("feature", None, "=", ("A", "B"))),
        (value().not_in([0, None]), DataCompare("value", None, "!=", ("0", None))),
        (value("FC") >= 1, DataCompare("value", "FC", ">=", ("1",))),
        (value().is_null(), DataCompare("value", None, "=", (None,))),
        (
            value().between(1, 2),
            And(
                (DataCompare("value", None, ">=", ("1",)), DataCompare("value", None, "<=", ("2",)))
            ),
        ),
    ],
)
def test_python_operators_make_conditions(expr: Expr, made: Expr) -> None:
    assert expr == made


def test_a_set_gives_the_same_condition_every_time() -> None:
    assert field("a").is_in({"c", "b", None}) == field("a").is_in(["b", "c", None])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: field(""), "not empty"),
        (lambda: feature(""), "not empty"),
        (lambda: value(3), "not by 3"),  # type: ignore[arg-type]
        (lambda: field("a").is_in([]), "empty"),
        (lambda: field("a").is_in("liver"), "'liver'"),
        (lambda: field("a").is_in(3), "not 3"),  # type: ignore[arg-type]
        (lambda: field("a") == ["b"], "is_in"),
        (lambda: field("a") == float("nan"), "is_null"),
        (lambda: field("a") < None, "is_null"),
        (lambda: field("a") < "high", "'high'"),
        (lambda: value() == "high", "'high'"),
        (lambda: value().contains("4"), "a value is a number"),
    ],
)
def test_a_wrong_value_is_refused_before_any_request(make: Any, says: str) -> None:
    with pytest.raises(QueryError, match=says):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: field("a") == "b" & field("c") == "d",
        lambda: field("a") | field("b"),
        lambda: (field("a") == "b") & field("c"),
    ],
)
def test_missing_parentheses_are_explained(make: Any) -> None:
    with pytest.raises(TypeError, match="put each comparison in parentheses"):
        make()


def test_a_name_alone_is_no_condition() -> None:
    with pytest.raises(TypeError, match=r"field\('a'\) alone is no condition"):
        bool(field("a"))
    with pytest.raises(TypeError, match=r"value\(\) alone"):
        bool(value())


def test_a_chained_comparison_is_refused() -> None:
    with pytest.raises(TypeError, match="between"):
        1 < field("Age") < 5  # noqa: B015


def test_names_show_how_they_were_made() -> None:
    assert repr(field("Sample Source")) == "field('Sample Source')"
    assert repr(feature("gene")) == "feature('gene')"
