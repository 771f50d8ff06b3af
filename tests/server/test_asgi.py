from __future__ import annotations

import gzip
import json
import logging
import socket
import threading
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import anyio
import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from odm_shiny.contract.messages import Reply, Request
from odm_shiny.server import asgi
from odm_shiny.server.asgi import MAX_REQUEST_HEAD_BYTES, create_app
from odm_shiny.server.routes import PAGES
from odm_shiny.server.wire import json_reply

Messages = list[dict[str, Any]]


@pytest.fixture
def answer_with(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Serve a function at /test, which needs no credentials."""

    def serve(function: Callable[[Request], Reply], method: str = "GET") -> None:
        monkeypatch.setitem(PAGES, f"{method} /test", lambda request, service: function(request))
        monkeypatch.setitem(PAGES, f"{method} /test/*", lambda request, service: function(request))

    return serve


@pytest.fixture
def app(service_with) -> Starlette:
    return create_app(service_with({}))


class Exchange:
    """One request put to an ASGI application by hand, message by message."""

    def __init__(self, app: Any, method: str = "GET", path: str = "/test", **scope: Any) -> None:
        self.app = app
        self.sent: Messages = []
        self.arrived: Messages = [{"type": "http.request", "body": b""}]
        headers = scope.pop("headers", {})
        raw, _, query = path.partition("?")
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "method": method,
            "path": unquote(raw, errors="replace"),
            "raw_path": raw.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "scheme": "http",
            "server": ("localhost", 80),
            "client": ("127.0.0.1", 5000),
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
            **scope,
        }
        self.leaves_after: int | None = None

    def body(self, *chunks: bytes) -> Exchange:
        self.arrived = [{"type": "http.request", "body": c, "more_body": True} for c in chunks]
        self.arrived.append({"type": "http.request", "body": b""})
        return self

    def run(self) -> Exchange:
        async def main() -> None:
            gone = anyio.Event()

            async def receive() -> dict[str, Any]:
                if self.arrived:
                    return self.arrived.pop(0)
                await gone.wait()
                return {"type": "http.disconnect"}

            async def send(message: dict[str, Any]) -> None:
                self.sent.append(message)
                if self.leaves_after is not None and len(self.sent) > self.leaves_after:
                    gone.set()
                    await anyio.sleep(0.05)

            await self.app(self.scope, receive, send)

        anyio.run(main)
        return self

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {k.decode(): v.decode() for k, v in self.sent[0]["headers"]}

    @property
    def content(self) -> bytes:
        return b"".join(one.get("body", b"") for one in self.sent[1:])


def echo(request: Request) -> Reply:
    body = request.body if isinstance(request.body, bytes) else request.body.read()
    kind = "memory" if isinstance(request.body, bytes) else "file"
    return json_reply(
        {
            "path": request.path,
            "query": request.query,
            "headers": dict(request.headers),
            "client": request.client_host,
            "body": body.decode(),
            "kind": kind,
        }
    )


def test_a_request_arrives_as_it_was_sent(app, answer_with) -> None:
    answer_with(echo, "POST")
    exchange = Exchange(
        app,
        "POST",
        "/test/a%2Fb%20c//d?f=x+y%2Bz&f=%C3%A9&empty=",
        headers={"X-Name": "1"},
    ).body(b"gr", "öße".encode())
    exchange.scope["path"] = "/test/a/b c//d"
    found = json.loads(exchange.run().content)
    assert found == {
        "path": "/test/a%2Fb%20c//d",
        "query": [["f", "x y+z"], ["f", "é"], ["empty", ""]],
        "headers": {"x-name": "1"},
        "client": "127.0.0.1",
        "body": "größe",
        "kind": "memory",
    }


def test_headers_that_are_repeated_are_joined(app, answer_with) -> None:
    answer_with(echo)
    exchange = Exchange(app)
    exchange.scope["headers"] = [(b"accept", b"text/csv"), (b"accept", b"*/*;q=0.1")]
    assert json.loads(exchange.run().content)["headers"] == {"accept": "text/csv, */*;q=0.1"}


@pytest.mark.parametrize("client", [None, ("10.1.2.3", 1)])
def test_what_comes_through_a_port_is_never_taken_for_local(app, answer_with, client) -> None:
    answer_with(echo)
    found = json.loads(Exchange(app, client=client).run().content)
    assert found["client"] == ("unknown" if client is None else "10.1.2.3")


def test_a_large_body_is_a_file(app, answer_with) -> None:
    answer_with(echo, "POST")
    exchange = Exchange(app, "POST").body(*[b"x" * 300_000] * 5)
    found = json.loads(exchange.run().content)
    assert found["kind"] == "file"
    assert found["body"] == "x" * 1_500_000


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
def test_a_body_over_the_limit_is_refused(
    app, answer_with, monkeypatch: pytest.MonkeyPatch, declared: bool
) -> None:
    answer_with(echo, "POST")
    monkeypatch.setattr(asgi, "MAX_JSON_BYTES", 1000)
    headers = {"content-length": "2000"} if declared else {}
    exchange = Exchange(app, "POST", headers=headers).body(b"x" * 600, b"x" * 600, b"x" * 600)
    exchange.run()
    assert exchange.status == 413
    assert len(exchange.arrived) == (4 if declared else 2)


def test_uploads_have_a_limit_of_their_own(
    app, answer_with, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(echo, "POST")
    monkeypatch.setattr(asgi, "MAX_JSON_BYTES", 10)
    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert Exchange(app, "POST", headers=headers).body(b"x" * 600).run().status == 200


def test_a_client_that_leaves_in_mid_request_gets_nothing(app, answer_with) -> None:
    answer_with(echo, "POST")
    exchange = Exchange(app, "POST").body(b"x")
    exchange.arrived[-1] = {"type": "http.disconnect"}
    assert exchange.run().sent == []


@pytest.mark.parametrize(
    ("query", "status"),
    [("a=%FF", 400), ("a=" + "x" * (2 << 20), 414), ("&".join(["a"] * 100_002), 400)],
    ids=["not-utf8", "endless", "many"],
)
def test_a_bad_query_is_refused(app, answer_with, query: str, status: int) -> None:
    answer_with(echo)
    exchange = Exchange(app, path=f"/test?{query}").run()
    assert exchange.status == status
    assert json.loads(exchange.content)["error"]["message"]


def test_a_reply_has_its_length_and_is_not_sniffed(app, answer_with) -> None:
    answer_with(lambda request: json_reply(["é"]))
    exchange = Exchange(app).run()
    assert exchange.headers["content-length"] == "6"
    assert exchange.headers["x-content-type-options"] == "nosniff"
    assert len(exchange.headers["x-request-id"]) == 16


def test_head_sends_no_body(app, answer_with) -> None:
    answer_with(lambda request: json_reply("x" * 5000))
    exchange = Exchange(app, "HEAD", headers={"accept-encoding": "gzip"}).run()
    assert exchange.content == b""
    assert exchange.headers["content-length"] == "5002"


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("deflate, gzip;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("identity", False),
        ("", False),
    ],
)
def test_large_replies_are_compressed_for_who_reads_gzip(
    app, answer_with, accepted: str, packed: bool
) -> None:
    answer_with(lambda request: json_reply("é" * 5000))
    exchange = Exchange(app, headers={"accept-encoding": accepted}).run()
    assert "accept-encoding" in exchange.headers["vary"]
    assert ("content-encoding" in exchange.headers) is packed
    plain = gzip.decompress(exchange.content) if packed else exchange.content
    assert json.loads(plain) == "é" * 5000
    assert exchange.headers["content-length"] == str(len(exchange.content))


@pytest.mark.parametrize(
    "reply",
    [
        json_reply("x" * 900),
        Reply(200, {"content-type": "application/octet-stream"}, b"x" * 5000),
        Reply(200, {"content-type": "application/vnd.apache.arrow.stream"}, b"x" * 5000),
        Reply(206, {"content-type": "text/csv", "content-range": "bytes 0-9/20"}, b"x" * 5000),
        Reply(200, {"content-type": "text/csv", "content-encoding": "br"}, b"x" * 5000),
    ],
    ids=["small", "octets", "arrow", "range", "encoded"],
)
def test_what_is_small_or_packed_stays_as_it_is(app, answer_with, reply: Reply) -> None:
    before = reply.body
    answer_with(lambda request: reply)
    exchange = Exchange(app, headers={"accept-encoding": "gzip"}).run()
    assert exchange.headers.get("content-encoding") in {None, "br"}
    assert exchange.content == before


def csv(rows: int) -> Iterator[bytes]:
    yield b"gene,S-01\n"
    for number in range(rows):
        yield b"TP%d,%d.5\n" % (number, number)


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
def test_a_stream_is_sent_in_pieces_and_closed(
    app, answer_with, closing_stream, accepted: str
) -> None:
    stream = closing_stream(csv(50_000))
    answer_with(lambda request: Reply(200, {"content-type": "text/csv"}, stream))
    exchange = Exchange(app, headers={"accept-encoding": accepted}).run()
    assert "content-length" not in exchange.headers
    plain = gzip.decompress(exchange.content) if accepted == "gzip" else exchange.content
    assert plain == b"".join(csv(50_000))
    assert stream.closed
    first = exchange.sent[1]["body"]
    if accepted == "gzip":
        first = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(first)
    assert first == b"gene,S-01\n", "the header line does not wait for company"
    pieces = [len(one["body"]) for one in exchange.sent[2:-1]]
    assert len(pieces) < 50
    assert exchange.sent[-1] == {"type": "http.response.body", "body": b""}


def test_a_stream_ends_when_the_client_leaves(app, answer_with, closing_stream) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 100_000

    stream = closing_stream(endless())
    answer_with(lambda request: Reply(200, {"content-type": "text/csv"}, stream))
    exchange = Exchange(app)
    exchange.leaves_after = 3
    exchange.run()
    assert stream.closed
    assert len(exchange.sent) < 10


def test_a_stream_that_fails_is_no_whole_answer(
    app, answer_with, closing_stream, caplog: pytest.LogCaptureFixture
) -> None:
    def failing() -> Iterator[bytes]:
        yield b"gene,S-01\n"
        raise OSError("disk gone")

    stream = closing_stream(failing())
    answer_with(lambda request: Reply(200, {"content-type": "text/csv"}, stream))
    exchange = Exchange(app)
    with caplog.at_level(logging.ERROR), pytest.raises((OSError, ExceptionGroup)):
        exchange.run()
    assert exchange.sent[-1]["more_body"] is True
    assert stream.closed
    assert exchange.headers["x-request-id"] in caplog.text


def test_any_origin_may_ask(app) -> None:
    path = "/frontend/endpoint/actuator/health"
    exchange = Exchange(app, path=path, headers={"origin": "https://elsewhere.example"}).run()
    assert exchange.headers["access-control-allow-origin"] == "*"
    assert "x-request-id" in exchange.headers["access-control-expose-headers"]
    asked = {
        "origin": "https://elsewhere.example",
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "genestack-api-token,content-type",
    }
    preflight = Exchange(app, "OPTIONS", "/api/v1/as-curator/samples/x", headers=asked).run()
    assert preflight.status == 200
    assert "PATCH" in preflight.headers["access-control-allow-methods"]
    assert "genestack-api-token" in preflight.headers["access-control-allow-headers"]


def test_the_application_can_be_mounted_below_a_path(app) -> None:
    outer = Starlette(routes=[Mount("/odm", app=app)])
    health = Exchange(outer, path="/odm/frontend/endpoint/actuator/health").run()
    assert json.loads(health.content) == {"status": "UP"}
    missing = Exchange(outer, path="/odm/api/v1/as-user/samples/a%2Fb").run()
    assert missing.status == 401


def test_shutdown_calls_back_once(service_with) -> None:
    closed: list[str] = []
    app = create_app(service_with({}), on_shutdown=lambda: closed.append("store"))

    async def main() -> None:
        async with app.router.lifespan_context(app):
            assert closed == []

    anyio.run(main)
    assert closed == ["store"]


@pytest.fixture
def port(app) -> Iterator[int]:
    """A real server on a free port of this machine."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, h11_max_incomplete_event_size=MAX_REQUEST_HEAD_BYTES, log_level="critical"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join()


def test_an_address_of_a_hundred_kilobytes_passes(port: int, answer_with) -> None:
    answer_with(lambda request: json_reply(len(request.query[0][1])))
    for size in (100_000, 900_000):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/test?filter={'x' * size}") as reply:
            assert json.load(reply) == size


def test_a_cut_stream_is_an_error_for_the_client(port: int, answer_with) -> None:
    def failing() -> Iterator[bytes]:
        yield b"gene,S-01\n"
        raise RuntimeError("boom")

    answer_with(lambda request: Reply(200, {"content-type": "text/csv"}, failing()))
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        client.get("/test")


def test_many_clients_are_served_at_once(port: int, answer_with) -> None:
    barrier = threading.Barrier(8, timeout=30)
    answer_with(lambda request: json_reply(barrier.wait() >= 0))
    found = []

    def ask() -> None:
        found.append(httpx.get(f"http://127.0.0.1:{port}/test", timeout=60).json())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 8


@pytest.mark.parametrize("path", ["/api/v1/as-user/samples/a%0Ab", "/a%0A", "/%0d%0a"])
def test_a_line_feed_in_the_path_is_answered_by_the_service(app, path) -> None:
    answer = Exchange(app, path=path).run()
    assert answer.status in (401, 404)
    assert json.loads(answer.content)["error"]["message"]


def test_a_request_with_two_lengths_is_refused_and_its_rest_is_not_read(port: int) -> None:
    request = (
        b"POST /test HTTP/1.1\r\nHost: x\r\n"
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
