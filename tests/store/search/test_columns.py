from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import func, select, update

from odm_shiny.errors import StoreError
from odm_shiny.query.filter_text import parse_filter
from odm_shiny.store.search import Change
from odm_shiny.store.search.chunk_cache import ChunkCache
from odm_shiny.store.search.column_writer import ColumnWriter, chunk_slices
from odm_shiny.store.search.columns import ColumnReader
from odm_shiny.store.search_schema import Part, Role, search_part, search_value


def parts(tx):
    found = tx.conn.execute(select(search_part))
    return {(row.column_id, row.part, row.number): row for row in found}


def test_places_are_cut_where_the_chunk_changes():
    assert chunk_slices(np.array([1, 5, 10, 29]), 10) == [
        (0, slice(0, 2)),
        (1, slice(2, 3)),
        (2, slice(3, 4)),
    ]
    assert chunk_slices(np.array([], np.int64), 10) == []


def test_a_change_of_one_value_writes_one_chunk(index):
    names = {f"name {n}": "x" for n in range(5)}
    index.change(*(Change(slot, None, {**names, "Age": slot}) for slot in (0, 3, 65_536, 200_000)))
    with index.read() as tx:
        before = parts(tx)
    old = {**names, "Age": 65_536}
    index.change(Change(65_536, old, {**old, "name 3": None}))
    with index.read() as tx:
        after = parts(tx)
        column_id = ColumnReader(tx.conn, "sample", ChunkCache()).column(Role.ATTRIBUTE, "name 3")
    assert before.keys() == after.keys()
    assert [key for key in before if before[key].stamp != after[key].stamp] == [
        (column_id, Part.CODES, 1)
    ]
    changed = after[column_id, Part.CODES, 1]
    assert (changed.n_set, changed.top) == (0, 0)


def test_small_kinds_and_rare_attributes_take_few_bytes(index):
    index.add([{"common": str(n % 3), "rare": "x" if n == 999 else None} for n in range(1_000)])
    with index.read() as tx:
        forms = {(row.form, len(row.data)) for row in parts(tx).values() if row.part == Part.CODES}
    assert forms == {("dense8", 1_000), ("sparse8", 3)}


def test_values_are_stored_once(index):
    index.add([{"Tissue": "liver" if n % 2 else "lung"} for n in range(100)])
    with index.read() as tx:
        assert tx.conn.execute(select(func.count()).select_from(search_value)).scalar() == 2


def test_unset_attributes_make_no_column(index):
    index.add([{"Tissue": None, "Drug": [], "Age": 3}])
    with index.read() as tx:
        names = {name for _, name in ColumnReader(tx.conn, "sample", ChunkCache()).columns()}
    assert "Age" in names
    assert not names & {"Tissue", "Drug"}


def test_words_fill_chunks_one_after_the_other(index):
    with index.write() as tx:
        writer = ColumnWriter(tx.conn, "sample", ChunkCache())
        expected = []
        for start, count in ((0, 3), (3, 20_000), (20_003, 1), (20_004, 0)):
            words = [f"w{n}ß" for n in range(start, start + count)]
            writer.add_words(words)
            expected += words
        writer.finish()
        texts = ColumnReader(tx.conn, "sample", ChunkCache()).words()
    assert [word for text in texts for word in text.split()] == expected
    assert all(text.startswith("\n") and text.endswith("\n") for text in texts)
    assert len(texts) == 3
    assert all(65_000 < len(text) < 66_000 for text in texts[:-1])


def test_a_second_reader_finds_chunks_in_memory(index):
    index.add([{"Tissue": "liver"}, {"Tissue": "lung"}])
    with index.read() as tx:
        column_id = ColumnReader(tx.conn, "sample", ChunkCache()).column(Role.ATTRIBUTE, "Tissue")
        cache = ChunkCache()
        first = ColumnReader(tx.conn, "sample", cache).codes(column_id)
        second = ColumnReader(tx.conn, "sample", cache).codes(column_id)
        assert first[0] is second[0]


@pytest.mark.parametrize(
    ("form", "message"), [("lists", "does not belong to part CODES"), ("nonsense", "unknown chunk")]
)
def test_a_damaged_chunk_is_an_error_and_no_answer(index, form, message):
    index.add([{"Tissue": "liver"}])
    with index.write() as tx:
        data = np.array([1, 0, 0], "<i4").tobytes()
        tx.conn.execute(update(search_part).values(form=form, data=data, stamp=1))
        tx.conn.exec_driver_sql("UPDATE search_kind SET stamp = 1")
    with index.read() as tx, pytest.raises(StoreError, match=message):
        index.search.filter(tx, "sample", parse_filter("Tissue=liver"))


def test_there_is_room_for_64_kinds(index):
    for n in range(64):
        index.add([{"A": "same words"}], kind=f"kind {n}")
    with pytest.raises(StoreError, match="64"):
        index.add([{"A": "1"}], kind="one more")
