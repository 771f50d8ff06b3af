from __future__ import annotations

import os
import socket
import subprocess
import sys
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


FORKED = """
import os, sys
from odm_shiny.connect import connect
client = connect(sys.argv[1], "token-1", cache=False)
client.samples.get("before")
child = os.fork()
name = "child" if child == 0 else "parent"
wrong = sum(client.samples.get(f"{name}{n}") != {"asked": f"{name}{n}"} for n in range(200))
if child == 0:
    os._exit(min(wrong, 100))
_, status = os.waitpid(child, 0)
print(wrong, os.waitstatus_to_exitcode(status))
"""


def echo(replies):
    return lambda request: replies.http(200, {"asked": request.path.rpartition("/")[2]})


def test_a_client_can_be_used_on_both_sides_of_a_fork(stub, replies):
    stub.script = echo(replies)
    done = subprocess.run(
        [sys.executable, "-c", FORKED, stub.url], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["0", "0"], done.stderr


INTERRUPTED = """
import os, signal, sys, threading
from odm_shiny.connect import connect
client = connect(sys.argv[1], "token-1", cache=False)
before = len(os.listdir("/proc/self/fd"))
for name in ("slow", "slow"):
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        client.samples.get(name)
    except KeyboardInterrupt:
        print("interrupted")
print(client.samples.get("fast"), len(os.listdir("/proc/self/fd")) - before)
"""


def test_a_client_can_be_used_after_it_was_interrupted(stub, replies):
    def script(request):
        if request.path.endswith("slow"):
            return [b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n", 20.0]
        return echo(replies)(request)

    stub.script = script
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, stub.url], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines() == ["interrupted", "interrupted", "{'asked': 'fast'} 1"]


MANY = """
import os, sys
from odm_shiny.connect import connect

def state():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096, len(os.listdir("/proc/self/fd"))

with connect(sys.argv[1], "token-1", cache=False) as client:
    for _ in range(500):
        client.samples.get("GSF1")
    memory, files = state()
    for _ in range(10_000):
        client.samples.get("GSF1")
    more, files_after = state()
print((more - memory) / 1e6, files_after - files)
"""


@pytest.mark.long
def test_ten_thousand_calls_leave_nothing_behind(stub, replies):
    stub.script = echo(replies)
    done = subprocess.run(
        [sys.executable, "-c", MANY, stub.url], capture_output=True, text=True, timeout=110
    )
    grown_mb, files = map(float, done.stdout.split())
    assert grown_mb < 20, done.stderr
    assert files == 0


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
