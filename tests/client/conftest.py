"""A server that misbehaves on command, a clock that does not wait, and both kinds of client."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from odm_shiny.connect import aconnect, connect

RESET = object()
"""In a script: break the connection the hard way."""


@dataclass
class Received:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


@dataclass
class Stub:
    """A raw HTTP server: `script` gives the bytes to send, seconds to wait, or `RESET`."""

    script: Callable[[Received], Any] = lambda request: http(404)
    requests: list[Received] = field(default_factory=list)
    url: str = ""

    def answer(self, *replies: Any) -> None:
        """Answer request after request with these; the last one for ever."""
        left = list(replies)

        def script(request: Received) -> Any:
            reply = left.pop(0) if len(left) > 1 else left[0]
            return reply(request) if callable(reply) else reply

        self.script = script

    def count(self, method: str) -> int:
        return sum(request.method == method for request in self.requests)


def http(
    status: int = 200,
    body: bytes | str | dict[str, Any] | list[Any] = b"",
    headers: dict[str, str] | None = None,
    *,
    length: int | None = None,
) -> bytes:
    """A whole reply; `length` lies about the body."""
    said = {"Content-Type": "application/json"}
    if isinstance(body, dict | list):
        body = json.dumps(body).encode()
    elif isinstance(body, str):
        body = body.encode()
    said |= {"Content-Length": str(len(body) if length is None else length)} | (headers or {})
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {text}" for name, text in said.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def unframed(body: bytes, content_type: str = "application/json") -> bytes:
    """A reply that ends when the connection does."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def chunked(body: bytes, content_type: str = "text/csv", *, end: bool = True) -> bytes:
    """A reply in one chunk, with or without the mark of the end."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head.encode() + b"%x\r\n%b\r\n" % (len(body), body) + (b"0\r\n\r\n" if end else b"")


def _read_request(connection: socket.socket, buffer: bytes) -> tuple[Received, bytes] | None:
    while b"\r\n\r\n" not in buffer:
        data = connection.recv(65536)
        if not data:
            return None
        buffer += data
    head, _, rest = buffer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.strip().lower(): text.strip()
        for name, _, text in (line.partition(":") for line in lines)
    }
    method, target, _ = first.split(" ")
    size = int(headers.get("content-length", "0"))
    while len(rest) < size:
        rest += connection.recv(65536)
    return Received(method, target, headers, rest[:size]), rest[size:]


def _serve(stub: Stub, connection: socket.socket) -> None:
    buffer = b""
    with contextlib.suppress(OSError), connection:
        while (found := _read_request(connection, buffer)) is not None:
            request, buffer = found
            stub.requests.append(request)
            reply = stub.script(request)
            for piece in [reply] if isinstance(reply, bytes) else reply:
                if piece is RESET:
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    return
                if piece is None:
                    return
                if isinstance(piece, bytes):
                    connection.sendall(piece)
                else:
                    time.sleep(piece)
            if isinstance(reply, bytes) and b"Connection: close" in reply[:500]:
                return


@contextlib.contextmanager
def serving() -> Iterator[Stub]:
    stub = Stub()
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        stub.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                thread = threading.Thread(target=_serve, args=(stub, connection), daemon=True)
                threads.append(thread)
                thread.start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        yield stub
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    accepting.join(5)


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A server that answers as a test says."""
    with serving() as found:
        yield found


@pytest.fixture
def other_stub() -> Iterator[Stub]:
    """Another origin."""
    with serving() as found:
        yield found


@pytest.fixture
def replies() -> Any:
    """The functions that make replies: http, unframed, chunked, and RESET."""

    class Replies:
        pass

    Replies.http = staticmethod(http)
    Replies.unframed = staticmethod(unframed)
    Replies.chunked = staticmethod(chunked)
    Replies.RESET = RESET
    return Replies


@dataclass
class FakeClock:
    """Time that passes only when somebody sleeps (and by `step` at every look)."""

    at: float = 1000.0
    slept: list[float] = field(default_factory=list)
    step: float = 0.0

    def monotonic(self) -> float:
        self.at += self.step
        return self.at

    def now(self) -> float:
        return 1_800_000_000.0 + self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)


