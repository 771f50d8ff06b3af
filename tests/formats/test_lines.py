from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.errors import FileError
from odm_shiny.formats.compression import open_stream
from odm_shiny.formats.lines import BlockReader, read_lines


def lines_of(content: bytes) -> list[str]:
    with open_stream(content, name="a.tsv") as stream:
        return [line for line, _ in read_lines(stream)]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"], ids=["LF", "CR", "CRLF"])
def test_each_line_end_is_read(end):
    assert lines_of(end.join([b"a\tb", "größe".encode(), b"", b"x"])) == ["a\tb", "größe", "", "x"]


def test_line_ends_may_be_mixed():
    assert lines_of(b"a\rb\r\nc\nd\r") == ["a", "b", "c", "d"]


def test_byte_order_mark_is_dropped():
    assert lines_of(b"\xef\xbb\xbfName\n") == ["Name"]


@pytest.mark.parametrize("content", [b"\xff\xfea\x00", b"\xfe\xff\x00a"], ids=["LE", "BE"])
def test_utf16_is_named(content):
    with pytest.raises(FileError, match="UTF-16"):
        lines_of(content)


@pytest.mark.parametrize(
    ("content", "line", "offset"),
    [
        (b"a\nb\xe9c\n", 2, 3),
        (b"a\r\nb\r\nc\xe9", 3, 7),
        (b"a\rb\xe9", 2, 3),
        (b"a\r\nb\rc\n\n\xe9", 5, 8),
        (b"\xef\xbb\xbfa\n\xe9", 2, 5),
    ],
    ids=["LF", "CRLF", "CR", "mixed", "BOM"],
)
def test_wrong_encoding_is_told_with_line_and_offset(content, line, offset):
    assert content[offset] == 0xE9
    with pytest.raises(FileError, match=f"byte 0xe9 at offset {offset} is not UTF-8") as caught:
        lines_of(content)
    assert caught.value.line == line


def test_nul_byte_is_refused_with_its_place():
    with pytest.raises(FileError, match="NUL byte at offset 6") as caught:
        lines_of(b"a\r\nbc\r\0")
    assert caught.value.line == 3


def test_line_without_end_is_bounded():
    with open_stream(b"x" * 5000) as stream:
        reader = BlockReader(stream, max_line_bytes=1000)
        with pytest.raises(FileError, match="longer than 1,000 bytes"):
            reader.next_block(100)


@given(
    st.text(st.sampled_from(["a", "é", "\t", "\n", "\r"]), max_size=60),
    st.integers(1, 9),
)
def test_blocks_of_any_size_give_the_lines_of_universal_newlines(text, size):
    with open_stream(text.encode()) as stream:
        blocks = list(BlockReader(stream).blocks(size))
    joined = b"".join(block.text for block in blocks).decode()
    expected = re.sub("\r\n?", "\n", text)
    assert joined == expected + ("" if expected.endswith("\n") or not expected else "\n")
    number = 1
    for block in blocks:
        assert block.line == number
        number += block.text.count(b"\n")


@given(st.text(st.sampled_from(["a", "é", "\n", "\r"]), max_size=40))
def test_offsets_lead_back_to_the_file(text):
    raw = text.encode()
    with open_stream(raw) as stream:
        for block in BlockReader(stream).blocks(1 << 10):
            for position, byte in enumerate(block.text[:-1]):
                if byte != 10:
                    assert raw[block.raw_offset(position)] == byte


def test_single_lines_and_blocks_can_be_mixed():
    with open_stream(b"one\r\ntwo\rthree\nfour") as stream:
        reader = BlockReader(stream)
        assert reader.next_line() == ("one", 1)
        assert reader.next_line() == ("two", 2)
        block = reader.next_block(100)
        assert (block.text, block.line) == (b"three\nfour\n", 3)
        assert reader.next_line() is None
        assert reader.next_block(100) is None
