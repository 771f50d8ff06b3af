from __future__ import annotations

import pytest

from odm_shiny.contract.operations import operation
from odm_shiny.server.negotiation import ARROW, TSV, prefers

SAMPLES = operation("search_samples_as_user")


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("text/tab-separated-values", True),
        ("application/json", False),
        ("application/json, text/tab-separated-values", False),
        ("text/tab-separated-values, application/json;q=0.9", True),
        ("text/tab-separated-values;q=0.5, application/json;q=0.9", False),
        ("*/*", False),
        ("text/*", True),
        ("text/*, */*", False),
        ("text/*, */*;q=0.5", True),
        ("text/tab-separated-values;q=0", False),
        ("TEXT/Tab-Separated-Values ; Q=1", True),
        ("text/tab-separated-values;q=high", False),
        ("", False),
        (",;,", False),
    ],
)
def test_another_form_needs_a_higher_rank_than_json(call_of, accept: str, wanted: bool) -> None:
    assert prefers(call_of(SAMPLES, accept=accept), TSV) is wanted


def test_without_accept_nothing_is_preferred(call_of) -> None:
    assert not prefers(call_of(SAMPLES), ARROW)


def test_the_other_form_can_be_named(call_of) -> None:
    call = call_of(SAMPLES, accept=f"{ARROW}, text/csv;q=0.9")
    assert prefers(call, ARROW, over="text/csv")
