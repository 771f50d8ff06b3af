from __future__ import annotations

import asyncio

import pytest

from odm_shiny.connect import aconnect, connect
from odm_shiny.errors import OdmError

CLOSED = r"the client of .* is closed: connect\(\) opens another"


def test_a_closed_client_says_so_and_what_it_read_stays(filled):
    with connect(store=filled.where) as client:
        read, unread = client.samples.find(), client.samples.find()
        assert len(read.to_list()) == 5
        stream = client.expressions.stream(filled.data)
    for call in (
        lambda: unread.to_list(),
        lambda: client.studies.get(filled.study),
        client.whoami,
        stream.to_pandas,
        lambda: client.query().run().total(),
        lambda: client.explain(client.query()),
    ):
        with pytest.raises(OdmError, match=CLOSED):
            call()
    assert len(read.to_list()) == 5
    client.close()


def test_a_closed_client_of_a_remote_odm_says_so(stub):
    client = connect(stub.url, "token-1", cache=False)
    client.close()
    with pytest.raises(OdmError, match=CLOSED):
        client.samples.find().to_list()
    assert not stub.requests


def test_the_same_for_event_loops(filled):
    async def main():
        async with await aconnect(store=filled.where) as client:
            unread = client.samples.find()
        with pytest.raises(OdmError, match=CLOSED):
            await unread.to_list()
        await client.close()

    asyncio.run(main())
