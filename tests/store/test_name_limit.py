"""The limit of different attribute names of a kind."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, insert, select

from odm_shiny.store import edits, indexing, objects
from odm_shiny.store.name_limit import MAX_NAMES
from odm_shiny.store.refusals import NotPossible
from odm_shiny.store.search_schema import Role, search_column
from odm_shiny.store.store import Store

AUTHOR = "ann@example.org"


def names_of(tx: Any, kind: str) -> int:
    """Names that the index has for a kind."""
    is_name = (search_column.c.kind == kind) & (search_column.c.role == int(Role.ATTRIBUTE))
    return int(tx.conn.execute(select(func.count()).where(is_name)).scalar_one())


def fill(tx: Any, kind: str, up_to: int) -> None:
    """Give a kind names, as many edits would."""
    first = 1 + tx.conn.execute(select(func.max(search_column.c.id))).scalar_one()
    rows = [
        {"id": first + i, "kind": kind, "role": int(Role.ATTRIBUTE), "name": f"näme {first + i}"}
        for i in range(up_to - names_of(tx, kind))
    ]
    tx.conn.execute(insert(search_column), rows)


@pytest.fixture
def sample(store: Store, make: Any) -> str:
    """A sample in a store that has room for one more name of samples."""
    with store.write() as tx:
        public_id: str = make.samples(tx).public_ids[0]
        fill(tx, "sample", MAX_NAMES - 1)
    return public_id


def patch(store: Store, public_id: str, changes: dict[str, Any]) -> None:
    with store.write() as tx:
        edits.patch(tx, public_id, changes, author=AUTHOR)


def test_one_name_too_many_is_refused_and_nothing_is_changed(store: Store, sample: str) -> None:
    with pytest.raises(NotPossible, match=r"'sample' have 49,999 .* 2 new ones .* 50,000"):
        patch(store, sample, {"Age": 1, "new": "x", "newer": "y"})
    with store.read() as tx:
        assert objects.get(tx, sample).document["Age"] == 52
        assert names_of(tx, "sample") == MAX_NAMES - 1


def test_the_last_name_fits_and_names_that_are_there_can_be_used_on(
    store: Store, sample: str
) -> None:
    patch(store, sample, {"new": "x"})
    patch(store, sample, {"Age": 1, "new": None})
    with pytest.raises(NotPossible):
        patch(store, sample, {"newer": "y"})


def test_new_objects_are_refused_with_names_that_do_not_fit(
    store: Store, make: Any, sample: str
) -> None:
    with pytest.raises(NotPossible), store.write() as tx:
        make.samples(tx, [{"new": "x"}, {"newer": "y"}])


def test_other_kinds_have_names_of_their_own(store: Store, make: Any, sample: str) -> None:
    with store.write() as tx:
        make.libraries(tx, [{"new": "x", "newer": "y", "newest": "z"}])


def test_a_store_with_more_names_from_before_stays_usable(
    store: Store, make: Any, sample: str
) -> None:
    with store.write() as tx:
        fill(tx, "sample", MAX_NAMES + 5)
    patch(store, sample, {"Age": 1})
    with pytest.raises(NotPossible, match="50,005"):
        patch(store, sample, {"new": "x"})


def test_names_that_no_object_has_count_until_the_index_is_made_again(
    store: Store, sample: str
) -> None:
    with store.write() as tx:
        indexing.rebuild(tx, store.search)
    patch(store, sample, {"new": "x", "newer": "y"})
