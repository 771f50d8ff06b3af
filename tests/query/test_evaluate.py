from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.errors import QueryError
from odm_shiny.query.data_query import parse_data_query
from odm_shiny.query.evaluate import evaluate, evaluate_row
from odm_shiny.query.filter_text import parse_filter
from odm_shiny.query.full_text import parse_text

SAMPLE: dict[str, Any] = {
    "genestack:accession": "GSF000021",
    "Tissue": "Liver lobe",
    "Age": 38,
    "BMI": "33.9",
    "Größe": 1.8,
    "Treated": True,
    "Diseases": ["T2D", "NASH", None],
    "Collected": "2024-05-06",
    "Batch": "007",
    "Doses": [1, 20.5],
    "Comment": "n/a",
    "Empty": "",
    "Unset": None,
    "None": [],
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('Tissue="Liver lobe"', True),
        ("Tissue=Liver", False),
        ('Tissue="liver lobe"', False),
        ("tissue!=x", True),
        ("genestack:accession=GSF000021", True),
        ("Age=38", True),
        ("Age=38.0", True),
        ("Age!=38.0", False),
        ("BMI>33", True),
        ("BMI>33.9", False),
        ("BMI>=33.90", True),
        ("Größe<2", True),
        ("Batch=7", True),
        ("Batch=007", True),
        ("Treated=true", True),
        ("Treated=1", False),
        ("Diseases=NASH", True),
        ("Diseases!=NASH", False),
        ("Diseases!=x", True),
        ("Diseases=null", False),
        ("Doses>20", True),
        ("Doses<0", False),
        ("Collected>2024-05", True),
        ("Collected>=2024-05-06T00:00Z", True),
        ("Collected<2024-05-06", False),
        ("Collected>2000", False),
        ("Comment>0", False),
        ("Comment<=0", False),
        ("NOT Comment>0", True),
        ('Empty=""', True),
        ("Empty=null", False),
        ("Unset=null", True),
        ("None=null", True),
        ("Absent=null", True),
        ("Absent!=null", False),
        ("Absent!=x", True),
        ("Absent>0", False),
        ("Age=*", True),
        ("Unset=*", False),
        ("Age>30 AND (Batch=8 OR Age<40)", True),
        ("Age>30 AND NOT Age<40", False),
    ],
)
def test_filters_hold_as_the_api_says(text: str, holds: bool) -> None:
    assert evaluate(parse_filter(text), SAMPLE) is holds


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("LIVER", True),
        ("liv", False),
        ("liv*", True),
        ("l?ver", True),
        ("liver-lobe", True),
        ('"liver lobe"', True),
        ('"lobe liver"', False),
        ('"lobe 38"', False),
        ('"T2D NASH"', False),
        ("nash AND 33", True),
        ("lung nash", True),
        ("lung AND nash", False),
        ("NOT lung", True),
        ("GSF1,GSF000021", True),
        ("Tissue", False),
        ("38", True),
        ("20", True),
        ("true", True),
        ("-", False),
        ('"liv*"', False),
        ("NOT -", True),
        ("l.ver", False),
    ],
)
def test_text_queries_hold_as_the_api_says(text: str, holds: bool) -> None:
    assert evaluate(parse_text(text), SAMPLE) is holds


def test_a_term_stands_for_its_synonyms() -> None:
    synonyms = {"hepar": ["Hepar", "liver LOBE"]}

    def expand(text: str) -> list[str]:
        return synonyms.get(text, [text])

    assert evaluate(parse_text("hepar"), SAMPLE, expand)
    assert not evaluate(parse_text("hepar"), SAMPLE)
    assert not evaluate(parse_text("lung"), SAMPLE, expand)


