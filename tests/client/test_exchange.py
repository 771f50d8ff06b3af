from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odm_shiny.errors import (
    BadRequest,
    Conflict,
    DeadlineExceeded,
    Forbidden,
    IncompleteStream,
    MalformedResponse,
    NotAuthenticated,
    NotFound,
    QueryError,
    RateLimited,
    RedirectRefused,
    ServerFault,
    StatusError,
    TransportError,
)

RECORD = {"genestack:accession": "GSF000021", "Sample Name": "Müller 1", "Age": 52}


def get(client):
    return client.samples.get("GSF000021")


def patch(client):
    return client.samples.patch("GSF000021", {"Age": 53})


def test_a_record_is_asked_for_with_role_detail_and_token(stub, ask, replies):
    stub.answer(replies.http(200, RECORD))
    assert ask(stub.url, get) == RECORD
    (request,) = stub.requests
    assert request.method == "GET"
    assert request.path == "/api/v1/as-user/samples/GSF000021"
    assert request.query == {"returnedMetadataFields": "original_data_included"}
    assert request.headers["genestack-api-token"] == "token-1"
    assert request.headers["accept"] == "application/json"
    assert request.headers["accept-encoding"] == "identity"


def test_the_role_and_the_detail_are_the_clients(stub, ask, replies):
    stub.answer(replies.http(200, RECORD))
    ask(stub.url, get, role="curator", metadata="default")
    assert stub.requests[0].path == "/api/v1/as-curator/samples/GSF000021"
    assert stub.requests[0].query == {"returnedMetadataFields": "minimal_data"}


def test_an_accession_is_one_part_of_the_path_whatever_it_holds(stub, ask, replies):
    stub.answer(replies.http(200, RECORD))
    ask(stub.url, lambda client: client.expressions.get("7-a/b c?ü"))
    assert stub.requests[0].target.split("?")[0].endswith("/expressions/7-a%2Fb%20c%3F%C3%BC")


@pytest.mark.parametrize("accession", ["", "  ", ".", ".."])
def test_an_empty_accession_is_refused_before_anything_is_asked(stub, ask, accession):
    with pytest.raises(QueryError, match="accession or id"):
        ask(stub.url, lambda client: client.samples.get(accession))
    assert stub.requests == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, NotAuthenticated),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (418, StatusError),
        (429, RateLimited),
        (500, ServerFault),
        (503, ServerFault),
    ],
)
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error":{"message":"Said so","code":"odd"}}', "Said so"),
        (b'{"error":"Said so"}', "Said so"),
        (b'{"detail":"Said so","status":"409"}', "Said so"),
        (b"Said so", "Said so"),
        (b"<html><title>x</title><body>Said <b>so</b></body></html>", "Said so"),
        (b"", ""),
        (b"{}", ""),
        (b"[1", "[1"),
        (b"\xff\xfe", ""),
    ],
    ids=["odm", "plain error", "scim", "text", "html", "empty", "no key", "cut", "not utf-8"],
)
def test_each_status_has_its_error_whatever_the_body(
    stub, ask, replies, clock, status, kind, body, said
):
    stub.answer(replies.http(status, body, {"X-Request-Id": "r-7"}))
    with pytest.raises(kind) as caught:
        ask(stub.url, get, clock=clock)
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.request_id, error.method) == (status, "r-7", "GET")
    assert error.path == "/api/v1/as-user/samples/GSF000021"
    assert said in str(error)
    assert "r-7" in str(error)


def test_a_missing_token_is_answered_with_four_things_to_check(stub, ask, replies):
    stub.answer(replies.http(401))
    with pytest.raises(NotAuthenticated) as caught:
        ask(stub.url, get)
    for check in ("given at all", "copied whole", "made on this ODM", "revoked"):
        assert check in str(caught.value)


