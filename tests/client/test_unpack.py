from __future__ import annotations

import gzip
import json
import subprocess
import sys
import textwrap
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.client import unpack
from odm_shiny.client.unpack import Unpacker, accepted_encodings, zstd_module
from odm_shiny.errors import MalformedResponse


def packers():
    known = {"": bytes, "identity": bytes, "gzip": gzip.compress, "deflate": zlib.compress}
    module = zstd_module()
    return known | ({"zstd": module.compress} if module else {})


@given(st.sampled_from(sorted(packers())), st.binary(max_size=5000), st.lists(st.integers(1, 900)))
def test_whatever_was_packed_comes_out_however_it_is_cut(encoding, body, sizes):
    packed = packers()[encoding](body)
    unpacker = Unpacker(encoding, "GET /x")
    out = b""
    while packed:
        size = sizes.pop() if sizes else len(packed)
        out += b"".join(unpacker.feed(packed[:size]))
        packed = packed[size:]
    assert out == body
    assert unpacker.finish()
    assert unpacker.unpacked == len(body)


def test_layers_are_undone_from_the_outside():
    packed = zlib.compress(gzip.compress(b"text"))
    unpacker = Unpacker("gzip, deflate", "GET /x")
    assert b"".join(unpacker.feed(packed)) == b"text"


def test_members_of_gzip_follow_each_other():
    packed = gzip.compress(b"one ") + gzip.compress(b"two")
    assert b"".join(Unpacker("gzip", "GET /x").feed(packed)) == b"one two"


@pytest.mark.parametrize("cut", [1, 10, 25])
def test_a_cut_is_noticed(cut):
    unpacker = Unpacker("gzip", "GET /x")
    list(unpacker.feed(gzip.compress(b"text " * 50)[:-cut]))
    assert not unpacker.finish()


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_what_does_not_unpack_is_told(encoding):
    with pytest.raises(MalformedResponse, match="GET /x: the reply does not unpack"):
        list(Unpacker(encoding, "GET /x").feed(b"plain text, not packed at all"))


def test_a_packing_that_was_not_asked_for_is_refused():
    with pytest.raises(MalformedResponse, match="'br', which was not asked for"):
        Unpacker("br", "GET /x")


def test_a_high_ratio_is_refused_once_it_is_large(monkeypatch):
    monkeypatch.setattr(unpack, "RATIO_FROM", 1 << 16)
    with pytest.raises(MalformedResponse, match="unpack to more than"):
        list(Unpacker("gzip", "GET /x").feed(gzip.compress(bytes(1 << 20))))
    list(Unpacker("gzip", "GET /x").feed(gzip.compress(bytes(1 << 15))))


def test_a_body_beyond_the_limit_is_refused_packed_or_not(monkeypatch):
    monkeypatch.setattr(unpack, "MAX_BYTES", 1000)
    with pytest.raises(MalformedResponse, match="larger than"):
        list(Unpacker("", "GET /x").feed(bytes(1001)))
    assert list(Unpacker("", "GET /x").feed(bytes(1000)))


def test_this_machine_is_asked_for_nothing_packed():
    assert accepted_encodings(loopback=True) == "identity"
    assert accepted_encodings(loopback=False).startswith("gzip")


def test_a_packed_reply_is_unpacked_by_the_client(stub, ask, replies):
    body = gzip.compress(json.dumps({"a": "ü" * 500}).encode())
    stub.answer(replies.http(200, body, {"Content-Encoding": "gzip"}))
    assert ask(stub.url, lambda client: client.samples.get("GSF1")) == {"a": "ü" * 500}


BOMB = textwrap.dedent(
    """
    import resource, sys
    from odm_shiny.connect import connect
    from odm_shiny.errors import MalformedResponse
    client = connect(sys.argv[1], "token-1", cache=False)
    client.samples.get("warm")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        client.samples.get("bomb")
    except MalformedResponse as exc:
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print("refused" if grown < 64 * 1024 else f"grew by {grown} kB")
    """
)


def test_a_bomb_is_left_before_it_fills_the_memory(stub, replies):
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    block = bytes(1 << 20)
    bomb = b"".join(packer.compress(block) for _ in range(200)) + packer.flush()
    stub.script = lambda request: (
        replies.http(200, bomb, {"Content-Encoding": "gzip"})
        if request.path.endswith("bomb")
        else replies.http(200, {})
    )
    done = subprocess.run(
        [sys.executable, "-c", BOMB, stub.url], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout.strip(), done.returncode) == ("refused", 0), done.stderr