@pytest.fixture
def clock() -> FakeClock:
    """A clock that does not wait."""
    return FakeClock()


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Do something with a client, or with its awaited twin: ``ask(url, lambda client: ...)``."""

    def call(url: str, work: Callable[[Any], Any], token: Any = "token-1", **options: Any) -> Any:
        options.setdefault("cache", False)
        if request.param == "sync":
            with connect(url, token, **options) as client:
                return work(client)

        async def main() -> Any:
            async with await aconnect(url, token, **options) as client:
                found = work(client)
                return await found if inspect.isawaitable(found) else found

        return asyncio.run(main())

    return call


@pytest.fixture(autouse=True)
def own_home(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the user's logins, caches or environment."""
    for name in ("ODM_URL", "ODM_TOKEN", "ODM_SHINY_STORE", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


STUDY = {
    "Demo.study.tsv": "Study Title\tStudy Source\nÉtude of liver\tOwn\n",
    "Demo.samples.tsv": (
        "Sample Source ID\tSample Name\tTissue\tAge\tData Files / Raw\n"
        "S-01\tMüller 1\tliver\t52\ta.fq|b.fq\n"
        "S-02\tMüller 2\tliver\t38\t\n"
        "S-03\t007\tlung\t\tc.fq\n"
    ),
    "Demo.gct": (
        "#1.2\n5\t3\nName\tDescription\tS-01\tS-02\tS-03\n"
        "TP53\tx\t12.5\t0\t3.25\nMÜ\t\t1\t2\t\nABCB1\ty\t6.559\t7.5\t8\n"
        "CD36\tz\t0.1\t0.2\t0.30000000000000004\nACTB\tz\t100\t200\t300\n"
    ),
    "Demo.gct.tsv": "Scale\tGenome Version\nTPM\tGRCh38\n",
}
LAYERED = {
    "Two.study.tsv": "Study Title\nLibraries\n",
    "Two.samples.tsv": "Sample Source ID\tTissue\nT-01\tliver\nT-02\tlung\n",
    "Two.libraries.tsv": "Library ID\tSample Source ID\tRIN\nL-01\tT-01\t7\nL-02\tT-02\t9\n",
    "Two.preparations.tsv": "Preparation ID\tSample Source ID\nP-01\tT-01\n",
    "Two.tsv": "probe\tgene\tL-01:FC\tL-01:p\tL-02:FC\tL-02:p\nx1\tTP53\t1.5\t0.01\t2\t0.5\n"
    "x2\tMÜ\t-1\t\t3\t1e-20\n",
    "Two.tsv.tsv": "Data Class\nDifferential abundance (FC, pval, etc.)\n",
}


def write_folder(folder: Any, files: dict[str, str]) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def study_folder(tmp_path: Any) -> Any:
    """A study with samples and expression: 3 samples, 5 features, a missing value."""
    return write_folder(tmp_path / "study", STUDY)


@pytest.fixture
def layered_folder(tmp_path: Any) -> Any:
    """A study whose data hangs under libraries and has two measurements."""
    return write_folder(tmp_path / "layered", LAYERED)


@dataclass
class Filled:
    """A store with both studies in it, and the accessions of what is there."""

    where: str
    study: str
    samples: str
    data: str
    layered: str
    layered_data: str


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """A store that tests only read."""
    folder = tmp_path_factory.mktemp("filled")
    with connect(store=folder / "store") as client:
        one = client.import_folder(write_folder(folder / "one", STUDY))
        two = client.import_folder(write_folder(folder / "two", LAYERED))
    assert one.problems == two.problems == ()
    return Filled(
        str(folder / "store"),
        str(one.study),
        one.groups["Demo.samples.tsv"],
        one.groups["Demo.gct"],
        str(two.study),
        two.groups["Two.tsv"],
    )


@pytest.fixture
def embedded(tmp_path: Any) -> Iterator[Any]:
    """A client of an empty store, to write to."""
    with connect(store=tmp_path / "store") as client:
        yield client


@pytest.fixture(params=["sync", "async"])
def on(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Do something on a store with a client or its awaited twin: ``on(where, work)``."""

    def call(where: Any, work: Callable[[Any], Any], **options: Any) -> Any:
        if request.param == "sync":
            with connect(store=where, **options) as client:
                return work(client)

        async def main() -> Any:
            async with await aconnect(store=where, **options) as client:
                found = work(client)
                return await found if inspect.isawaitable(found) else found

        return asyncio.run(main())

    return call


@pytest.fixture(scope="session")
def study_files() -> dict[str, str]:
    """Files of the study with samples and expression."""
    return STUDY


@pytest.fixture(scope="session")
def layered_files() -> dict[str, str]:
    """Files of the study with libraries and two measurements."""
    return LAYERED


@pytest.fixture(scope="session")
def write_files() -> Callable[..., Any]:
    """Write files to a new folder: ``write_files(folder, files)``."""
    return write_folder
