from __future__ import annotations

import pytest

from odm_shiny.query.data_query import parse_data_query
from odm_shiny.query.filter_text import parse_filter
from odm_shiny.query.full_text import parse_text
from odm_shiny.query.shape import (
    count_terms,
    equal_values,
    fields_of,
    leaves,
    required_features,
)


def test_leaves_come_in_order() -> None:
    expr = parse_filter("a=1 AND (b=2 OR NOT c=3) AND d=4")
    assert [leaf.field for leaf in leaves(expr)] == ["a", "b", "c", "d"]  # type: ignore[attr-defined]


def test_fields_are_named_once() -> None:
    assert fields_of(parse_filter('"Ä b"=1 OR (c>2 AND NOT "Ä b"=null)')) == {"Ä b", "c"}
    assert fields_of(parse_data_query("feature=A feature.gene=~B value>1 value.FC<2")) == {
        "feature",
        "feature.gene",
        "value",
        "value.FC",
    }
    assert fields_of(parse_text("liver")) == set()


def test_terms_count_conditions_and_listed_values() -> None:
    assert count_terms(parse_filter("a=1 AND NOT (b=2 OR c=3)")) == 3
    assert count_terms(parse_data_query("feature=A,B,null 1<value<2")) == 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1", ("a", ("1",))),
        ("a=1 OR a=2 OR a=1 OR a=null", ("a", ("1", "2", None))),
        ("a=1 OR b=1", None),
        ("a=1 OR a!=2", None),
        ("a=1 AND a=2", None),
        ("a=1 OR (a=2 AND b=3)", None),
        ("NOT a=1", None),
        ("a>1", None),
    ],
)
def test_equalities_of_one_attribute_are_a_membership_test(text: str, expected: object) -> None:
    assert equal_values(parse_filter(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("feature=B,A value>3", ("B", "A")),
        ("feature=A,B feature=B,C", ("B",)),
        ("feature=A feature=B", ()),
        ("feature=A OR (feature=B,A value>3)", ("A", "B")),
        ("feature=A OR value>3", None),
        ("value>3", None),
        ("feature!=A", None),
        ("feature=A,null", None),
        ("NOT feature=A", None),
        ("feature.gene=A", None),
        ("feature=~A", None),
    ],
)
def test_required_features_bound_what_can_match(text: str, expected: object) -> None:
    assert required_features(parse_data_query(text)) == expected


def test_required_features_of_a_named_column() -> None:
    assert required_features(parse_data_query("feature.gene=A,B feature=C"), "gene") == ("A", "B")
