from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from odm_shiny.contract.operations import operations
from odm_shiny.errors import QueryError
from odm_shiny.query.data_query import parse_data_query
from odm_shiny.query.expr import feature, field, value
from odm_shiny.query.filter_text import parse_filter
from odm_shiny.query.plan import Plan, plan_requests
from odm_shiny.query.query import Query
from odm_shiny.query.shape import leaves

ALL = ("returnedMetadataFields", "original_data_included")
TISSUE = field("Tissue") == "liver lobe"


@pytest.mark.parametrize(
    ("query", "path", "parameters"),
    [
        pytest.param(Query().studies(), "/studies", [ALL], id="all studies"),
        pytest.param(
            Query().studies().where(study="Title=x").text(study="liver").sorted_by("-name"),
            "/studies",
            [("filter", "Title=x"), ("query", "liver"), ALL, ("sort", "-name")],
            id="studies",
        ),
        pytest.param(
            Query().studies().where(sample=TISSUE).text(sample="x").specific_terms(),
            "/integration/link/studies/by/samples",
            [
                ("filter", 'Tissue="liver lobe"'),
                ("query", "x"),
                ("searchSpecificTerms", "true"),
                ALL,
            ],
            id="studies by samples",
        ),
        pytest.param(
            Query().studies().text(library="x"),
            "/integration/link/studies/by/libraries",
            [("query", "x"), ALL],
            id="studies by libraries",
        ),
        pytest.param(
            Query().studies().text(preparation="x"),
            "/integration/link/studies/by/preparations",
            [("query", "x"), ALL],
            id="studies by preparations",
        ),
        pytest.param(
            Query().where(sample=TISSUE).metadata("template").terms().sorted_by("creation"),
            "/samples",
            [
                ("filter", 'Tissue="liver lobe"'),
                ("responseFormat", "term_id"),
                ("returnedMetadataFields", "extended_data_included"),
                ("sort", "creation"),
            ],
            id="samples alone",
        ),
        pytest.param(
            Query()
            .where(study="a=1", sample="b=2", library="c=3", preparation="d=4", expression="e=5")
            .text(study="a", sample="b", library="c", preparation="d")
            .genes("TP53")
            .versions("v1,v0")
            .metadata("default"),
            "/omics/samples",
            [
                ("studyFilter", "a=1"),
                ("studyQuery", "a"),
                ("sampleFilter", "b=2"),
                ("sampleQuery", "b"),
                ("libraryFilter", "c=3"),
                ("libraryQuery", "c"),
                ("preparationFilter", "d=4"),
                ("preparationQuery", "d"),
                ("exQuery", "feature=TP53"),
                ("exFilter", "e=5"),
                ("useVersions", "v1,v0"),
                ("returnedMetadataFields", "minimal_data"),
            ],
            id="samples by everything",
        ),
        pytest.param(
            Query().libraries().where(library="a=1"),
            "/libraries",
            [("filter", "a=1"), ALL],
            id="libraries",
        ),
        pytest.param(
            Query().libraries().where(sample="a=1"),
            "/integration/link/libraries/by/samples",
            [("filter", "a=1"), ALL],
            id="libraries by samples",
        ),
        pytest.param(
            Query().preparations(), "/preparations", [ALL], id="preparations"
        ),
        pytest.param(
            Query().preparations().text(sample="a"),
            "/integration/link/preparations/by/samples",
            [("query", "a"), ALL],
            id="preparations by samples",
        ),
        pytest.param(
            Query().expression().where(sample=TISSUE).genes("TP53", "MYC").at_least(4),
            "/omics/expression/data",
            [
                ("sampleFilter", 'Tissue="liver lobe"'),
                ("exQuery", "feature=TP53,MYC AND value>=4"),
                ALL,
            ],
            id="values",
        ),
        pytest.param(
            Query().expression_groups().where(sample=TISSUE),
            "/omics/expression/group",
            [("sampleFilter", 'Tissue="liver lobe"'), ALL],
            id="files",
        ),
        pytest.param(
            Query().matrix("GSF000021"),
            "/omics/expression/streamed-data",
            [("groupAccession", "GSF000021"), ("roundDigits", "20")],
            id="whole matrix",
        ),
        pytest.param(
            Query().matrix("GSF000021").where(sample=TISSUE).genes("TP53"),
            "/omics/expression/streamed-data",
            [
                ("groupAccession", "GSF000021"),
                ("sampleFilter", 'Tissue="liver lobe"'),
                ("exQuery", "feature=TP53"),
                ("roundDigits", "20"),
            ],
            id="part of a matrix",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("role", ["user", "curator"])
def test_each_query_has_its_request(
    query: Query, path: str, parameters: list[tuple[str, str]], role: str
) -> None:
    plan = query.request(role)
    assert plan.method == "GET"
    assert plan.path == f"/api/v1/as-{role}{path}"
    assert list(plan.parameters) == parameters


@pytest.mark.parametrize(
    ("query", "paging"),
    [
        (Query(), "offset"),
        (Query().genes("A"), "cursor"),
        (Query().expression_groups(), "cursor"),
        (Query().matrix("GSF1"), "stream"),
    ],
)
def test_a_plan_says_how_its_pages_come(query: Query, paging: str) -> None:
    assert query.request().paging == paging
    assert query.limited_to(7).request().limit == 7


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (
            Query().studies().where(study="a=1", sample="b=2"),
            r"studies by a study filter and a sample filter .*\.samples\(\)",
        ),
        (Query().studies().genes("A"), r"studies by a data query .*\.samples\(\)"),
        (Query().studies().text(sample="a").sorted_by("name"), "an order"),
        (Query().where(study="a=1").sorted_by("name"), "samples by a study filter and an order"),
        (Query(group="GSF1"), r"samples by a matrix .*\.expression\(\)"),
        (Query().libraries().where(study="a=1"), "libraries by a study filter"),
        (Query().libraries().where(library="a=1").text(sample="b"), r"\.samples\(\)"),
        (Query().preparations().versions("v1"), "preparations by versions"),
        (Query().expression(), r"\.genes\('TP53'\).*\.matrix\(ACCESSION\)"),
        (Query().expression().where(sample="a=1"), r"\.expression_groups\(\)"),
        (Query().expression().genes("A").sorted_by("name"), "without an order"),
        (Query().matrix("GSF1").where(study="a=1"), "a study filter and a matrix"),
        (Query().matrix("GSF1").versions("v1"), r"\.without\('group'\)"),
        (Query().matrix("GSF1").terms(), "term identifiers"),
        (Query().expression_groups().sorted_by("id"), "data files by an order"),
    ],
)
def test_what_no_request_can_say_is_an_error_with_a_cure(query: Query, says: str) -> None:
    with pytest.raises(QueryError, match=says):
        query.request()
    with pytest.raises(QueryError, match=says):
        query.requests()


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(QueryError, match="did you mean 'curator'"):
        Query().request("currator")


def variants(query: Query) -> list[Query]:
    """The query, and less and less of it: what can be asked is then among them for any draw."""
    unsorted = query.without("sort")
    own = Query(kind="samples", sample_filter=query.sample_filter, sort=query.sort)
    return [query, unsorted, unsorted.without("group"), unsorted.without("group").samples(), own]


def plans_of(query: Query, role: str = "user") -> list[tuple[Query, Plan]]:
    found = []
    for one in variants(query):
        try:
            found.append((one, one.request(role)))
        except QueryError:
            continue
    return found


@given(data=st.data(), role=st.sampled_from(["user", "curator"]))
def test_every_request_is_an_operation_of_the_contract(
    data: st.DataObject, queries: SearchStrategy[Query], role: str
) -> None:
    plans = plans_of(data.draw(queries), role)
    assert plans
    for _, plan in plans:
        found = [one for one in operations() if (one.method, one.path) == (plan.method, plan.path)]
        assert len(found) == 1
        known = {one.name: one for one in found[0].parameters}
        given_names = {name for name, _ in plan.parameters}
        assert given_names <= known.keys()
        assert {name for name, one in known.items() if one.required} <= given_names
        for name, text in plan.parameters:
            allowed = known[name].enum
            assert allowed is None or text in allowed


@given(data=st.data())
def test_no_condition_is_dropped(data: st.DataObject, queries: SearchStrategy[Query]) -> None:
    for query, plan in plans_of(data.draw(queries)):
        texts = [text for _, text in plan.parameters]
        for kind in ("study", "sample", "library", "preparation", "expression"):
            expr = getattr(query, f"{kind}_filter")
            assert expr is None or expr in [parsed(parse_filter, text) for text in texts]
        if query.data_query is not None:
            assert query.data_query in [parsed(parse_data_query, text) for text in texts]
        for name in ("study_text", "sample_text", "preparation_text", "use_versions", "group"):
            assert getattr(query, name) is None or getattr(query, name) in texts
        assert query.sort is None or query.sort in texts
        assert not query.response_terms or "term_id" in texts
        assert not query.search_specific_terms or "true" in texts


def parsed(parse: Callable[[str], object], text: str) -> object:
    try:
        return parse(text)
    except QueryError:
        return None


def test_the_url_holds_the_parameters_encoded() -> None:
    plan = Query().where(sample=field("Größe & x") == 'a "b"+c/d?').request()
    url = plan.url("https://odm.example.org/")
    assert urlsplit(url).path == "/api/v1/as-user/samples"
    assert parse_qsl(urlsplit(url).query) == list(plan.parameters)
    assert url.isascii()
    assert " " not in url


# ---- long lists of alternatives -----------------------------------------------------------------

ACCESSIONS = [f"GSF{n:06d}" for n in range(1000)]
LONG = field("genestack:accession").is_in(ACCESSIONS)


def values_of(query: Query, max_bytes: int = 8_000) -> list[list[str]]:
    found = []
    for plan in plan_requests(query, max_bytes=max_bytes):
        assert len(plan.query_string) <= max_bytes
        filters = dict(plan.parameters)["sampleFilter" if "omics" in plan.path else "filter"]
        found.append(
            [
                leaf.value  # type: ignore[attr-defined]
                for leaf in leaves(parse_filter(filters))
                if leaf.field == "genestack:accession"  # type: ignore[attr-defined]
            ]
        )
    return found


def test_a_short_query_is_one_request() -> None:
    assert Query().where(sample=TISSUE).requests() == (Query().where(sample=TISSUE).request(),)


def test_a_long_list_becomes_several_requests_in_order() -> None:
    lists = values_of(Query().where(sample=LONG))
    assert 1 < len(lists) < 20
    assert [one for values in lists for one in values] == ACCESSIONS


def test_the_other_conditions_go_with_every_part() -> None:
    query = Query().where(sample=(field("Sex") == "f") & LONG, study="a=1")
    assert [one for values in values_of(query) for one in values] == ACCESSIONS
    for plan in query.requests():
        assert ("studyFilter", "a=1") in plan.parameters
        assert "Sex=f AND (" in dict(plan.parameters)["sampleFilter"]


def test_two_long_lists_make_every_pair() -> None:
    genes = [f"ENSG{n:08d}" for n in range(600)]
    query = Query().expression().where(sample=LONG).genes(genes).at_least(1)
    plans = query.requests()
    pairs = set()
    for plan in plans:
        assert len(plan.query_string) <= 8_000
        parameters = dict(plan.parameters)
        data = parse_data_query(parameters["exQuery"])
        assert "value>=1" in parameters["exQuery"]
        for leaf in leaves(parse_filter(parameters["sampleFilter"])):
            first = next(iter(leaves(data)))
            pairs |= {(leaf.value, gene) for gene in first.values}  # type: ignore[attr-defined]
    assert len(pairs) == len(ACCESSIONS) * len(genes)


def test_long_texts_are_split_too() -> None:
    query = Query().text(sample=",".join(ACCESSIONS))
    words = [dict(plan.parameters)["query"] for plan in query.requests()]
    assert len(words) > 1
    assert " OR ".join(words).split(" OR ") == ACCESSIONS


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(Query().where(sample=field("a") == "x" * 9_000), id="one long value"),
        pytest.param(
            Query().where(sample=field("a").not_in(ACCESSIONS)), id="none of many"
        ),
        pytest.param(Query().where(sample=~LONG), id="negated"),
        pytest.param(
            Query().where(sample=(field("a") == "x" * 9_000) & field("b").is_in(["c", "d"])),
            id="a short list beside a long value",
        ),
        pytest.param(
            Query().expression().data((value() >= 1) & ~feature().is_in(ACCESSIONS)),
            id="features left out",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_split_stays_one_request(query: Query) -> None:
    assert query.requests() == (query.request(),)
    assert len(query.request().query_string) > 8_000


def test_parts_become_smaller_with_the_limit() -> None:
    counts = [len(Query().where(sample=LONG).requests(max_bytes=n)) for n in (500, 2_000, 8_000)]
    assert all(more > fewer for more, fewer in pairwise(counts))
    with pytest.raises(QueryError, match="max_bytes"):
        Query().requests(max_bytes=0)
