from __future__ import annotations

import asyncio
import copy
import pickle
import subprocess
import sys
import threading
from typing import Any

import pytest

from odm_shiny.errors import QueryError, QuerySyntaxError
from odm_shiny.query.checks import both_texts
from odm_shiny.query.expr import feature, field, value
from odm_shiny.query.full_text import parse_text
from odm_shiny.query.nodes import And, Compare, Or
from odm_shiny.query.query import Query

LIVER = field("Tissue") == "liver"
ADULT = field("Age") >= 18


class Recorder:
    """Answers with what it was asked."""

    def run_query(self, query: Query, **options: Any) -> Any:
        return query, options, threading.current_thread()

    def explain_query(self, query: Query) -> Any:
        return "explained", query


class AsyncRecorder(Recorder):
    async def run_query(self, query: Query, **options: Any) -> Any:
        await asyncio.sleep(0)
        return query, options


def test_every_step_is_a_new_query() -> None:
    start = Query()
    assert start.where(sample=LIVER).sample_filter == LIVER
    assert start == Query()
    with pytest.raises(AttributeError):
        start.kind = "studies"  # type: ignore[misc]


def test_queries_are_values() -> None:
    one = Query().where(sample="Tissue=liver").genes("TP53").text(study="a b")
    other = Query().text(study=" a b ").genes(["TP53"]).where(sample=LIVER)
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other, Query()}) == 2
    assert copy.copy(one) is one
    assert copy.deepcopy(one) is one
    assert pickle.loads(pickle.dumps(one)) == one


def test_conditions_are_joined() -> None:
    query = Query().where(sample=LIVER).where(sample="Age>=18", study="a=1 OR b=2")
    assert query.sample_filter == And((LIVER, ADULT))
    assert query.where(study="c=3").study_filter == And(
        (Or((Compare("a", "=", "1"), Compare("b", "=", "2"))), Compare("c", "=", "3"))
    )


def test_conditions_are_replaced_on_request() -> None:
    query = Query().where(sample=LIVER, study="a=1").where(sample=ADULT, replace=True)
    assert query.sample_filter == ADULT
    assert query.study_filter == Compare("a", "=", "1")
    assert query.where(sample=None, replace=True).sample_filter is None
    assert query.where(sample=" ", replace=True).sample_filter is None
    assert query.where(sample=None).sample_filter == ADULT
    assert query.where() == query


def test_texts_are_joined_and_replaced() -> None:
    query = Query().text(sample="liver, lung").text(sample="cell", study="x")
    assert query.sample_text == "(liver OR lung) AND cell"
    assert query.study_text == "x"
    assert query.text(sample="kept", replace=True).sample_text == "kept"
    assert query.text(sample="", replace=True).sample_text is None
    assert query.text(sample="  ").sample_text == query.sample_text


def test_joined_texts_mean_both() -> None:
    joined = both_texts("a b", "NOT c")
    assert joined is not None
    assert parse_text(joined) == And((parse_text("a b"), parse_text("NOT c")))


def test_genes_and_threshold_replace_themselves() -> None:
    query = Query().genes("TP53").at_least(4).genes("MYC", ["KRAS"]).at_least(2.5)
    assert query.data_query == (feature().is_in(["MYC", "KRAS"]) & (value() >= 2.5))
    assert Query().at_least(4).genes("A").data_query == (feature() == "A") & (value() >= 4)


def test_a_replaced_condition_keeps_its_place() -> None:
    query = Query().data("value>=1 feature=A value<9")
    assert query.genes("B").at_least(2).to_url() == (
        "odm=1&find=samples&data=value%3E%3D2%20AND%20feature%3DB%20AND%20value%3C9"
    )


def test_genes_leave_other_conditions_on_data() -> None:
    other = feature("chrom") == "chr1"
    query = Query().data(other | (value("p") < 0.05)).genes("A")
    assert query.data_query == And((feature() == "A", Or((other, value("p") < 0.05))))
    assert query.genes("B").data_query == And((feature() == "B", Or((other, value("p") < 0.05))))
    assert query.data("value>1").data_query == And(
        (feature() == "A", Or((other, value("p") < 0.05)), value() > 1)
    )
    assert query.data("Feature=C MinValue=1", replace=True).data_query == (
        (feature() == "C") & (value() >= 1)
    )
    assert query.data(None, replace=True).data_query is None


def test_kinds_are_chosen() -> None:
    assert [
        query.kind
        for query in (
            Query(),
            Query().studies(),
            Query().studies().samples(),
            Query().libraries(),
            Query().preparations(),
            Query().expression(),
            Query().expression_groups(),
            Query().matrix("GSF1"),
        )
    ] == [
        *("samples", "studies", "samples", "libraries", "preparations"),
        *("expression", "expression_groups", "expression"),
    ]


def test_settings_are_kept_in_one_form() -> None:
    query = Query().versions("v1 , V0").sorted_by("+name").limited_to(5).metadata("default")
    assert (query.use_versions, query.sort, query.limit) == ("v1,v0", "name", 5)
    assert query.sorted_by("-name") == query.sorted_by("name", descending=True)
    assert query.versions(None).use_versions is None
    assert query.terms().specific_terms().terms(False).search_specific_terms


