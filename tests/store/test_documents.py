"""Documents as JSON text."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.store import documents

scalars = st.one_of(
    st.text(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)
values = st.one_of(st.none(), scalars, st.lists(scalars, max_size=3))


@given(st.dictionaries(st.text(), values))
def test_a_document_comes_back_as_it_was_in_its_order(document: dict[str, Any]) -> None:
    back = documents.decode(documents.encode(document))
    assert back == document
    assert list(back) == list(document)
    assert [type(value) for value in back.values()] == [type(v) for v in document.values()]


@pytest.mark.parametrize("value", [math.nan, math.inf, ["a", -math.inf]], ids=str)
def test_a_number_that_json_cannot_write_is_refused_by_name(value: Any) -> None:
    with pytest.raises(ValueError, match="'Age' holds a number that is not finite"):
        documents.encode({"Age": value})


def test_a_run_shows_its_own_values_over_those_of_its_group() -> None:
    shown = documents.merged({"Scale": "log2", "Name": "a"}, {"Scale": None, "Lane": 3})
    assert shown == {"Name": "a", "Lane": 3}


def test_text_forms_are_those_of_json() -> None:
    assert documents.texts([52, 52.0, 1e22, True, "ü", None, ["x"]]) == [
        "52",
        "52.0",
        "1e22",
        "true",
        "ü",
        "x",
    ]
