from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odm_shiny.errors import QueryError, StoreError
from odm_shiny.query.evaluate import evaluate
from odm_shiny.query.filter_text import parse_filter
from odm_shiny.query.full_text import parse_text, term
from odm_shiny.query.nodes import And, Compare, Not, Or
from odm_shiny.query.values import value_text
from odm_shiny.store.search import Change, Search

NAMES = ["Tissue", "Age", "Größe", 'say "hi"', "genestack:accession", "x; DROP TABLE search_value"]
TEXTS = [
    "liver", "Liver", "lung cancer", "single-nuclei RNA", "Ödem", "-", "", "a_b", "T cell",
    "cell T", "52", "52.0", "5.2e1", "-3", "1e400", "2024-05", "2024-05-06", "2024-05-06T10:00:00Z",
    "2024-05-06T12:00:00+02:00", "null", "true", "x" * 60, "x" * 59 + "y", "GSF000007", "'; --",
]  # fmt: skip
ORDERS = ["0", "52", "-3.5", "2024-05-06", "2024-05-06T11:00"]
#: Both sides of the border between two chunks, and far behind it.
SLOTS = [0, 1, 2, 5, 65_535, 65_536, 70_001, 196_608]

texts = st.sampled_from(TEXTS)
scalars = st.one_of(
    texts, st.sampled_from([52, 52.0, 0, -3, True, False, 1e16, 0.1]), st.text(max_size=4)
)
values = st.one_of(st.none(), scalars, st.lists(scalars, max_size=3))
documents = st.dictionaries(st.sampled_from(NAMES), values, max_size=4)

conditions = st.one_of(
    st.builds(
        Compare,
        st.sampled_from([*NAMES, "unknown"]),
        st.sampled_from(["=", "!="]),
        st.one_of(st.none(), texts),
    ),
    st.builds(
        Compare,
        st.sampled_from(NAMES),
        st.sampled_from(["<", "<=", ">", ">="]),
        st.sampled_from(ORDERS),
    ),
)
words = st.sampled_from(
    ["liver", "LUNG", "lung cancer", "cancer lung", "single-nuclei", "c*", "?ell", "*c*r", "a_b",
     "l*r", "t-cel*", "t-?ell", "-", "52", "5?", "ödem", "ÖD*", "gsf000007", "x*y", "T cell",
     "2024"]
)  # fmt: skip
terms = words.map(term)


def joined(leaves):
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(And, st.lists(inner, min_size=2, max_size=4)),
            st.builds(Or, st.lists(inner, min_size=2, max_size=4)),
        ),
        max_leaves=8,
    )


def histories(*questions):
    """Some rounds of changes (slot -> new document or ``None``), each with questions."""
    changes = st.dictionaries(st.sampled_from(SLOTS), st.one_of(st.none(), documents), max_size=6)
    return st.lists(st.tuples(changes, *questions), min_size=1, max_size=4)


def play(index, objects, changes):
    """Apply one round of changes to the index and to the plain `objects`."""
    index.change(
        *(
            Change(slot, objects.get(slot), new)
            for slot, new in changes.items()
            if slot in objects or new is not None
        )
    )
    objects.update(changes)
    for slot in [slot for slot, document in objects.items() if document is None]:
        del objects[slot]


def expand(text):
    return {"liver": ["lung cancer", "t"], "52": ["Ödem", "-"]}.get(text, [])


def slots_of(mask):
    return set(np.flatnonzero(mask).tolist())


def texts_of(value):
    if isinstance(value, list):
        return [text for item in value for text in texts_of(item)]
    return [] if value is None else [value_text(value)]


random_histories = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@random_histories
@given(histories(joined(conditions), joined(terms)))
def test_masks_mean_what_conditions_mean_after_any_history(new_index, history):
    index, objects = new_index(), {}
    for changes, filter_, text in history:
        play(index, objects, changes)
        matching = {slot for slot, one in objects.items() if evaluate(filter_, one)}
        with_words = {slot for slot, one in objects.items() if evaluate(text, one, expand)}
        for seen in (index, index.reopened()):
            with seen.read() as tx:
                assert slots_of(seen.search.alive(tx, "sample")) == set(objects)
                assert slots_of(seen.search.filter(tx, "sample", filter_)) == matching
                assert slots_of(seen.search.text(tx, "sample", text, expand)) == with_words


