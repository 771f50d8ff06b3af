"""Edits by PATCH: what they change, what they refuse, and the versions they make."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odm_shiny.store.check import check

READ_ONLY = [
    "genestack:accession",
    "groupId",
    "Sample Source ID",
    "Data Class",
    "Features (string)",
    "genestack:chain",
]


@pytest.fixture
def sample(odm):
    return f"as-curator/samples/{odm.ids('sample', odm.id['samples'])['S-1']}"


def patch(odm, path, body, **options):
    return odm.ask("PATCH", path, body=body, **options)


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("Age", "53", 53),
        ("Age", "53.5", 53.5),
        ("Age", "about 50", "about 50"),
        ("Age", 53, 53),
        ("Sample Name", "007", "007"),  # a text by the template
        ("Sample Name", "true", "true"),
        ("Batch", "53", 53),  # outside the template it is typed by what it looks like
        ("Batch", "007", "007"),
        ("Batch", "1.50", "1.50"),
        ("Batch", "1.5", 1.5),
        ("Batch", "true", True),
        ("Batch", "True", "True"),
        ("Batch", "1e5", "1e5"),
        ("Batch", False, False),
        ("Batch", ["1", "b"], [1, "b"]),
        ("Batch", ["a", None, ""], "a"),
        ("Batch", ["7"], 7),
        ("Tissue", ["liver"], "liver"),
        ("Neu ä", "x", "x"),
        ("Tissue", ["liver", "lung"], ["liver", "lung"]),
    ],
    ids=str,
)
def test_a_value_is_stored_with_its_type(odm, sample, name, value, stored) -> None:
    answer = patch(odm, sample, {name: value})
    assert answer.status == 200
    found = answer.json[name]
    assert found == stored
    assert type(found) is type(stored)
    assert odm.get(sample) == answer.json


@pytest.mark.parametrize("nothing", [None, "", [], [None], [""]], ids=str)
def test_an_attribute_without_value_is_removed(odm, sample, nothing) -> None:
    answer = patch(odm, sample, {"Batch": nothing, "Sex": nothing})
    assert "Batch" not in answer.json
    assert answer.json["Sex"] is None
    assert odm.get("as-user/samples", filter="Sex = female")["data"] == []


def test_an_edit_of_several_attributes_is_one_version(odm, sample) -> None:
    patch(odm, sample, {"Age": 1, "Batch": "x", "New": "y", "Sex": None})
    versions = odm.get(f"{sample}/versions")
    assert [(one["message"], one["author"]) for one in versions] == [
        ("Edited via API", "ann@example.org"),
        ("Imported", "ann@example.org"),
    ]
    assert len({one["version"] for one in versions}) == 2
    before = odm.get(f"{sample}/versions/{versions[1]['version']}")
    assert (before["Age"], before["Batch"], before["Sex"]) == (52, "007", "female")
    assert "New" not in before
    now = odm.get(f"{sample}/versions/{versions[0]['version']}")
    assert now == odm.get(sample)


@pytest.mark.parametrize(
    "body", [{"Age": 52}, {"Age": "52"}, {"None": None}, {"Sex": "female"}], ids=str
)
def test_an_edit_that_changes_nothing_makes_no_version(odm, sample, body) -> None:
    assert patch(odm, sample, body).status == 200
    assert len(odm.get(f"{sample}/versions")) == 1


@pytest.mark.parametrize("name", READ_ONLY)
def test_a_read_only_attribute_is_400_and_nothing_is_changed(odm, sample, name) -> None:
    answer = patch(odm, sample, {"Age": 1, name: "x"})
    assert answer.status == 400
    assert repr(name) in answer.error
    assert odm.get(sample)["Age"] == 52
    assert len(odm.get(f"{sample}/versions")) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        None,
        [],
        "text",
        5,
        {"": 1},
        {" ": 1},
        {"x" * 256: 1},
        {"A": {"b": 1}},
        {"A": [["b"]]},
        {"A\0": "b"},
        {"A": "b\0"},
        {"A": ["b", "\0"]},
        b"{",
        b'{"A": NaN}',
        b'{"A": 1e999}',
        b'{"A": "\xff"}',
        b'{"A": "\\ud800"}',
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body)[:30],
)
def test_a_body_that_is_no_edit_is_400(odm, sample, body) -> None:
    answer = patch(odm, sample, body)
    assert answer.status == 400, answer.text
    assert len(odm.get(f"{sample}/versions")) == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({f"A{i}": 1 for i in range(1001)}, "at most 1,000 attributes, not 1,001"),
        ({"Tissue": "x" * ((1 << 20) + 1)}, "'Tissue' has 1,048,577 characters"),
        ({"Tissue": ["xy"] * (1 << 20)}, "'Tissue' has 2,097,152 characters"),
    ],
    ids=["attributes", "text", "list"],
)
def test_an_edit_that_would_keep_all_writers_waiting_is_400(odm, sample, body, message) -> None:
    answer = patch(odm, sample, body)
    assert answer.status == 400
    assert message in answer.text
    assert len(odm.get(f"{sample}/versions")) == 1


def test_a_whole_number_of_any_length_is_an_edit_or_a_400(odm, sample) -> None:
    assert patch(odm, sample, b'{"Age": ' + b"9" * 5000 + b"}").status == 400


@pytest.mark.parametrize("name", ["Age", "Batch", "Sample Name"])
@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 2**63, 10**29 + 1, -(10**399) - 1])
def test_a_whole_number_keeps_its_digits(odm, sample, name, number) -> None:
    """Beyond 64 bits as text, as it would be stored if it were sent as text."""
    stored = number if -(2**63) <= number < 2**63 else str(number)
    for body in ({name: number}, {name: [number, 1]}):
        answer = patch(odm, sample, body)
        assert answer.status == 200
        found = answer.json[name]
        assert found == ([stored, 1] if isinstance(body[name], list) else stored)
        assert odm.get(sample)[name] == found
    patch(odm, sample, {name: str(number)})
    shown = odm.get(sample)[name]
    assert str(shown) == str(number)
    if name != "Sample Name":  # of text by the template, digits stay text whatever their number
        assert shown == stored


def test_an_edit_is_found_by_search_at_once(odm, sample) -> None:
    patch(odm, sample, {"Tissue": ["Milz", "лёгкое"], "BMI": 21.5})
    for query in (
        {"filter": "Tissue = лёгкое"},
        {"query": "milz"},
        {"filter": "BMI > 21.4 AND BMI < 21.6"},
    ):
        (found,) = odm.get("as-user/samples", **query)["data"]
        assert found["Sample Source ID"] == "S-1"
    assert odm.get("as-user/samples", query="33.9")["data"] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("studies/{study}", {"Study Title": "Neu", "Funding Code": None}),
        ("libraries/{library}", {"Read Length": "200", "Kit": "k9"}),
        ("preparations/{preparation}", {"Digestion": "Lys-C"}),
    ],
)
def test_every_kind_of_record_is_edited(odm, path, body) -> None:
    path = path.format(
        study=odm.id["study"],
        library=odm.ids("library", odm.id["libraries"])["L-1"],
        preparation=odm.ids("preparation", odm.id["preparations"])["P-1"],
    )
    answer = patch(odm, f"as-curator/{path}", body)
    assert answer.status == 200
    record = odm.get(f"as-curator/{path}")
    assert record == answer.json
    for name, value in body.items():
        assert record.get(name) in (value, 200)


def test_a_member_of_a_group_that_shares_a_study_and_curates_may_edit_it(odm) -> None:
    """Sharing shows a study to a group; membership among the curators is what allows edits."""
    path = f"as-curator/studies/{odm.id['study']}"
    assert patch(odm, path, {"Study Type": "x"}, by="cleo").status == 403
    odm.person("cleo", curator=True)
    assert patch(odm, path, {"Study Type": "x"}, by="cleo").status == 200
    assert patch(odm, path, {"Study Type": "y"}, by="eve").status == 404
    assert odm.get(f"{path}/versions")[0]["author"] == "cleo@example.org"


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
)


@settings(max_examples=40)
@given(
    body=st.dictionaries(
        st.text(max_size=20), st.one_of(values, st.lists(values, max_size=3)), max_size=4
    )
)
def test_any_body_is_an_edit_or_a_400(shown_copy, body) -> None:
    path = f"as-curator/samples/{shown_copy.ids('sample', shown_copy.id['samples'])['S-2']}"
    answer = shown_copy.ask("PATCH", path, body=body)
    assert answer.status in (200, 400), answer.text
    if answer.status == 200:
        assert shown_copy.get(path) == answer.json


def test_the_store_is_whole_after_all_these_edits(shown_copy) -> None:
    assert check(shown_copy.store) == []
