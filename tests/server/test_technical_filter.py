"""Filters by what ODM writes itself: the group of a record, the version chain of a file."""

from __future__ import annotations

import pytest

LISTS = {"sample": "samples", "library": "libraries", "preparation": "preparations"}


def found(odm, path, *, by="ann", **query):
    """Accessions of what a list or a search gives."""
    records = odm.get(path, by=by, **query)["data"]
    records = [record.get("metadata", record) for record in records]
    return [record["genestack:accession"] for record in records]


@pytest.mark.parametrize("kind", LISTS)
def test_members_are_found_by_the_accession_of_their_group(shown, kind) -> None:
    plural = LISTS[kind]
    group = shown.id[plural]
    members = sorted(shown.ids(kind, group).values())
    for role in ("as-user", "as-curator"):
        path = f"{role}/{plural}"
        assert found(shown, path, filter=f"groupId = {group}") == members
        assert found(shown, path, filter=f'"groupId"="{group}"') == members
        others = set(found(shown, path)) - set(members)
        assert set(found(shown, path, filter=f"groupId != {group}")) == others
        assert found(shown, path, filter=f"NOT groupId = {group}") == sorted(others)


def test_a_group_is_one_condition_among_others(shown) -> None:
    samples, loose = shown.id["samples"], shown.id["loose"]
    ids = shown.ids("sample", samples)
    path = "as-user/samples"
    for text, names in (
        (f"groupId = {samples} AND Sex = male", ["S-2", "S-4"]),
        (f"groupId = {samples} AND NOT (Sex = male OR Tissue = liver)", ["S-3", "S-5"]),
        (f"groupId = {loose} AND Sex = male", []),
    ):
        assert found(shown, path, filter=text) == [ids[name] for name in names]
    both = found(shown, path, filter=f"groupId = {samples} OR groupId = {loose}")
    assert both == sorted([*ids.values(), *shown.ids("sample", loose).values()])


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("groupId = GSF999999", "none"),
        ("groupId = {libraries}", "none"),
        ("groupId = {study}", "none"),
        ("groupId = null", "none"),
        ("groupId > 1", "none"),
        ("groupId != GSF999999", "all"),
        ("groupId != null", "all"),
        ("groupId = *", "all"),
        ("NOT groupId < 1", "all"),
    ],
)
def test_what_is_no_group_of_samples_has_no_members(shown, text, share) -> None:
    every = found(shown, "as-user/samples")
    wanted = every if share == "all" else []
    assert found(shown, "as-user/samples", filter=text.format(**shown.id)) == wanted


@pytest.mark.parametrize("kind", LISTS)
def test_searches_over_studies_know_groups_too(shown, kind) -> None:
    path, group = "as-user/omics/samples", shown.id[LISTS[kind]]
    own = found(shown, path, **{f"{kind}Filter": f"groupId = {group}"})
    assert own == found(shown, path, **{f"{kind}Filter": "genestack:accession != null"})[: len(own)]
    assert own
    assert found(shown, path, **{f"{kind}Filter": "groupId = GSF999999"}) == []
    counted = shown.get("/api/odm-shiny/v1/facets", **{f"{kind}Filter": f"groupId = {group}"})
    assert counted["total"] == len(own)


def test_pages_of_linked_records_know_groups_too(shown) -> None:
    path = "as-user/integration/link/studies/by/samples"
    assert found(shown, path, filter=f"groupId = {shown.id['samples']}") == [shown.id["study"]]
    assert found(shown, path, filter=f"groupId = {shown.id['loose']}") == []


def files(odm, text, **query):
    data = odm.get("as-user/expressions/group", filter=text, useVersions="*", **query)["data"]
    names = {odm.id[name]: name for name in ("rna", "rna2", "gct", "folds")}
    return [names[one["itemId"]] for one in data]


def test_files_are_found_by_their_accession_and_their_chain(shown) -> None:
    group = shown.get(f"as-user/expressions/group/{shown.id['rna']}")
    chain = group["metadata"]["genestack:chain"]
    for text, names in (
        (f"groupId = {shown.id['gct']}", ["gct"]),
        (f"groupId != {shown.id['gct']}", ["rna", "rna2", "folds"]),
        (f"genestack:chain = {chain}", ["rna", "rna2"]),
        (f"genestack:chain != {chain}", ["gct", "folds"]),
        ("genestack:chain = GSVC999999", []),
        ("genestack:chain = null", ["gct", "folds"]),
        ("genestack:chain != null", ["rna", "rna2"]),
        ("genestack:versionInChain = 2", ["rna2"]),
        ("genestack:versionInChain >= 1", ["rna", "rna2"]),
        ("genestack:versionInChain != 1", ["rna2", "gct", "folds"]),
        ("genestack:activeInChain = true", ["rna2"]),
        ("genestack:activeInChain = false", ["rna"]),
        ("NOT genestack:activeInChain = false", ["rna2", "gct", "folds"]),
    ):
        assert files(shown, text) == names, text
        data = shown.get("as-user/omics/expression/group", exFilter=text, useVersions="*")["data"]
        assert [one["itemId"] for one in data] == [shown.id[name] for name in names], text


def test_the_versions_that_are_asked_for_go_before_the_filter(shown) -> None:
    path = "as-user/expressions/group"
    assert shown.get(path, filter="genestack:activeInChain = false")["data"] == []
    (one,) = shown.get(path, filter="genestack:chain != null")["data"]
    assert one["itemId"] == shown.id["rna2"]


@pytest.mark.parametrize("text", ["groupId = {secret samples}", "groupId != GSF999999"])
def test_a_group_that_is_not_visible_has_no_members(shown, text) -> None:
    hidden = set(shown.ids("sample", shown.id["secret samples"]).values())
    seen = found(shown, "as-user/samples", filter=text.format(**shown.id))
    assert not hidden & set(seen)
    assert hidden <= set(found(shown, "as-user/samples", filter=text.format(**shown.id), by="ben"))
