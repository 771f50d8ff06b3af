from __future__ import annotations

import threading

import pytest

from odm_shiny.client.client import Client
from odm_shiny.client.embedded import EmbeddedTransport
from odm_shiny.connect import connect
from odm_shiny.contract.messages import Reply
from odm_shiny.errors import IncompleteStream, ServerFault, StoreError

CSV = b"gene,S-01\nTP53,1.5\n"


class Service:
    """A service that answers as it is told."""

    def __init__(self, body, status=200, content_type="text/csv"):
        self.body, self.status, self.content_type = body, status, content_type
        self.users = []

    def handle(self, request, *, user=None):
        self.users.append(user)
        body = self.body() if callable(self.body) else self.body
        return Reply(self.status, {"content-type": self.content_type}, body)


def client_of(service, clock):
    return Client(EmbeddedTransport(service, "ann", "memory"), clock=clock)


def stream(client):
    return client.expressions.stream("GSF30").to_bytes()


def test_a_stream_is_read_chunk_by_chunk_and_closed(clock):
    closed = []

    def chunks():
        try:
            yield CSV[:5]
            yield b""
            yield CSV[5:]
        finally:
            closed.append(True)

    service = Service(chunks)
    assert stream(client_of(service, clock)) == CSV
    assert closed == [True]
    assert service.users == ["ann"]


def test_an_error_in_the_middle_of_a_stream_is_an_incomplete_one(clock):
    def chunks():
        yield CSV
        raise StoreError("the disk is gone")

    with pytest.raises(IncompleteStream, match="the disk is gone"):
        stream(client_of(Service(chunks), clock))


def test_a_stream_that_is_not_wanted_to_its_end_is_closed(clock):
    closed = []

    def chunks():
        try:
            while True:
                yield b'{"error":{"message":"too much"}}' * 100_000
        finally:
            closed.append(True)

    with pytest.raises(ServerFault):
        stream(client_of(Service(chunks, 501), clock))
    assert closed == [True]


def test_the_embedded_odm_answers_many_threads(filled):
    found, wrong = [], []
    with connect(store=filled.where) as client:
        wanted = client.samples.find().to_list()

        def work():
            for _ in range(5):
                if client.samples.find(page_limit=2).to_list() != wanted:
                    wrong.append(1)
                found.append(1)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (len(found), wrong) == (40, [])
