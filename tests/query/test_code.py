from __future__ import annotations

import ast
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from odm_shiny.errors import QueryError
from odm_shiny.query.code import to_curl, to_python
from odm_shiny.query.expr import feature, field, value
from odm_shiny.query.nodes import Expr, Not
from odm_shiny.query.query import Query

URL = "https://odm.example.org/"


def made_by(code: str) -> Any:
    names: dict[str, Any] = {}
    exec(compile(code, "script", "exec"), names)
    return names["query"]


@given(data=st.data())
def test_python_makes_an_equal_query(data: st.DataObject, queries: SearchStrategy[Query]) -> None:
    query = data.draw(queries)
    code = to_python(query)
    assert made_by(code) == query
    assert max(map(len, code.split("\n"))) <= 100
    assert to_python(made_by(code)) == code


@given(data=st.data())
def test_names_are_imported_when_they_are_used(
    data: st.DataObject, queries: SearchStrategy[Query]
) -> None:
    tree = ast.parse(to_python(data.draw(queries), url=URL))
    imported = {
        name.name for one in tree.body if isinstance(one, ast.ImportFrom) for name in one.names
    }
    used = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}
    assert imported == used & {"Query", "connect", "field", "feature", "value"}


def test_python_reads_as_a_person_would_write_it() -> None:
    query = (
        Query()
        .expression()
        .where(
            study=field("Study Title") == "Atlas",
            sample=field("Tissue").is_in(["liver", "lung"])
            & ((field("Age") >= 40) | field("Age").is_null())
            & ~(field("Sex") == "male"),
        )
        .text(study='"single cell"')
        .genes("TP53", "MYC")
        .at_least(4)
        .limited_to(100)
    )
    assert to_python(query, url="https://odm.example.org") == (
        "from odm_shiny import Query, connect, field\n"
        "\n"
        'client = connect("https://odm.example.org")\n'
        "query = (\n"
        "    Query()\n"
        "    .expression()\n"
        "    .where(\n"
        '        study=field("Study Title") == "Atlas",\n'
        "        sample=(\n"
        '            field("Tissue").is_in(["liver", "lung"])\n'
        '            & ((field("Age") >= 40) | field("Age").is_null())\n'
        '            & ~(field("Sex") == "male")\n'
        "        ),\n"
        "    )\n"
        '    .text(study="\\"single cell\\"")\n'
        '    .genes("TP53", "MYC")\n'
        "    .at_least(4)\n"
        "    .limited_to(100)\n"
        ")\n"
        "result = client.run(query)\n"
    )


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (value("FC").not_in([2, None]), 'value("FC").not_in([2, None])'),
        (feature("gene").contains("TP"), 'feature("gene").contains("TP")'),
        (value().between(1, 2.5), "(value() >= 1) & (value() <= 2.5)"),
        ((value() >= "007") | (feature() != "A"), '(value() >= "007") | (feature() != "A")'),
        (feature("a").not_null(), 'feature("a").not_null()'),
    ],
)
def test_conditions_on_data_are_written_with_their_words(condition: Expr, code: str) -> None:
    assert f".data({code})" in to_python(Query().data(condition))


def test_a_short_query_stands_on_one_line() -> None:
    assert to_python(Query().studies()) == (
        "from odm_shiny import Query\n\nquery = Query().studies()\n"
    )


def test_a_script_without_an_address_asks_the_default_one() -> None:
    assert to_python(Query(), run=True).endswith(
        "client = connect()\nquery = Query().samples()\nresult = client.run(query)\n"
    )
    assert "client" not in to_python(Query(), url=URL, run=False)


def test_deep_conditions_are_named_first() -> None:
    name, text = "n" * 200, "x" * 200
    expr: Expr = field(name) == text
    for _ in range(15):
        expr = (expr | field(name).is_in([text, "a", "b"])) & ~(field(name) == text)
    code = to_python(Query().where(sample=Not(expr)))
    assert "condition_2 = " in code
    assert max(map(len, code.split("\n"))) <= 100
    assert made_by(code).sample_filter == Not(expr)


def test_what_cannot_be_seen_is_written_as_an_escape() -> None:
    query = Query().where(sample=field("a\u202eb") == 'q"\\\x07\u2028\U000e0001\u00ad')
    code = to_python(query)
    assert code.replace("\n", "").isprintable()
    assert '"q\\"\\\\\\x07\\u2028\\U000e0001\\xad"' in code
    assert made_by(code) == query