@pytest.mark.parametrize(
    ("status", "said", "advised"),
    [
        (401, "the API token is missing: send it in the header, and check that it is whole", False),
        (401, "Invalid token", True),
        (403, "patchSample is for curators: ask an administrator to add you", False),
        (403, "Access denied", True),
    ],
    ids=["token, told", "token", "group, told", "group"],
)
def test_what_to_do_is_said_once(stub, ask, replies, status, said, advised):
    stub.answer(replies.http(status, {"error": said}))
    with pytest.raises((NotAuthenticated, Forbidden)) as caught:
        ask(stub.url, patch)
    assert (str(caught.value).count("\n") == 1) is advised
    assert said in str(caught.value)


def test_a_forbidden_change_says_which_group_to_ask_for(stub, ask, replies):
    stub.answer(replies.http(403))
    with pytest.raises(Forbidden, match="Curator group"):
        ask(stub.url, patch)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_a_body_cut_anywhere_is_whole_or_an_error(stub, ask, replies, data):
    whole = replies.http(200, RECORD)
    cut = data.draw(st.integers(0, len(whole)))
    stub.answer([whole[:cut], None])
    try:
        assert ask(stub.url, get, retries=0) == RECORD
        assert cut == len(whole)
    except TransportError:
        assert cut < len(whole)


def test_a_cut_body_is_asked_for_again_and_then_tells_how_far_it_came(stub, ask, replies, clock):
    stub.answer([replies.http(200, b'{"a":1', {"X-Request-Id": "r-9"}, length=500), None])
    with pytest.raises(TransportError) as caught:
        ask(stub.url, get, clock=clock)
    assert stub.count("GET") == 3
    assert "6 of 500 bytes" in str(caught.value)
    assert "r-9" in str(caught.value)
    assert len(clock.slept) == 2
    assert all(0.5 <= pause <= 8 for pause in clock.slept)


def test_a_reset_that_passes_is_not_noticed(stub, ask, replies, clock):
    stub.answer([replies.RESET], replies.http(200, RECORD))
    assert ask(stub.url, get, clock=clock) == RECORD
    assert stub.count("GET") == 2


def test_json_that_ends_with_the_connection_is_tried_again_when_it_is_cut(
    stub, ask, replies, clock
):
    stub.answer([replies.unframed(b'{"a": '), None], [replies.unframed(b'{"a": 1}'), None])
    assert ask(stub.url, get, clock=clock) == {"a": 1}


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_read_is_repeated_at_most_twice(stub, ask, replies, clock, status):
    stub.answer(replies.http(status))
    with pytest.raises(StatusError):
        ask(stub.url, get, clock=clock)
    assert stub.count("GET") == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 501])
def test_what_will_not_pass_is_not_repeated(stub, ask, replies, clock, status):
    stub.answer(replies.http(status))
    with pytest.raises(StatusError):
        ask(stub.url, get, clock=clock)
    assert stub.count("GET") == 1


@pytest.mark.parametrize("fault", ["503", "408", "reset", "cut", "silent"])
def test_a_change_is_sent_once(stub, ask, replies, fault):
    stub.answer(
        {
            "503": replies.http(503),
            "408": replies.http(408),
            "reset": [replies.RESET],
            "cut": [replies.http(200, b"{", length=50), None],
            "silent": [1.5, None],
        }[fault]
    )
    with pytest.raises((StatusError, TransportError)):
        ask(stub.url, patch, timeout_s=0.5)
    assert stub.count("PATCH") == 1


def test_a_change_that_never_left_is_tried_again(ask, clock):
    with pytest.raises(TransportError, match="right, and reachable"):
        ask("http://127.0.0.1:1", patch, clock=clock)
    assert len(clock.slept) == 2


@pytest.mark.parametrize(
    ("value", "pause"),
    [("0", 0.0), ("7", 7.0), ("60", 60.0), ("Fri, 15 Jan 2027 08:16:50 GMT", 10.0)],
    ids=["zero", "seconds", "longest", "date"],
)
def test_retry_after_is_waited_for(stub, ask, replies, clock, value, pause):
    stub.answer(replies.http(503, b"", {"Retry-After": value}), replies.http(200, RECORD))
    assert ask(stub.url, get, clock=clock) == RECORD
    assert clock.slept == [pytest.approx(pause)]


