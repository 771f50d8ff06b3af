"""The parameters of a request as conditions."""

from __future__ import annotations

import pytest

from odm_shiny.errors import QuerySyntaxError
from odm_shiny.query.expr import Compare, DataCompare
from odm_shiny.query.full_text import parse_text
from odm_shiny.server.conditions import (
    KindCondition,
    group_conditions,
    listing_conditions,
    omics_conditions,
)
from odm_shiny.server.wire import Problem


def test_each_kind_has_its_own_filter_and_text() -> None:
    found = omics_conditions(
        {
            "studyFilter": "a = 1",
            "sampleQuery": "liver",
            "libraryFilter": "  ",
            "exQuery": "feature = TP53",
            "exFilter": "b != 2",
            "useVersions": "v1",
            "searchSpecificTerms": True,
        }
    )
    assert dict(found.kinds) == {
        "study": KindCondition(filter=Compare("a", "=", "1")),
        "sample": KindCondition(text=parse_text("liver")),
    }
    assert found.data == DataCompare("feature", None, "=", ("TP53",))
    assert found.groups == KindCondition(filter=Compare("b", "!=", "2"))
    assert found.versions is not None
    assert found.versions.numbers == (1,)
    assert found.narrower
    assert found.on_data


def test_without_parameters_nothing_is_asked() -> None:
    for found in (omics_conditions({}), listing_conditions("sample", {}), group_conditions({})):
        assert not found.kinds
        assert found.data is None
        assert not found.groups
        assert found.versions is None
        assert not found.narrower
        assert not found.on_data


def test_filter_and_query_of_a_listing_are_about_its_kind() -> None:
    found = listing_conditions("library", {"filter": "a = 1", "query": "b"})
    assert set(found.kinds) == {"library"}
    found = group_conditions({"filter": "a = 1", "query": "b", "useVersions": "*"})
    assert not found.kinds
    assert found.groups.filter == Compare("a", "=", "1")


@pytest.mark.parametrize("name", ["vxQuery", "vxFilter", "fxQuery", "fxFilter"])
def test_conditions_on_data_that_is_not_held_are_not_ignored(name) -> None:
    with pytest.raises(Problem) as refused:
        omics_conditions({name: "anything"})
    assert refused.value.status == 501
    assert name in refused.value.message


@pytest.mark.parametrize(
    "name", ["studyFilter", "sampleQuery", "exQuery", "exFilter", "useVersions"]
)
def test_a_condition_that_does_not_parse_is_refused(name) -> None:
    with pytest.raises(QuerySyntaxError):
        omics_conditions({name: "((("})
