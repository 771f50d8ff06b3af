"""Names and values that would be code elsewhere are text here; bombs are refused quickly."""

from __future__ import annotations

import csv
import io
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odm_shiny.store.check import check

PAYLOADS = [
    "'; DROP TABLE objects; --",
    '" OR "1"="1',
    "1) UNION SELECT token FROM tokens --",
    "%' ESCAPE '!' --",
    "%s%n{0}${x}#{y}",
    "x' AND randomblob(1000000000) --",
    "NEAR(a b, 5)",
    'a" MATCH "b',
    "col: ^start*",
    "-NOT AND OR ()",
    "*",
    "?",
    "_",
    "%",
    "\\",
    '\\"',
    "a\\'b",
    "$.document[0]",
    '{"$ne": null}',
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
    "../../../etc/passwd",
    "\u202egnp.exe",
    "e\u0301 é",
    "\ufeffbom",
    "😀" * 10,
    "a\u0000b".replace("\u0000", "\u0001"),
    "rm(list = ls()); system('id')",
]


def quoted(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@pytest.fixture(scope="module")
def filled(shown_copy):
    """One sample a payload: as the value of an attribute, and as an attribute's name."""
    odm = shown_copy
    rows = "".join(f"H-{i}\t0\n" for i in range(len(PAYLOADS)))
    group = odm.load("samples", f"Sample Source ID\tAge\n{rows}")
    ids = odm.ids("sample", group, by="ann")
    for i, payload in enumerate(PAYLOADS):
        answer = odm.ask(
            "PATCH",
            f"as-curator/samples/{ids[f'H-{i}']}",
            body={"Note": payload, f"name {payload}": i},
        )
        assert answer.status == 200, answer.text
    return odm


def found(odm, **query):
    records = odm.get("as-curator/samples", pageLimit=2000, **query)["data"]
    return [one["Sample Source ID"] for one in records]


@pytest.mark.parametrize("number", range(len(PAYLOADS)), ids=lambda i: ascii(PAYLOADS[i])[:30])
def test_a_hostile_text_is_found_as_itself_and_as_nothing_else(filled, number) -> None:
    payload, own = PAYLOADS[number], [f"H-{number}"]
    assert found(filled, filter=f"Note = {quoted(payload)}") == own
    assert found(filled, filter=f"{quoted(f'name {payload}')} = {number}") == own
    assert found(filled, filter=f"{quoted(f'name {payload}')} = 99") == []
    others = [f"H-{i}" for i in range(len(PAYLOADS)) if i != number]
    assert found(filled, filter=f'Note != {quoted(payload)} AND "Age" = 0') == others
    answer = filled.get(
        "/api/odm-shiny/v1/facets", attribute=[f"name {payload}", "Note"], limit=100
    )
    assert answer["facets"][f"name {payload}"]["values"] == [{"value": str(number), "count": 1}]
    assert {"value": payload, "count": 1} in answer["facets"]["Note"]["values"]


@pytest.mark.parametrize("number", range(len(PAYLOADS)), ids=lambda i: ascii(PAYLOADS[i])[:30])
def test_a_hostile_full_text_is_words_and_never_a_query_of_the_database(filled, number) -> None:
    payload = PAYLOADS[number]
    words = "".join(char if char.isalnum() else " " for char in payload).split()
    answer = filled.ask("GET", "as-user/samples", query=quoted(payload))
    assert answer.status in (200, 400), answer.text
    if words and answer.status == 200:
        # Whatever has these words one after the other, this sample among them.
        ids = [one["Sample Source ID"] for one in answer.json["data"]]
        assert f"H-{number}" in ids
        assert len(ids) < len(PAYLOADS)
    bare = filled.ask("GET", "as-user/samples", query=payload)
    assert bare.status in (200, 400), bare.text


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda text: ascii(text)[:30])
def test_a_hostile_text_is_harmless_in_every_parameter(filled, payload) -> None:
    paths = {
        "as-user/omics/samples": (
            "studyFilter",
            "sampleQuery",
            "exQuery",
            "exFilter",
            "useVersions",
            "cursor",
        ),
        "as-user/omics/expression/data": ("exQuery",),
        "as-user/expressions": ("runFilter", "runSourceFilter", "featureList", "cursor"),
        "as-user/omics/expression/streamed-data": ("groupAccession", "featureList"),
        "as-user/links": ("firstId", "secondId", "firstType"),
        "as-user/data-types/links": ("type",),
        "/api/odm-shiny/v1/features": ("prefix", "column", "groupAccession"),
        "/api/odm-shiny/v1/facets": ("attribute",),
    }
    needed = {
        "as-user/omics/expression/streamed-data": {"groupAccession": filled.id["rna"]},
        "as-user/links": {"firstId": filled.id["study"]},
    }
    for path, names in paths.items():
        for name in names:
            query = {**needed.get(path, {}), name: payload}
            answer = filled.ask("GET", path, **query)
            assert answer.status in (200, 400, 404), f"{path} {name}: {answer.text}"
    for path in ("samples/{}", "samples/{}/versions/{}", "expressions/{}", "expressions/group/{}"):
        place = path.format(*[quote(payload, safe="")] * 2)
        assert filled.ask("GET", f"as-user/{place}").status == 404


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda text: ascii(text)[:30])
def test_hostile_names_of_genes_and_runs_are_names(filled, payload) -> None:
    gene, run = payload, f"run {payload}"
    table = f"gene\t{_cell(run)}\n{_cell(gene)}\t7\n"
    group = filled.load("expression", table, numberOfFeatureAttributes=1)
    of_group = {"filter": f"genestack:accession = {group}"}
    (item,) = filled.get("as-user/expressions", featureList=gene, **of_group)["data"]
    assert item["itemOrigin"]["runSourceId"] == run
    assert item["feature"]["gene"] == gene
    query = {"featureList": gene, "runSourceFilter": run}
    assert filled.get("as-user/expressions", **query, **of_group)["data"] == [item]
    stream = filled.ask("GET", "as-user/omics/expression/streamed-data", groupAccession=group)
    assert list(csv.reader(io.StringIO(stream.text))) == [["gene", run], [gene, "7.0"]]


