from __future__ import annotations

import os
import stat

import pytest

from odm_shiny.client.auth import Secret
from odm_shiny.client.cache import ReplyCache
from odm_shiny.connect import connect
from odm_shiny.errors import NotFound

URL = "https://odm.example.org"
TOKEN = Secret("canary-token-1")
CSV = b"gene,S-01\nTP53,1.5\n"


@pytest.fixture
def cache(tmp_path):
    return ReplyCache(tmp_path / "cache", URL, TOKEN)


def everything(folder):
    return b"".join(path.name.encode() + path.read_bytes() for path in folder.iterdir())


def test_a_reply_is_kept_for_the_same_request_only(cache):
    assert cache.get("GSF1", "20") is None
    cache.put(b"body" * 1000, "GSF1", "20")
    assert cache.get("GSF1", "20") == b"body" * 1000
    assert cache.get("GSF1", "4") is None
    assert cache.get("GSF12", "0") is None
    cache.drop("GSF1", "20")
    assert cache.get("GSF1", "20") is None


def test_another_token_or_address_finds_nothing(cache):
    cache.put(b"body", "GSF1")
    assert ReplyCache(cache.folder, URL, TOKEN).get("GSF1") == b"body"
    assert ReplyCache(cache.folder, URL, Secret("token-2")).get("GSF1") is None
    assert ReplyCache(cache.folder, URL, None).get("GSF1") is None
    assert ReplyCache(cache.folder, "https://other.example.org", TOKEN).get("GSF1") is None


def test_nothing_in_the_folder_tells_the_token_or_the_address(cache):
    cache.put(b"body", "GSF1")
    assert b"canary" not in everything(cache.folder)
    assert b"example" not in everything(cache.folder)
    assert stat.S_IMODE(cache.folder.stat().st_mode) == 0o700
    for path in cache.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", ["flip", "cut", "gone", "index"])
def test_a_damaged_reply_is_fetched_again(cache, damage):
    cache.put(os.urandom(5000), "GSF1")
    (content,) = cache.folder.glob("*.zst")
    (index,) = cache.folder.glob("*.index")
    if damage == "flip":
        data = bytearray(content.read_bytes())
        data[-20] ^= 255
        content.write_bytes(data)
    elif damage == "cut":
        content.write_bytes(content.read_bytes()[:100])
    elif damage == "gone":
        content.unlink()
    else:
        index.write_text("../../etc/passwd 10")
    assert cache.get("GSF1") is None


def test_what_was_not_used_for_longest_goes_first(cache):
    cache.max_bytes = 25_000
    for number in range(3):
        cache.put(os.urandom(8000), f"GSF{number}")
        (newest,) = {p for p in cache.folder.glob("*.zst") if p.stat().st_mtime > 1_000_000_000}
        os.utime(newest, (number, number))
    assert cache.get("GSF0") is not None
    cache.put(os.urandom(8000), "GSF3")
    assert cache.get("GSF1") is None
    assert all(cache.get(f"GSF{number}") is not None for number in (0, 2, 3))


def test_a_reply_larger_than_the_cache_is_not_kept(cache):
    cache.max_bytes = 1000
    cache.put(os.urandom(2000), "GSF1")
    assert cache.get("GSF1") is None
    assert list(cache.folder.glob("*.zst")) == []


def test_a_full_disk_keeps_nothing_and_says_nothing(cache, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache, "_write", full)
    cache.put(b"body", "GSF1")
    assert cache.get("GSF1") is None


def script(replies, state):
    def answer(request):
        if "streamed-data" in request.path:
            return replies.chunked(CSV)
        if state.get("gone"):
            return replies.http(404)
        return replies.http(200, {"itemId": "GSF30", "metadata": {}})

    return answer


def streams(stub):
    return sum("streamed-data" in request.path for request in stub.requests)


def test_a_whole_matrix_is_fetched_once_and_asked_after_every_time(stub, ask, replies):
    state = {}
    stub.script = script(replies, state)

    def work(client):
        return client.expressions.stream("GSF30").to_bytes()

    assert ask(stub.url, work, cache=True) == CSV
    assert ask(stub.url, work, cache=True) == CSV
    assert streams(stub) == 1
    state["gone"] = True
    with pytest.raises(NotFound):
        ask(stub.url, work, cache=True)


@pytest.mark.parametrize(
    "work",
    [
        lambda c: c.expressions.stream("GSF30", sample_filter="A=1").to_bytes(),
        lambda c: c.expressions.stream("GSF30", features=["TP53"]).to_bytes(),
        lambda c: c.expressions.stream("GSF30", ex_query="feature=TP53").to_bytes(),
    ],
)
def test_a_part_of_a_matrix_is_never_kept(stub, ask, replies, work):
    stub.script = script(replies, {})
    ask(stub.url, work, cache=True)
    ask(stub.url, work, cache=True)
    assert streams(stub) == 2


def test_the_cache_can_be_switched_off(stub, replies, tmp_path):
    stub.script = script(replies, {})
    for _ in range(2):
        with connect(stub.url, "token-1", cache=False) as client:
            client.expressions.stream("GSF30").to_bytes()
    assert streams(stub) == 2


def test_another_token_fetches_for_itself(stub, replies):
    stub.script = script(replies, {})
    for token in ("token-1", "token-2", "token-1"):
        with connect(stub.url, token) as client:
            assert client.expressions.stream("GSF30").to_bytes() == CSV
    assert streams(stub) == 2