@random_histories
@given(histories(st.sets(st.sampled_from(SLOTS)), st.integers(0, 4)))
def test_counts_and_values_are_those_of_the_documents(new_index, history):
    index, objects = new_index(), {}
    for changes, chosen, limit in history:
        play(index, objects, changes)
        with index.read() as tx:
            mask = np.zeros(index.search.size(tx, "sample"), bool)
            mask[[slot for slot in chosen if slot < len(mask)]] = True
            facets = index.search.facets(tx, "sample", mask, [*NAMES, "unknown"], limit)
            lists = index.search.value_lists(tx, "sample", "Tissue", SLOTS)
            attributes = index.search.attributes(tx, "sample")
        for name, facet in facets.items():
            found = [texts_of(objects[slot].get(name)) for slot in chosen if slot in objects]
            counts = Counter(text for texts in found for text in set(texts))
            best = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
            assert facet.values == best[:limit]
            assert facet.n_values == len(counts)
            assert facet.n_unset == sum(not texts for texts in found)
        assert lists == [tuple(texts_of(objects.get(slot, {}).get("Tissue"))) for slot in SLOTS]
        n_set = Counter(name for one in objects.values() for name in one if texts_of(one[name]))
        assert attributes == sorted(n_set.items())


@random_histories
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(SLOTS), st.lists(st.integers(0, 9), max_size=3), min_size=1, max_size=5
        ),
        min_size=1,
        max_size=4,
    ),
    st.lists(st.booleans(), min_size=10, max_size=10),
    st.sets(st.sampled_from(SLOTS)),
)
def test_joins_follow_the_links_that_were_set_last(new_index, rounds, targets, sources):
    index, links = new_index(), {}
    index.change(*(Change(slot, None, {}) for slot in SLOTS))
    index.add([{"Study Title": "Ünlabelled"}] * 9, kind="study")
    for new in rounds:
        with index.write() as tx:
            index.search.set_links(tx, "sample", "study", new)
        links.update(new)
    target_mask = np.array(targets[:9])
    source_mask = np.isin(np.arange(SLOTS[-1] + 1), list(sources))
    for seen in (index, index.reopened()):
        with seen.read() as tx:
            found = seen.search.sources(tx, "sample", "study", target_mask)
            assert slots_of(found) == {
                slot for slot, of_one in links.items() if any(i < 9 and targets[i] for i in of_one)
            }
            found = seen.search.targets(tx, "sample", "study", source_mask)
            linked = {target for slot in sources for target in links.get(slot, [])}
            assert slots_of(found) == linked - {9}
            order = [70_001, 0, 300_000, 65_536, 1]
            offsets, members = seen.search.links_of(tx, "sample", "study", order)
            parts = [part.tolist() for part in np.split(members, offsets[1:-1])]
            assert parts == [list(dict.fromkeys(links.get(slot, []))) for slot in order]


def test_links_of_no_source_are_no_links(index):
    with index.read() as tx:
        offsets, members = index.search.links_of(tx, "sample", "study", [])
    assert offsets.tolist() == [0]
    assert members.tolist() == []


def test_joins_leave_out_objects_that_were_removed(index):
    index.add([{"A": "1"}, {"A": "2"}, {"A": "3"}])
    index.add([{"B": "1"}, {"B": "2"}], kind="study")
    with index.write() as tx:
        index.search.set_links(tx, "sample", "study", {0: [0], 1: [1], 2: [0, 1]})
        index.search.update(tx, "sample", [Change(0, {"A": "1"}, None)])
        index.search.update(tx, "study", [Change(1, {"B": "2"}, None)])
        assert index.search.sources(tx, "sample", "study", np.array([True, False])).tolist() == [
            False, False, True,
        ]  # fmt: skip
        everything = np.ones(3, bool)
        found = index.search.targets(tx, "sample", "study", everything)
    assert found.tolist() == [True, False]