FEATURES: dict[str, str | float | None] = {
    "id": "TP53",
    "gene": "p53 α",
    "start": 100.0,
    "note": None,
    "end": math.nan,
    "blank": "",
    "code": "7",
}
VALUES = {"FC": 2.0, "pval": None, "n": math.nan}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("feature=TP53", True),
        ("feature=tp53", False),
        ("feature=MYC,TP53", True),
        ("feature!=MYC,TP53", False),
        ("feature!=MYC", True),
        ("feature.gene=~53", True),
        ("feature.gene=~P53", False),
        ("feature.start=100", True),
        ("feature.start=1e2", True),
        ("feature.start=x", False),
        ("feature.start>=100", True),
        ("50<feature.start<100", False),
        ("feature.start=~1", False),
        ("feature.code=7.0", False),
        ("feature.code>1", False),
        ("NOT feature.code>1", True),
        ("feature.note=null", True),
        ("feature.end=null", True),
        ("feature.end>0", False),
        ("feature.blank=null", True),
        ("feature.note!=x", True),
        ("feature.note!=x,null", False),
        ("value.FC=2", True),
        ("value.FC!=2,null", False),
        ("value.FC>=2.0", True),
        ("value.pval=null", True),
        ("value.pval!=2", True),
        ("value.pval!=2,null", False),
        ("value.pval<1", False),
        ("value.n=null", True),
        ("value>1", True),
        ("value>2", False),
        ("value=null", True),
        ("value!=2", True),
        ("NOT value=2", False),
        ("feature=TP53 value>=2", True),
        ("feature=MYC value>=2", False),
        ("feature=MYC or value>=2", True),
    ],
)
def test_rows_match_as_the_api_says(text: str, holds: bool) -> None:
    assert evaluate_row(parse_data_query(text), FEATURES, VALUES, "id") is holds


@pytest.mark.parametrize("column", ["feature.absent", "value.absent"])
def test_an_unknown_column_matches_nothing_negated_or_not(column: str) -> None:
    for text in (f"{column}=1", f"{column}!=1", f"NOT {column}=1", f"{column}>1"):
        assert not evaluate_row(parse_data_query(text), FEATURES, VALUES, "id")
    assert evaluate_row(parse_data_query(f"{column}=1 OR feature=TP53"), FEATURES, VALUES, "id")
    assert not evaluate_row(
        parse_data_query(f"{column}=1 AND feature=TP53"), FEATURES, VALUES, "id"
    )
    assert not evaluate_row(
        parse_data_query(f"NOT ({column}=1 OR feature=MYC)"), FEATURES, VALUES, "id"
    )
    assert not evaluate_row(
        parse_data_query(f"NOT ({column}=1 AND feature=TP53)"), FEATURES, VALUES, "id"
    )
    assert evaluate_row(
        parse_data_query(f"NOT ({column}=1 AND feature=MYC)"), FEATURES, VALUES, "id"
    )


def test_a_row_without_values_does_not_exist() -> None:
    assert not evaluate_row(parse_data_query("feature=TP53"), FEATURES, {"a": None}, "id")
    assert not evaluate_row(parse_data_query("value=null"), FEATURES, {"a": math.nan}, "id")


def test_each_language_has_its_own_evaluator() -> None:
    with pytest.raises(QueryError, match="evaluate_row"):
        evaluate(parse_data_query("value>1"), SAMPLE)
    with pytest.raises(QueryError, match="use evaluate"):
        evaluate_row(parse_filter("a=1"), FEATURES, VALUES, "id")


@given(
    value=st.one_of(
        st.none(),
        st.integers(-3, 3),
        st.sampled_from(["1", "1.0", "x", "", "2024-05-01"]),
        st.lists(st.integers(-3, 3) | st.none(), max_size=3),
    ),
    op=st.sampled_from(["=", "<", "<=", ">", ">="]),
    wanted=st.integers(-3, 3),
)
def test_negation_is_the_complement(value: Any, op: str, wanted: int) -> None:
    record = {"a": value}
    holds = evaluate(parse_filter(f"a{op}{wanted}"), record)
    assert evaluate(parse_filter(f"NOT a{op}{wanted}"), record) is not holds
    if op == "=":
        assert evaluate(parse_filter(f"a!={wanted}"), record) is not holds
