from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.errors import QuerySyntaxError
from odm_shiny.query.versions import (
    ACTIVE,
    ChainFile,
    ChainRule,
    Versions,
    parse_versions,
    render_versions,
)

FILES = [
    ChainFile("GSF1"),
    ChainFile("GSF2", "GSVC1", 1, False),
    ChainFile("GSF3", "GSVC1", 2, True),
    ChainFile("GSF4", "GSVC2", 1, True),
    ChainFile("GSF5", "GSVC2", 2, False),
    ChainFile("GSF6", "GSVC2", 3, False),
]


def selected(versions: Versions) -> list[str]:
    return [
        file.accession for file, kept in zip(FILES, versions.select(FILES), strict=True) if kept
    ]


@pytest.mark.parametrize(
    ("text", "accessions"),
    [
        pytest.param("*", ["GSF1", "GSF2", "GSF3", "GSF4", "GSF5", "GSF6"], id="everything"),
        pytest.param("v2", ["GSF3", "GSF5"], id="second versions, no unchained file"),
        pytest.param("v3", ["GSF6"], id="a chain without it drops out"),
        pytest.param("v1,v0", ["GSF1", "GSF2", "GSF4"], id="first and unchained"),
        pytest.param(" v1 , v0 ", ["GSF1", "GSF2", "GSF4"], id="blanks"),
        pytest.param("GSVC2:v3", ["GSF6"], id="a rule drops other chains"),
        pytest.param("GSVC2:v3,v1", ["GSF4", "GSF6"], id="versions of a chain"),
        pytest.param("GSVC2:GSF5,GSF6", ["GSF5", "GSF6"], id="files of a chain"),
        pytest.param("GSVC2:GSF2", [], id="a file of another chain"),
        pytest.param("GSVC1:v1;GSVC2:GSF5", ["GSF2", "GSF5"], id="two chains"),
        pytest.param("GSVC1 : v1 ; GSVC1 : v2", ["GSF2", "GSF3"], id="one chain twice"),
        pytest.param("v0;GSVC2:v3", ["GSF1", "GSF6"], id="numbers and a rule"),
        pytest.param("GSVC2:v3;*", [f"GSF{n}" for n in range(1, 7)], id="rule and everything"),
        pytest.param("V2", ["GSF3", "GSF5"], id="capital"),
        pytest.param("v9", [], id="no such version"),
        pytest.param("GSVC9:v1", [], id="no such chain"),
    ],
)
def test_versions_choose_files(text: str, accessions: list[str]) -> None:
    assert selected(parse_versions(text)) == accessions


def test_without_versions_the_active_and_the_unchained_files_are_read() -> None:
    assert selected(ACTIVE) == ["GSF1", "GSF3", "GSF4"]
    assert render_versions(ACTIVE) is None


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", 0, "found the end of the text"),
        ("2", 0, "expected a version"),
        ("v", 0, "expected a version"),
        ("v-1", 0, "expected a version"),
        ("v1,", 3, "found the end"),
        ("v1,,v2", 3, "found ,"),
        ("v1;", 3, "found the end"),
        ("v1 v2", 3, '";" or the end'),
        ("*v2", 1, '";" or the end'),
        (":v1", 0, "expected versions, such as"),
        ("GSVC1:", 6, "after GSVC1:"),
        ("GSVC1:v1:v2", 8, '";" or the end'),
        ("GSVC1:v1,GSF000002", 9, "either versions or accessions"),
        ("GSVC1:GSF000002,v1", 16, "either versions or accessions"),
        ("GSVC1:v0", 6, "outside of any chain"),
        ("GSVC1:*", 6, "found *"),
        ("GSF000001", 0, "expected a version"),
        ("v" * 300_000, 262_144, "256 KB"),
        (",".join(["v1"] * 10_001), 30_000, "10,000"),
    ],
)
def test_an_error_says_where(text: str, position: int, says: str) -> None:
    with pytest.raises(QuerySyntaxError, match=says) as caught:
        parse_versions(text)
    assert caught.value.position == position
    assert "useVersions" in str(caught.value)


NUMBERS = st.lists(st.integers(1, 10**9 - 1), min_size=1, unique=True).map(tuple)
ACCESSIONS = st.text("GSFVC0123_-é", min_size=1).filter(lambda text: text != "V")
RULES = st.one_of(
    st.builds(ChainRule, ACCESSIONS, NUMBERS),
    st.builds(
        ChainRule,
        ACCESSIONS,
        accessions=st.lists(
            ACCESSIONS.filter(lambda text: text[0] != "V"), min_size=1, unique=True
        ).map(tuple),
    ),
)
CHOICES = st.builds(
    Versions,
    everything=st.booleans(),
    numbers=st.just(()) | NUMBERS | st.just((0, 2)),
    chains=st.lists(RULES, max_size=3).map(tuple),
).filter(lambda versions: versions != Versions())


@given(CHOICES)
def test_reading_is_the_inverse_of_writing(versions: Versions) -> None:
    text = render_versions(versions)
    assert text is not None
    assert parse_versions(text) == versions


@given(st.text("v01*,:; G", max_size=12))
def test_any_text_is_versions_or_an_error_inside_it(text: str) -> None:
    position = 0
    try:
        parse_versions(text)
    except QuerySyntaxError as error:
        position = error.position
    assert 0 <= position <= len(text)
