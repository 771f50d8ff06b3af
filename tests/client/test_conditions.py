from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.client.conditions import condition_text, pairs, split
from odm_shiny.errors import QueryError
from odm_shiny.query.evaluate import evaluate
from odm_shiny.query.expr import feature, field, value
from odm_shiny.query.filter_text import parse_filter


@pytest.mark.parametrize(
    ("parameter", "condition", "text"),
    [
        ("filter", field("Tissue") == "Großhirn rechts", 'Tissue="Großhirn rechts"'),
        ("sampleFilter", field("Age") >= 40, "Age>=40"),
        ("exQuery", (feature() == "TP53") & (value() >= 4), "feature=TP53 AND value>=4"),
        ("sampleQuery", "liver OR lung", "liver OR lung"),
        ("vxQuery", "region=chr1", "region=chr1"),
    ],
)
def test_conditions_are_written_in_the_language_of_their_parameter(parameter, condition, text):
    assert condition_text(condition, parameter) == text


@pytest.mark.parametrize(
    ("parameter", "condition"),
    [
        ("sampleFilter", feature() == "TP53"),
        ("exQuery", field("Age") > 3),
        ("sampleQuery", field("Age") > 3),
        ("vxQuery", field("Age") > 3),
        ("cellQuery", value() > 3),
    ],
)
def test_a_condition_of_another_language_is_refused(parameter, condition):
    with pytest.raises(QueryError, match=parameter):
        condition_text(condition, parameter)


def test_parameters_become_pairs():
    parameters = {
        "filter": field("A") == "1",
        "none": None,
        "empty": "",
        "yes": True,
        "no": False,
        "n": 0,
        "list": ["a", None, "b"],
        "nothing": [],
    }
    assert pairs(parameters) == (
        ("filter", "A=1"),
        ("yes", "true"),
        ("no", "false"),
        ("n", "0"),
        ("list", "a"),
        ("list", "b"),
    )


names = st.text("abcü ", min_size=1, max_size=8).filter(str.strip)


@given(st.lists(names, min_size=1, max_size=60), st.booleans(), st.integers(60, 300))
def test_parts_of_a_long_filter_find_what_the_whole_finds(values, with_rest, longest):
    whole = field("Tissue").is_in(values)
    if with_rest:
        whole = (field("Age") >= 40) & whole & (field("Sex") == "female")
    sets = split({"filter": whole, "limit": 5}, longest)
    assert all(one["limit"] == 5 for one in sets)
    for tissue in [*values, "zzz"]:
        for age in (30, 50):
            record = {"Tissue": tissue, "Age": age, "Sex": "female"}
            found = [evaluate(one["filter"], record) for one in sets]
            assert any(found) == evaluate(whole, record)
    texts = [condition_text(one["filter"], "filter") for one in sets]
    assert len(texts) == 1 or all(len(text) <= longest * 2 for text in texts)


def test_a_long_text_is_cut_like_the_condition_it_stands_for():
    text = " OR ".join(f'"genestack:accession"="GSF{number:06}"' for number in range(1000))
    sets = split({"sampleFilter": text})
    assert len(sets) > 4
    assert all(len(condition_text(one["sampleFilter"], "sampleFilter")) <= 8000 for one in sets)
    found = [
        item.value
        for one in sets
        for item in parse_filter(str(condition_text(one["sampleFilter"], "filter"))).items
    ]
    assert found == [f"GSF{number:06}" for number in range(1000)]


def test_a_long_list_of_features_is_cut():
    genes = [f"ENSG{number:011}" for number in range(1500)]
    sets = split({"exQuery": feature().is_in(genes) & (value() > 2), "sampleFilter": "A=1"})
    assert len(sets) > 2
    assert all(len(condition_text(one["exQuery"], "exQuery")) <= 8000 for one in sets)
    assert [gene for one in sets for gene in one["exQuery"].items[0].values] == genes


def test_two_long_conditions_are_combined():
    one = field("A").is_in([f"value {n}" for n in range(40)])
    sets = split({"studyFilter": one, "sampleFilter": one}, 300)
    n = len(split({"studyFilter": one}, 300))
    assert n > 1
    assert len(sets) == n * n


@pytest.mark.parametrize(
    "text",
    ["A=1 AND " * 300 + "A=1", "this is no filter OR " * 100, "A!=1 OR " * 100 + "A!=2"],
    ids=["and", "broken", "not equal"],
)
def test_what_cannot_be_cut_stays_whole(text):
    assert split({"filter": text}, 100) in ([{"filter": text}], [{"filter": parse(text)}])


def parse(text):
    try:
        return parse_filter(text)
    except QueryError:
        return text


def test_a_cut_filter_gives_each_record_once_in_order(stub, ask, replies):
    def script(request):
        wanted = [item.value for item in parse_filter(request.query["filter"]).items]
        data = [{"genestack:accession": name} for name in sorted(wanted)]
        data.append({"genestack:accession": "GSF000500"})
        meta = {"pagination": {"count": len(data), "total": len(data)}}
        return replies.http(200, {"data": data, "meta": meta})

    stub.script = script
    accessions = [f"GSF{number:06}" for number in range(1000)]
    condition = field("genestack:accession").is_in(accessions[::-1])
    found = ask(stub.url, lambda client: client.samples.find(condition).to_list())
    assert [record["genestack:accession"] for record in found] == accessions
    assert len(stub.requests) > 4
    few = ask(stub.url, lambda client: client.samples.find(condition, limit=3).to_list())
    assert [record["genestack:accession"] for record in few] == accessions[:3]