def _cell(text: str) -> str:
    """A cell that is not taken for a quoted one."""
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if text.startswith('"') else text


def test_the_store_is_whole_after_all_this(filled) -> None:
    assert check(filled.store) == []


BOMBS = {
    "10,000 parentheses": "(" * 10_000 + "a=1" + ")" * 10_000,
    "100,000 alternatives": " OR ".join(["a=1"] * 100_000),
    "10,000 negations": "NOT " * 10_000 + "a=1",
    "1 MB of a word": "a=" + "x" * 1_000_000,
    "1 MB of quotes": 'a="' + '\\"' * 500_000 + '"',
    "1 MB of blanks": "a=1" + " " * 1_000_000 + "x",
    "unclosed quotes": 'a="' + "x " * 100_000,
}
PLACES = (
    ("as-user/samples", "filter"),
    ("as-user/samples", "query"),
    ("as-user/omics/samples", "exQuery"),
    ("as-user/omics/samples", "useVersions"),
)


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize(("path", "name"), PLACES, ids=lambda text: str(text))
def test_a_bomb_is_refused_with_the_limit(shown, path, name, bomb) -> None:
    answer = shown.ask("GET", path, **{name: BOMBS[bomb]})
    assert answer.status in (400, 414)
    assert len(answer.body) < 2_000


def test_the_limits_are_named(shown) -> None:
    texts = {
        "10,000 parentheses": "levels",
        "100,000 alternatives": "10,000|256 KB",
        "1 MB of a word": "256 KB",
    }
    for bomb, text in texts.items():
        answer = shown.ask("GET", "as-user/samples", filter=BOMBS[bomb])
        assert any(part in answer.error for part in text.split("|")), answer.error


@settings(max_examples=150)
@given(
    place=st.sampled_from(PLACES),
    text=st.text(alphabet=st.sampled_from('ab1 =!<>()"\\&|,.~*?;:v-ANDORNOTnull'), max_size=40),
)
def test_any_text_is_a_query_or_a_400(shown, place, text) -> None:
    path, name = place
    answer = shown.ask("GET", path, **{name: text})
    assert answer.status in (200, 400), answer.text
