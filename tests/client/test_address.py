from __future__ import annotations

import pytest

from odm_shiny.client.address import Address, is_loopback, origin_of
from odm_shiny.client.auth import Secret
from odm_shiny.contract.messages import Request
from odm_shiny.errors import QueryError

TOKEN = Secret("token-1")


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://odm.example.org", "https://odm.example.org"),
        ("https://odm.example.org/", "https://odm.example.org"),
        ("https://odm.example.org//", "https://odm.example.org"),
        (" https://odm.example.org/api/v1/ ", "https://odm.example.org"),
        ("https://odm.example.org:8443/prefix/", "https://odm.example.org:8443/prefix"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_an_address_is_brought_to_one_form(given, url):
    assert Address.parse(given, TOKEN).url == url


@pytest.mark.parametrize(
    "url",
    [
        "odm.example.org",
        "ftp://odm.example.org",
        "https://",
        "https:///path",
        "",
        "https://user:secret@odm.example.org",
        "https://odm.example.org/?token=1",
        "https://odm.example.org/#x",
    ],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(QueryError, match="address") as caught:
        Address.parse(url)
    assert "secret@" not in str(caught.value) or "user" not in url


@pytest.mark.parametrize("host", ["odm.example.org", "10.0.0.7", "128.0.0.1", "127.evil.example"])
@pytest.mark.parametrize("which", [{"token": TOKEN}, {"access_token": TOKEN}])
def test_a_token_goes_unencrypted_to_another_machine_only_on_demand(host, which):
    with pytest.raises(QueryError, match="unencrypted"):
        Address.parse(f"http://{host}", **which)
    assert Address.parse(f"http://{host}", **which, allow_insecure=True).token is which.get("token")
    assert Address.parse(f"https://{host}", **which)
    assert Address.parse(f"http://{host}")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1"])
def test_this_machine_is_recognised(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["127.evil.example", "localhost.evil.example", "1127.0.0.1", ""])
def test_a_name_that_looks_like_this_machine_is_not(host):
    assert not is_loopback(host)


def test_origins_name_the_port_that_is_meant():
    assert origin_of("https://ODM.example.org/a") == "https://odm.example.org:443"
    assert origin_of("http://odm.example.org:80") == origin_of("http://odm.example.org")
    assert origin_of("http://odm.example.org") != origin_of("https://odm.example.org")


def test_a_query_is_written_with_every_odd_character_escaped():
    address = Address.parse("https://odm.example.org/x")
    request = Request("GET", "/api/v1/a%2Fb", [("filter", 'A="ü & b"'), ("q", "+ %"), ("q", "")])
    assert address.url_of(request) == (
        "https://odm.example.org/x/api/v1/a%2Fb?filter=A%3D%22%C3%BC%20%26%20b%22&q=%2B%20%25&q="
    )


def test_both_kinds_of_token_go_into_their_headers():
    address = Address.parse("https://odm.example.org", TOKEN, Secret("jwt"))
    assert dict(address.credentials()) == {
        "Genestack-API-Token": b"token-1",
        "Authorization": b"Bearer jwt",
    }
