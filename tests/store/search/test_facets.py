from __future__ import annotations

import numpy as np

from odm_shiny.store.search import Facet


def facet(index, name, limit, mask=None):
    with index.read() as tx:
        return index.search.facets(tx, "sample", mask, [name], limit)[name]


def test_the_most_frequent_come_first_then_by_text(index):
    tissues = ["lung", "liver", "Ösophagus", "liver", "lung", None, "brain", ["liver", "liver"]]
    index.add([{"Tissue": tissue} for tissue in tissues])
    counts = [("liver", 3), ("lung", 2), ("brain", 1), ("Ösophagus", 1)]
    assert facet(index, "Tissue", None) == Facet(counts, 4, 1)
    assert facet(index, "Tissue", 3) == Facet(counts[:3], 4, 1)
    assert facet(index, "Tissue", 1) == Facet(counts[:1], 4, 1)
    assert facet(index, "Tissue", 0) == Facet([], 4, 1)
    mask = np.arange(8) >= 4
    assert facet(index, "Tissue", 2, mask) == Facet([("brain", 1), ("liver", 1)], 3, 1)


def test_numbers_and_text_count_by_their_text(index):
    index.add([{"Age": value} for value in (52, "52", 52.0, "52.0", True, "true")])
    assert facet(index, "Age", 9).values == [("52", 2), ("52.0", 2), ("true", 2)]


def test_the_first_of_very_many_equal_counts_are_those_first_in_order(index):
    n = 20_500
    long = "x" * 50
    index.add([{"Name": f"{long if i % 2 else ''}{i:05d}"} for i in range(n)])
    found = facet(index, "Name", 5)
    assert found.values == [(f"{i:05d}", 1) for i in range(0, 10, 2)]
    assert (found.n_values, found.n_unset) == (n, 0)
    found = facet(index, "Name", n - 100)
    assert len(set(found.values)) == n - 100
    shorts = [text for text, _ in found.values if not text.startswith("x")]
    assert shorts == [f"{i:05d}" for i in range(0, n, 2)]


def test_removed_objects_do_not_count(index):
    from odm_shiny.store.search import Change

    index.add([{"Tissue": "liver"}, {"Tissue": "liver"}])
    index.change(Change(0, {"Tissue": "liver"}, None))
    assert facet(index, "Tissue", 5, np.array([True, True])) == Facet([("liver", 1)], 1, 0)