def test_system_numbers_keep_64_bits_and_know_unset(index):
    index.add([{"A": "1"}] * 3)
    times = [1_750_000_000_123, 2**62, 0]
    with index.write() as tx:
        index.search.set_numbers(tx, "sample", "#created", [70_000, 0, 2], times)
        index.search.set_numbers(tx, "sample", "#created", [2], [-1])
    seen = index.reopened()
    with seen.read() as tx:
        found = seen.search.numbers(tx, "sample", "#created")
        assert seen.search.numbers(tx, "sample", "#owner").tolist() == [-1] * 70_001
        assert seen.search.size(tx, "sample") == 70_001
    assert found.dtype == np.int64
    assert {slot: found[slot] for slot in np.flatnonzero(found != -1)} == {
        0: 2**62,
        70_000: 1_750_000_000_123,
    }


def test_the_same_number_for_all_is_kept_and_can_be_changed(index):
    with index.write() as tx:
        index.search.set_numbers(tx, "sample", "#owner", np.arange(1000), np.full(1000, 7))
        index.search.set_numbers(tx, "sample", "#owner", [3], [8])
        index.search.set_numbers(tx, "sample", "#owner", [], [])
        found = index.search.numbers(tx, "sample", "#owner")
    assert Counter(found.tolist()) == {7: 999, 8: 1}
    assert found[3] == 8


def test_a_kind_without_objects_has_empty_answers(index):
    with index.read() as tx:
        assert index.search.size(tx, "library") == 0
        assert index.search.filter(tx, "library", parse_filter("a != b")).tolist() == []
        assert index.search.text(tx, "library", parse_text("NOT x*")).tolist() == []
        assert index.search.facets(tx, "library", None, ["a"])["a"].values == []
        assert index.search.attributes(tx, "library") == []
        assert index.search.values(tx, "library", "a", [0, 5]) == [None, None]
        found = index.search.sources(tx, "library", "sample", np.ones(3, bool))
        assert found.tolist() == []


def test_kinds_do_not_see_each_other(index):
    index.add([{"Tissue": "liver"}])
    index.add([{"Tissue": "lung"}, {"Tissue": "liver"}], kind="library")
    with index.read() as tx:
        for ask in (parse_filter("Tissue=liver"), parse_text("liver")):
            search = index.search.filter if ask.language == "filter" else index.search.text
            assert search(tx, "sample", ask).tolist() == [True]
            assert search(tx, "library", ask).tolist() == [False, True]


def test_values_join_lists_and_keep_the_order_asked(index):
    index.add([{"Drug": ["b", "a", "b"]}, {}, {"Drug": 52.0}, {"Drug": ["å"]}])
    with index.read() as tx:
        found = index.search.values(tx, "sample", "Drug", [2, 0, 1, 0, 3])
        assert found == ["52.0", "b|a|b", None, "b|a|b", "å"]
        assert index.search.value_lists(tx, "sample", "Drug", [0]) == [("b", "a", "b")]


def test_of_several_changes_of_one_object_the_last_counts(index):
    first, second, third = {"A": "1", "B": "1"}, {"A": "2"}, {"A": "3"}
    index.change(Change(0, None, first), Change(0, first, second), Change(0, second, third))
    with index.read() as tx:
        assert index.search.attributes(tx, "sample") == [("A", 1)]
        assert index.search.values(tx, "sample", "A", [0]) == ["3"]


def test_an_accession_among_thousands_is_found_with_all_others_asked_for(index):
    index.add([{"genestack:accession": f"GSF{n:06d}"} for n in range(5_000)])
    wanted = Or([Compare("genestack:accession", "=", f"GSF{n:06d}") for n in range(0, 9_000, 3)])
    with index.read() as tx:
        found = slots_of(index.search.filter(tx, "sample", wanted))
        assert found == set(range(0, 5_000, 3))
        others = slots_of(index.search.filter(tx, "sample", Not(wanted)))
        assert others == set(range(5_000)) - found


def test_asking_is_possible_inside_the_transaction_that_changes(index):
    index.add([{"Tissue": "liver"}])
    with index.write() as tx:
        index.search.update(tx, "sample", [Change(1, None, {"Tissue": "retina"})])
        assert index.search.filter(tx, "sample", parse_filter("Tissue=retina")).tolist() == [
            False, True,
        ]  # fmt: skip
        assert index.search.text(tx, "sample", parse_text("ret*")).tolist() == [False, True]