@pytest.mark.parametrize("status", [429, 503])
def test_a_long_retry_after_is_told_instead_of_waited_for(stub, ask, replies, clock, status):
    stub.answer(replies.http(status, b"", {"Retry-After": "3600"}))
    with pytest.raises((RateLimited, ServerFault)) as caught:
        ask(stub.url, get, clock=clock)
    assert caught.value.retry_after_s == 3600
    assert "3600" in str(caught.value)
    assert (stub.count("GET"), clock.slept) == (1, [])


@pytest.mark.parametrize("junk", ["-5", "soon", "", "1e3", "Mon, 99 Foo 2027", "٣"])
def test_a_retry_after_that_makes_no_sense_is_a_usual_pause(stub, ask, replies, clock, junk):
    stub.answer(
        replies.http(429, b"", {"Retry-After": junk.encode().decode("latin-1")}),
        replies.http(200, RECORD),
    )
    assert ask(stub.url, get, clock=clock) == RECORD
    assert len(clock.slept) == 1
    assert 0.5 <= clock.slept[0] <= 8


@pytest.mark.parametrize(
    "script",
    [
        [30.0],
        [b"HTTP/1.1 200 OK\r\n", *([b"X", 0.2] * 100)],
        [b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"]
        + [b" ", 0.2] * 100,
    ],
    ids=["silent", "head drips", "body drips"],
)
def test_a_server_that_never_finishes_ends_at_the_deadline(stub, ask, script):
    stub.answer(script)
    started = time.monotonic()
    with pytest.raises(DeadlineExceeded, match="deadline of 1 s"):
        ask(stub.url, get, deadline_s=1.0, timeout_s=20)
    assert time.monotonic() - started < 8.0


def test_a_silent_server_is_left_after_the_timeout(stub, ask):
    stub.answer([20.0])
    started = time.monotonic()
    with pytest.raises(TransportError, match="silent"):
        ask(stub.url, get, timeout_s=0.4, retries=0)
    assert time.monotonic() - started < 8.0


def test_no_pause_goes_beyond_the_deadline(stub, ask, replies, clock):
    stub.answer(replies.http(503, b"", {"Retry-After": "50"}))
    with pytest.raises(ServerFault):
        ask(stub.url, get, clock=clock, deadline_s=40)
    assert clock.slept == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_origin_is_not_followed(stub, other_stub, ask, replies, status):
    other_stub.answer(replies.http(200, RECORD))
    stub.answer(replies.http(status, b"", {"Location": f"{other_stub.url}/login?next=/api"}))
    with pytest.raises(RedirectRefused) as caught:
        ask(stub.url, get)
    assert other_stub.url in str(caught.value)
    assert "next=" not in str(caught.value)
    assert other_stub.requests == []


@pytest.mark.parametrize("location", ["https://{host}/x", "//evil.example/x", "ftp://{host}/x", ""])
def test_a_redirect_that_changes_scheme_or_host_is_refused(stub, ask, replies, location):
    where = location.format(host=stub.url.removeprefix("http://"))
    stub.answer(replies.http(302, b"", {"Location": where}))
    with pytest.raises(RedirectRefused):
        ask(stub.url, get)
    assert len(stub.requests) == 1


@pytest.mark.parametrize("relative", [True, False])
def test_a_redirect_inside_the_origin_is_followed(stub, ask, replies, relative):
    where = "/new/place?a=b%20c&d=" if relative else f"{stub.url}/new/place?a=b%20c&d="
    stub.answer(replies.http(307, b"", {"Location": where}), replies.http(200, RECORD))
    assert ask(stub.url, get) == RECORD
    assert stub.requests[1].path == "/new/place"
    assert stub.requests[1].query == {"a": "b c", "d": ""}
    assert stub.requests[1].headers["genestack-api-token"] == "token-1"


def test_redirects_in_a_circle_end(stub, ask, replies):
    stub.answer(replies.http(302, b"", {"Location": "/again"}))
    with pytest.raises(RedirectRefused, match="more than 5"):
        ask(stub.url, get)
    assert len(stub.requests) == 6


def test_a_change_is_not_turned_into_a_read_by_a_redirect(stub, ask, replies):
    stub.answer(replies.http(303, b"", {"Location": "/elsewhere"}))
    with pytest.raises(RedirectRefused, match="into a GET"):
        ask(stub.url, patch)
    assert len(stub.requests) == 1


PAGE = (
    "<!DOCTYPE html><html><head><style>b {}</style><script>var secret = 1;</script></head>"
    f"<body><h1>Sign&nbsp;in</h1><p>{'Welcome ' * 100}</p></body></html>"
)


@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", "application/json", ""])
def test_a_sign_on_page_is_told_as_such(stub, ask, replies, content_type):
    stub.answer(replies.http(200, PAGE, {"Content-Type": content_type}))
    with pytest.raises(NotAuthenticated, match="Sign in Welcome") as caught:
        ask(stub.url, get)
    assert "secret" not in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("content_type", ["text/plain", "image/png", "application/xml"])
def test_another_content_type_is_refused_with_its_beginning(stub, ask, replies, content_type):
    stub.answer(replies.http(200, b"beginning of it", {"Content-Type": content_type}))
    with pytest.raises(MalformedResponse, match=f"{content_type} came instead of.*beginning"):
        ask(stub.url, get)


@pytest.mark.parametrize(
    "content_type", ["application/json;charset=UTF-8", "Application/JSON", "application/scim+json"]
)
def test_every_kind_of_json_is_taken(stub, ask, replies, content_type):
    stub.answer(replies.http(200, RECORD, {"Content-Type": content_type}))
    assert ask(stub.url, get) == RECORD


def test_a_query_that_no_server_takes_is_refused_before_it_is_sent(stub, ask):
    words = " ".join(["word"] * 20_000)
    with pytest.raises(QueryError, match="characters long"):
        ask(stub.url, lambda client: client.samples.find(query=words).to_list())
    assert stub.requests == []


CSV = b"gene,S-01,S-02\n" + b"".join(b"G%d,1.5,2.25\n" % n for n in range(50))


def stream(client, **options):
    return client.expressions.stream("GSF000030", **options).to_bytes()


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_a_stream_cut_anywhere_is_whole_or_an_error(stub, ask, replies, data):
    whole = data.draw(
        st.sampled_from(
            [replies.chunked(CSV), replies.http(200, CSV, {"Content-Type": "text/csv"})]
        )
    )
    cut = data.draw(st.integers(0, len(whole)))
    stub.answer([whole[:cut], None])
    try:
        assert ask(stub.url, stream, retries=0) == CSV
        assert cut == len(whole)
    except TransportError:
        assert cut < len(whole)


def test_a_stream_without_length_or_chunks_cannot_be_trusted(stub, ask, replies):
    stub.answer([replies.unframed(CSV, "text/csv"), None])
    with pytest.raises(IncompleteStream, match="nobody can tell") as caught:
        ask(stub.url, stream)
    assert caught.value.received == len(CSV)
    assert ask(stub.url, lambda client: stream(client, partial="keep")) == CSV


def test_what_came_of_a_broken_stream_is_given_on_request(stub, ask, replies, clock):
    cut = len(CSV) // 2
    stub.answer([replies.http(200, CSV[:cut], {"Content-Type": "text/csv"}, length=9999), None])
    with pytest.raises(IncompleteStream) as caught:
        ask(stub.url, stream, clock=clock)
    assert caught.value.received == cut
    kept = ask(stub.url, lambda client: stream(client, partial="keep"), clock=clock)
    assert CSV.startswith(kept)
    assert kept.endswith(b"\n")
    assert cut - len(kept) < 20


def test_a_saved_stream_appears_whole_or_not_at_all(stub, ask, replies, clock, tmp_path):
    good = replies.chunked(CSV)
    stub.answer([good[:-9], None])
    target = tmp_path / "matrix.csv"
    with pytest.raises(IncompleteStream):
        ask(stub.url, lambda c: c.expressions.stream("GSF1").save(target), clock=clock)
    assert list(tmp_path.glob("*matrix*")) == []
    stub.answer([good[:-9], None], good)
    ask(stub.url, lambda c: c.expressions.stream("GSF1").save(target), clock=clock)
    assert target.read_bytes() == CSV
    assert [path.name for path in tmp_path.glob("*matrix*")] == ["matrix.csv"]
