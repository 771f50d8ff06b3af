from __future__ import annotations

import asyncio

import pytest

from odm_shiny.connect import aconnect, connect
from odm_shiny.errors import QueryError
from odm_shiny.query.expr import feature, field

LIVER = field("Tissue") == "liver"


@pytest.fixture
def client(filled):
    with connect(store=filled.where) as found:
        yield found


def test_records_are_a_sequence_that_is_fetched_when_it_is_looked_at(client):
    found = client.samples.find(sort="name", page_limit=2)
    assert "not asked yet" in repr(found)
    assert len(found) == 5
    names = [record["Sample Name"] for record in found]
    assert names == [record["Sample Name"] for record in found]
    assert found[1] == list(found)[1]
    assert found[-1] == found.to_list()[4]
    with pytest.raises(IndexError, match="row 5 of 5"):
        found[5]
    assert "5 rows" in repr(found)


def test_a_result_is_true_if_there_is_anything(client):
    assert client.samples.find(LIVER)
    assert not client.samples.find("Tissue=brain")


def test_nothing_is_fetched_twice(client, monkeypatch):
    asked = []
    transport = client.driver.transport
    open_ = transport.open
    monkeypatch.setattr(transport, "open", lambda *given: asked.append(given[0]) or open_(*given))
    found = client.samples.find(page_limit=2)
    found.to_pandas()
    found.to_arrow()
    found.to_polars()
    assert len(list(found)) == len(found) == 5
    assert len(asked) == 3


def test_a_few_rows_of_many_cost_one_page(client, monkeypatch):
    found = client.samples.find(page_limit=2)
    assert "at least" not in found._repr_html_()
    assert "2 of 5 rows" in found._repr_html_()
    assert found._n_kept() == 2


def test_text_in_a_notebook_is_shown_and_never_run(stub, replies):
    record = {"<b>name</b>": "<script>alert(1)</script>", "list": ["<i>", None], "n": None}
    stub.answer(replies.http(200, {"data": [record], "meta": {"pagination": {"total": 1}}}))
    with connect(stub.url, "token-1", cache=False) as client:
        shown = client.samples.find()._repr_html_()
    assert "<script>" not in shown
    assert "<b>" not in shown
    assert "&lt;script&gt;" in shown


def test_many_columns_are_counted_instead_of_shown(stub, replies):
    record = {f"attribute {n}": n for n in range(30)}
    stub.answer(replies.http(200, {"data": [record], "meta": {"pagination": {"total": 1}}}))
    with connect(stub.url, "token-1", cache=False) as client:
        shown = client.samples.find()._repr_html_()
    assert "18 more columns" in shown
    assert shown.count("<td>") == 12


def test_all_forms_of_a_result_agree(client):
    found = client.samples.find(LIVER)
    rows = found.to_list()
    assert (
        found.to_arrow().num_rows == len(found.to_pandas()) == found.to_polars().height == len(rows)
    )
    assert found.to_arrow().column("Tissue").to_pylist() == ["liver"] * 3
    assert found.to_arrow().column("Data Files / Raw").to_pylist()[0] == ["a.fq", "b.fq"]


def test_items_are_rows_dicts_columns_and_a_matrix(client):
    found = client.omics.expression(ex_query=feature().is_in(["TP53", "MÜ"]), page_limit=2)
    rows = found.to_list()
    assert rows == list(found)
    assert len(found) == len(rows) == 5
    assert found[0]["feature"] == {"feature": "MÜ"}
    assert found[0]["value"] == {"value": 1.0}
    assert found.to_matrix().X.shape == (3, 2)
    assert found.to_anndata().shape == (3, 2)
    assert "itemId" in found._repr_html_()
    assert found.log


def test_a_limit_is_kept_in_every_form(client):
    found = client.omics.expression(ex_query="value > 0", limit=3, page_limit=2)
    assert len(found.to_pandas()) == len(found) == 3
    assert len(client.samples.find(limit=0)) == 0
    assert client.samples.find(limit=0).to_list() == []


def test_a_result_is_cut_and_named_as_people_expect(client):
    found = client.samples.find(sort="name", page_limit=2)
    assert found[0:3] == found.to_list()[:3]
    assert found[-2:] == found.to_list()[-2:]
    assert found["Tissue"].to_list() == [record.get("Tissue") for record in found]
    assert list(found[["Age", "Tissue"]].columns) == ["Age", "Tissue"]
    assert found.columns == list(found.to_pandas().columns)
    assert found.shape == found.to_pandas().shape
    assert found.head(2).equals(found.to_pandas().head(2))


def test_the_first_rows_cost_one_page(client):
    found = client.samples.find(page_limit=2)
    assert len(found[:2]) == len(found.head(2)) == 2
    assert found._n_kept() == 2


def test_a_column_that_is_not_there_is_named_with_the_nearest(client):
    found = client.samples.find()
    with pytest.raises(QueryError, match="samples: no row has 'tissue': did you mean 'Tissue'"):
        found["tissue"]
    with pytest.raises(QueryError, match=r"no row has 'Zzz': \.columns has what there is"):
        found[["Age", "Zzz"]]


def test_what_only_a_frame_has_says_how_to_get_one(client, filled):
    found = client.samples.find()
    with pytest.raises(
        AttributeError, match=r"\.to_pandas\(\) gives a DataFrame, which has \.iloc"
    ):
        found.iloc  # noqa: B018
    assert not hasattr(found, "frobnicate")
    with pytest.raises(TypeError):
        found[1.5]
    stream = client.expressions.stream(filled.data)
    with pytest.raises(AttributeError, match=r"no 'shape': nothing is here before \.to_pandas"):
        stream.shape  # noqa: B018
    for try_it in (len, iter, lambda one: one[0]):
        with pytest.raises(TypeError, match=r"is not read yet: .*stream\.to_pandas"):
            try_it(stream)
    assert stream


def test_async_results_say_what_is_awaited(filled):
    async def main():
        async with await aconnect(store=filled.where) as client:
            found = client.samples.find()
            for try_it in (len, iter, lambda one: one[0]):
                with pytest.raises(TypeError, match=r"AsyncRecords is awaited: .*await found"):
                    try_it(found)
            assert found

    asyncio.run(main())


def test_async_results_are_iterated_and_awaited(filled):
    asked = {"ex_query": "value>1", "ex_filter": "Scale=TPM"}
    with connect(store=filled.where) as client:
        wanted = client.samples.find().to_list()
        values = client.omics.expression(**asked).to_list()

    async def main():
        async with await aconnect(store=filled.where) as client:
            found = client.samples.find(page_limit=2)
            assert [row async for row in found] == wanted
            assert await found.total() == 5
            items = client.omics.expression(**asked, page_limit=3)
            assert [row async for row in items] == values
            assert (await items.to_matrix()).X.shape == (3, 4)

    asyncio.run(main())
