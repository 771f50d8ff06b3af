from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.errors import IncompleteStream
from odm_shiny.frames.csv import header, whole_csv

CSV = (
    "chrom,gene,start,S-01,S-02,Mü 3\n"
    "chr1,TP53,100,4.3923,0.0,1e-20\n"
    '"chr,2","a ""b""",200,,7.0595981,-1.5\n'
    ",NA,300,0.1,0.30000000000000004,\n"
).encode()


def test_a_whole_stream_is_given_back_as_it_is():
    assert whole_csv(CSV) is CSV


@given(st.integers(0, len(CSV) - 1))
def test_every_prefix_is_refused_unless_it_ends_with_a_line(cut):
    prefix = CSV[:cut]
    received = cut
    try:
        assert whole_csv(prefix) == prefix
        assert prefix.endswith(b"\n")
    except IncompleteStream as exc:
        received = exc.received
    assert received == cut
    kept = whole_csv(prefix, partial="keep")
    assert prefix.startswith(kept)
    assert kept == b"" or kept.endswith(b"\n")


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        (b"# Internal error: disk\n", "Internal error: disk"),
        (b"#Internal error: disk", "Internal error: disk"),
        (b'{"error":{"message":"Lost it"}}', "Lost it"),
        (b'{"error":"Lost it"}\n', "Lost it"),
        (b'{"error":{"mess', '{"error":{"mess'),
    ],
)
def test_an_error_in_the_tail_is_raised_with_its_text(tail, said):
    with pytest.raises(IncompleteStream) as caught:
        whole_csv(CSV + tail)
    assert said in str(caught.value)
    assert whole_csv(CSV + tail, partial="keep") == CSV


@pytest.mark.parametrize("line", [b"chr1,G,1,2\n", b"a,b,c,d,e,f,g\n", b"\n"])
def test_a_last_line_of_another_width_is_refused(line):
    with pytest.raises(IncompleteStream, match="fields, the header 6"):
        whole_csv(CSV + line)


def test_an_empty_stream_is_refused():
    with pytest.raises(IncompleteStream, match="empty"):
        whole_csv(b"")


def test_a_header_alone_is_whole():
    assert whole_csv(b"gene,S-01\n") == b"gene,S-01\n"


def test_a_line_break_inside_quotes_does_not_end_a_line():
    body = b'gene,note,S-01\nA,"two\nlines",1\n'
    assert whole_csv(body) == body
    with pytest.raises(IncompleteStream):
        whole_csv(b'gene,note,S-01\nA,"two\nlines')


def test_many_odd_quotes_cost_no_time():
    body = b"gene,S-01\n" + b'G"x,1\n' * 200_001
    assert whole_csv(body) == body


def test_the_header_is_read_with_or_without_a_byte_order_mark():
    assert header(b"\xef\xbb\xbfgene,S\n") == ["gene", "S"]
    assert header(b"") == []
