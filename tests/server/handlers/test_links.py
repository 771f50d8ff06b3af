"""Make and remove links, by kind and on the generic endpoint."""

from __future__ import annotations

import pytest

from odm_shiny.store.check import check

LINK = "as-curator/integration/link"


def parents(odm, name):
    """What each run of a file is linked to: run source to accession."""
    found = {}
    for run, number in odm.runs(odm.id[name]).items():
        data = odm.get("as-user/links", firstId=number)["data"]
        found[run] = [link["secondId"] for link in data if link["secondType"] != "study"]
    return found


def test_a_group_of_which_every_member_finds_a_partner_answers_204(odm) -> None:
    new = odm.load("samples", "Sample Source ID\nA\nB\n")
    data = odm.load("expression", "gene\tB\tA\nTP53\t1\t2\n", numberOfFeatureAttributes=1)
    answer = odm.ask("POST", f"{LINK}/expression/group/{data}/to/sample/group/{new}")
    assert (answer.status, answer.body) == (204, b"")
    samples = odm.ids("sample", new)
    odm.id["new"] = data
    assert parents(odm, "new") == {"A": [samples["A"]], "B": [samples["B"]]}


def test_a_group_of_which_only_some_find_one_answers_200_without_a_body(odm) -> None:
    data = odm.load("expression", "gene\tS-1\tnone\nTP53\t1\t2\n", numberOfFeatureAttributes=1)
    answer = odm.ask("POST", f"{LINK}/expression/group/{data}/to/sample/group/{odm.id['samples']}")
    assert (answer.status, answer.body) == (200, b"")


def test_a_group_without_any_match_is_400_and_names_what_was_compared(odm) -> None:
    answer = odm.ask(
        "POST", f"{LINK}/expression/group/{odm.id['gct']}/to/sample/group/{odm.id['samples']}"
    )
    assert answer.status == 400
    assert "'Sample Source ID'" in answer.error
    assert "'L-1'" in answer.error
    libraries = odm.ids("library", odm.id["libraries"])
    assert parents(odm, "gct")["L-1"] == [libraries["L-1"]]  # the former links are still there


def test_linking_again_changes_nothing(odm) -> None:
    before = parents(odm, "rna")
    for path in (
        f"sample/group/{odm.id['samples']}/to/study/{odm.id['study']}",
        f"library/group/{odm.id['libraries']}/to/sample/group/{odm.id['samples']}",
        f"expression/group/{odm.id['rna']}/to/sample/group/{odm.id['samples']}",
    ):
        assert odm.link(path) == 204
    assert parents(odm, "rna") == before
    assert check(odm.store) == []


def test_a_run_has_one_parent_and_a_new_link_replaces_the_former(odm) -> None:
    runs = odm.runs(odm.id["rna"])
    samples = odm.ids("sample", odm.id["samples"])
    library = odm.ids("library", odm.id["libraries"])["L-2"]
    assert odm.link(f"expression/{runs['S-1']}/to/library/{library}") == 204
    assert parents(odm, "rna") == {
        "S-1": [library],
        **{run: [samples[run]] for run in ("S-2", "S-3", "S-4")},
    }
    item = odm.get("as-user/omics/expression/data", exQuery="value = 9", useVersions="v1")
    assert item["data"][0]["relationships"] == {"library": library}
    assert odm.link(f"expression/{runs['S-1']}/to/sample/{samples['S-5']}") == 204
    assert parents(odm, "rna")["S-1"] == [samples["S-5"]]
    assert odm.link(f"expression/group/{odm.id['rna']}/to/sample/group/{odm.id['samples']}") == 204
    assert parents(odm, "rna")["S-1"] == [samples["S-1"]]
    assert check(odm.store) == []


@pytest.mark.parametrize(
    ("attribute", "status"),
    [
        ("Sample Source ID", 204),
        ("Disease", 200),
        ("Tissue", 200),
        ("Sex", 409),
        ("Cell Line", 400),
        ("Batch", 400),
        ("disease", 400),
        ("groupId", 400),
    ],
)
def test_the_linking_attribute_must_be_one_of_the_template(odm, attribute, status) -> None:
    names = {
        "Sample Source ID": "S-1\tS-2",
        "Disease": "hepatitis\tother",
        "Tissue": "kidney\tKidney",  # one of two values, and upper and lower case are distinct
        "Sex": "male\tfemale",  # two samples are male, and a run has one parent
    }
    columns = names.get(attribute, "S-1\tS-2")
    data = odm.load("expression", f"gene\t{columns}\nTP53\t1\t2\n", numberOfFeatureAttributes=1)
    answer = odm.ask(
        "POST",
        f"{LINK}/expression/group/{data}/to/sample/group/{odm.id['samples']}",
        linkingAttribute=attribute,
    )
    assert answer.status == status
    if status >= 400:
        assert repr(attribute) in answer.error
    odm.id["new"] = data
    linked = {run: bool(targets) for run, targets in parents(odm, "new").items()}
    expected = {204: [True, True], 200: [True, False]}.get(status, [False, False])
    assert list(linked.values()) == expected


