from __future__ import annotations

import json
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.client import decode
from odm_shiny.client.replies import Answer
from odm_shiny.errors import MalformedResponse
from odm_shiny.frames.to_arrow import to_arrow
from odm_shiny.frames.to_pandas import to_pandas


def answer(body):
    body = json.dumps(body).encode() if not isinstance(body, bytes) else body
    return Answer(
        "GET", "/api/v1/as-user/omics/expression/data", 200, {"x-request-id": "r-1"}, body
    )


def item(run, feature, value, **more):
    return {
        "itemId": f"{run}-{feature}",
        "itemOrigin": {"runSourceId": f"S-{run}", "runId": str(run), "groupId": "GSF000030"},
        "metadata": {"Genome Version": "GRCh38", "Pipeline ID": None},
        "feature": {"gene": feature},
        "value": {"value": value},
        "relationships": {"sample": f"GSF00002{run}"},
    } | more


def items_of(*pages):
    items = decode.new_items()
    for page in pages:
        decode.item_page(answer({"data": page})).add_to(items)
    return items


def rows_of(items):
    return to_arrow(items.table()).to_pylist()


def test_items_become_one_row_each_with_every_attribute():
    found = items_of([item(1, "TP53", 12.5), item(1, "Mü", None), item(2, "TP53", 7)])
    assert rows_of(found) == [
        {
            "itemId": f"{run}-{gene}",
            "runId": str(run),
            "runSourceId": f"S-{run}",
            "groupId": "GSF000030",
            "gene": gene,
            "value": value,
            "sample": f"GSF00002{run}",
            "Genome Version": "GRCh38",
            "Pipeline ID": None,
        }
        for run, gene, value in [(1, "TP53", 12.5), (1, "Mü", None), (2, "TP53", 7.0)]
    ]


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.lists(st.one_of(st.text(max_size=3), st.integers(0, 3), st.none()), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
objects = st.dictionaries(st.text(max_size=3), values, max_size=3)
wire_items = st.fixed_dictionaries(
    {"itemId": st.text(max_size=4)},
    optional={
        "itemOrigin": objects,
        "metadata": objects,
        "feature": objects,
        "relationships": objects,
        "value": st.dictionaries(
            st.sampled_from(["value", "FC", "p"]),
            st.none() | st.floats(allow_nan=False, allow_infinity=False),
            max_size=2,
        ),
        "later": values,
    },
)


@given(st.lists(wire_items, max_size=8))
def test_any_items_come_back_as_they_were_sent(data):
    found = decode.new_items()
    decode.item_page(answer({"data": data})).add_to(found)
    for sent, row in zip(data, found.rows(0, len(data)), strict=True):
        assert row["itemId"] == sent["itemId"]
        for part in ("itemOrigin", "metadata", "feature"):
            assert row[part] == sent.get(part, {})
        numbers = {name: x for name, x in sent.get("value", {}).items() if x is not None}
        assert row["value"] == numbers
        assert row.get("relationships", {}) == sent.get("relationships", {})


@given(st.lists(wire_items, max_size=9), st.lists(st.integers(0, 9), max_size=3))
def test_where_pages_end_changes_nothing(data, cuts):
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pages = [data[start:stop] for start, stop in pairwise(edges)]
    whole, paged = items_of(data), items_of(*pages)
    assert to_arrow(whole.table()).equals(to_arrow(paged.table()))
    assert to_pandas(whole.table()).equals(to_pandas(paged.table()))


def test_names_that_two_parts_share_are_kept_apart():
    found = items_of([item(1, "TP53", 1.0, metadata={"gene": "of metadata", "value": "text"})])
    (row,) = rows_of(found)
    assert (row["gene"], row["value"]) == ("TP53", 1.0)
    assert (row["metadata.gene"], row["metadata.value"]) == ("of metadata", "text")


def test_several_measurements_are_columns_and_what_is_absent_is_missing():
    def of(run, feature, measured):
        return item(run, feature, 0) | {"value": measured}

    found = items_of(
        [
            item(1, "A", 0) | {"value": {"FC": 1.5, "p": 0.01}},
            item(1, "B", 0) | {"value": {"FC": None}},
        ],
        [item(2, "A", 0) | {"value": {"q": 3}}],
    )
    rows = [(row["FC"], row["p"], row["q"]) for row in rows_of(found)]
    assert rows == [(1.5, 0.01, None), (None, None, None), (None, None, 3.0)]


@pytest.mark.parametrize(
    ("text", "number"),
    [("Inf", math.inf), ("-Inf", -math.inf), ("Infinity", math.inf), ("NaN", math.nan)],
)
def test_infinite_values_written_as_text_are_numbers(text, number):
    column = items_of([item(1, "A", text), item(1, "B", 2.5)]).measurement()
    assert column[1] == 2.5
    assert column[0] == number or (math.isnan(number) and math.isnan(column[0]))


def test_a_value_that_is_no_number_is_told_with_its_item():
    with pytest.raises(MalformedResponse, match=r"item 1-B: its 'value' is 'high'"):
        items_of([item(1, "A", 2.5), item(1, "B", "high")])


def test_json_constants_are_read_as_documented():
    body = (
        b'{"data":[{"itemId":"1-A","metadata":{"a":NaN,"b":-Infinity},"value":{"value":Infinity}}]}'
    )
    found = decode.new_items()
    decode.item_page(answer(body)).add_to(found)
    (row,) = found.rows(0, 1)
    assert row["metadata"] == {"a": None, "b": "-Infinity"}
    assert row["value"] == {"value": math.inf}


def test_half_a_surrogate_pair_becomes_a_replacement_character():
    assert decode.record(answer(b'{"a":"x\\ud83dy", "b": "\\ud83d\\ude00"}')) == {
        "a": "x\ufffdy",
        "b": "\U0001f600",
    }


def test_thirty_digits_keep_every_one():
    digits = "123456789012345678901234567890"
    assert decode.record(answer(f'{{"a":{digits}}}'.encode())) == {"a": int(digits)}
    found = items_of([item(1, "A", 1.0, metadata={"n": int(digits)})])
    assert rows_of(found)[0]["n"] == digits


def test_of_duplicate_keys_the_last_counts():
    assert decode.record(answer(b'{"a":1,"a":2}')) == {"a": 2}


@pytest.mark.parametrize(
    ("body", "offset"),
    [
        (b'{"a": nope}', 6),
        (b'{"a": 1', 7),
        (b'{"a": "\xf8"}', 7),
        ('{"ü": "ü", }'.encode(), 13),
        (b"", 0),
    ],
    ids=["word", "cut", "latin-1", "trailing comma", "empty"],
)
def test_broken_json_tells_the_byte_and_the_request(body, offset):
    with pytest.raises(MalformedResponse, match=rf"at byte {offset}\b") as caught:
        decode.record(answer(body))
    assert "r-1" in str(caught.value)
    assert "/omics/expression/data" in str(caught.value)


@pytest.mark.parametrize("read", [decode.record, decode.page, decode.item_page, decode.records])
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000 + b"]" * 100_000,
        b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"data":[{"itemId":"1","metadata":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}]}",
        b"[" * 100_000,
        b"9" * 10_000,
        b'{"a":' + b"9" * 10_000 + b"}",
        b"null",
        b"3",
        b'"text"',
        b"[1]",
        b'{"data":3}',
        b'{"data":[3]}',
    ],
    ids=range(12),
)
def test_no_body_raises_anything_else_than_a_typed_error(read, body):
    said = ""
    try:
        read(answer(body))
    except MalformedResponse as exc:
        said = str(exc)
    assert len(said) < 2000


