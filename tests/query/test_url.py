from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from odm_shiny.errors import QueryError, QuerySyntaxError
from odm_shiny.query.expr import field
from odm_shiny.query.query import Query


@given(data=st.data())
def test_reading_is_the_inverse_of_writing(
    data: st.DataObject, queries: SearchStrategy[Query]
) -> None:
    query = data.draw(queries)
    text = query.to_url()
    assert text.isascii()
    assert Query.from_url(text) == query
    assert Query.from_url(f"https://app.example.org/a?{text}#part") == query


def test_a_link_is_readable_and_stable() -> None:
    query = (
        Query()
        .expression()
        .where(sample=field("Sample Source") == "site A", study="a=1")
        .text(study="liver")
        .genes("TP53", "MYC")
        .at_least(4)
        .versions("v1,v0")
        .metadata("template")
        .specific_terms()
        .limited_to(10)
    )
    assert query.to_url() == (
        "odm=1&find=expression&study=a%3D1&study.text=liver"
        "&sample=%22Sample%20Source%22%3D%22site%20A%22"
        "&data=feature%3DTP53,MYC%20AND%20value%3E%3D4"
        "&versions=v1,v0&metadata=template&specific=true&limit=10"
    )


def test_what_is_not_said_is_not_written() -> None:
    assert Query().to_url() == "odm=1&find=samples"
    assert Query.from_url("") == Query.from_url("?") == Query()
    assert Query.from_url("find=studies") == Query().studies()


def test_other_programs_may_write_blanks_as_plus() -> None:
    assert Query.from_url("study.text=a+AND+b") == Query().text(study="a AND b")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sampel=a%3Db", "did you mean 'sample'"),
        ("odm=2&find=samples", "newer odm-shiny"),
        ("sample=a%3Db&sample=c%3Dd", "stands twice"),
        ("find=cells", "kind of result 'cells'"),
        ("sample=a%3D", "expected a value"),
        ("sample=", "empty"),
        ("data=TP53", "feature=TP53"),
        ("study.text=(", "found the end|never closed"),
        ("versions=3", "expected a version"),
        ("metadata=some", "level of metadata"),
        ("specific=yes", "true or false"),
        ("limit=ten", "whole number"),
        ("limit=0", "whole number from 1"),
        ("limit=%D9%A5", "whole number"),
        ("sort=age", "order 'age'"),
        ("matrix=a%20b", "accession"),
        ("sample", "not a query string"),
        ("sample=%FF", "not a query string"),
        ("runner=x", "unknown key"),
    ],
)
def test_a_broken_link_is_explained(text: str, says: str) -> None:
    with pytest.raises(QueryError, match=says):
        Query.from_url(text)


def test_a_broken_condition_keeps_its_position() -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        Query.from_url("sample=a%3Db%20c%3Dd")
    assert (caught.value.text, caught.value.position) == ("a=b c=d", 4)


def test_an_endless_link_is_refused_when_it_is_written() -> None:
    names = [f"G{n}" for n in range(10_001)]
    with pytest.raises(QueryError, match="too long for a link"):
        Query().genes(names).to_url()
    assert len(parse_qsl(Query().genes(names[:10_000]).to_url())) == 3