@pytest.mark.parametrize(
    "path",
    [
        "sample/group/{samples}/to/study/{second}",
        "sample/{sample}/to/study/{second}",
        "library/{library}/to/sample/{loose_sample}",
        "expression/{run}/to/sample/{loose_sample}",
    ],
)
def test_a_group_stays_within_one_study(odm, path) -> None:
    second = odm.load("study", "Study Title\nsecond\n")
    odm.link(f"sample/group/{odm.id['loose']}/to/study/{second}")
    path = path.format(
        samples=odm.id["samples"],
        second=second,
        sample=odm.ids("sample", odm.id["samples"])["S-1"],
        loose_sample=odm.ids("sample", odm.id["loose"])["X-1"],
        library=odm.ids("library", odm.id["libraries"])["L-1"],
        run=odm.runs(odm.id["rna"])["S-1"],
    )
    before = odm.get("as-user/links", firstId=odm.id["samples"])
    answer = odm.ask("POST", f"{LINK}/{path}")
    assert answer.status == 409
    assert odm.get("as-user/links", firstId=odm.id["samples"]) == before
    assert check(odm.store) == []


def test_a_link_that_is_removed_is_gone_and_removing_it_again_is_404(odm) -> None:
    for path in (
        f"expression/{odm.runs(odm.id['rna'])['S-2']}/to/sample/"
        f"{odm.ids('sample', odm.id['samples'])['S-2']}",
        f"expression/group/{odm.id['rna']}/to/sample/group/{odm.id['samples']}",
        f"library/{odm.ids('library', odm.id['libraries'])['L-1']}/to/sample/"
        f"{odm.ids('sample', odm.id['samples'])['S-1']}",
        f"preparation/group/{odm.id['preparations']}/to/sample/group/{odm.id['samples']}",
    ):
        assert odm.ask("DELETE", f"{LINK}/{path}").status == 204
        assert odm.ask("DELETE", f"{LINK}/{path}").status == 404
    assert set(map(tuple, parents(odm, "rna").values())) == {()}
    assert check(odm.store) == []


def test_a_study_that_is_unlinked_leaves_the_links_below_alone(odm) -> None:
    before = parents(odm, "rna")
    path = f"{LINK}/sample/group/{odm.id['samples']}/to/study/{odm.id['study']}"
    assert odm.ask("DELETE", path).status == 204
    assert parents(odm, "rna") == before
    assert odm.get("as-user/samples", by="cleo")["data"] == []  # it was seen through the study


@pytest.mark.parametrize(
    "path",
    [
        "sample/group/GSF999999/to/study/{study}",
        "sample/group/{samples}/to/study/GSF999999",
        "sample/group/{libraries}/to/study/{study}",
        "sample/{samples}/to/study/{study}",
        "library/group/{samples}/to/sample/group/{libraries}",
        "expression/x/to/sample/y",
    ],
)
def test_ends_that_are_not_there_or_of_another_kind_are_404(odm, path) -> None:
    for method in ("POST", "DELETE"):
        assert odm.ask(method, f"{LINK}/{path.format(**odm.id)}").status == 404


# ---- the generic endpoint -----------------------------------------------------------------------


def pair(first, second, first_type=None, second_type=None):
    found = {"firstId": first, "secondId": second}
    found |= {"firstType": first_type} if first_type else {}
    return found | ({"secondType": second_type} if second_type else {})


def test_links_are_made_in_either_order_and_said_to_be_new_once(odm) -> None:
    study = odm.load("study", "Study Title\nsecond\n")
    loose = odm.id["loose"]
    assert odm.ask("POST", "as-curator/links", body=[pair(study, loose)]).status == 201
    again = [pair(loose, study, "sampleGroup", "study"), pair(study, loose, "study")]
    answer = odm.ask("POST", "as-curator/links", body=again)
    assert (answer.status, answer.body) == (200, b"")
    for first, second in ((study, loose), (loose, study)):
        (link,) = odm.get("as-user/links", firstId=first, secondId=second)["data"]
        assert (link["firstId"], link["secondId"]) == (first, second)
    assert odm.ask("DELETE", "as-curator/links", **pair(study, loose)).status == 204
    assert odm.ask("DELETE", "as-curator/links", **pair(loose, study)).status == 404
    assert odm.get("as-user/links", firstId=study)["data"] == []


