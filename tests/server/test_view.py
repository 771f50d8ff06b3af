"""Objects as a caller sees them."""

from __future__ import annotations

import pytest

from odm_shiny.server.shapes import EXTENDED, MINIMAL, ORIGINAL
from odm_shiny.server.view import View
from odm_shiny.store import objects


def records(tx, odm, kind, group):
    return objects.members(tx, objects.get(tx, odm.id[group]).id)


def test_records_of_several_groups_keep_their_order_and_their_group(shown) -> None:
    with shown.store.read() as tx:
        chosen = [
            *records(tx, shown, "sample", "loose")[:1],
            *records(tx, shown, "sample", "samples")[::-1],
        ]
        found = View(shown.store, tx, level=MINIMAL).records(chosen)
    assert [one["Sample Source ID"] for one in found] == ["X-1", "S-5", "S-4", "S-3", "S-2", "S-1"]
    assert [one["groupId"] for one in found] == [shown.id["loose"], *[shown.id["samples"]] * 5]
    for one in found:
        assert next(iter(one)) == "genestack:accession"
        assert list(one)[-1] == "groupId"


def test_nothing_gives_nothing(shown) -> None:
    with shown.store.read() as tx:
        view = View(shown.store, tx, level=EXTENDED, terms=True)
        assert view.records([]) == view.groups([]) == view.runs([]) == view.origins([]) == []


def test_a_run_shows_its_own_metadata_over_those_of_its_file(odm) -> None:
    run = odm.runs(odm.id["rna"])["S-2"]
    body = {"Scale": "log2", "Name": None, "Own": "x"}
    odm.ask("PATCH", f"as-curator/expressions/{run}", body=body)
    with odm.store.read() as tx:
        group = objects.get(tx, odm.id["rna"])
        view = View(odm.store, tx, level=ORIGINAL)
        shown = view.run_metadata(objects.members(tx, group.id))
        of_group = view.groups([group])[0]["metadata"]
    assert [one["Scale"] for one in shown] == [None, "log2", None, None]
    assert [one["Name"] for one in shown] == ["RNA of the liver", None] + ["RNA of the liver"] * 2
    assert [one.get("Own") for one in shown] == [None, "x", None, None]
    assert all("genestack:accession" not in one for one in shown)
    assert (of_group["Scale"], of_group["Name"]) == (None, "RNA of the liver")


@pytest.mark.parametrize("level", [MINIMAL, EXTENDED, ORIGINAL])
def test_terms_stand_beside_values_at_every_level(shown, level) -> None:
    with shown.store.read() as tx:
        view = View(shown.store, tx, level=level, terms=True)
        (first, *_) = view.records(records(tx, shown, "sample", "samples"))
    assert first["Sex"]["termId"] == "PATO:0000383"
    assert first["groupId"] == shown.id["samples"]
    if level == ORIGINAL:
        assert first["Batch"] == "007"
