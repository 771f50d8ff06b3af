"""Numbers that are given out once."""

from __future__ import annotations

from typing import Any

import pytest

from odm_shiny.errors import StoreError
from odm_shiny.store import counters
from odm_shiny.store.store import Store


def test_a_range_is_reserved_in_one_step_and_goes_on_from_the_last_one(store: Store) -> None:
    with store.write() as tx:
        assert counters.reserve(tx, "x", 3) == range(1, 4)
        assert counters.next_number(tx, "x") == 4
        assert counters.last_number(tx, "x") == 4
        assert counters.last_number(tx, "never used") == 0


def test_reserving_nothing_moves_nothing(store: Store) -> None:
    with store.write() as tx:
        assert len(counters.reserve(tx, "x", 0)) == 0
        assert counters.last_number(tx, "x") == 0


def test_a_rollback_gives_the_numbers_back(store: Store, roll_back: Any) -> None:
    roll_back(lambda tx: counters.reserve(tx, "x", 5))
    with store.write() as tx:
        assert counters.next_number(tx, "x") == 1


def test_a_read_transaction_gives_out_no_numbers(store: Store) -> None:
    with store.read() as tx, pytest.raises(StoreError, match=r"store\.write"):
        counters.next_number(tx, "x")


def test_accessions_have_at_least_six_digits() -> None:
    assert counters.accession(7) == "GSF000007"
    assert counters.accession(1_147_033) == "GSF1147033"
    assert counters.accession(2, "GSVC") == "GSVC000002"
