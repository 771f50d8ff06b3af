"""Which members of two groups belong together."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.store import edits
from odm_shiny.store.link_matching import Keyed, join, keyed, match
from odm_shiny.store.link_rules import RUN_SOURCE
from odm_shiny.store.store import Store

keys = st.lists(
    st.sampled_from(["S-01", "s-01", " S-01", "é", "e\u0301", "", "1", "1.0"]), max_size=3
)


def members(lists: list[list[str]], start: int) -> list[Keyed]:
    return [Keyed(start + n, f"GSF{start + n}", list_) for n, list_ in enumerate(lists)]


@given(st.lists(keys, max_size=5), st.lists(keys, max_size=5))
def test_pairs_are_those_with_a_key_in_common(
    left: list[list[str]], right: list[list[str]]
) -> None:
    sources, targets = members(left, 0), members(right, 100)
    found = join(sources, targets)
    expected = {(s.id, t.id) for s in sources for t in targets if set(s.keys) & set(t.keys)}
    assert {(s.id, t.id) for s, t in found.pairs} == expected
    assert len(found.pairs) == len(expected)
    assert [s.id for s in found.unmatched] == [
        s.id for s in sources if s.id not in {one for one, _ in expected}
    ]


def test_keys_come_from_documents_as_text_and_from_column_names(store: Store, make: Any) -> None:
    with store.write() as tx:
        samples = make.samples(tx, [{"Age": 52}, {"Age": [1.5, "x"]}, {"Age": True}, {}])
        runs = make.expression(tx, ["52", "é"])
        assert [k.keys for k in keyed(tx, samples.group.id, "Age")] == [
            ["52"],
            ["1.5", "x"],
            ["true"],
            [],
        ]
        assert [k.keys for k in keyed(tx, runs.group.id, RUN_SOURCE)] == [["52"], ["é"]]


def test_runs_are_matched_by_what_they_show(store: Store, make: Any) -> None:
    with store.write() as tx:
        runs = make.expression(tx, ["a", "b"], {"Name": "shared"})
        edits.patch(tx, runs.public_ids[1], {"Name": "own"}, author="a@example.org")
        assert [k.keys for k in keyed(tx, runs.group.id, "Name")] == [["shared"], ["own"]]


def test_a_hundred_thousand_members_are_matched_by_lookup(store: Store, make: Any) -> None:
    n = 100_000
    sources = [Keyed(i, str(i), [f"S-{i}"]) for i in range(n)]
    targets = [Keyed(n + i, str(i), [f"S-{i}"]) for i in reversed(range(n))]
    found = join(sources, targets)
    assert len(found.pairs) == n
    assert all(s.keys == t.keys for s, t in found.pairs)
    with store.write() as tx:
        runs, samples = make.expression(tx, ["S-02"]), make.samples(tx)
        pairs = match(tx, runs.group, samples.group, RUN_SOURCE, "Sample Source ID").pairs
    assert [(s.public_id, t.public_id) for s, t in pairs] == [("1", samples.public_ids[1])]