def test_every_question_sees_the_changes_made_just_before_it(index):
    index.add([{"Tissue": "liver"}, {"Tissue": "lung"}])
    expected = {
        "before": ([True, False], [("liver", 1), ("lung", 1)]),
        "after": ([True, True, False], [("liver", 2)]),
    }
    with index.write() as tx:
        for time, (mask, counts) in expected.items():
            if time == "after":
                changes = [Change(1, {"Tissue": "lung"}, {"Tissue": "liver"}), Change(2, None, {})]
                index.search.update(tx, "sample", changes)
            found = index.search.filter(tx, "sample", parse_filter("Tissue=liver"))
            assert found.tolist() == mask
            facet = index.search.facets(tx, "sample", None, ["Tissue"])["Tissue"]
            assert facet.values == counts


class Undone(Exception):
    pass


def test_what_was_rolled_back_is_nowhere_even_if_it_was_read(index):
    index.add([{"Tissue": "liver"}])
    retina, cornea = parse_filter("Tissue=retina"), parse_filter("Tissue=cornea")

    def change_and_fail():
        with index.write() as tx:
            change = Change(1, None, {"Tissue": "retina", "New": "1"})
            index.search.update(tx, "sample", [change])
            assert index.search.filter(tx, "sample", retina).tolist() == [False, True]
            assert index.search.facets(tx, "sample", None, ["New"])["New"].values == [("1", 1)]
            raise Undone

    with pytest.raises(Undone):
        change_and_fail()
    with index.read() as tx:
        assert index.search.filter(tx, "sample", retina).tolist() == [False]
    # The same codes and column numbers now come to mean something else.
    index.change(Change(1, None, {"Tissue": "cornea", "Other": "2"}))
    with index.read() as tx:
        assert index.search.filter(tx, "sample", retina).tolist() == [False, False]
        assert index.search.filter(tx, "sample", cornea).tolist() == [False, True]
        assert index.search.values(tx, "sample", "Tissue", [0, 1]) == ["liver", "cornea"]
        assert index.search.attributes(tx, "sample") == [("Other", 1), ("Tissue", 2)]
        assert index.search.text(tx, "sample", parse_text("retina")).tolist() == [False, False]


def test_an_older_transaction_keeps_seeing_what_it_saw(index):
    index.add([{"Tissue": "liver"}, {"Tissue": "lung"}])
    liver = parse_filter("Tissue=liver")
    with index.read() as old:
        assert index.search.filter(old, "sample", liver).tolist() == [True, False]
        index.change(Change(1, {"Tissue": "lung"}, {"Tissue": "liver"}))
        with index.read() as new:
            assert index.search.filter(new, "sample", liver).tolist() == [True, True]
        assert index.search.filter(old, "sample", liver).tolist() == [True, False]
        with index.read() as new:
            assert index.search.filter(new, "sample", liver).tolist() == [True, True]


def test_a_read_transaction_changes_nothing(index):
    with index.read() as tx:
        for change in (
            lambda: index.search.update(tx, "sample", [Change(0, None, {"A": "1"})]),
            lambda: index.search.set_numbers(tx, "sample", "#owner", [0], [1]),
            lambda: index.search.set_links(tx, "sample", "study", {0: [0]}),
        ):
            with pytest.raises(StoreError, match=r"store\.write"):
                change()


def test_a_question_in_the_wrong_language_is_refused(index):
    index.add([{"A": "1"}])
    with index.read() as tx:
        with pytest.raises(QueryError, match="filter was expected"):
            index.search.filter(tx, "sample", parse_text("liver"))
        with pytest.raises(QueryError, match="full-text query was expected"):
            index.search.text(tx, "sample", parse_filter("A=1"))


def test_a_little_memory_is_enough(new_index):
    index = new_index()
    index.search = Search(cache_bytes=2_000)
    index.add([{"A": str(n % 7), "B": n} for n in range(3_000)])
    with index.read() as tx:
        for _ in range(2):
            found = index.search.filter(tx, "sample", parse_filter("A=3 AND B<100"))
            assert slots_of(found) == set(range(3, 100, 7))
    assert index.search.cache.n_bytes <= 2_000


