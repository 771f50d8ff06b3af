"""The server command: announced when it answers, told apart by tokens, stopped by a signal."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
Serve = Callable[..., tuple["subprocess.Popen[str]", str]]

SERVE = (sys.executable, "-m", "odm_shiny.cli.main", "serve", "--port", "0")


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start ``odm-shiny serve`` on a free port and wait for its line."""
    running: list[subprocess.Popen[str]] = []

    def start(*words: object) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [*SERVE, "--store", str(tmp_path / "odm"), *map(str, words)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
        running.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline()

    yield start
    for process in running:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def ask(url: str, path: str, token: str = "") -> tuple[int, Any]:
    request = urllib.request.Request(f"{url}{path}", headers={"Genestack-API-Token": token})
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.parametrize("workers", [1, 2], ids=["one process", "two processes"])
def test_it_answers_whoever_has_a_token(
    serve: Serve, command: Command, tmp_path: Path, workers: int
) -> None:
    process, line = serve("--workers", workers)
    assert line.startswith("ODM ready at http://127.0.0.1:")
    assert line.endswith("\n")
    url = line.removeprefix("ODM ready at ").strip()
    assert ask(url, "/api/v1/as-user/studies")[0] == 401
    made = command("token", "create", "--store", tmp_path / "odm", "--user", "ann@example.org")
    status, body = ask(url, "/api/v1/as-user/studies", made.out.strip())
    assert (status, body["data"]) == (200, [])
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0


def test_unknown_parameters_are_refused_unless_it_is_lenient(
    serve: Serve, command: Command, tmp_path: Path
) -> None:
    user = ("--store", tmp_path / "odm", "--user", "ann@example.org")
    token = command("token", "create", *user).out.strip()
    statuses = []
    for words in ([], ["--lenient"]):
        _, line = serve(*words)
        url = line.removeprefix("ODM ready at ").strip()
        statuses.append(ask(url, "/api/v1/as-user/studies?colour=blue", token)[0])
    assert statuses == [400, 200]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        pytest.param(["--allow-import-from", "nowhere"], "nor an existing folder", id="folder"),
        pytest.param(["--store", "postgresql://x/y"], "--objects", id="no place for matrices"),
    ],
)
def test_what_cannot_be_served_is_said_before_it_starts(
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    problem: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = command("serve", "--port", "0", "--store", tmp_path / "odm", *words)
    assert ended.code == 1
    assert ended.err.count("\n") == 1
    assert problem in ended.err
