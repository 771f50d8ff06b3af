from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.contract.messages import Request
from odm_shiny.contract.operations import operation, operations
from odm_shiny.server import bodies
from odm_shiny.server.bodies import read_body
from odm_shiny.server.wire import Problem, json_bytes

IMPORT = operation("start_import_samples")
EXPRESSION = operation("start_import_expression")
GENES = operation("gene_summary_as_user")
DIFFERENTIAL = operation("differential_expression_as_user")
LINKS = operation("save_links_as_curator")
PATCH = operation("update_sample_as_curator")
SCIM = operation("create_user")


def read(one, body: bytes, *, lenient: bool = False, **headers: str):
    lowered = {name.replace("_", "-"): value for name, value in headers.items()}
    return read_body(one, Request("POST", one.path, headers=lowered, body=body), lenient=lenient)


def refusal(one, body: bytes, **headers: str) -> Problem:
    with pytest.raises(Problem) as caught:
        read(one, body, **headers)
    return caught.value


def test_a_body_is_decoded_and_its_defaults_filled_in() -> None:
    sent = b'{"caseGroup":{"cellQuery":"cluster=1"},"controlGroup":{},"exQuery":null}'
    assert read(DIFFERENTIAL, sent) == {
        "caseGroup": {"cellQuery": "cluster=1"},
        "controlGroup": {},
        "limit": 2000,
        "offset": 0,
    }


def test_a_body_may_be_a_file() -> None:
    request = Request("POST", IMPORT.path, body=BytesIO(b'{"metadataLink":"http://h/s.tsv"}'))
    assert read_body(IMPORT, request) == {"metadataLink": "http://h/s.tsv"}


@pytest.mark.parametrize("body", [b"", b"  \n", b"null"], ids=["nothing", "blank", "null"])
def test_an_empty_body_is_empty_where_it_is_optional_and_refused_where_not(body: bytes) -> None:
    assert read(PATCH, body) == {}
    assert read(LINKS, body) == []
    problem = refusal(IMPORT, body)
    assert problem.status == 400
    assert "needs a JSON body (an object with metadataLink)" in problem.message


@pytest.mark.parametrize("body", [b"", b"{}", b"not json"])
def test_an_operation_without_a_body_ignores_one(body: bytes) -> None:
    link = operation("create_sample_study_link_as_curator")
    assert read(link, body, content_type="application/json") is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"metadataLink": }', "(byte 17)"),
        (b'{"metadataLink":"a"', "(byte 19)"),
        ('{"é": '.encode(), "(byte 7)"),
        (b"[NaN]", "(byte 1)"),
        (b'{"a":"\xff"}', "not JSON"),
        (b'{"a":"\\ud800"}', "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"1e999", "not JSON"),
        (b"9" * 5000, "out of range"),
    ],
    ids=["comma", "cut", "not-ascii", "nan", "not-utf8", "surrogate", "deep", "overflow", "digits"],
)
def test_malformed_json_is_refused_with_its_place(body: bytes, message: str) -> None:
    problem = refusal(IMPORT, body)
    assert problem.status == 400
    assert message in problem.message


