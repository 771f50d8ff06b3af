"""Items of a file: their order, and continuing behind any of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odm_shiny.query.data_query import parse_data_query
from odm_shiny.server import expression_items
from odm_shiny.server.expression_items import (
    Item,
    Position,
    describe_feature,
    describe_item,
    ordered_features,
)
from odm_shiny.server.expression_items import find_items as find_blocks
from odm_shiny.store.expression_files import DataFile
from odm_shiny.store.matrices import Matrix, MatrixStore

GENES = ["TP53", "ERBB2, α", "TP53", "ABCB1", "a", "B"]
LENGTHS = ["1", None, "3", "4.5", "5", "6"]
NAN = np.nan
# (features, runs, measurements)
VALUES = np.array(
    [
        [[1.5, 0.1], [NAN, NAN], [3.0, NAN]],
        [[NAN, 0.2], [2.0, 0.2], [0.0, 0.2]],
        [[9.0, 0.3], [8.0, 0.3], [7.0, 0.3]],
        [[NAN, NAN], [NAN, NAN], [-1.0, 0.4]],
        [[1.0, 0.5], [1.0, 0.5], [1.0, 0.5]],
        [[0.0, NAN], [0.0, NAN], [NAN, NAN]],
    ]
)
FIRST_RUN = 41
QUERIES = [
    "value != null",
    "value.FC >= 1",
    "feature = TP53,a",
    "not feature.length > 3",
    "value<0",
]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Matrix, DataFile]:
    return _write(tmp_path_factory.mktemp("matrix"), {"gene": GENES, "length": LENGTHS})


def _write(folder: Path, features: dict[str, Any], **kinds: str) -> tuple[Matrix, DataFile]:
    store = MatrixStore(folder)
    with store.writer("m", run_names=["S-1", "S-2", "S-3"], measurements=["FC", "p"]) as writer:
        writer.write_block(features, VALUES)
        writer.finish({"gene": "string", "length": "number", **kinds})
    data_file = DataFile(1, 0, "GSF000030", 1, None, None, False, "m", FIRST_RUN, 0, 3)
    return store.open("m"), data_file


def find_items(*arguments: Any, **options: Any) -> Iterator[Item]:
    for block in find_blocks(*arguments, **options):
        assert len(block)
        yield from block.items()


def _shown(items: Any) -> list[tuple[int, str, int]]:
    return [(item.position.run, item.accession, item.position.feature) for item in items]


def test_items_come_by_run_and_by_accession_those_of_one_accession_by_row(file) -> None:
    found = _shown(find_items(*file, parse_data_query("value != null"), np.arange(3)))
    one, two, three = FIRST_RUN, FIRST_RUN + 1, FIRST_RUN + 2
    assert found == [
        (one, "B", 5),
        (one, "ERBB2, α", 1),
        (one, "TP53", 0),
        (one, "TP53", 2),
        (one, "a", 4),
        (two, "B", 5),
        (two, "ERBB2, α", 1),
        (two, "TP53", 2),
        (two, "a", 4),
        (three, "ABCB1", 3),
        (three, "ERBB2, α", 1),
        (three, "TP53", 0),
        (three, "TP53", 2),
        (three, "a", 4),
    ]


def test_an_item_holds_its_feature_and_all_its_measurements(file) -> None:
    items = {item.id: item for item in find_items(*file, None, np.array([0]))}
    assert items["41-ERBB2, α"].value == {"FC": None, "p": 0.2}
    assert items["41-ERBB2, α"].feature == {"gene": "ERBB2, α", "length": None}
    # Of the two rows of TP53 the later one is kept here: they share their id.
    assert items["41-TP53"].value == {"FC": 9.0, "p": 0.3}
    assert items["41-TP53"].feature == {"gene": "TP53", "length": 3}
    assert isinstance(items["41-TP53"].feature["length"], int)


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("few", [0, 1000], ids=["ranks", "sorted"])
def test_behind_every_item_come_the_items_that_followed_it(file, query, few, monkeypatch) -> None:
    monkeypatch.setattr(expression_items, "FEW_FEATURES", few)
    expr = parse_data_query(query)
    columns = np.arange(3)
    whole = list(find_items(*file, expr, columns))
    assert whole
    for i, item in enumerate(whole):
        rest = find_items(*file, expr, columns, item.position, limit=2)
        assert _shown(rest) == _shown(whole[i + 1 :])


@settings(max_examples=60)
@given(
    first=st.sampled_from(QUERIES),
    second=st.sampled_from(QUERIES),
    columns=st.sets(st.integers(0, 2), min_size=1),
    data=st.data(),
)
def test_a_position_of_another_query_continues_at_its_place(
    file, first, second, columns, data
) -> None:
    matrix, data_file = file
    chosen = np.array(sorted(columns))
    before = list(find_items(matrix, data_file, parse_data_query(first), np.arange(3)))
    position = data.draw(st.sampled_from([item.position for item in before]))
    whole = list(find_items(matrix, data_file, parse_data_query(second), chosen))
    place = (position.run, GENES[position.feature], position.feature)
    behind = [one for one in _shown(whole) if one > place]
    found = find_items(matrix, data_file, parse_data_query(second), chosen, position)
    assert _shown(found) == behind


def test_before_the_first_item_come_all(file) -> None:
    whole = _shown(find_items(*file, None, np.arange(3)))
    assert _shown(find_items(*file, None, np.arange(3), Position(-1, -1))) == whole
    assert _shown(find_items(*file, None, np.arange(3), Position(FIRST_RUN + 3, 0))) == []


@pytest.mark.parametrize("cells", [1, 2, 5, 7, 100])
def test_blocks_of_any_size_give_the_same_items(file, cells, monkeypatch) -> None:
    whole = _shown(find_items(*file, None, np.arange(3)))
    monkeypatch.setattr(expression_items, "BLOCK_VALUES", cells)
    assert _shown(find_items(*file, None, np.arange(3))) == whole


def test_of_one_accession_the_first_stored_row_is_described(file) -> None:
    first = describe_item(*file, FIRST_RUN, "TP53")
    assert first is not None
    assert (first.position.feature, first.value) == (0, {"FC": 1.5, "p": 0.1})
    second = describe_item(*file, FIRST_RUN + 1, "TP53")
    assert second is not None
    assert second.position.feature == 2  # the other row has no value in this run
    assert describe_item(*file, FIRST_RUN, "ABCB1") is None
    assert describe_item(*file, FIRST_RUN, "tp53") is None


def test_an_accession_of_digits_stays_as_it_was_typed(tmp_path) -> None:
    ids = ["7157", "0672", "1e3", "2.50", "7157", "10"]
    matrix, file = _write(tmp_path, {"gene": ids}, gene="number", length="number")
    assert ordered_features(matrix, np.arange(6)).tolist() == [1, 5, 2, 3, 0, 4]
    assert describe_feature(matrix, 1) == ("0672", {"gene": 672})
    assert describe_feature(matrix, 3) == ("2.50", {"gene": 2.5})
    found = list(find_items(matrix, file, parse_data_query("feature = 672,1000"), np.array([2])))
    assert [item.id for item in found] == ["43-0672", "43-1e3"]
    item = describe_item(matrix, file, FIRST_RUN + 2, "0672")
    assert item is not None
    assert item.value == {"FC": 0.0, "p": 0.2}


def test_a_block_is_cut_and_knows_its_last_item(file) -> None:
    (block,) = find_blocks(*file, parse_data_query("feature = TP53,a"), np.array([0, 2]))
    assert _shown(block.items()) == [
        (FIRST_RUN, "TP53", 0),
        (FIRST_RUN, "TP53", 2),
        (FIRST_RUN, "a", 4),
        (FIRST_RUN + 2, "TP53", 0),
        (FIRST_RUN + 2, "TP53", 2),
        (FIRST_RUN + 2, "a", 4),
    ]
    assert block.runs.tolist() == [41, 41, 41, 43, 43, 43]
    cut = block.first(4)
    assert _shown(cut.items()) == _shown(block.items())[:4]
    assert cut.last == Position(FIRST_RUN + 2, 0)
    described, codes = cut.described()
    assert [accession for accession, _ in described] == ["TP53", "TP53", "a"]
    assert codes.tolist() == [0, 1, 2, 0]