def test_all_links_of_a_request_are_made_or_none(odm) -> None:
    study = odm.load("study", "Study Title\nsecond\n")
    body = [pair(study, odm.id["loose"]), pair(study, odm.id["samples"])]
    answer = odm.ask("POST", "as-curator/links", body=body)
    assert answer.status == 409
    assert odm.get("as-user/links", firstId=study)["data"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 200),
        (None, 200),
        ([{"firstId": "{study}"}], 400),
        ([{"firstId": "", "secondId": "{samples}"}], 400),
        ([pair("{study}", "{libraries}")], 400),
        ([pair("{study}", "{study}")], 400),
        ([pair("{study}", "{samples}", "nonsense")], 400),
        ([pair("{study}", "{samples}", "sample")], 404),
        ([pair("{study}", "GSF999999")], 404),
        ([{"firstId": "{study}", "secondId": "{samples}", "third": "x"}], 400),
        ({"firstId": "{study}"}, 400),
        (["x"], 400),
    ],
    ids=str,
)
def test_what_cannot_be_linked_is_refused(odm, body, status) -> None:
    filled = body
    if isinstance(body, list):
        filled = [
            {name: value.format(**odm.id) for name, value in one.items()}
            if isinstance(one, dict)
            else one
            for one in body
        ]
    assert odm.ask("POST", "as-curator/links", body=filled).status == status


def test_the_links_of_an_object_are_listed_in_pages(shown) -> None:
    study, samples = shown.id["study"], shown.id["samples"]
    listed = shown.get("as-user/links", firstId=study)["data"]
    assert listed == [
        {
            "firstId": study,
            "firstType": "study",
            "secondId": samples,
            "secondType": "sampleGroup",
        }
    ]
    page = shown.get("as-user/links", firstId=study, secondType="sample", limit=2, offset=3)
    assert page["meta"]["pagination"] == {"count": 2, "total": 5, "offset": 3, "limit": 2}
    sample = shown.ids("sample", samples)["S-1"]
    (link,) = shown.get("as-user/links", firstId=study, secondId=sample)["data"]
    assert link["secondType"] == "sample"
    every = shown.get("as-user/links", firstId=samples)["data"]
    assert {link["secondType"] for link in every} == {
        "study",
        "libraryGroup",
        "preparationGroup",
        "expressionGroup",
    }
    for second in (shown.id["loose"], "GSF999999", "x"):
        assert shown.get("as-user/links", firstId=study, secondId=second)["data"] == []


def test_links_of_several_objects_are_paged_over_all_links(shown) -> None:
    samples = shown.ids("sample", shown.id["samples"])
    body = {"firstType": "sample", "firstIds": [samples["S-1"], samples["S-2"]]}
    whole = shown.ask("POST", "as-user/links/get-batch", body=body).json
    assert len(whole["data"]) == whole["meta"]["pagination"]["total"] > 4
    found = []
    while len(found) < len(whole["data"]):
        page = {**body, "offset": len(found), "limit": 2}
        found += shown.ask("POST", "as-user/links/get-batch", body=page).json["data"]
    assert found == whole["data"]
    assert {link["firstId"] for link in found} == set(body["firstIds"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"firstType": "sample", "firstIds": ["{study}"]}, 404),
        ({"firstType": "nonsense", "firstIds": ["{study}"]}, 400),
        ({"firstType": "study", "firstIds": []}, 200),
        ({"firstType": "study", "firstIds": ["{study}"], "limit": -1}, 400),
        ({"firstType": "study", "firstIds": ["{study}"], "offset": -1}, 400),
        ({"firstIds": ["{study}"]}, 400),
        ({"firstType": "study"}, 400),
    ],
    ids=str,
)
def test_a_batch_is_checked(shown, body, status) -> None:
    ids = [one.format(**shown.id) for one in body.get("firstIds", [])]
    filled = {**body, "firstIds": ids} if "firstIds" in body else body
    assert shown.ask("POST", "as-user/links/get-batch", body=filled).status == status


def test_types_and_their_pairs_are_named(shown) -> None:
    types = shown.get("as-user/data-types")
    assert {"study", "sample", "sampleGroup", "expressionGroup"} <= set(types)
    pairs = shown.get("as-user/data-types/links")
    assert {one["firstType"] for one in pairs} | {one["secondType"] for one in pairs} <= set(types)
    of_study = shown.get("as-user/data-types/links", type="study")
    assert of_study == [one for one in pairs if "study" in one.values()]
    assert shown.ask("GET", "as-user/data-types/links", type="nonsense").status == 400