HOSTILE = [
    "'; DROP TABLE search_value; --", '" OR 1=1 --', "x\" NEAR(a b)", "body:x", "{body} : x",
    "a AND b", "^a", "*", '"', "%_", "a' UNION SELECT 1 --", "\\", "(", "a + b", "col*:",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text(index, text):
    index.add([{text: text, "list": [text, "a"]}, {"other": "b"}])
    with index.read() as tx:
        search = index.search
        for name in (text, "list"):
            assert search.filter(tx, "sample", Compare(name, "=", text)).tolist() == [True, False]
        words = term(f"{text} ")
        expected = [evaluate(words, {text: text}), False]
        assert search.text(tx, "sample", words).tolist() == expected
        found = search.text(tx, "sample", term("zzz"), lambda _: [text])
        assert found.tolist() == expected
        assert search.facets(tx, "sample", None, [text])[text].values == [(text, 1)]
        assert search.values(tx, "sample", text, [0]) == [text]
        assert search.attributes(tx, "sample")[-1][1] == 1


ONE_ATTRIBUTE = [
    {"A": value}
    for value in (None, 40, "52", 52.0, 60, "x", [40, 60], ["52", "x"], "2024-05-06", "2024-06")
]
CONDITIONS = [
    *(
        Compare("A", op, bound)
        for op in ("<", "<=", ">", ">=")
        for bound in ("45", "52", "2024-05-20")
    ),
    *(Compare("A", "=", value) for value in ("52", "60", "x", None)),
]  # fmt: skip


@pytest.mark.parametrize("join", [And, Or])
@pytest.mark.parametrize("negated", ["neither", "one", "both"])
def test_two_conditions_on_one_attribute_mean_both(index, join, negated):
    index.add(ONE_ATTRIBUTE)
    with index.read() as tx:
        for first in CONDITIONS:
            for second in CONDITIONS:
                one = first if negated == "neither" else Not(first)
                other = Not(second) if negated == "both" else second
                expr = join((one, other))
                expected = [evaluate(expr, document) for document in ONE_ATTRIBUTE]
                assert index.search.filter(tx, "sample", expr).tolist() == expected, expr


def test_numbers_cannot_be_changed_by_who_asks_for_them(index):
    with index.write() as tx:
        index.search.set_numbers(tx, "sample", "#owner", [0], [5])
    with index.read() as tx:
        assert not index.search.numbers(tx, "sample", "#owner").flags.writeable
        index.search.alive(tx, "sample")[:] = True
        assert index.search.alive(tx, "sample").tolist() == [False]


@random_histories
@given(histories())
def test_the_index_agrees_with_its_documents_and_can_be_built_again(new_index, history):
    index, objects = new_index(), {}
    for (changes,) in history:
        play(index, objects, changes)
    for step in ("changed", "cleared", "built again"):
        with index.write() as tx:
            if step == "cleared":
                index.search.clear(tx)
            elif step == "built again":
                everything = [Change(slot, None, one) for slot, one in objects.items()]
                index.search.update(tx, "sample", everything)
            found = list(index.search.mismatches(tx, "sample", objects.items()))
            liver = slots_of(index.search.text(tx, "sample", term("liver")))
        if step == "cleared":
            assert len([one for one in found if "not in the index" in one]) == len(objects)
            assert liver == set()
        else:
            assert found == []
            assert liver == {slot for slot, one in objects.items() if evaluate(term("liver"), one)}


def test_what_differs_is_named(index):
    index.add([{"Tissue": "liver"}, {"Tissue": "lung", "Age": 52}, {"Tissue": ["a", "b"]}])
    documents = [(0, {"Tissue": "liver"}), (1, {"Tissue": "lunge", "New": 1}), (7, {})]
    with index.read() as tx:
        found = list(index.search.mismatches(tx, "sample", documents))
    assert found == [
        "sample 7: not in the index",
        "sample 1: 'Age' is (), but ('52',) in the index",
        "sample 1: 'New' is ('1',), but () in the index",
        "sample 1: 'Tissue' is ('lunge',), but ('lung',) in the index",
        "sample 2: in the index, but there is no document",
    ]
