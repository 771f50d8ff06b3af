from __future__ import annotations

import json

import numpy as np
import pytest

from odm_shiny.errors import (
    FileError,
    FrameError,
    MissingDependency,
    QuerySyntaxError,
    StoreError,
)
from odm_shiny.server.wire import (
    Problem,
    empty,
    error_reply,
    json_bytes,
    json_lines,
    json_reply,
    problem_from,
    problem_reply,
    text_reply,
)
from odm_shiny.store.refusals import (
    DuplicateJob,
    LinkConflict,
    NoPartner,
    NotDeletable,
    NotStored,
)

SCIM = "/api/v1/scim/Users/7"
TRANSFORMATIONS = "/api/v1/transformations/jobs"


def test_numbers_are_written_as_they_are() -> None:
    values = [1, 1.0, 7.0595981, 1e-300, 2**70, True, None, float("nan"), float("inf"), "Zoë"]
    assert json_bytes(values).decode() == (
        '[1,1.0,7.0595981,1e-300,1180591620717411303424,true,null,null,null,"Zoë"]'
    )


def test_numpy_values_are_written_as_plain_ones() -> None:
    value = {
        "f": np.float64(1.5),
        "i": np.int32(3),
        "b": np.bool_(True),
        "a": np.array([[1.0, np.nan], [0.1, 2.0]]),
    }
    assert json.loads(json_bytes(value)) == {
        "f": 1.5,
        "i": 3,
        "b": True,
        "a": [[1.0, None], [0.1, 2.0]],
    }


def test_what_json_cannot_hold_is_an_error() -> None:
    with pytest.raises(TypeError, match="a object cannot be written as JSON"):
        json_bytes(object())


def test_replies_are_not_cached_and_name_their_type() -> None:
    reply = json_reply({"é": 1}, 201, headers={"location": "/x"})
    assert reply.status == 201
    assert reply.body == '{"é":1}'.encode()
    assert reply.headers == {
        "content-type": "application/json;charset=UTF-8",
        "cache-control": "no-cache",
        "location": "/x",
    }
    assert (empty().status, empty().body, empty(200).status) == (204, b"", 200)
    text = text_reply("a\té", "text/tab-separated-values")
    assert text.headers["content-type"] == "text/tab-separated-values;charset=UTF-8"
    assert text.body == "a\té".encode()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 500, 501])
def test_the_general_error_body_has_one_message(status: int) -> None:
    reply = error_reply(status, "no \"such\" sample 'é'", path="/api/v1/as-user/samples/x")
    assert reply.status == status
    assert reply.headers["content-type"] == "application/json;charset=UTF-8"
    assert json.loads(reply.body) == {"error": {"message": "no \"such\" sample 'é'"}}


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_scim_has_its_own_error_body(status: int) -> None:
    reply = problem_reply(Problem(status, "why", scim_type="invalidFilter"), path=SCIM)
    assert reply.headers["content-type"] == "application/scim+json"
    assert json.loads(reply.body) == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "scimType": "invalidFilter",
        "detail": "why",
        "status": str(status),
    }


def test_a_scim_conflict_is_one_of_uniqueness_unless_said_otherwise() -> None:
    assert json.loads(error_reply(409, "taken", path=SCIM).body)["scimType"] == "uniqueness"
    assert "scimType" not in json.loads(error_reply(404, "gone", path=SCIM).body)


@pytest.mark.parametrize("status", [401, 500])
def test_scim_answers_these_with_the_general_body(status: int) -> None:
    assert json.loads(error_reply(status, "why", path=SCIM).body) == {"error": {"message": "why"}}


def test_transformations_answer_by_rfc_7807() -> None:
    problem = Problem(400, "why", location="query.limit", headers={"x-test": "1"})
    reply = problem_reply(problem, path=TRANSFORMATIONS)
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["x-test"] == "1"
    assert json.loads(reply.body) == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "why",
        "instance": TRANSFORMATIONS,
        "errors": [{"location": "query.limit", "message": "why"}],
    }


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (QuerySyntaxError("expected a value at 5", "a = ", 5), 400),
        (FileError("ragged", path="s.tsv", line=3), 400),
        (NotStored("no sample GSF9"), 404),
        (NoPartner("nothing matched", attribute="Sample Source ID", unmatched=["x"]), 400),
        (NotDeletable("not one by one"), 406),
        (LinkConflict("linked elsewhere"), 409),
        (DuplicateJob("job instance already exists with jobExecId=3", job_id=3), 409),
        (MissingDependency("pip install odm-shiny[anndata]"), 501),
        (Problem(418, "tea"), 418),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_what_the_caller_did_wrong_is_told(error: Exception, status: int) -> None:
    problem = problem_from(error, local=False)
    assert problem is not None
    assert problem.status == status
    assert problem.message == str(error)


def test_a_failing_store_tells_its_files_only_to_this_process() -> None:
    error = StoreError("/home/ann/odm/metadata.sqlite: the disk is full")
    far, near = problem_from(error, local=False), problem_from(error, local=True)
    assert far is not None
    assert near is not None
    assert (far.status, near.status) == (503, 503)
    assert "/home/ann" not in far.message
    assert near.message == str(error)


@pytest.mark.parametrize("error", [KeyError("x"), ValueError("x"), FrameError("x")])
def test_everything_else_is_a_fault_of_the_server(error: Exception) -> None:
    assert problem_from(error, local=True) is None


def test_each_of_many_values_has_a_text_of_its_own() -> None:
    values = [{"é\u2028": "a\nb"}, [np.float64("nan"), np.int64(3)], None, {}]
    assert json_lines(values) == [json_bytes(value) for value in values]
    assert json_lines([]) == []