def test_conditions_are_taken_back_by_name() -> None:
    query = Query().where(sample=LIVER, study="a=1").genes("A").metadata("default").limited_to(1)
    assert query.without("sample_filter", "data_query", "metadata_level", "limit") == Query().where(
        study="a=1"
    )
    with pytest.raises(QueryError, match="did you mean 'sample_filter'"):
        query.without("sample_fitler")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Query(kind="cells"), "kind of result 'cells'"),
        (lambda: Query().where(smaple=LIVER), "did you mean 'sample'"),
        (lambda: Query().text(expression="x"), "unknown kind in text"),
        (lambda: Query().where(LIVER), r"where\(\) takes conditions by name, .* where\(sample="),
        (lambda: Query().text("liver"), r"text\(\) takes words by name, .* study, sample"),
        (lambda: Query().where(sample=feature() == "A"), r"use \.data\(\.\.\.\)"),
        (lambda: Query().where(sample=parse_text("x")), r"use \.text\(sample=\.\.\.\)"),
        (lambda: Query().where(sample=5), "not 5"),
        (lambda: Query(sample_filter="a=b"), "not 'a=b'"),
        (lambda: Query().data(LIVER), r"use \.where\(sample=\.\.\.\)"),
        (lambda: Query().data("gene=A"), r"feature\.gene"),
        (lambda: Query().text(sample="("), "never closed|found the end"),
        (lambda: Query().text(sample=5), "not 5"),
        (lambda: Query().text(sample="\ud800"), "Unicode"),
        (lambda: Query().genes(), "empty"),
        (lambda: Query().genes(5), "not by 5"),
        (lambda: Query().at_least("high"), "'high'"),
        (lambda: Query().versions("3"), "useVersions: expected a version"),
        (lambda: Query().versions(3), "not 3"),
        (lambda: Query().metadata("al"), "did you mean 'all'"),
        (lambda: Query().sorted_by("nmae"), "did you mean 'name'"),
        (lambda: Query().matrix("GSF 1"), "without blanks"),
        (lambda: Query().matrix(""), "without blanks"),
        (lambda: Query().limited_to(0), "from 1"),
        (lambda: Query().limited_to(True), "not True"),
        (lambda: Query().limited_to(2.5), "not 2.5"),
        (lambda: Query().terms("yes"), "True or False"),
    ],
)
def test_a_wrong_word_is_refused_at_once(make: Any, says: str) -> None:
    with pytest.raises(QueryError, match=says):
        make()


def test_a_text_that_does_not_parse_keeps_its_position() -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        Query().where(sample="Tissue=liver and Age>3")
    assert caught.value.position == 13


def test_a_bound_query_asks_its_runner() -> None:
    query = Query().where(sample=LIVER).bind(Recorder())
    asked, options, thread = query.limited_to(3).run(as_="pandas")
    assert asked == Query().where(sample=LIVER).limited_to(3)
    assert options == {"as_": "pandas"}
    assert thread is threading.current_thread()
    assert query.explain() == ("explained", query)


def test_a_synchronous_runner_answers_in_a_thread() -> None:
    query = Query().bind(Recorder())
    asked, options, thread = asyncio.run(query.arun(deadline_s=3))
    assert (asked, options) == (query, {"deadline_s": 3})
    assert thread is not threading.current_thread()


def test_an_asynchronous_runner_is_awaited() -> None:
    query = Query().bind(AsyncRecorder())
    assert asyncio.run(query.arun(deadline_s=3)) == (query, {"deadline_s": 3})
    with pytest.raises(QueryError, match=r"await query\.arun\(\)"):
        query.run()


@pytest.mark.parametrize("ask", [Query().run, Query().explain])
def test_without_a_runner_the_cure_is_named(ask: Any) -> None:
    with pytest.raises(QueryError, match=r"client\.(run|explain)\(query\)"):
        ask()


class Secret(Recorder):
    token = "odm-secret-token"

    def __repr__(self) -> str:
        return self.token


def test_a_runner_is_no_part_of_the_question() -> None:
    query = Query().where(sample=LIVER)
    bound = query.bind(Secret())
    assert bound == query
    assert hash(bound) == hash(query)
    shown = [repr(bound), bound._repr_html_(), bound.to_url(), bound.to_python(), str(bound)]
    assert not any(Secret.token in text for text in shown)
    assert Secret.token.encode() not in pickle.dumps(bound)
    assert pickle.loads(pickle.dumps(bound)).runner is None
    assert bound.where(study="a=1").runner is bound.runner
    assert bound.bind(None).runner is None


def test_importing_the_query_loads_no_heavy_library() -> None:
    heavy = ["numpy", "pandas", "httpx", "pyarrow", "msgspec", "starlette", "sqlalchemy", "shiny"]
    code = (
        "import sys, odm_shiny.query.query, odm_shiny.query.evaluate\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
