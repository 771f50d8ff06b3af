from __future__ import annotations

import os
import socket
import threading

import pytest

from odm_shiny.connect import connect
from odm_shiny.errors import TransportError

RECORD = {"genestack:accession": "GSF000021"}


def test_sixteen_threads_on_one_client_get_what_each_asked_for(stub, replies):
    def script(request):
        return replies.http(200, {"asked": request.path.rpartition("/")[2]})

    stub.script = script
    wrong = []
    with connect(stub.url, "token-1", cache=False) as client:

        def work(number):
            for n in range(20):
                name = f"GSF{number}{n:03}"
                if client.samples.get(name) != {"asked": name}:
                    wrong.append(name)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert len(stub.requests) == 320


def test_calls_share_connections_and_closing_leaves_none_open(stub, replies):
    stub.answer(replies.http(200, RECORD))
    before = len(os.listdir("/proc/self/fd"))
    with connect(stub.url, "token-1", cache=False) as client:
        for _ in range(100):
            client.samples.get("GSF1")
        during = len(os.listdir("/proc/self/fd"))
    assert during - before < 8
    assert len(os.listdir("/proc/self/fd")) <= before + 1


def test_errors_give_their_connections_back(stub, ask, replies):
    stub.answer(*[replies.http(404)] * 40, replies.http(200, RECORD))

    def work(client):
        for _ in range(40):
            with pytest.raises(Exception, match="404"):
                client.samples.get("GSF1")
        return client.samples.get("GSF1")

    with connect(stub.url, "token-1", cache=False) as client:
        assert work(client) == RECORD


def test_a_proxy_from_the_environment_is_used(stub, other_stub, ask, replies, monkeypatch):
    other_stub.answer(replies.http(200, RECORD))
    monkeypatch.setenv("HTTP_PROXY", other_stub.url)
    monkeypatch.setenv("NO_PROXY", "")
    url = "http://odm.invalid"
    assert ask(url, lambda client: client.samples.get("GSF1"), allow_insecure=True) == RECORD
    assert other_stub.requests[0].target.startswith("http://odm.invalid/api/v1/")


def test_a_proxy_can_be_named(other_stub, ask, replies):
    other_stub.answer(replies.http(200, RECORD))
    found = ask(
        "http://odm.invalid",
        lambda client: client.samples.get("GSF1"),
        allow_insecure=True,
        proxy=other_stub.url,
    )
    assert found == RECORD


def test_a_proxy_that_drips_ends_at_the_deadline_too(other_stub, ask):
    other_stub.answer([b"HTTP/1.1 200 OK\r\n", *([b"X", 0.2] * 100)])
    with pytest.raises(TransportError, match="deadline"):
        ask(
            "http://odm.invalid",
            lambda client: client.samples.get("GSF1"),
            allow_insecure=True,
            proxy=other_stub.url,
            deadline_s=0.6,
        )


def test_a_certificate_file_that_is_not_there_is_an_error_at_once(stub, tmp_path):
    with pytest.raises(OSError, match="No such file"):
        connect("https://odm.example.org", "token-1", verify=str(tmp_path / "missing.pem"))


def test_plain_text_where_tls_is_wanted_fails_once(ask, clock):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.recv(10)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(TransportError, match="no connection"):
            ask(url, lambda client: client.samples.get("GSF1"), clock=clock)
    assert clock.slept == []