@given(st.data())
def test_a_changed_body_decodes_or_is_a_typed_error(data):
    whole = json.dumps(
        {"data": [item(1, "TP53", 12.5), item(2, "Mü", None)], "cursor": "c"}
    ).encode()
    place = data.draw(st.integers(0, len(whole) - 1))
    inserted = data.draw(st.binary(max_size=3))
    removed = data.draw(st.integers(0, 4))
    body = whole[:place] + inserted + whole[place + removed :]
    try:
        found = decode.new_items()
        decode.item_page(answer(body)).add_to(found)
        found.table()
    except MalformedResponse:
        pass


def test_a_part_that_is_no_object_is_a_typed_error():
    with pytest.raises(MalformedResponse, match="an object should stand here"):
        items_of([item(1, "A", 1.0, metadata=[1])])


def test_pages_know_their_place():
    body = {"meta": {"pagination": {"count": 1, "total": 9, "offset": 4}}, "data": [{"a": 1}]}
    found = decode.page(answer(body))
    assert (found.pagination.count, found.pagination.total, found.pagination.offset) == (1, 9, 4)
    assert decode.page(answer({"data": [], "newer": {"x": 1}})).pagination.total is None


def test_plain_arrays_are_decoded():
    assert decode.records(answer([{"a": 1}])) == [{"a": 1}]
    assert decode.texts(answer(["study"])) == ["study"]
    assert decode.record_or_nothing(answer(b" ")) == {}
