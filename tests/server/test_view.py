"""Objects as a caller sees them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from odm_shiny.server.shapes import EXTENDED, MINIMAL, ORIGINAL
from odm_shiny.server.view import View
from odm_shiny.store import lean_reads, objects, templates


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


@pytest.mark.parametrize("level", [MINIMAL, EXTENDED, ORIGINAL])
def test_rows_without_times_and_authors_are_shown_as_whole_records_are(shown, level) -> None:
    slots = np.array([6, 0, 3, 0, 99])
    with shown.store.read() as tx:
        view = View(shown.store, tx, level=level, terms=True)
        whole = view.records(objects.by_slots(tx, "sample", slots))
        found = view.records(lean_reads.shown_rows(tx, "sample", slots))
    assert len(found) == 4
    assert list(map(list, map(dict.items, found))) == list(map(list, map(dict.items, whole)))


def test_members_of_a_group_may_have_templates_of_their_own(odm) -> None:
    with odm.store.write() as tx:
        samples = records(tx, odm, "sample", "loose")
        rule = {"name": "Only here", "isRequired": False, "dataType": "genestack:sampleObject"}
        rule["metainfoType"] = "com.genestack.api.metainfo.StringValue"
        other = templates.add_template(tx, "other", [rule], owner_id=odm.user("ann").id)
        with_other = replace(samples[0], template=other.accession)
        view = View(odm.store, tx, level=EXTENDED)
        first, second = view.records([with_other, samples[1]])
        assert view.records([samples[1], with_other]) == [second, first]
    assert "Only here" in first
    assert "Only here" not in second


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
