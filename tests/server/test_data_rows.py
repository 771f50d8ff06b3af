"""The rows that a data query means, against the plain evaluation of one row at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odm_shiny.query.evaluate import evaluate_row
from odm_shiny.query.expr import And, DataCompare, Expr, Not, Or
from odm_shiny.server import data_rows
from odm_shiny.server.data_rows import (
    feature_blocks,
    matching_rows,
    possible_features,
    read_values,
    runs_with_match,
)
from odm_shiny.store.matrices import Matrix, MatrixStore

TEXTS = ("TP53", "EGFR", "ERBB2, α", "", "7157", "tp53", None)
NUMBERS = ("0", "1", "2.5", "-1", "1e-3", "7157", None)
VALUES = (np.nan, np.nan, 0.0, 1.0, 2.5, -1.0, 1e-3, 7157.0)


@dataclass
class Example:
    """A matrix, and what was written into it."""

    matrix: Matrix
    features: list[dict[str, Any]]
    values: np.ndarray[Any, Any]

    def oracle(self, expr: Expr) -> list[list[bool]]:
        """(n_runs, n_features), row by row."""
        first = next(iter(self.matrix.feature_columns))
        names = self.matrix.measurements
        return [
            [
                evaluate_row(
                    expr,
                    self.features[feature],
                    dict(zip(names, self.values[feature, run].tolist(), strict=True)),
                    first,
                )
                for feature in range(self.values.shape[0])
            ]
            for run in range(self.values.shape[1])
        ]


def written(store: MatrixStore, number: int) -> Example:
    """A random matrix: text or number first, one or two measurements, repeats and gaps."""
    random = np.random.default_rng(number)
    n_features, n_runs = int(random.integers(1, 9)), int(random.integers(1, 5))
    measurements = [["value"], ["FC", "p"], ["FC"], ["p", "FC", "value"]][number % 4]
    text = [TEXTS[i] for i in random.integers(0, len(TEXTS), n_features)]
    length = [NUMBERS[i] for i in random.integers(0, len(NUMBERS), n_features)]
    if number % 2:
        columns = {"entrez": [one or "1" for one in length], "gene": text}
        kinds = {"entrez": "number", "gene": "string"}
    else:
        columns = {"gene": [one or "none" for one in text], "length": length}
        kinds = {"gene": "string", "length": "number"}
    shape = (n_features, n_runs, len(measurements))
    values = np.asarray(VALUES)[random.integers(0, len(VALUES), shape)]
    with store.writer(
        f"m{number}", run_names=[f"S-{i}" for i in range(n_runs)], measurements=measurements
    ) as writer:
        writer.write_block(columns, values)
        writer.finish(kinds)
    features = [
        {
            name: float(cells[i]) if kinds[name] == "number" and cells[i] is not None else cells[i]
            for name, cells in columns.items()
        }
        for i in range(n_features)
    ]
    return Example(store.open(f"m{number}"), features, values)


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> list[Example]:
    store = MatrixStore(tmp_path_factory.mktemp("matrices"))
    return [written(store, number) for number in range(12)]


feature_names = st.sampled_from([None, "gene", "length", "entrez", "unknown"])
value_names = st.sampled_from([None, "value", "FC", "p", "unknown"])
texts = st.sampled_from(
    ["TP53", "tp53", "TP", "", ",", "7157", "7157.0", "1", "2.5", "nan", "7_157", "\u0661"]
)
numbers = st.sampled_from(["0", "1", "2.5", "-1", "0.001", "7157", "1e3", "-0"])
orders = st.sampled_from(["<", "<=", ">", ">="])


def lists(one: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str | None, ...]]:
    return st.lists(st.one_of(st.none(), one), min_size=1, max_size=3).map(tuple)


equals = st.sampled_from(["=", "!="])
conditions = st.one_of(
    st.builds(DataCompare, st.just("feature"), feature_names, equals, lists(texts)),
    st.builds(DataCompare, st.just("feature"), feature_names, st.just("=~"), st.tuples(texts)),
    st.builds(DataCompare, st.just("feature"), feature_names, orders, st.tuples(numbers)),
    st.builds(DataCompare, st.just("value"), value_names, equals, lists(numbers)),
    st.builds(DataCompare, st.just("value"), value_names, orders, st.tuples(numbers)),
)
queries = st.recursive(
    conditions,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: And(tuple(items))),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: Or(tuple(items))),
    ),
    max_leaves=6,
)


@settings(max_examples=400)
@given(number=st.integers(0, 11), expr=queries)
def test_the_rows_are_those_of_the_plain_evaluation(examples, number, expr) -> None:
    example = examples[number]
    matrix = example.matrix
    every = np.arange(matrix.n_features)
    values = read_values(matrix, every, None)
    found = matching_rows(matrix, expr, every, values)
    oracle = np.asarray(example.oracle(expr))
    assert found.tolist() == oracle.tolist()
    possible = possible_features(matrix, expr)
    assert set(np.flatnonzero(oracle.any(axis=0))) <= set(possible)
    runs = np.arange(matrix.n_runs)[::-1]
    assert runs_with_match(matrix, expr, runs).tolist() == oracle.any(axis=1)[::-1].tolist()


def test_without_a_query_the_rows_with_a_value_are_there(examples) -> None:
    for example in examples:
        matrix = example.matrix
        every = possible_features(matrix, None)
        assert every.tolist() == list(range(matrix.n_features))
        found = matching_rows(matrix, None, every, read_values(matrix, every, None))
        assert found.T.tolist() == (~np.isnan(example.values)).any(axis=2).tolist()


@settings(max_examples=50)
@given(number=st.integers(0, 11), expr=queries, size=st.integers(1, 3))
def test_blocks_of_any_size_find_the_same_runs(examples, number, expr, size) -> None:
    matrix = examples[number].matrix
    runs = np.arange(matrix.n_runs)
    whole = runs_with_match(matrix, expr, runs)
    cut = np.zeros_like(whole)
    every = np.arange(matrix.n_features)
    for start in range(0, len(every), size):
        block = every[start : start + size]
        values = read_values(matrix, block, runs)
        cut |= matching_rows(matrix, expr, block, values).any(axis=1)
    assert cut.tolist() == whole.tolist()


def test_feature_blocks_hold_a_bounded_number_of_values(monkeypatch) -> None:
    monkeypatch.setattr(data_rows, "BLOCK_VALUES", 100)
    blocks = list(feature_blocks(np.arange(50), 4))
    assert [len(block) for block in blocks] == [25, 25]
    assert [len(block) for block in feature_blocks(np.arange(20), 10**9)] == [16, 4]
    assert np.concatenate(blocks).tolist() == list(range(50))
    assert list(feature_blocks(np.arange(0), 4)) == []
