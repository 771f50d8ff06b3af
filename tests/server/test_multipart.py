from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.contract.messages import Request
from odm_shiny.server import multipart
from odm_shiny.server.multipart import FormPart, read_form, safe_filename
from odm_shiny.server.wire import Problem

BOUNDARY = "----b0undary"


def upload(*parts: tuple[str, str | None, bytes], end: str = "--\r\n") -> Request:
    """A request with parts (name, file name or None, bytes)."""
    body = b""
    for name, filename, data in parts:
        extra = "" if filename is None else f'; filename="{filename}"'
        head = f'Content-Disposition: form-data; name="{name}"{extra}\r\n'
        if filename is not None:
            head += "Content-Type: text/plain\r\n"
        body += f"--{BOUNDARY}\r\n{head}\r\n".encode() + data + b"\r\n"
    return request(body + f"--{BOUNDARY}{end}".encode())


def request(body: bytes, kind: str = f"multipart/form-data; boundary={BOUNDARY}") -> Request:
    return Request("POST", "/x", headers={"content-type": kind}, body=body)


def refusal(asked: Request) -> Problem:
    with pytest.raises(Problem) as caught, read_form(asked):
        pass
    return caught.value


def test_parts_come_in_order_with_text_and_file() -> None:
    asked = upload(("templateId", None, b"GSF7"), ("file", "größe.gct", b"#1.2\n\x00"))
    with read_form(asked) as (template, file):
        assert (template.name, template.text, template.filename) == ("templateId", "GSF7", None)
        assert (file.name, file.filename, file.content_type) == ("file", "größe.gct", "text/plain")
        assert file.file.read() == b"#1.2\n\x00"
        assert file.size == 6


def test_a_body_may_be_a_file() -> None:
    asked = upload(("file", "a.tsv", b"x" * 600_000))
    assert isinstance(asked.body, bytes)
    asked.body = BytesIO(asked.body)
    with read_form(asked) as (part,):
        assert part.size == 600_000


@given(st.lists(st.binary(max_size=200), max_size=4), st.integers(1, 50))
def test_any_bytes_come_back_whatever_the_size_of_the_pieces(
    contents: list[bytes], piece: int
) -> None:
    asked = upload(*[(f"f{n}", f"{n}.bin", data) for n, data in enumerate(contents)])
    before = multipart.CHUNK_BYTES
    multipart.CHUNK_BYTES = piece
    try:
        with read_form(asked) as parts:
            assert [part.file.read() for part in parts] == contents
    finally:
        multipart.CHUNK_BYTES = before


@given(st.data())
def test_a_cut_upload_is_never_taken_for_a_whole_one(data: st.DataObject) -> None:
    whole = upload(("templateId", None, b"GSF7"), ("file", "a.tsv", b"a\tb\r\n--x\r\n1\t2"))
    assert isinstance(whole.body, bytes)
    closing = len(f"--{BOUNDARY}--")
    cut = data.draw(st.integers(0, len(whole.body) - closing + len(BOUNDARY)))
    assert refusal(request(whole.body[:cut])).status == 400


def test_a_large_part_lies_on_disk_and_a_small_one_in_memory() -> None:
    asked = upload(("file", "s", b"x" * 1000), ("metadataFile", "l", b"y" * (3 << 20)))
    with read_form(asked) as (small, large):
        assert not small.file._rolled  # what the temporary file says of itself
        assert large.file._rolled


@pytest.mark.parametrize(
    ("asked", "status", "message"),
    [
        (request(b"", "application/json"), 415, "not application/json"),
        (request(b"", ""), 415, "not nothing"),
        (request(b"", "multipart/form-data"), 400, "lacks its boundary"),
        (request(b"", f"multipart/form-data; boundary={'x' * 5000}"), 400, "boundary"),
        (request(b""), 400, "ends after 0 parts"),
        (request(b"no boundary at all"), 400, "malformed after 0 parts"),
        (upload(("file", "a", b"x"), end="\r\n"), 400, "ends after 1 parts"),
        (
            request(f"--{BOUNDARY}\r\nContent-Type: text/plain\r\n\r\nx".encode()),
            400,
            "part 1 of the upload has no field name",
        ),
        (
            request(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="é"\r\n\r\nx'.encode()),
            400,
            "ends in part 'é'",
        ),
        (upload(*[("a", None, b"x")] * 65), 413, "more than 64 parts"),
        (upload(("a", None, b"x" * (2 << 20))), 413, "form field a is longer than 1048576 bytes"),
        (
            request(f"--{BOUNDARY}\r\n{'X-' + 'y' * 100_000}: 1\r\n\r\n".encode()),
            400,
            "malformed",
        ),
    ],
    ids=[
        "json",
        "no-type",
        "no-boundary",
        "long-boundary",
        "empty",
        "junk",
        "unclosed",
        "unnamed",
        "cut-in-part",
        "many-parts",
        "long-text",
        "long-header",
    ],
)
def test_what_is_not_an_upload_is_refused(asked: Request, status: int, message: str) -> None:
    problem = refusal(asked)
    assert problem.status == status
    assert message in problem.message


def test_an_upload_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multipart, "MAX_UPLOAD_BYTES", 1000)
    assert refusal(upload(("file", "a", b"x" * 1001))).status == 413


def test_the_files_of_a_refused_upload_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []
    really = FormPart.close

    def close(part: FormPart) -> None:
        closed.append(part.name)
        really(part)

    monkeypatch.setattr(FormPart, "close", close)
    refusal(upload(("file", "a", b"x"), ("metadataFile", "b", b"y"), end="\r\n"))
    assert closed == ["file", "metadataFile"]


def test_text_must_be_utf8() -> None:
    asked = upload(("templateId", None, b"GSF\xff"))
    with (
        read_form(asked) as (part,),
        pytest.raises(Problem, match=r"templateId is not UTF-8 text \(byte 3\)"),
    ):
        _ = part.text


def test_a_taken_part_outlives_the_request(tmp_path: Path) -> None:
    asked = upload(("file", "a", b"abc"), ("metadataFile", "b", b"xyz"))
    with read_form(asked) as (kept, lost):
        file = kept.take()
        lost.save(tmp_path / "b")
    assert file.read() == b"abc"
    assert lost.file.closed
    assert (tmp_path / "b").read_bytes() == b"xyz"
    file.close()


@pytest.mark.parametrize(
    ("sent", "safe"),
    [
        ("counts.gct.gz", "counts.gct.gz"),
        ("../../etc/passwd", "passwd"),
        ("/abs/s.tsv", "s.tsv"),
        ("C:\\data\\s.tsv", "s.tsv"),
        ("..", "upload"),
        ("a/..", "upload"),
        ("", "upload"),
        ("x\0y\n.tsv", "xy.tsv"),
        ("größe.tsv", "größe.tsv"),
    ],
)
def test_file_names_are_base_names(sent: str, safe: str) -> None:
    assert safe_filename(sent) == safe


@given(st.text(max_size=600))
def test_any_file_name_stays_in_its_folder(tmp_path_factory, sent: str) -> None:
    root = tmp_path_factory.getbasetemp()
    name = safe_filename(sent)
    path = (root / name).resolve()
    assert path.parent == root.resolve()
    assert 0 < len(name.encode()) <= 255
    assert safe_filename(name) == name
