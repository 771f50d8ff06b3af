from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.client.multipart import Form, new_boundary


@given(
    st.dictionaries(st.sampled_from("abc"), st.text(max_size=20)),
    st.binary(max_size=200),
    st.integers(1, 50),
)
def test_a_form_is_read_back_as_it_was_made(tmp_path_factory, fields, content, size):
    path = tmp_path_factory.mktemp("form") / "Müller.gct"
    path.write_bytes(content)
    boundary = new_boundary()
    form = Form(fields, [("file", path)], boundary)
    pieces = []
    while piece := form.read(size):
        pieces.append(piece)
    form.close()
    body = b"".join(pieces)
    assert len(body) == form.size
    *texts, file = body.split(f"--{boundary}".encode())[1:-1]
    assert len(texts) == len(fields)
    for (name, text), part in zip(fields.items(), texts, strict=True):
        head, _, value = part.partition(b"\r\n\r\n")
        assert f'name="{name}"'.encode() in head
        assert value == text.encode() + b"\r\n"
    assert 'filename="Müller.gct"'.encode() in file
    assert file.partition(b"\r\n\r\n")[2] == content + b"\r\n"
    assert body.endswith(f"--{boundary}--\r\n".encode())


def test_names_cannot_break_out_of_their_header(tmp_path):
    path = tmp_path / 'a"b.tsv'
    path.write_bytes(b"x")
    form = Form({'na"me\r\nX: y': "v"}, [("file", path)], "b")
    body = form.read()
    form.close()
    assert b'name="na%22me%0D%0AX: y"' in body
    assert b'filename="a%22b.tsv"' in body


def test_a_file_is_read_in_pieces_and_closed(tmp_path):
    path = tmp_path / "big.gct"
    path.write_bytes(bytes(300_000))
    form = Form({}, [("file", path)], "b")
    assert len(form.read(1000)) <= 1000
    (file,) = form._opened
    form.close()
    assert file.closed
    assert isinstance(form, io.RawIOBase)
