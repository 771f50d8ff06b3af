"""A server announces itself when it answers, and a signal stops it well."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from odm_shiny.cli.serving import address, listen, listen_near
from odm_shiny.errors import OdmError

Start = Callable[..., "subprocess.Popen[str]"]

PROGRAM = """
    import asyncio, os
    from odm_shiny.cli.serving import listen, serve

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                if message["type"] == "lifespan.startup":
                    await asyncio.sleep(0.2)
                    await send({"type": "lifespan.startup.complete"})
                else:
                    print("closed", flush=True)
                    await send({"type": "lifespan.shutdown.complete"})
                    return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(os.getpid()).encode()})

    def make():
        return app

    if __name__ == "__main__":
        serve(make, listen("127.0.0.1", 0), ready="ready at {url}", factory=True, workers=WORKERS)
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def start(workers: int) -> subprocess.Popen[str]:
        program = tmp_path / "program.py"
        program.write_text(textwrap.dedent(PROGRAM).replace("WORKERS", str(workers)))
        process = subprocess.Popen(
            [sys.executable, str(program)], stdout=subprocess.PIPE, text=True, cwd=tmp_path
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as reply:
        return bytes(reply.read())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_the_server_answers_once_announced_and_stops_at_a_signal(
    start: Start, number: signal.Signals
) -> None:
    process = start(workers=1)
    line = first_line(process)
    assert line.startswith("ready at http://127.0.0.1:")
    assert fetch(line.removeprefix("ready at ")) == str(process.pid).encode()
    process.send_signal(number)
    assert process.wait(timeout=20) == 0
    assert process.stdout is not None
    assert process.stdout.read() == "closed\n"


def test_several_workers_answer_from_their_own_processes(start: Start) -> None:
    process = start(workers=2)
    url = first_line(process).removeprefix("ready at ")
    answering = int(fetch(url))
    assert answering != process.pid
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(answering, 0)


def test_a_taken_port_is_said_in_plain_words() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OdmError, match=f"port {port}: another program has it; --port 0"):
            listen("127.0.0.1", port)


def test_the_next_free_port_is_taken_where_any_will_do() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with listen_near("127.0.0.1", port) as next_one:
            assert next_one.getsockname()[1] != port


@pytest.mark.parametrize(
    ("host", "url"),
    [
        pytest.param("127.0.0.1", "http://127.0.0.1:{port}", id="loopback"),
        pytest.param("0.0.0.0", "http://127.0.0.1:{port}", id="every address"),
    ],
)
def test_the_address_is_one_that_can_be_opened_here(host: str, url: str) -> None:
    with listen(host, 0) as sock:
        assert address(sock) == url.format(port=sock.getsockname()[1])


def test_a_host_of_another_machine_is_said_in_plain_words() -> None:
    with pytest.raises(OdmError, match=r"cannot listen on 192\.0\.2\.1 port 0"):
        listen("192.0.2.1", 0)
