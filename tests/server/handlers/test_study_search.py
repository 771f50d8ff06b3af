"""Full-text search of studies with facets."""

from __future__ import annotations

import base64

import pytest

PATH = "as-user/integration/fulltext/search/studies"


def search(odm, *filters, by="ann", page=None):
    body = {"filters": list(filters)} | ({"page": page} if page else {})
    answer = odm.ask("POST", PATH, by=by, body=body)
    assert answer.status == 200, answer.text
    return answer.json


def text(match, mode=None):
    return {"type": "FULL_TEXT", "match": match} | ({"mode": mode} if mode else {})


def select(option):
    return {"type": "SELECT", "filterOptionId": option}


def titles(answer):
    return [study["name"] for study in answer["objectsPage"]["content"]]


def facet(answer, name):
    groups = {group["filterId"]: group for group in answer["filterOptionGroups"]}
    return {one["name"]: one["count"] for one in groups[f"METADATA_{name}"]["options"]}


def option(answer, name, value):
    groups = {group["filterId"]: group for group in answer["filterOptionGroups"]}
    options = groups[f"METADATA_{name}"]["options"]
    return next(one["id"] for one in options if one["name"] == value)


@pytest.fixture(scope="module")
def many(shown_copy):
    """Seven more studies with sources A to G, of types x and y."""
    odm = shown_copy
    for i, source in enumerate(["A", "B", "C", "D", "E", "F", "G", "A"]):
        kind = "y" if i % 2 else "x"
        title = f"No {i}" if i else ""
        odm.load("study", f"Study Title\tStudy Source\tStudy Type\n{title}\t{source}\t{kind}\n")
    return odm


def test_without_filters_every_visible_study_is_given(shown) -> None:
    answer = search(shown)
    assert answer["objectsPage"]["filteredCount"] == 1
    assert answer["objectsPage"]["pageRequest"] == {"offset": 0, "limit": 1000}
    (study,) = answer["objectsPage"]["content"]
    assert study["accession"] == shown.id["study"]
    assert study["name"] == "Zoë's liver study"
    assert study["owner"] == "ann@example.org"
    assert study["size"] == 5
    assert (study["hasTranscriptomics"], study["hasGenomic"], study["hasFacs"]) == (
        True,
        False,
        False,
    )
    assert isinstance(study["fileCreation"], str)
    assert int(study["fileCreation"]) > 1_600_000_000_000
    summary = {one["key"]: one["values"] for one in study["summary"]}
    assert summary["Organism"] == ["Homo sapiens", "Mus musculus"]
    assert search(shown, by="root")["objectsPage"]["filteredCount"] == 2
    assert search(shown, by="dora")["objectsPage"]["content"] == []


@pytest.mark.parametrize(
    ("match", "n"),
    [
        ("liver", 1),
        ("Ørsted", 1),
        ("asthma", 1),
        ("trypsin", 1),
        ("k2", 1),
        ("GRCh38", 1),
        ("banana", 0),
        ("nothing", 0),
        ('"liver study"', 1),
        ("liver AND asthma", 0),
        ("brain", 0),
        ("", 1),
        ("  ", 1),
    ],
)
def test_a_study_is_found_by_itself_and_by_all_that_hangs_under_it(shown, match, n) -> None:
    assert search(shown, text(match))["objectsPage"]["filteredCount"] == n


def test_narrower_terms_are_searched_when_asked_for(shown) -> None:
    assert titles(search(shown, text("brain", "STRICT"))) == []
    assert titles(search(shown, text("brain", "USE_NARROWER_TERMS"))) == ["Zoë's liver study"]


def test_facets_show_the_five_commonest_values(many) -> None:
    answer = search(many)
    assert facet(answer, "Study_Source") == {"A": 2, "B": 1, "C": 1, "D": 1, "E": 1}
    groups = {group["filterId"]: group["hasMoreOptions"] for group in answer["filterOptionGroups"]}
    assert groups["METADATA_Study_Source"] is True
    assert groups["METADATA_Study_Type"] is False
    for group in answer["filterOptionGroups"]:
        assert {one["filterId"] for one in group["options"]} == {group["filterId"]}


def test_values_of_one_facet_add_up_and_facets_narrow_each_other(many) -> None:
    first = search(many)
    a = select(option(first, "Study_Source", "A"))
    b = select(option(first, "Study_Source", "B"))
    y = select(option(first, "Study_Type", "y"))
    assert titles(search(many, a)) == ["New Study", "No 7"]
    assert titles(search(many, a, b)) == ["New Study", "No 1", "No 7"]
    assert titles(search(many, a, b, y)) == ["No 1", "No 7"]
    assert titles(search(many, a, y, text("7"))) == ["No 7"]
    # A facet counts under the choices of the others, not under its own.
    answer = search(many, a)
    assert facet(answer, "Study_Source") == facet(first, "Study_Source")
    assert facet(answer, "Study_Type") == {"x": 1, "y": 1}


def test_pages_of_studies_add_up(many) -> None:
    whole = titles(search(many))
    found = []
    while len(found) < len(whole):
        answer = search(many, page={"offset": len(found), "limit": 4})
        assert answer["objectsPage"]["filteredCount"] == len(whole)
        found += titles(answer)
    assert found == whole
    assert titles(search(many, page={"offset": 0, "limit": 0})) == []


def test_a_study_without_title_is_called_new_study(many) -> None:
    assert "New Study" in titles(search(many))


@pytest.mark.parametrize(
    "filters",
    [
        [text("a"), text("b")],
        [text("a", "LOOSE")],
        [{"type": "OTHER"}],
        [{}],
        [text("(a")],
        [select("")],
        [select("x")],
        [select("é")],
        [select(base64.b64encode(b"METADATA_Age:5").decode())],
        [select(base64.b64encode(b"METADATA_Study_Source").decode())],
        [select(base64.b64encode(b"\xff\xfe:x").decode())],
    ],
    ids=str,
)
def test_filters_that_make_no_sense_are_400(shown, filters) -> None:
    assert shown.ask("POST", PATH, body={"filters": filters}).status == 400


def test_a_choice_that_nobody_made_finds_nothing(shown) -> None:
    unknown = base64.b64encode("METADATA_Study_Source:Ärgernis".encode()).decode()
    assert titles(search(shown, select(unknown))) == []


def test_an_empty_body_is_a_search_for_everything(shown) -> None:
    assert shown.ask("POST", PATH, body={}).json["objectsPage"]["filteredCount"] == 1