@pytest.mark.parametrize(
    ("one", "body", "message"),
    [
        (IMPORT, b"[]", "body is []; it must be an object"),
        (IMPORT, b"{}", "body.metadataLink must be given"),
        (IMPORT, b'{"metadataLink":null}', "body.metadataLink must be given"),
        (IMPORT, b'{"metadataLink":""}', "body.metadataLink has 0 characters"),
        (IMPORT, b'{"metadataLink":1}', "body.metadataLink is 1; it must be a text"),
        (
            IMPORT,
            b'{"metadataLink":"a","templateID":"GSF1"}',
            "unknown field 'templateID' in body; the nearest known one is templateId",
        ),
        (
            IMPORT,
            b'{"metadataLink":"a","source":"FTP"}',
            'body.source is "FTP"; it must be one of S3, HTTP, LOCAL',
        ),
        (operation("start_import_cells"), b'{"dataLink":"a","templateId":"b"}', "templateId"),
        (LINKS, b"{}", "body is {}; it must be a list"),
        (LINKS, b'[{"firstId":"a"},{"firstId":2}]', "body[1].firstId is 2; it must be a text"),
        (PATCH, b"[1]", "body is [1]; it must be an object"),
        (GENES, b'{"geneNames":[]}', "body.geneNames has 0 elements; it must have at least 1"),
        (GENES, b'{"geneNames":["a",null]}', "body.geneNames[1] is null"),
        (DIFFERENTIAL, b'{"caseGroup":{},"controlGroup":{},"limit":-1}', "from 0 to 100000"),
        (DIFFERENTIAL, b'{"caseGroup":{},"controlGroup":{},"limit":true}', "limit is true"),
        (DIFFERENTIAL, b'{"caseGroup":{"cellquery":"x"},"controlGroup":{}}', "body.caseGroup"),
        (EXPRESSION, b'{"dataLink":"a","numberOfFeatureAttributes":"two"}', 'is "two"'),
        (EXPRESSION, b'{"dataLink":"a","numberOfFeatureAttributes":-1}', "is -1"),
        (
            operation("post_api_v1_transformations_jobs"),
            b'{"image_reference":{"name":""},"input_accessions":["a"]}',
            "body.image_reference.name has 0 characters",
        ),
    ],
)
def test_what_the_model_does_not_allow_is_refused_with_its_place(
    one, body: bytes, message: str
) -> None:
    problem = refusal(one, body)
    assert problem.status == 400
    assert message in problem.message


def test_a_list_of_more_than_a_hundred_genes_is_refused() -> None:
    assert "at most 100" in refusal(GENES, json_bytes({"geneNames": ["a"] * 101})).message


@pytest.mark.parametrize(("sent", "number"), [(b"2", 2), (b'"2"', 2)], ids=["number", "text"])
def test_a_count_of_columns_may_come_as_text(sent: bytes, number: int) -> None:
    body = b'{"dataLink":"a","numberOfFeatureAttributes":' + sent + b"}"
    assert read(EXPRESSION, body)["numberOfFeatureAttributes"] == number


def test_lenient_keeps_unknown_fields() -> None:
    body = b'{"metadataLink":"a","colour":"red"}'
    assert read(IMPORT, body, lenient=True)["colour"] == "red"


def test_identity_providers_may_send_more_and_write_operations_in_capitals() -> None:
    user = {
        "active": True,
        "displayName": "Zoë",
        "emails": [{"value": "z@x.org"}],
        "photos": [{"value": "x"}],
    }
    assert read(SCIM, json_bytes(user))["photos"] == [{"value": "x"}]
    patch = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "Replace", "path": "active", "value": False}],
    }
    found = read(operation("patch_user"), json_bytes(patch), content_type="application/scim+json")
    assert found["Operations"][0]["value"] is False


def test_an_object_without_a_model_comes_as_it_was_sent() -> None:
    body = '{"Größe":null,"n":[1,"2"],"x":1.50}'.encode()
    assert read(PATCH, body) == {"Größe": None, "n": [1, "2"], "x": 1.5}


@pytest.mark.parametrize(
    "kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
)
def test_other_types_of_body_are_refused(kind: str) -> None:
    assert refusal(IMPORT, b"{}", content_type=kind).status == 415


def test_a_compressed_body_is_refused() -> None:
    assert refusal(IMPORT, b"\x1f\x8b", content_encoding="gzip").status == 415


def test_a_body_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_JSON_BYTES", 10)
    assert refusal(PATCH, b'{"a":1234567}').status == 413
    request = Request("PATCH", PATCH.path, body=BytesIO(b'{"a":1234567}'))
    with pytest.raises(Problem) as caught:
        read_body(PATCH, request)
    assert caught.value.status == 413


def outcome(one, body: bytes) -> object:
    try:
        return read(one, body)
    except Problem as problem:
        return problem


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(one=st.sampled_from([one for one in operations() if one.body]), value=JSON_VALUES)
def test_any_json_is_taken_or_refused_with_400(one, value: object) -> None:
    found = outcome(one, json_bytes(value))
    assert not isinstance(found, Problem) or found.status == 400
