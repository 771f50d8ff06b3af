from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.client.retry import RetryPolicy, retry_after_s

NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT


@given(st.integers(0, 1000), st.floats(0, 1, exclude_max=True))
def test_pauses_are_between_half_a_second_and_eight(attempt, dice):
    assert 0.5 <= RetryPolicy(random=lambda: dice).wait_s(min(attempt, 60)) <= 8


def test_pauses_grow_and_differ():
    policy = RetryPolicy(random=lambda: 0.999)
    pauses = [policy.wait_s(attempt) for attempt in range(5)]
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[2]
    assert RetryPolicy(random=lambda: 0.0).wait_s(3) == 0.5
    drawn = {RetryPolicy().wait_s(2) for _ in range(20)}
    assert len(drawn) > 1


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_a_change_is_repeated_only_if_it_never_left(method):
    policy = RetryPolicy()
    assert not policy.may_repeat(method, attempt=0, sent=True)
    assert policy.may_repeat(method, attempt=0, sent=False)
    assert not policy.passing(method, 503)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_read_is_repeated_as_often_as_allowed(method):
    policy = RetryPolicy(retries=2)
    assert [policy.may_repeat(method, attempt=n, sent=True) for n in range(4)] == [1, 1, 0, 0]
    assert not RetryPolicy(retries=0).may_repeat(method, attempt=0, sent=False)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        (" 12 ", 12.0),
        ("99999999999999999999", 999999999999.0),
        ("Fri, 15 Jan 2027 08:00:09 GMT", 9.0),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("٣", None),
        ("Fri, 15 Jan 99999 08:00:09 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(value, seconds):
    assert retry_after_s(value, NOW) == seconds


@given(st.text(max_size=40))
def test_no_text_breaks_it(text):
    found = retry_after_s(text, NOW)
    assert found is None or found >= 0
