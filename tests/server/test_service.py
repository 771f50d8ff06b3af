from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from odm_shiny.contract.messages import Reply, Request
from odm_shiny.server.routes import Call
from odm_shiny.server.service import Service
from odm_shiny.server.wire import Problem, empty, json_reply
from odm_shiny.store.people import User

BOUNDARY = "b0undary"


def message_of(reply: Reply) -> str:
    assert isinstance(reply.body, bytes)
    text: str = json.loads(reply.body)["error"]["message"]
    return text


def form(**fields: bytes) -> Request:
    body = b"".join(
        b"--%s\r\nContent-Disposition: form-data; name=%s%s\r\n\r\n%s\r\n"
        % (
            BOUNDARY.encode(),
            name.encode(),
            b"; filename=a.gct" if name.endswith("ile") else b"",
            data,
        )
        for name, data in fields.items()
    )
    return Request(
        "POST",
        "/api/v1/jobs/import/expression/multipart",
        headers={"content-type": f"multipart/form-data; boundary={BOUNDARY}"},
        body=body + f"--{BOUNDARY}--\r\n".encode(),
    )


def test_a_handler_sees_what_was_asked(service_with, curator: User) -> None:
    seen: list[Call] = []
    service: Service = service_with({"PATCH /samples/{id}": lambda call: seen.append(call) or {}})
    request = Request(
        "PATCH",
        "//api/v1//as-curator/samples/GSF%2F1",
        headers={"content-type": "application/json"},
        body=b'{"Age":"53"}',
    )
    reply = service.handle(request, user=curator)
    assert (reply.status, reply.body) == (200, b"{}")
    (call,) = seen
    assert call.operation.name == "update_sample_as_curator"
    assert call.role == "curator"
    assert call.user is curator
    assert call.path == {"id": "GSF/1"}
    assert call.body == {"Age": "53"}
    assert call.request is request
    assert call.service is service
    assert reply.headers["x-request-id"] == call.request_id


@pytest.mark.parametrize(("role", "detail"), [("user", "extended"), ("curator", "original")])
def test_one_handler_serves_both_roles(service_with, curator: User, role: str, detail: str) -> None:
    service = service_with({"GET /samples": lambda call: [call.role, call.query]})
    reply = service.handle(Request("GET", f"/api/v1/as-{role}/samples"), user=curator)
    found_role, query = json.loads(reply.body)
    assert found_role == role
    assert query["returnedMetadataFields"] == f"{detail}_data_included"


def test_the_older_address_reaches_the_same_handler(service_with, reader: User) -> None:
    service = service_with({"GET /studies/{id}": lambda call: call.path})
    path = "/frontend/rs/genestack/studyUser/default-released/studies/GSF1"
    assert service.handle(Request("GET", path), user=reader).body == b'{"id":"GSF1"}'


def test_a_handler_may_make_its_own_reply(service_with, reader: User) -> None:
    service = service_with({"GET /studies": lambda call: empty(204)})
    assert service.handle(Request("GET", "/api/v1/as-user/studies"), user=reader).status == 204


def test_each_request_has_its_own_id(service_with, reader: User) -> None:
    service = service_with({})
    ids = {service.handle(Request("GET", "/x")).headers["x-request-id"] for _ in range(20)}
    assert len(ids) == 20
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in ids)


def test_an_operation_without_a_handler_is_named(service_with, curator: User) -> None:
    reply = service_with({}).handle(Request("GET", "/api/v1/as-user/cells/x"), user=curator)
    assert reply.status == 501
    assert message_of(reply) == "get_cell_by_id_as_user is not available on this server"


@pytest.mark.parametrize(
    ("method", "path", "query", "status"),
    [
        ("GET", "/api/v1/as-user/sampels", [], 404),
        ("DELETE", "/api/v1/as-user/samples", [], 405),
        ("GET", "/api/v1/as-user/samples", [("pageLimit", "x")], 400),
        ("GET", "/api/v1/as-curator/samples", [], 403),
        ("GET", "/api/v1/jobs/last/info", [], 403),
        ("POST", "/api/v1/as-user/links/get-batch", [], 400),
    ],
)
def test_what_is_wrong_with_a_request_is_answered_before_any_handler(
    service_with,
    reader: User,
    method: str,
    path: str,
    query: list[tuple[str, str]],
    status: int,
) -> None:
    def never(call: Call) -> None:
        raise AssertionError("the handler was reached")

    service = service_with({"GET /samples": never, "POST /links/get-batch": never})
    reply = service.handle(Request(method, path, query), user=reader)
    assert reply.status == status
    assert message_of(reply)


def test_without_credentials_nothing_but_pages_is_answered(service_with) -> None:
    service = service_with({"GET /samples": lambda call: []})
    reply = service.handle(Request("GET", "/api/v1/as-user/samples", client_host="10.0.0.1"))
    assert reply.status == 401
    assert service.handle(Request("GET", "/frontend/endpoint/actuator/health")).status == 200


def test_credentials_come_before_parameters(service_with) -> None:
    request = Request("GET", "/api/v1/as-user/samples", [("nonsense", "1")])
    assert service_with({"GET /samples": lambda call: []}).handle(request).status == 401


