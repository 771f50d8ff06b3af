"""Refused links say what is in the way, but nothing of what the caller may not see."""

from __future__ import annotations

import pytest

from odm_shiny.store.check import check

LINK = "as-curator/integration/link"


@pytest.fixture
def taken(odm):
    """Eve's samples, which an administrator has put under Ben's study, and a study of hers."""
    odm.id["mine"] = odm.load("samples", "Sample Source ID\nE-1\nÉ-2\nE-2\n", by="eve")
    odm.id["own study"] = odm.load("study", "Study Title\nEve's\n", by="eve")
    odm.link(f"sample/group/{odm.id['mine']}/to/study/{odm.id['secret study']}", by="root")
    return odm


def refused(odm, by, first, second):
    """What both endpoints say of a link of a sample group and a study; the same words."""
    path = f"{LINK}/sample/group/{first}/to/study/{second}"
    of_kind = odm.ask("POST", path, by=by)
    body = [{"firstId": second, "secondId": first}]
    generic = odm.ask("POST", "as-curator/links", by=by, body=body)
    assert (of_kind.status, generic.status) == (409, 409)
    assert of_kind.error == generic.error
    return of_kind.error


def test_a_conflict_does_not_name_a_study_that_the_caller_may_not_see(taken) -> None:
    text = refused(taken, "eve", taken.id["mine"], taken.id["own study"])
    assert taken.id["secret study"] not in text
    assert taken.ids("sample", taken.id["mine"])["E-1"] in text
    assert "is linked to study [hidden] already" in text
    assert "[hidden] stands for what you may not see" in text


@pytest.mark.parametrize("by", ["ben", "root"])
def test_a_conflict_names_everything_to_who_may_see_it(taken, by) -> None:
    second = taken.load("study", "Study Title\nsecond\n", by=by)
    mine = taken.id["mine"]
    samples = taken.ids("sample", mine)
    path = f"{LINK}/sample/{samples['E-1']}/to/study/{second}"
    answer = taken.ask("POST", path, by=by)
    assert answer.status == 409
    assert taken.id["secret study"] in answer.error
    assert "[hidden]" not in answer.error


def test_several_studies_of_one_group_are_not_named_to_strangers(taken) -> None:
    """Eve's data hang below Ben's study; a link to her own samples would spread them."""
    mine = taken.ids("sample", taken.id["mine"])
    data = taken.load(
        "expression", "gene\tE-1\tE-2\nTP53\t1\t\n", by="eve", numberOfFeatureAttributes=1
    )
    taken.link(f"expression/group/{data}/to/sample/group/{taken.id['mine']}", by="eve")
    other = taken.load("samples", "Sample Source ID\nE-1\n", by="eve")
    taken.link(f"sample/group/{other}/to/study/{taken.id['own study']}", by="eve")
    answer = taken.ask(
        "POST",
        f"{LINK}/expression/{taken.runs(data)['E-1']}/to/sample/"
        f"{taken.ids('sample', other)['E-1']}",
        by="eve",
    )
    assert answer.status == 409
    assert taken.id["secret study"] not in answer.error
    assert taken.id["own study"] in answer.error
    assert "[hidden]" in answer.error
    assert parents_of(taken, data, by="root")["E-1"] == [mine["E-1"]]
    assert check(taken.store) == []


@pytest.fixture
def half_seen(odm):
    """A file of Ben's of which one run hangs below Ann's shared study; the other is his alone."""
    shared = odm.ids("sample", odm.id["samples"])
    table = "gene\tS-1\tsecret-2\nTP53\t1\t4711.5\n"
    odm.id["half"] = odm.load("expression", table, by="ben", numberOfFeatureAttributes=1)
    run = odm.runs(odm.id["half"])["S-1"]
    odm.link(f"expression/{run}/to/sample/{shared['S-1']}", by="root")
    return odm


def test_a_group_link_does_not_bring_members_that_the_caller_may_not_see(half_seen) -> None:
    """Ann knows the name of the hidden run; a sample of that name must not make it hers."""
    odm = half_seen
    mine = odm.load("samples", "Sample Source ID\nS-1\nsecret-2\n")
    path = f"{LINK}/expression/group/{odm.id['half']}/to/sample/group/{mine}"
    body = [{"firstId": mine, "secondId": odm.id["half"]}]
    for answer in (
        odm.ask("POST", path, by="ann"),
        odm.ask("DELETE", path, by="ann"),
        odm.ask("POST", "as-curator/links", by="ann", body=body),
        odm.ask("DELETE", "as-curator/links", by="ann", **body[0]),
    ):
        assert answer.status == 403
        assert "has members that you may not see" in answer.error
        assert "secret-2" not in answer.text
    assert set(odm.runs(odm.id["half"], by="ann")) == {"S-1"}
    data = odm.get("as-user/omics/expression/data", exQuery="value = 4711.5", by="ann")["data"]
    assert data == []


def test_names_without_a_partner_are_for_who_sees_them(half_seen) -> None:
    odm = half_seen
    other = odm.load("samples", "Sample Source ID\nx\n")
    path = f"{LINK}/expression/group/{odm.id['half']}/to/sample/group/{other}"
    hidden = odm.ask("POST", path, by="ann")
    assert (hidden.status, "secret-2" in hidden.text) == (403, False)
    seen = odm.ask("POST", path, by="root")
    assert (seen.status, "'secret-2'" in seen.error) == (400, True)


def test_members_are_looked_at_in_the_target_too(odm) -> None:
    """One sample of Ben's group is shared; whether a name fits another one is not told."""
    group = odm.load("samples", "Sample Source ID\nA\nsecret\n", by="ben")
    study = odm.load("study", "Study Title\nx\n", by="ann")
    sample = odm.ids("sample", group)["A"]
    odm.link(f"sample/{sample}/to/study/{study}", by="root")
    table = "gene\tA\tsecret\nTP53\t1\t2\n"
    data = odm.load("expression", table, by="ann", numberOfFeatureAttributes=1)
    path = f"{LINK}/expression/group/{data}/to/sample/group/{group}"
    answer = odm.ask("POST", path, by="ann")
    assert (answer.status, group in answer.error) == (403, True)
    run = odm.runs(data, by="ann")["A"]
    assert odm.link(f"expression/{run}/to/sample/{sample}", by="ann") == 204


def parents_of(odm, group, *, by):
    """What each run of a file is linked to."""
    found = {}
    for run, number in odm.runs(group, by=by).items():
        data = odm.get("as-user/links", firstId=number, by=by)["data"]
        found[run] = [link["secondId"] for link in data if link["secondType"] == "sample"]
    return found
