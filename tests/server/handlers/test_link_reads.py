"""Read what is linked to what."""

from __future__ import annotations

import pytest

LINK = "as-user/integration/link"
TSV = {"accept": "text/tab-separated-values"}


def names(records):
    keys = ("Library ID", "Preparation ID", "Sample Source ID", "Study Title")
    return [next(record[key] for key in keys if key in record) for record in records]


@pytest.fixture
def sample(shown):
    return shown.ids("sample", shown.id["samples"])


def test_the_samples_of_a_study_come_in_pages(shown) -> None:
    page = shown.get(f"{LINK}/samples/by/study/{shown.id['study']}", pageLimit=2, pageOffset=3)
    assert names(page["data"]) == ["S-4", "S-5"]
    assert page["meta"]["pagination"] == {"count": 2, "total": 5, "offset": 3, "limit": 2}


def test_the_study_of_a_sample(shown, sample) -> None:
    record = shown.get(f"{LINK}/study/by/sample/{sample['S-3']}")
    assert record == shown.get(f"as-user/studies/{shown.id['study']}")
    loose = shown.ids("sample", shown.id["loose"])["X-1"]
    assert shown.ask("GET", f"{LINK}/study/by/sample/{loose}").status == 404


@pytest.mark.parametrize(
    ("kind", "source", "wanted"),
    [
        ("library", "S-1", ["L-1", "L-2"]),
        ("library", "S-2", []),
        ("preparation", "S-4", ["P-2"]),
    ],
)
def test_libraries_and_preparations_of_a_sample_as_records_and_as_table(
    shown, sample, kind, source, wanted
) -> None:
    path = f"{LINK}/{kind}/by/sample/{sample[source]}"
    records = shown.get(path)
    assert names(records) == wanted
    table = shown.ask("GET", path, headers=TSV).text
    assert table.splitlines()[1:] == [
        "\t".join(_cell(value) for value in record.values()) for record in records
    ]


def _cell(value):
    return "" if value is None else str(value)


def test_groups_of_a_study_have_their_id_and_metadata(shown) -> None:
    for kind in ("library", "preparation"):
        plural = {"library": "libraries", "preparation": "preparations"}[kind]
        (group,) = shown.get(f"{LINK}/{kind}/group/by/study/{shown.id['study']}")
        assert group["itemId"] == shown.id[plural]
        assert group["metadata"]["genestack:accession"] == shown.id[plural]
        assert group["metadata"]["genestack:chain"] is None
    groups = shown.get(f"{LINK}/expression/group/by/study/{shown.id['study']}")
    assert [group["itemId"] for group in groups] == [
        shown.id[name] for name in ("rna2", "gct", "folds")
    ]


@pytest.mark.parametrize(
    ("target", "group", "source", "wanted"),
    [
        ("sample", "samples", "S-2", ["rna", "rna2"]),
        ("sample", "samples", "S-5", []),
        ("library", "libraries", "L-3", ["gct"]),
        ("preparation", "preparations", "P-1", ["folds"]),
    ],
)
def test_runs_of_an_object_one_element_each(shown, target, group, source, wanted) -> None:
    accession = shown.ids(target, shown.id[group])[source]
    path = f"{LINK}/expression/by/{target}/{accession}"
    page = shown.get(path, useVersions="*")
    origins = [run["itemOrigin"] for run in page["data"]]
    assert [origin["groupId"] for origin in origins] == [shown.id[name] for name in wanted]
    assert {origin["runSourceId"] for origin in origins} <= {source}
    assert page["meta"]["pagination"]["total"] == len(wanted)
    default = shown.get(path)["data"]
    assert [run["itemOrigin"]["groupId"] for run in default] == [
        shown.id[name] for name in wanted if name != "rna"
    ]
    table = shown.ask("GET", path, headers=TSV, useVersions="*").text.splitlines()
    assert len(table) == (1 + len(wanted) if wanted else 1)
    assert not wanted or table[0].split("\t")[:3] == ["runSourceId", "runId", "groupId"]


