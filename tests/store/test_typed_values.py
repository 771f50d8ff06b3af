"""Text to values and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.store import template_format
from odm_shiny.store.documents import texts
from odm_shiny.store.template_format import TemplateAttribute
from odm_shiny.store.typed_values import fits, guessed, typed


def of_type(metainfo_type: str) -> TemplateAttribute:
    return TemplateAttribute("X", "genestack:sampleObject", metainfo_type, False)


DECIMAL, INTEGER = of_type(template_format.DECIMAL), of_type(template_format.INTEGER)
BOOLEAN, STRING = of_type(template_format.BOOLEAN), of_type(template_format.STRING)
DATE, LINK = of_type(template_format.DATE), of_type(template_format.LINK)


@pytest.mark.parametrize(
    ("attribute", "text", "value"),
    [
        (DECIMAL, "52", 52),
        (DECIMAL, " -5.25 ", -5.25),
        (DECIMAL, "52.0", 52.0),
        (DECIMAL, "1e-3", 0.001),
        (DECIMAL, ".5", 0.5),
        (DECIMAL, "7,5", "7,5"),
        (DECIMAL, "NaN", "NaN"),
        (DECIMAL, "inf", "inf"),
        (DECIMAL, "1e999", "1e999"),
        (DECIMAL, "1_000", "1_000"),
        (DECIMAL, "٣", "٣"),
        (DECIMAL, "0x1F", "0x1F"),
        (DECIMAL, "", ""),
        (DECIMAL, ["1", "a", "2.5"], [1, "a", 2.5]),
        (DECIMAL, 3, 3),
        (DECIMAL, None, None),
        (INTEGER, "+7", 7),
        (INTEGER, "7.0", "7.0"),
        (INTEGER, "9223372036854775807", 2**63 - 1),
        (INTEGER, "9223372036854775808", "9223372036854775808"),
        (INTEGER, "9" * 5000, "9" * 5000),
        (BOOLEAN, "True", True),
        (BOOLEAN, "yes", "yes"),
        (STRING, "007", "007"),
        (DATE, "2024-05-06", "2024-05-06"),
        (LINK, "https://example.org", "https://example.org"),
        (None, "52", "52"),
    ],
    ids=repr,
)
def test_text_is_typed_by_the_template_where_it_fits(
    attribute: TemplateAttribute | None, text: Any, value: Any
) -> None:
    assert repr(typed(attribute, text)) == repr(value)


@given(
    st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False))
)
def test_every_number_comes_back_from_its_text(number: int | float) -> None:
    (text,) = texts(number)
    assert repr(typed(DECIMAL, text)) == repr(number)


@given(st.text())
def test_any_text_becomes_a_number_that_fits_or_stays_as_it_is(text: str) -> None:
    for attribute in (DECIMAL, INTEGER, BOOLEAN):
        value = typed(attribute, text)
        assert value == text or fits(attribute, value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("53", 53),
        ("-1.5", -1.5),
        ("true", True),
        ("True", "True"),
        ("007", "007"),
        ("+7", "+7"),
        ("1e5", "1e5"),
        (" 5", " 5"),
        ("1.50", "1.50"),
        (["1", "x"], [1, "x"]),
        (None, None),
        (4, 4),
    ],
    ids=repr,
)
def test_a_guess_is_made_only_where_it_reads_back_the_same(value: Any, expected: Any) -> None:
    assert repr(guessed(value)) == repr(expected)


@pytest.mark.parametrize(
    ("attribute", "good", "bad"),
    [
        (DECIMAL, [1, 1.5], ["1", True]),
        (INTEGER, [1], [1.0, "1", False]),
        (BOOLEAN, [True], ["true", 1]),
        (DATE, ["2024-05-06", "2024-05-06T10:00:00Z"], ["06.05.2024", 2024, "2024-13-01"]),
        (LINK, ["https://x.org/a", "s3://b/k", "/data/x.gct"], ["see paper", 5, "https://"]),
        (STRING, ["x", 5, True], []),
    ],
    ids=["decimal", "integer", "boolean", "date", "link", "string"],
)
def test_values_fit_their_type_or_not(
    attribute: TemplateAttribute, good: list[Any], bad: list[Any]
) -> None:
    assert [fits(attribute, value) for value in good] == [True] * len(good)
    assert [fits(attribute, value) for value in bad] == [False] * len(bad)
