"""A real server in a process of its own, files for its import links, and the official client."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import odm_api
import pytest

READY = "ODM ready at "
START_S = 120.0


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *words: Any) -> None:
        pass


@dataclass
class FileServer:
    """Files of a folder, behind a port of this machine."""

    folder: Path
    url: str

    def put(self, name: str, content: str | bytes) -> str:
        """Write a file; the link to it."""
        data = content if isinstance(content, bytes) else content.encode()
        (self.folder / name).write_bytes(data)
        return f"{self.url}/{quote(name)}"


@dataclass
class Server:
    """``odm-shiny serve`` on a store."""

    store: Path
    url: str
    clients: list[odm_api.ApiClient] = field(default_factory=list)

    def token(self, user: str, *options: str) -> str:
        """A token for a user, made while the server runs."""
        return run("token", "create", "--store", str(self.store), "--user", user, *options)

    def run(self, token: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of odm-shiny on this server."""
        return subprocess.run(
            command(*words, "--url", self.url),
            capture_output=True,
            text=True,
            timeout=START_S,
            env={**os.environ, "ODM_TOKEN": token},
        )

    def client(self, token: str | None) -> odm_api.ApiClient:
        """The official client, with or without a token."""
        keys = {} if token is None else {"Genestack-API-Token": token}
        client = odm_api.ApiClient(odm_api.Configuration(host=self.url, api_key=keys))
        self.clients.append(client)
        return client

    def close(self) -> None:
        """Close the connections of all clients: the official one has no way to do it."""
        for client in self.clients:
            client.rest_client.pool_manager.clear()


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "odm_shiny.cli.main", *words]


def run(*words: str) -> str:
    """Run a command of odm-shiny; what it prints."""
    done = subprocess.run(command(*words), capture_output=True, text=True, timeout=START_S)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileServer]:
    folder = tmp_path_factory.mktemp("served files")
    handler = partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, daemon=True)
        thread.start()
        yield FileServer(folder, f"http://127.0.0.1:{httpd.server_address[1]}")
        httpd.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def start_server() -> Iterator[Callable[..., Server]]:
    """Start servers on stores; all of them are stopped at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(store: Path, *options: str) -> Server:
        words = ("serve", "--store", str(store), "--port", "0", *options)
        process = subprocess.Popen(
            command(*words),
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        started.append(process)
        timer = threading.Timer(START_S, process.kill)
        timer.start()
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        timer.cancel()
        assert line.startswith(READY), line
        return Server(store, line.removeprefix(READY))

    yield start
    for process in started:
        process.terminate()
        process.wait(timeout=START_S)
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture(scope="session")
def server(
    start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    store = tmp_path_factory.mktemp("peers") / "store"
    started = start_server(store, "--allow-import-from", "127.0.0.0/8")
    yield started
    started.close()
