from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

import odm_shiny
from odm_shiny import connect as module
from odm_shiny.client.auth import Secret, save_login
from odm_shiny.client.client import AsyncClient, Client
from odm_shiny.client.http import HttpTransport
from odm_shiny.connect import aconnect, connect, default_store
from odm_shiny.errors import MissingDependency, QueryError, StoreError

URL = "https://odm.example.org"


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    for name in ("CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setattr(module, "_said", set())


def remote(client):
    assert isinstance(client.driver.transport, HttpTransport)
    address = client.driver.transport.address
    client.close()
    return address.url, address.token.reveal() if address.token else None


def embedded(client):
    where = client.driver.transport.where
    client.close()
    return where


def test_arguments_come_first(monkeypatch, tmp_path):
    monkeypatch.setenv("ODM_URL", "https://other.example.org")
    monkeypatch.setenv("ODM_TOKEN", "other")
    monkeypatch.setenv("ODM_SHINY_STORE", str(tmp_path / "store"))
    assert remote(connect(URL, "token-1")) == (URL, "token-1")
    assert embedded(connect(store=tmp_path / "mine")) == str(tmp_path / "mine")
    assert embedded(connect(str(tmp_path / "mine"))) == str(tmp_path / "mine")


def test_the_environment_comes_second(monkeypatch, tmp_path):
    monkeypatch.setenv("ODM_URL", URL)
    monkeypatch.setenv("ODM_TOKEN", " token-1\n")
    monkeypatch.setenv("ODM_SHINY_STORE", str(tmp_path / "store"))
    assert remote(connect()) == (URL, "token-1")
    monkeypatch.delenv("ODM_URL")
    assert embedded(connect()) == str(tmp_path / "store")


def test_a_token_of_the_environment_goes_to_its_own_odm_only(monkeypatch):
    monkeypatch.setenv("ODM_URL", URL)
    monkeypatch.setenv("ODM_TOKEN", "token-1")
    assert remote(connect(f"{URL}:443/api/v1")) == (f"{URL}:443", "token-1")
    assert remote(connect("https://other.example.org")) == ("https://other.example.org", None)


def test_a_token_without_an_address_of_its_own_is_for_the_one_named(monkeypatch):
    monkeypatch.setenv("ODM_TOKEN", "token-1")
    assert remote(connect(URL)) == (URL, "token-1")


@pytest.mark.filterwarnings("ignore::odm_shiny.client.auth.PlainTokenWarning")
def test_the_saved_login_comes_third(tmp_path):
    save_login(URL, "token-1")
    save_login("https://other.example.org", "token-2")
    assert remote(connect()) == ("https://other.example.org", "token-2")
    assert remote(connect(URL)) == (URL, "token-1")
    assert remote(connect("https://third.example.org")) == ("https://third.example.org", None)


def test_else_the_embedded_store_is_used_and_that_is_said_once(capsys):
    assert embedded(connect()) == str(default_store())
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert str(default_store()) in said.err
    embedded(connect())
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"url": URL, "store": "x"}, "give one of them"),
        ({"token": "token-1"}, "no address"),
        ({"url": "http://odm.example.org", "token": "token-1"}, "unencrypted"),
        ({"url": URL, "token": "token 1\n2"}, "copy it again"),
        ({"url": URL, "token": "t", "metadata": "everything"}, "metadata="),
        ({"url": URL, "token": "t", "role": "owner"}, "role="),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, text):
    with pytest.raises(QueryError, match=text):
        connect(**arguments)
    with pytest.raises(QueryError, match=text):
        asyncio.run(aconnect(**arguments))


def test_both_kinds_of_client_are_opened_and_closed(tmp_path):
    with connect(store=tmp_path / "store") as client:
        assert isinstance(client, Client)
        assert len(client.studies.find()) == 0

    async def main():
        async with await aconnect(store=tmp_path / "store") as other:
            assert isinstance(other, AsyncClient)
            return await other.studies.find().total()

    assert asyncio.run(main()) == 0


def test_a_store_that_is_none_is_told(tmp_path):
    (tmp_path / "store").write_text("text")
    with pytest.raises(StoreError):
        connect(store=tmp_path / "store")


def test_the_token_may_be_wrapped_already():
    assert remote(connect(URL, Secret("token-1"))) == (URL, "token-1")


def test_without_the_server_the_install_command_is_told(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    for name in list(sys.modules):
        if name.startswith(("odm_shiny.server", "odm_shiny.store")):
            monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingDependency, match=r'pip install "odm-shiny\[server\]"'):
        connect(store=tmp_path / "store")


FRESH = """
import sys, odm_shiny
{}
heavy = ("pandas", "shiny", "rpy2", "anndata", "polars", "plotly")
print([name for name in heavy if name in sys.modules], "httpx" in sys.modules)
"""


@pytest.mark.parametrize(
    ("code", "httpx"),
    [
        ("", False),
        ("odm_shiny.connect", False),
        ("odm_shiny.connect('https://odm.example.org', 't')", True),
        ("odm_shiny.connect(store=sys.argv[1]).studies.find().to_list()", None),
        ("from odm_shiny.connect import connect; odm_shiny.connect(store=sys.argv[1])", None),
        ("odm_shiny.connect; odm_shiny.connect(store=sys.argv[1])", None),
    ],
)
def test_a_fresh_process_loads_no_more_than_it_needs(code, httpx, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FRESH.format(code), str(tmp_path / "store")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.startswith("[] "), done.stderr
    assert httpx is None or done.stdout.split()[1] == str(httpx)


def test_the_names_of_the_package_are_these_functions():
    assert odm_shiny.aconnect is aconnect
    assert callable(odm_shiny.connect)


@pytest.mark.parametrize(
    "url", ["odm.example.org", "odm.example.org:8443/x", "localhost:8080", "127.0.0.1:80"]
)
def test_a_host_without_a_scheme_makes_no_folder(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(QueryError, match=r"write https://"):
        connect(url)
    assert list(tmp_path.iterdir()) == []
