"""Replies of the service have the shapes of replies that a real ODM gave.

The files in ``recorded/`` lie under the path of their request. They were transcribed from public
places, with values of our own: keys, their order, types and texts are what was recorded. Numbers,
ids and times stand for any; what differs on purpose is said in the file's note.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from odm_shiny.client import decode
from odm_shiny.client.replies import Answer
from odm_shiny.contract.messages import Reply

FOLDER = Path(__file__).with_name("recorded")
FILES = {
    str(path.relative_to(FOLDER).with_suffix("")): path for path in sorted(FOLDER.rglob("*.json"))
}
# Real groups and runs come with their attributes in the order of a hash table.
UNORDERED = ("as-user/omics/expression/", "as-user/expressions/")

CLASSES = (
    (r"GSF[0-9]{6,}", "an accession"),
    (r"GSVC[0-9]{6}", "a chain"),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z", "a time"),
    (r"[0-9]+-[A-Z0-9]+", "an item"),
    (r"[0-9]+", "digits"),
)


def load(name: str) -> Any:
    return json.loads(FILES[name].read_text())


def filled(value: Any, ids: dict[str, str]) -> Any:
    """A request with the ids of the store in the place of names in braces."""
    if isinstance(value, str):
        return re.sub(r"\{([\w ]+)\}", lambda match: ids[match[1]], value)
    if isinstance(value, dict):
        return {name: filled(inner, ids) for name, inner in value.items()}
    return value


def shape(value: Any, *, ordered: bool, key: str = "") -> Any:
    """Keys and types; texts as they are, but for ids, numbers and times."""
    if isinstance(value, dict):
        pairs = [(name, shape(inner, ordered=ordered, key=name)) for name, inner in value.items()]
        loose = key == "metadata" and not ordered
        return ("an object", sorted(pairs, key=lambda pair: pair[0]) if loose else pairs)
    if isinstance(value, list) and key == "data":
        return ("a list of", shape(value[0], ordered=ordered)) if value else "an empty list"
    if isinstance(value, list):
        return [shape(inner, ordered=ordered) for inner in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return "a number"
    if key == "cursor":
        return "a cursor"
    for pattern, meaning in CLASSES:
        if re.fullmatch(pattern, value):
            return meaning
    return re.sub(r"[0-9]+", "N", value)


def decoded(reply: Reply) -> Any:
    kind = reply.headers.get("content-type", "")
    text = reply.body.decode() if isinstance(reply.body, bytes) else ""
    return json.loads(text) if kind.startswith("application/json") else text


@pytest.mark.parametrize("name", FILES)
def test_the_service_answers_as_was_recorded(recorded_odm, name) -> None:
    found = load(name)
    assert found["transcribed"] is True
    assert found["source"]
    request, wanted = found["request"], found["reply"]
    reply = recorded_odm.ask(
        request["method"],
        filled(request["path"], recorded_odm.ids),
        filled(request.get("query", {}), recorded_odm.ids),
        filled(request.get("body"), recorded_odm.ids),
    )
    assert reply.status == wanted["status"], reply.body
    for header, value in wanted.get("headers", {}).items():
        got = reply.headers.get(header)
        assert got == value or (got or "").partition(";")[0] == value
    ordered = not request["path"].startswith(UNORDERED)
    body = decoded(reply)
    if pattern := wanted.get("matches"):
        assert re.search(pattern, body["error"]["message"])
        return
    if isinstance(wanted["body"], str):
        assert _head(body, wanted["body"]) == wanted["body"]
    else:
        assert shape(body, ordered=ordered) == shape(wanted["body"], ordered=ordered)


def _head(text: str, like: str) -> str:
    """As many lines of a text as `like` has."""
    return "".join(text.splitlines(keepends=True)[: like.count("\n")]) if like else text


def test_a_file_lies_under_the_path_of_its_request() -> None:
    for name in FILES:
        path = load(name)["request"]["path"]
        assert name.partition("@")[0].split("/")[0] == path.split("/")[0]
        plain = re.sub(r"\{[^}]*\}", "{}", name.partition("@")[0])
        assert plain == re.sub(r"\{[^}]*\}", "{}", path)


PAGES = [name for name in FILES if "data" in load(name)["reply"].get("body", "")]


@pytest.mark.parametrize("name", PAGES)
def test_the_client_reads_what_was_recorded(name) -> None:
    body = load(name)["reply"]["body"]
    answer = Answer("GET", f"/api/v1/{name}", 200, {}, json.dumps(body).encode())
    page: Any
    if name == "as-user/omics/expression/data":
        page = decode.item_page(answer)
        assert len(page) == len(body["data"])
    else:
        page = decode.page(answer)
        assert page.data == body["data"]
    if "log" in body:
        assert (page.cursor, page.resultsExhausted, page.log) == (
            body["cursor"],
            body["resultsExhausted"],
            body["log"],
        )
    else:
        assert page.pagination.total == body["meta"]["pagination"]["total"]