@pytest.mark.parametrize(
    ("path", "group", "left", "right", "n"),
    [
        ("expression/run-to-samples", "rna", "runId", "sampleId", 4),
        ("expression/run-to-libraries", "gct", "runId", "libraryId", 3),
        ("expression/run-to-preparations", "folds", "runId", "preparationId", 2),
        ("expression/run-to-libraries", "rna", "runId", "libraryId", 0),
        ("library/libraries-to-samples", "libraries", "libraryId", "sampleId", 3),
        ("preparation/preparations-to-samples", "preparations", "preparationId", "sampleId", 2),
    ],
)
def test_pairs_name_both_ends_and_are_paged_by_the_left_one(
    shown, path, group, left, right, n
) -> None:
    path = f"{LINK}/{path}/by/group/{shown.id[group]}"
    whole = shown.get(path)
    assert whole["meta"]["pagination"]["total"] == len(whole["data"]) == n
    for one in whole["data"]:
        assert set(one) - {"runSourceId"} == {left, right}
    found = []
    while len(found) < n:
        page = shown.get(path, pageLimit=1, pageOffset=len(found))
        assert page["meta"]["pagination"]["count"] == 1
        found += page["data"]
    assert found == whole["data"]


def test_a_library_of_several_samples_counts_once(odm) -> None:
    samples = odm.ids("sample", odm.id["samples"])
    library = odm.ids("library", odm.id["libraries"])["L-1"]
    odm.link(f"library/{library}/to/sample/{samples['S-5']}")
    page = odm.get(
        f"{LINK}/library/libraries-to-samples/by/group/{odm.id['libraries']}", pageLimit=1
    )
    assert page["data"] == [
        {"libraryId": library, "sampleId": samples["S-1"]},
        {"libraryId": library, "sampleId": samples["S-5"]},
    ]
    assert page["meta"]["pagination"] == {"count": 1, "total": 3, "offset": 0, "limit": 1}


@pytest.mark.parametrize(
    ("path", "query", "wanted"),
    [
        ("studies/by/samples", {"filter": "Sex = female"}, ["Zoë's liver study"]),
        ("studies/by/samples", {"query": "nothing"}, []),
        ("studies/by/samples", {"filter": '"Sample Source ID" = X-1'}, []),
        ("studies/by/libraries", {"query": "k1"}, ["Zoë's liver study"]),
        ("studies/by/preparations", {"filter": "Digestion = none"}, []),
        ("samples/by/libraries", {"filter": '"Read Length" = 150'}, ["S-1", "S-3"]),
        ("samples/by/libraries", {}, ["S-1", "S-3"]),
        ("samples/by/preparations", {"query": "trypsin"}, ["S-2"]),
        ("libraries/by/samples", {"filter": "Sex = female"}, ["L-1", "L-2"]),
        ("preparations/by/samples", {"filter": "Age < 5"}, ["P-2"]),
    ],
)
def test_records_whose_linked_objects_match(shown, path, query, wanted) -> None:
    page = shown.get(f"{LINK}/{path}", **query)
    assert names(page["data"]) == wanted
    assert page["meta"]["pagination"]["total"] == len(wanted)
    found = []
    while len(found) < len(wanted):
        found += names(
            shown.get(f"{LINK}/{path}", pageLimit=1, pageOffset=len(found), **query)["data"]
        )
    assert found == wanted


@pytest.mark.parametrize(
    "path",
    [
        "samples/by/study/{}",
        "study/by/sample/{}",
        "library/by/sample/{}",
        "preparation/group/by/study/{}",
        "expression/by/sample/{}",
        "expression/by/library/{}",
        "expression/group/by/study/{}",
        "expression/run-to-samples/by/group/{}",
        "library/libraries-to-samples/by/group/{}",
    ],
)
@pytest.mark.parametrize("wrong", ["GSF999999", "x", "secret"])
def test_what_is_not_there_or_not_for_the_caller_is_404(shown, path, wrong) -> None:
    accession = {
        "secret": shown.id[
            "secret study"
            if "study/{" in path
            else "secret rna"
            if path.startswith("expression/run")
            else "secret libraries"
        ]
    }.get(wrong, wrong)
    assert shown.ask("GET", f"{LINK}/{path.format(accession)}").status == 404


def test_the_study_of_a_sample_that_the_caller_may_not_see_is_not_named(odm) -> None:
    mine = odm.load("samples", "Sample Source ID\nE-1\n", by="eve")
    odm.link(f"sample/group/{mine}/to/study/{odm.id['secret study']}", by="root")
    sample = odm.ids("sample", mine)["E-1"]
    path = f"as-user/integration/link/study/by/sample/{sample}"
    answer = odm.ask("GET", path, by="eve")
    assert answer.status == 404
    assert odm.id["secret study"] not in answer.text
    assert sample in answer.error
    assert odm.get(path, by="ben")["genestack:accession"] == odm.id["secret study"]
