"""Templates in the store, and which one holds for an object."""

from __future__ import annotations

from typing import Any

import pytest

from odm_shiny.store import links, templates
from odm_shiny.store.refusals import BadTemplate, NotPossible, NotStored
from odm_shiny.store.store import Store

STRING = "com.genestack.api.metainfo.StringValue"
SAMPLE = "genestack:sampleObject"


def rule(name: str, data_type: str = SAMPLE, **more: Any) -> dict[str, Any]:
    return {"name": name, "dataType": data_type, "metainfoType": STRING, "isRequired": True, **more}


def add(tx: Any, name: str, *rules: dict[str, Any], **more: Any) -> templates.Template:
    return templates.add_template(tx, name, list(rules), owner_id=1, **more)


def test_a_template_answers_by_kind_and_by_name(store: Store) -> None:
    with store.write() as tx:
        template = add(
            tx, "Own", rule("Tissue", isReadOnly=True), rule("Age"), rule("Title", "study")
        )
    assert [a.name for a in template.of_kind("sample")] == ["genestack:accession", "Tissue", "Age"]
    assert template.of_kind("expression") == ()
    assert template.of_kind("cell_group") == ()
    assert template.attribute("sample", "Age") is not None
    assert template.attribute("study", "Age") is None
    read_only = ["Tissue", "genestack:accession", "groupId", "Data Class", "Values (numeric)"]
    assert all(template.is_read_only("sample", name) for name in read_only)
    assert not template.is_read_only("sample", "Age")
    assert not template.is_read_only("sample", "Comment")


def test_there_is_one_default_at_any_time(store: Store) -> None:
    with store.write() as tx:
        first = templates.default_template(tx)
        second = add(tx, "Own", rule("Tissue"), is_default=True)
        assert templates.default_template(tx).accession == second.accession
        assert [t.is_default for t in templates.list_templates(tx)] == [False, True]
        templates.set_default(tx, first.accession)
        assert templates.default_template(tx) == first
        with pytest.raises(NotStored, match="no template 'GSF9'"):
            templates.set_default(tx, "GSF9")
        assert templates.default_template(tx) == first


def test_the_default_cannot_be_deleted_and_others_can(store: Store, make: Any) -> None:
    with store.write() as tx:
        own = add(tx, "Own", rule("Tissue"))
        study = make.study(tx, template=own.accession)
        assert templates.applied_templates(tx, [study])[study.id] == own
        with pytest.raises(NotPossible, match="Default template could not be deleted"):
            templates.delete_template(tx, templates.default_template(tx).accession)
        templates.delete_template(tx, own.accession)
        assert len(templates.list_templates(tx)) == 1
        applied = templates.applied_templates(tx, [study])[study.id]
        assert applied == templates.default_template(tx)


def test_the_rules_of_one_data_type_are_replaced_in_place(store: Store) -> None:
    with store.write() as tx:
        own = add(tx, "Own", rule("Tissue"), rule("Title", "study"))
        new = templates.replace_attributes(tx, own.accession, [rule("Age")], data_type=SAMPLE)
        assert [a.name for a in new.of_kind("sample")] == ["genestack:accession", "Age"]
        assert [a.name for a in new.of_kind("study")] == ["genestack:accession", "Title"]
        with pytest.raises(NotPossible, match="rules of study were given"):
            templates.replace_attributes(tx, own.accession, [rule("T", "study")], data_type=SAMPLE)
        with pytest.raises(BadTemplate):
            templates.replace_attributes(tx, own.accession, [rule("")], data_type=None)
        emptied = templates.replace_attributes(tx, own.accession, [], data_type="study")
        assert emptied.of_kind("study") == ()
        assert templates.get_template(tx, own.accession) == emptied


def test_an_object_has_the_template_of_its_study_once_linked(store: Store, make: Any) -> None:
    with store.write() as tx:
        of_study, of_import = add(tx, "S", rule("Tissue")), add(tx, "I", rule("Age"))
        default = templates.default_template(tx)
        study = make.study(tx, template=of_study.accession)
        plain = make.study(tx)
        samples = make.samples(tx, template=of_import.accession)
        alone = make.expression(tx)
        found = templates.applied_templates(tx, [samples.group, alone.group, study])
        assert found == {
            samples.group.id: of_import,
            alone.group.id: default,
            study.id: of_study,
        }
        links.link_groups(tx, samples.group, plain)
        assert templates.applied_templates(tx, [samples.group])[samples.group.id] == default
        links.unlink(tx, samples.group, plain)
        links.link_groups(tx, samples.group, study)
        links.link_groups(tx, alone.group, samples.group)
        found = templates.applied_templates(tx, [samples.group, alone.group])
        assert list(found.values()) == [of_study, of_study]