@pytest.mark.parametrize("error", [KeyError("secret inner text"), RecursionError("deep")])
def test_a_fault_is_logged_and_told_without_its_text(
    service_with, reader: User, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def fail(call: Call) -> None:
        raise error

    service = service_with({"GET /samples": fail})
    with caplog.at_level(logging.ERROR):
        reply = service.handle(Request("GET", "/api/v1/as-user/samples"), user=reader)
    assert reply.status == 500
    request_id = reply.headers["x-request-id"]
    assert request_id in message_of(reply)
    assert str(error) not in message_of(reply)
    (record,) = caplog.records
    assert request_id in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[1] is error


def test_the_token_is_in_no_message_and_no_log(
    service_with, reader: User, caplog: pytest.LogCaptureFixture
) -> None:
    token = "canary-4711"

    def refuse(call: Call) -> None:
        raise Problem(400, f"cannot read {call.request.headers['genestack-api-token']}")

    service = service_with({"GET /samples": refuse})
    headers = {"genestack-api-token": token}
    for query in ([], [("pageLimit", token)], [(token, "1")]):
        request = Request("GET", "/api/v1/as-user/samples", query, headers)
        reply = service.handle(request, user=reader)
        assert reply.status == 400
        assert token not in message_of(reply)
        assert "[hidden]" in message_of(reply)
    assert token not in caplog.text


def test_head_has_the_headers_of_get_and_no_body(
    service_with, reader: User, closing_stream: Callable[[Iterator[bytes]], Any]
) -> None:
    stream = closing_stream(iter([b"a"]))
    service = service_with(
        {"GET /studies": lambda call: ["x"], "GET /samples": lambda call: Reply(200, {}, stream)}
    )
    got = service.handle(Request("GET", "/api/v1/as-user/studies"), user=reader)
    head = service.handle(Request("HEAD", "/api/v1/as-user/studies"), user=reader)
    assert head.body == b""
    assert head.headers["content-length"] == str(len(got.body))
    assert head.headers["content-type"] == got.headers["content-type"]
    assert service.handle(Request("HEAD", "/api/v1/as-user/samples"), user=reader).body == b""
    assert stream.closed


def test_an_upload_reaches_its_handler_and_is_deleted_after(service_with, curator: User) -> None:
    kept = []

    def take(call: Call) -> dict[str, str]:
        kept.extend(call.form.values())
        columns = call.form["numberOfFeatureAttributes"].text
        return {"data": call.form["file"].file.read().decode(), "columns": columns}

    service = service_with({"POST /jobs/import/expression/multipart": take})
    reply = service.handle(
        form(numberOfFeatureAttributes=b"2", file="#1.2 é".encode()), user=curator
    )
    assert json.loads(reply.body) == {"data": "#1.2 é", "columns": "2"}
    assert all(part.file.closed for part in kept)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"templateId": b"GSF1"}, "form field file must be given"),
        ({"file": b"x", "templateID": b"GSF1"}, "the nearest known one is templateId"),
        ({"file": b"x", "numberOfFeatureAttributes": b"two"}, "is 'two'"),
        ({"file": b"x", "numberOfFeatureAttributes": b"-1"}, "from 0"),
    ],
)
def test_a_wrong_upload_is_refused(
    service_with, curator: User, fields: dict[str, bytes], message: str
) -> None:
    service = service_with({"POST /jobs/import/expression/multipart": lambda call: {}})
    reply = service.handle(form(**fields), user=curator)
    assert reply.status == 400
    assert message in message_of(reply)


def test_a_file_field_must_be_a_file(service_with, curator: User) -> None:
    request = form(file=b"x")
    assert isinstance(request.body, bytes)
    request.body = request.body.replace(b"; filename=a.gct", b"")
    service = service_with({"POST /jobs/import/expression/multipart": lambda call: {}})
    assert "must be a file" in message_of(service.handle(request, user=curator))


def test_a_lenient_service_ignores_what_it_does_not_know(service_with, curator: User) -> None:
    handlers = {"GET /samples": lambda call: call.query["pageLimit"]}
    request = Request("GET", "/api/v1/as-user/samples", [("colour", "red"), ("pageLimit", "3")])
    assert service_with(handlers).handle(request, user=curator).status == 400
    assert service_with(handlers, lenient=True).handle(request, user=curator).body == b"3"


def test_a_stream_passes_untouched(service_with, reader: User) -> None:
    chunks = iter([b"a,b\n", b"1,2\n"])
    service = service_with({"GET /samples": lambda call: Reply(200, {}, chunks)})
    assert service.handle(Request("GET", "/api/v1/as-user/samples"), user=reader).body is chunks


def test_errors_have_the_form_of_their_area(service_with, reader: User) -> None:
    service = service_with({})
    kinds = {
        path: service.handle(Request("GET", path), user=reader).headers["content-type"]
        for path in ("/api/v1/scim/Users", "/api/v1/transformations/jobs/x", "/api/v1/tasks/x")
    }
    assert list(kinds.values()) == [
        "application/scim+json",
        "application/problem+json",
        "application/json;charset=UTF-8",
    ]


def test_a_reply_of_its_own_keeps_its_headers(service_with, reader: User) -> None:
    service = service_with({"GET /samples": lambda call: json_reply([], headers={"x-a": "1"})})
    reply = service.handle(Request("GET", "/api/v1/as-user/samples"), user=reader)
    assert reply.headers["x-a"] == "1"
    assert reply.headers["cache-control"] == "no-cache"
