"""Arrow and JSON from our own server say the same, and Arrow that is cut or odd is told."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.client import decode
from odm_shiny.client.arrow import ARROW, ArrowItemPage, item_page, table_of
from odm_shiny.client.replies import Answer
from odm_shiny.connect import connect
from odm_shiny.errors import IncompleteStream, MalformedResponse
from odm_shiny.frames.to_arrow import to_arrow
from odm_shiny.query.query import Query


def coded(texts):
    distinct = list(dict.fromkeys(texts))
    codes = pa.array([distinct.index(text) for text in texts], pa.int32())
    return pa.DictionaryArray.from_arrays(codes, pa.array(distinct, pa.string()))


def page_of(rows, **beside):
    columns = {"itemId": pa.array([row["itemId"] for row in rows], pa.string())}
    for part in ("itemOrigin", "feature", "metadata", "relationships"):
        columns[part] = coded([json.dumps(row[part]) for row in rows])
    for name in dict.fromkeys(name for row in rows for name in row["value"]):
        columns[f"value.{name}"] = pa.array([row["value"].get(name) for row in rows], pa.float64())
    return pa.table(columns).replace_schema_metadata({"odm": json.dumps(beside)})


def row(number, gene, **values):
    return {
        "itemId": f"{number}-{gene}",
        "itemOrigin": {"runSourceId": f"S-{number}", "runId": str(number), "groupId": "GSF30"},
        "feature": {"gene": gene},
        "metadata": {"Scale": "TPM", "n": number},
        "relationships": {"sample": f"GSF{number}"},
        "value": values,
    }


ROWS = [row(1, "A", value=1.5), row(1, "MÜ", value=None), row(2, "A", value=3.0, p=0.1)]


def ipc(table):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=1)
    return sink.getvalue().to_pybytes()


def answer(body):
    return Answer("GET", "/x", 200, {"content-type": ARROW}, body)


def by_json(rows):
    items = decode.new_items()
    body = json.dumps({"data": rows}).encode()
    decode.item_page(Answer("GET", "/x", 200, {}, body)).add_to(items)
    return items


def test_a_page_is_the_same_from_arrow_and_from_json():
    items = decode.new_items()
    page = item_page(answer(ipc(page_of(ROWS, cursor="c", resultsExhausted=False, log=["found"]))))
    assert (page.cursor, page.resultsExhausted, page.log) == ("c", False, ["found"])
    page.add_to(items)
    assert to_arrow(items.table()).equals(to_arrow(by_json(ROWS).table()))


@given(st.lists(st.integers(0, 8), max_size=4), st.integers(0, 9))
def test_pages_that_are_cut_or_thinned_hold_nothing_of_the_rest(kept, n):
    rows = [row(number, f"G{number}", value=float(number)) for number in range(9)]
    page = ArrowItemPage(page_of(rows))
    page.keep(lambda one: int(one["itemId"].split("-")[0]) not in kept)
    page.cut(n)
    left = [one for number, one in enumerate(rows) if number not in kept][:n]
    assert len(page) == len(left)
    items = decode.new_items()
    page.add_to(items)
    assert items.rows(0, 9) == by_json(left).rows(0, 9)
    assert len(items.parts["itemOrigin"].objects) == len(left)


@given(st.data())
def test_a_stream_cut_anywhere_is_an_error(data):
    body = ipc(page_of(ROWS))
    cut = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises((IncompleteStream, MalformedResponse)):
        table_of(answer(body[:cut]))


def test_what_came_of_a_cut_stream_is_given_on_request():
    body = ipc(page_of(ROWS))
    kept = table_of(answer(body[:-60]), partial=True)
    assert 1 <= kept.num_rows < 3


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense" + b"\xff\xff\xff\xff\x00\x00\x00\x00",
        ipc(pa.table({"a": [1]})),
        ipc(pa.table({"itemId": ["1"]}).replace_schema_metadata({"odm": "{"})),
    ],
    ids=["no arrow", "no items", "bad metadata"],
)
def test_what_is_no_page_of_items_is_a_typed_error(body):
    with pytest.raises(MalformedResponse):
        item_page(answer(body)).add_to(decode.new_items())


def test_arrow_is_asked_for_only_where_it_is_known(stub, ask, replies):
    def script(request):
        if "/odm-shiny/" in request.path:
            return replies.http(200, {"email": "ann"})
        return replies.http(200, {"data": ROWS, "resultsExhausted": True})

    stub.script = script
    ask(stub.url, lambda c: c.omics.expression(ex_query="feature=A").to_list())
    assert stub.requests[-1].headers["accept"] == f"{ARROW}, application/json;q=0.5"
    found = ask(
        stub.url, lambda c: c.omics.expression(ex_query="feature=A").to_list(), extensions=False
    )
    assert stub.requests[-1].headers["accept"] == "application/json"
    assert len(found) == 3


@pytest.mark.parametrize(
    "work",
    [
        lambda c: c.omics.expression(ex_query="feature=TP53", page_limit=2).to_arrow(),
        lambda c: c.omics.expression(ex_query="feature=nothing").to_arrow(),
        lambda c: c.expressions.find(features=["TP53", "MÜ"], limit=3).to_arrow(),
    ],
)
def test_items_are_the_same_with_and_without_extensions(filled, on, work):
    assert on(filled.where, work).equals(on(filled.where, work, extensions=False))


def test_streams_are_the_same_with_and_without_extensions(filled, on):
    for group in (filled.data, filled.layered_data):
        own = on(filled.where, lambda c, group=group: c.expressions.stream(group).to_pandas())
        plain = on(
            filled.where,
            lambda c, group=group: c.expressions.stream(group).to_pandas(),
            extensions=False,
        )
        assert own.equals(plain)
    matrices = []
    for extensions in (True, False):
        with connect(store=filled.where, extensions=extensions) as client:
            matrices.append(client.matrix(Query().matrix(filled.data)))
    assert np.array_equal(matrices[0].X, matrices[1].X, equal_nan=True)
    assert matrices[0].var.equals(matrices[1].var)
    assert matrices[0].obs.equals(matrices[1].obs)