def test_code_in_values_stays_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    monkeypatch.setattr("builtins.canary", lambda: ran.append(1), raising=False)
    nasty = ['") or canary() or ("', "{canary()}", "\\", '"""', "\n canary()", "#"]
    query = Query().where(sample=field(nasty[0]).is_in(nasty)).genes(nasty)
    assert made_by(to_python(query)) == query
    assert not ran


# ---- curl ---------------------------------------------------------------------------------------


def arguments(command: str) -> list[str]:
    return shlex.split(command, comments=True)


def data_of(command: str) -> list[tuple[str, str]]:
    words = arguments(command)
    pairs = [words[at + 1] for at, word in enumerate(words) if word == "--data-urlencode"]
    return [(name, text) for name, _, text in (pair.partition("=") for pair in pairs)]


def test_curl_sends_what_the_client_sends() -> None:
    query = Query().where(sample=field("Sample Source") == "site A").genes("TP53").limited_to(5)
    assert to_curl(query, URL, "curator") == (
        "curl --get https://odm.example.org/api/v1/as-curator/omics/samples \\\n"
        '  --header "Genestack-API-Token: $ODM_TOKEN" \\\n'
        "  --header 'Accept: application/json' \\\n"
        '  --data-urlencode \'sampleFilter="Sample Source"="site A"\' \\\n'
        "  --data-urlencode exQuery=feature=TP53 \\\n"
        "  --data-urlencode returnedMetadataFields=original_data_included \\\n"
        "  --data-urlencode pageLimit=5\n"
    )


@given(data=st.data())
def test_the_shell_sees_each_value_as_it_is(
    data: st.DataObject, texts: SearchStrategy[str]
) -> None:
    name, text = data.draw(texts.filter(bool)), data.draw(texts)
    query = Query().where(sample=field(name) == text)
    command = to_curl(query, URL)
    assert data_of(command) == list(query.request().parameters)
    assert arguments(command)[:3] == ["curl", "--get", f"{URL}api/v1/as-user/samples"]


@pytest.mark.parametrize(
    "text", ["$(touch x)", "`touch x`", "'; touch x; '", "$HOME", "a\nb", "!x", "\\", '"', "@file"]
)
def test_nothing_in_a_value_reaches_the_shell(text: str) -> None:
    query = Query().where(sample=field(text) == text)
    assert data_of(to_curl(query, URL)) == list(query.request().parameters)


def test_a_matrix_comes_as_csv_without_a_page() -> None:
    command = to_curl(Query().matrix("GSF1").limited_to(5), URL)
    assert "Accept: text/csv" in arguments(command)
    assert [name for name, _ in data_of(command)] == ["groupAccession", "roundDigits"]


def test_a_page_is_at_most_two_thousand_rows() -> None:
    assert ("pageLimit", "2000") in data_of(to_curl(Query().limited_to(10**6), URL))


def test_a_long_query_is_several_lines() -> None:
    genes = [f"ENSG{n:011d}" for n in range(1_000)]
    text = to_curl(Query().expression().genes(genes), URL)
    assert text.startswith("# request 1 of ")
    assert text.count("curl --get") == len(Query().expression().genes(genes).requests())
    assert all(gene in text for gene in genes)


@pytest.mark.parametrize(
    "url",
    ["odm.example.org", "ftp://odm", "", "https://", "https://u:p@odm", "https://odm/?t=1", "//x"],
)
def test_an_address_holds_a_host_and_no_secret(url: str) -> None:
    with pytest.raises(QueryError, match="address of an ODM"):
        to_curl(Query(), url)
    with pytest.raises(QueryError, match="address of an ODM"):
        to_python(Query(), url=url)


def test_a_nasty_address_is_quoted_too() -> None:
    command = to_curl(Query(), "https://odm.example.org/$(touch x)/'b")
    assert arguments(command)[2] == "https://odm.example.org/$(touch x)/'b/api/v1/as-user/samples"


def test_what_cannot_be_asked_has_no_curl() -> None:
    with pytest.raises(QueryError, match="expression data are found by"):
        to_curl(Query().expression(), URL)
