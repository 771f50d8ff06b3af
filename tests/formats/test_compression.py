from __future__ import annotations

import gzip
import io
import os
import random
import tracemalloc
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from odm_shiny.errors import FileError, MissingDependency
from odm_shiny.formats.compression import Limits, open_stream, split_suffix

TEXT = "Sample Source ID\tTissue\nS-01\tgroßes Gefäß\n".encode()
SUFFIX = {"gzip": ".gz", "zip": ".zip", "brotli": ".br", "lz4": ".lz4"}


def read_all(source, **options) -> bytes:
    with open_stream(source, **options) as stream:
        return stream.read(1 << 30)


def drain(content: bytes, name: str) -> None:
    with open_stream(content, name=name) as stream:
        while stream.read(1 << 20):
            pass


def zip_of(*members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


class Pipe(io.RawIOBase):
    """A stream that cannot seek and gives a few bytes at a time."""

    def __init__(self, content: bytes) -> None:
        self._file = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def read(self, size: int = -1) -> bytes:
        return self._file.read(min(size, 7) if size >= 0 else 7)


@pytest.mark.parametrize("compression", SUFFIX)
def test_packed_file_is_read_by_its_suffix(tmp_path, packed, compression):
    path = tmp_path / f"samples.tsv{SUFFIX[compression]}"
    path.write_bytes(packed(TEXT, compression))
    assert read_all(path) == TEXT


@pytest.mark.parametrize("compression", ["gzip", "zip", "lz4"])
def test_packed_file_is_recognised_under_a_plain_name(packed, compression):
    assert read_all(packed(TEXT, compression), name="samples.tsv") == TEXT


@pytest.mark.parametrize("compression", [None, *SUFFIX])
def test_stream_that_cannot_seek_is_read(packed, compression):
    content = packed(TEXT, compression) if compression else TEXT
    name = "samples.tsv" + SUFFIX.get(compression, "")
    assert read_all(Pipe(content), name=name) == TEXT


@pytest.mark.parametrize("compression", SUFFIX)
def test_every_cut_of_a_packed_file_is_an_error(packed, compression):
    whole = packed(TEXT * 3, compression)
    for size in range(len(whole)):
        with pytest.raises(FileError):
            read_all(whole[:size], name="a.tsv" + SUFFIX[compression])


def test_gzip_of_several_members_is_read_whole():
    assert read_all(gzip.compress(b"a\n") + gzip.compress(b"b\n")) == b"a\nb\n"


def test_damaged_gzip_is_an_error_that_names_the_file():
    content = bytearray(gzip.compress(TEXT * 100))
    content[-6] ^= 0xFF
    with pytest.raises(FileError, match=r"^a\.gct\.gz: the gzip content is cut short or damaged"):
        read_all(bytes(content), name="a.gct.gz")


def test_plain_text_named_gz_is_an_error():
    with pytest.raises(FileError, match="named like a gzip file but is none"):
        read_all(TEXT, name="samples.tsv.gz")


def test_file_packed_twice_is_an_error():
    with pytest.raises(FileError, match="packed twice"):
        read_all(gzip.compress(gzip.compress(TEXT)))


@pytest.mark.parametrize(
    "head", [b"BZh91AY", b"\xfd7zXZ\x00\x00", b"\x28\xb5\x2f\xfd\x00\x00"], ids=["bz2", "xz", "zst"]
)
def test_other_compressions_are_named_and_refused(head):
    with pytest.raises(FileError, match=r"is packed with .*pack it with gzip"):
        read_all(head)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ((), "holds 0 files"),
        ((("a.tsv", TEXT), ("b.tsv", TEXT)), "holds 2 files"),
        ((("folder/a.tsv", TEXT),), "without any folder"),
        ((("../a.tsv", TEXT),), "without any folder"),
        ((("..\\a.tsv", TEXT),), "without any folder"),
        ((("..", TEXT),), "without any folder"),
    ],
    ids=["none", "two", "folder", "parent", "windows", "dots"],
)
def test_zip_holds_one_file_and_no_path(members, message):
    with pytest.raises(FileError, match=message):
        read_all(zip_of(*members), name="a.zip")


def test_zip_made_on_a_mac_is_read():
    assert read_all(zip_of(("a.tsv", TEXT), ("__MACOSX/._a.tsv", b"fork"))) == TEXT


def test_zip_with_a_password_is_refused():
    content = bytearray(zip_of(("a.tsv", TEXT)))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    with pytest.raises(FileError, match="password"):
        read_all(bytes(content))


@pytest.mark.parametrize("compression", SUFFIX)
def test_bomb_stops_early_and_costs_little_memory(packed, compression):
    bomb = packed(bytes(64 << 20), compression)
    tracemalloc.start()
    try:
        with pytest.raises(FileError, match="more than 200 times its size"):
            drain(bomb, "a" + SUFFIX[compression])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20


def test_small_content_may_have_any_ratio(packed):
    assert read_all(packed(bytes(4 << 20), "gzip")) == bytes(4 << 20)


def test_total_limit_holds_for_plain_and_packed_content():
    noise = random.Random(1).randbytes(5000)
    assert read_all(noise, limits=Limits(max_bytes=5000)) == noise
    for content in (noise, gzip.compress(noise)):
        with pytest.raises(FileError, match="more than the allowed 4,999 bytes"):
            read_all(content, limits=Limits(max_bytes=4999))


def test_missing_codec_gives_the_install_line(monkeypatch, packed):
    content = packed(TEXT, "brotli")

    class NoCodec:
        @staticmethod
        def is_available(name: str) -> bool:
            return False

    monkeypatch.setattr(pa, "Codec", NoCodec)
    with pytest.raises(MissingDependency, match="pip install"):
        read_all(content, name="a.tsv.br")


def test_missing_file_and_folder_are_named(tmp_path):
    with pytest.raises(FileError, match=r"no\.tsv: does not exist"):
        read_all(tmp_path / "no.tsv")
    with pytest.raises(FileError, match="is a folder"):
        read_all(tmp_path)


def test_files_opened_here_are_closed_and_others_are_not(tmp_path, packed):
    path = tmp_path / "a.zip"
    path.write_bytes(packed(TEXT, "zip"))
    before = len(os.listdir("/proc/self/fd"))
    read_all(path)
    with pytest.raises(FileError):
        read_all(path, name="a.zip", limits=Limits(max_bytes=3))
    assert len(os.listdir("/proc/self/fd")) == before
    with path.open("rb") as file:
        assert read_all(file) == TEXT
        assert not file.closed


def test_peek_takes_nothing():
    with open_stream(TEXT) as stream:
        assert stream.peek(4) == b"Samp"
        assert stream.read(2) == b"Sa"
        assert stream.peek(3) == b"mpl"
        assert stream.read(1 << 20) == TEXT[2:]


def test_suffix_is_split_whatever_its_case():
    assert split_suffix("A.GCT.GZ") == ("A.GCT", "gzip")
    assert split_suffix(str(Path("x.tsv"))) == ("x.tsv", None)
