"""Pages as columns hold what pages as dicts hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odm_shiny.client import decode, record_pages
from odm_shiny.client.decode import Page
from odm_shiny.client.record_pages import RecordPage, page_of_samples
from odm_shiny.client.replies import Answer
from odm_shiny.errors import MalformedResponse
from odm_shiny.frames.records import RecordRows
from odm_shiny.frames.to_pandas import to_pandas

N = record_pages.FEW + 20


def answer(body):
    text = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return Answer("GET", "/api/v1/as-user/omics/samples", 200, {}, text)


def of(records, **beside):
    return answer({"data": [{"metadata": record} for record in records], **beside})


def tables(found, records):
    rows, plain = RecordRows(), RecordRows()
    found.add_to(rows)
    plain.add(records)
    return to_pandas(rows.table()), to_pandas(plain.table())


def check(found, records):
    assert found.data == records
    assert len(found) == len(records)
    ours, plain = tables(found, records)
    assert list(ours.columns) == list(plain.columns)
    assert ours.equals(plain)
    assert (ours.dtypes == plain.dtypes).all()


def sample(n, **more):
    return {"genestack:accession": f"GSF{n}", "Tissue": "Leber é", "Age": n or None, **more}


def test_records_that_are_alike_come_as_columns():
    records = [sample(n, Own=["a", n], groupId='GSF"7"') for n in range(N)]
    found = page_of_samples(of(records, cursor="c", resultsExhausted=False, log=["l"]))
    assert isinstance(found, RecordPage)
    assert (found.cursor, found.resultsExhausted, found.log) == ("c", False, ["l"])
    check(found, records)


def test_columns_stand_in_the_order_in_which_names_appear():
    records = [sample(n) for n in range(N)]
    records[1] = {"b": 1, "genestack:accession": "GSF1", "a": None}
    records[N // 16 * 2] = {"a": 1, "b": None, "z": 2, "Tissue": 3}
    found = page_of_samples(of(records))
    assert isinstance(found, RecordPage)
    assert list(found.block.columns)[3:] == ["b", "a", "z"]
    check(found, records)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda records: records[3].update({"only here": 1}), "a name that was not looked at"),
        (lambda records: records[0].update({'"': 1, "\\n\n": 2}), "a name no type can have"),
        (lambda records: records[0].update({f"n{i}": i for i in range(400)}), "very many names"),
        (lambda records: records.__delitem__(slice(9, None)), "few records"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_does_not_fit_is_decoded_as_before(change, what):
    records = [sample(n) for n in range(N)]
    change(records)
    found = page_of_samples(of(records))
    assert isinstance(found, Page), what
    check(found, records)


@pytest.mark.parametrize("place", [0, 3])
@pytest.mark.parametrize(
    "odd", [{"itemId": "x"}, {"metadata": None}, {"metadata": {"a": 1}, "more": 2}], ids=str
)
def test_a_record_in_another_wrapping_is_taken_as_before(place, odd):
    records = [{"metadata": sample(n)} for n in range(N)]
    records[place] = odd
    found = page_of_samples(answer({"data": records}))
    assert found.data[place] == (odd["metadata"] if isinstance(odd.get("metadata"), dict) else odd)
    assert found.data[5] == sample(5)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"NaN", None),
        (b'"\\ud800"', "\ufffd"),
        (b'1, "Age": 2', 2),
        (b'1, "A\\u0067e": 3', 3),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
    ],
    ids=["NaN", "half a pair", "a key twice", "a key spelt otherwise", "many digits"],
)
def test_coercions_are_those_of_any_other_page(text, value):
    body = of([sample(n) for n in range(N)]).body.replace(b'"Age": 7}', b'"Age": ' + text + b"}", 1)
    plain = decode.page(answer(body)).data
    found = page_of_samples(answer(body)).data
    assert found == [one["metadata"] for one in plain]
    assert found[7]["Age"] == value


def test_a_number_beyond_all_floats_is_malformed():
    body = of([sample(n) for n in range(N)]).body.replace(b'"Age": 7}', b'"Age": 1e400}', 1)
    with pytest.raises(MalformedResponse, match="out of range"):
        page_of_samples(answer(body))


@pytest.mark.parametrize("cut", [40, 4_000, -1])
def test_a_page_that_is_cut_is_malformed(cut):
    with pytest.raises(MalformedResponse, match="malformed at byte"):
        page_of_samples(answer(of([sample(n) for n in range(N)]).body[:cut]))


def test_rows_are_kept_and_cut():
    records = [sample(n) for n in range(N)]
    found = page_of_samples(of(records))
    found.keep(lambda record: record["genestack:accession"] != "GSF1")
    found.cut(3)
    check(found, [records[0], records[2], records[3]])


values = st.none() | st.integers(-5, 5) | st.floats(0, 2) | st.text(max_size=2) | st.booleans()
records = st.dictionaries(st.sampled_from("abcdé"), values | st.lists(values, max_size=2))


@settings(max_examples=60, deadline=None)
@given(st.lists(records, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_any_records_are_the_same_in_both_forms(kinds, random):
    chosen = [dict(random.choice(kinds)) for _ in range(N)]
    found = page_of_samples(of(chosen))
    assert found.data == chosen
    ours, plain = tables(found, chosen)
    assert ours.equals(plain)
    assert list(ours.columns) == list(plain.columns)
