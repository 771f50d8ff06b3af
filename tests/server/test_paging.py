"""Pages by offset."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.server.paging import Page


@given(items=st.lists(st.integers(), max_size=30), limit=st.integers(1, 12))
def test_pages_of_any_size_add_up_to_the_whole(items, limit) -> None:
    found: list[int] = []
    while True:
        page = Page(len(found), limit)
        data = page.cut(items)
        envelope = page.envelope(data, len(items))
        assert envelope["meta"]["pagination"] == {
            "count": len(data),
            "total": len(items),
            "offset": len(found),
            "limit": limit,
        }
        found += envelope["data"]
        if len(found) >= envelope["meta"]["pagination"]["total"]:
            break
    assert found == items


def test_a_page_of_nothing_still_says_how_many_there_are() -> None:
    envelope = Page(0, 0).envelope(Page(0, 0).cut([1, 2, 3]), 3)
    assert envelope == {
        "meta": {"pagination": {"count": 0, "total": 3, "offset": 0, "limit": 0}},
        "data": [],
    }


@pytest.mark.parametrize("path", ["as-user/samples", "as-user/expressions/group"])
def test_pages_of_the_service_add_up(shown, path) -> None:
    whole = shown.get(path)
    total = whole["meta"]["pagination"]["total"]
    assert total == len(whole["data"]) > 2
    for limit in (1, 2, total, total + 1):
        found: list[object] = []
        while len(found) < total:
            page = shown.get(path, pageLimit=limit, pageOffset=len(found))
            assert 0 < page["meta"]["pagination"]["count"] == len(page["data"]) <= limit
            found += page["data"]
        assert found == whole["data"]
    beyond = shown.get(path, pageOffset=total)
    assert beyond["meta"]["pagination"] == {
        "count": 0,
        "total": total,
        "offset": total,
        "limit": 2000,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pageLimit", "2001"),
        ("pageLimit", "-1"),
        ("pageLimit", "many"),
        ("pageLimit", "1e3"),
        ("pageLimit", "9" * 30),
        ("pageOffset", "-1"),
        ("pageOffset", "9" * 30),
        ("pageOffset", ""),
    ],
)
def test_a_page_out_of_range_is_refused_with_the_range(shown, name, value) -> None:
    answer = shown.ask("GET", "as-user/samples", **{name: value})
    assert answer.status == 400
    assert name in answer.error
    assert "whole number from 0" in answer.error
