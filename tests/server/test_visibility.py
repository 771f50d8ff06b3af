"""Single objects, or the answer that they do not exist."""

from __future__ import annotations

import pytest

from odm_shiny.contract.operations import by_key
from odm_shiny.server.visibility import (
    is_visible,
    not_found,
    visible_record,
    visible_version,
)
from odm_shiny.server.wire import Problem
from odm_shiny.store import objects

GROUPS = ("samples", "libraries", "preparations", "rna", "gct")


@pytest.fixture
def call_by(shown, call_of):
    """A call by one of the people, on the filled store."""

    def make(name):
        call = call_of(by_key("GET /samples/{id}")[0])
        call.user = shown.user(name)
        call.service = shown.service
        return call

    return make


@pytest.mark.parametrize(
    ("name", "own", "secret", "loose"),
    [
        ("ann", True, False, True),
        ("ben", False, True, False),
        ("cleo", True, False, False),
        ("dora", False, False, False),
        ("eve", False, False, False),
        ("root", True, True, True),
    ],
)
def test_a_group_is_seen_with_any_of_its_members(shown, call_by, name, own, secret, loose) -> None:
    call = call_by(name)
    with shown.store.read() as tx:
        seen = {key: is_visible(call, tx, objects.get(tx, shown.id[key])) for key in shown.id}
    assert {seen[key] for key in (*GROUPS, "study")} == {own}
    assert {seen[key] for key in seen if key.startswith("secret")} == {secret}
    assert seen["loose"] == loose


def test_a_group_is_seen_though_only_one_member_is_linked(odm, call_of) -> None:
    sample = odm.ids("sample", odm.id["loose"])["X-2"]
    call = call_of(by_key("GET /samples/{id}")[0])
    call.user, call.service = odm.user("cleo"), odm.service
    with odm.store.read() as tx:
        assert not is_visible(call, tx, objects.get(tx, odm.id["loose"]))
    odm.link(f"sample/{sample}/to/study/{odm.id['study']}")
    with odm.store.read() as tx:
        assert is_visible(call, tx, objects.get(tx, odm.id["loose"]))
        assert visible_record(call, tx, sample, ("sample",)).public_id == sample
        other = odm.ids("sample", odm.id["loose"])["X-1"]
        with pytest.raises(Problem):
            visible_record(call, tx, other, ("sample",))
    listed = odm.get("as-user/samples", by="cleo", query="X")["data"]
    assert [one["Sample Source ID"] for one in listed] == ["X-2"]


@pytest.mark.parametrize("wrong", ["GSF999999", "", "x", "1", "secret samples", "study"])
def test_what_is_missing_hidden_or_of_another_kind_gives_one_answer(shown, call_by, wrong) -> None:
    public_id = shown.id.get(wrong, wrong)
    with shown.store.read() as tx, pytest.raises(Problem) as refused:
        visible_record(call_by("ann"), tx, public_id, ("sample", "sample_group"))
    assert refused.value.status == 404
    assert refused.value.message == f"Sample or sample group {public_id!r} could not be found"


def test_a_version_that_is_not_there_is_404(shown, call_by) -> None:
    with shown.store.read() as tx:
        study = shown.id["study"]
        found = visible_version(call_by("ann"), tx, study, ("study",), "1")
        assert found.document["Study Source"] == "GEO"
        for version in ("0", "2", "01", "x", "", "9" * 30, "-1", "١"):
            with pytest.raises(Problem, match="no metadata version"):
                visible_version(call_by("ann"), tx, study, ("study",), version)


def test_the_words_of_odm_for_a_file_of_data() -> None:
    assert not_found("GSF1", ("expression_group",)).message == "Group 'GSF1' could not be found"
