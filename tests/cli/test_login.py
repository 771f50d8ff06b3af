"""A token is checked, kept and forgotten; it is never shown."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backends.fail import Keyring

from odm_shiny.client.auth import load_login, profile_path

Command = Callable[..., Any]


pytestmark = pytest.mark.filterwarnings("default::odm_shiny.client.auth.PlainTokenWarning")


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Tokens of tests go to a file of the test and to no keyring of this machine."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def odm(command: Command, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Address of a running ODM and a token of it."""
    store = tmp_path / "odm"
    made = command("token", "create", "--store", store, "--user", "ann@example.org")
    process = subprocess.Popen(
        [sys.executable, "-m", "odm_shiny.cli.main", "serve", "--port", "0", "--store", str(store)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    yield process.stdout.readline().split()[-1], made.out.strip()
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=30)
    process.stdout.close()


def say(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_a_good_token_is_kept_and_used_from_then_on(
    command: Command, odm: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, token = odm
    say(monkeypatch, f"{token}\n")
    ended = command("login", url)
    assert ended.code == 0, ended.err
    assert ended.out == f"logged in to {url} as ann@example.org\n"
    assert token not in ended.err
    assert command("query", "studies", "--json").out == "[]\n"
    assert command("logout").out == f"forgot the login of {url}\n"
    assert load_login() is None


def test_a_wrong_token_is_not_kept_and_not_shown(
    command: Command, odm: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    say(monkeypatch, "canary-4711\n")
    ended = command("login", odm[0])
    assert ended.code == 1
    assert ended.err.splitlines()[-1].startswith("odm-shiny: ")
    assert "canary" not in ended.err
    assert not profile_path().exists()


def test_without_a_token_nothing_is_asked(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(monkeypatch, "")
    ended = command("login", "https://odm.example.org")
    assert ended.code == 1
    assert "no token came on standard input" in ended.err


def test_a_login_can_be_saved_unchecked_and_is_forgotten_by_address(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(monkeypatch, "token\n")
    ended = command("login", "https://odm.example.org/", "--no-check")
    assert ended.out == "logged in to https://odm.example.org\n"
    assert "no keyring works here" in ended.err
    wrong = command("logout", "https://other.example.org")
    assert wrong.code == 1
    assert "there is one of https://odm.example.org" in wrong.err
    assert command("logout", "https://odm.example.org").code == 0
    assert "there is no login to forget" in command("logout").err
