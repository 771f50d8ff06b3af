"""The link graph as data."""

from __future__ import annotations

import pytest

from odm_shiny.store import link_rules
from odm_shiny.store.kinds import KINDS
from odm_shiny.store.link_rules import GRAPH, group_rule_for, pairs_of_kinds, rule_for
from odm_shiny.store.refusals import NotPossible


@pytest.mark.parametrize(
    ("source", "target", "source_key", "target_key"),
    [
        ("sample_group", "study", None, None),
        ("library_group", "sample_group", "Sample Source ID", "Sample Source ID"),
        ("preparation_group", "sample_group", "Sample Source ID", "Sample Source ID"),
        ("expression_group", "sample_group", link_rules.RUN_SOURCE, "Sample Source ID"),
        ("expression_group", "library_group", link_rules.RUN_SOURCE, "Library ID"),
        ("expression_group", "preparation_group", link_rules.RUN_SOURCE, "Preparation ID"),
        ("variant_group", "sample_group", link_rules.RUN_SOURCE, "Sample Source ID"),
        ("flow_group", "sample_group", link_rules.RUN_SOURCE, "Sample Source ID"),
    ],
)
def test_groups_are_linked_by_the_documented_keys(
    source: str, target: str, source_key: str | None, target_key: str | None
) -> None:
    rule = group_rule_for(source, target)
    assert (rule.source_key, rule.target_key) == (source_key, target_key)


@pytest.mark.parametrize(
    ("source", "target"),
    [("sample", "sample"), ("study", "sample"), ("variant", "library"), ("sample", "study_group")],
)
def test_other_pairs_cannot_be_linked(source: str, target: str) -> None:
    with pytest.raises(NotPossible, match="cannot be linked to"):
        rule_for(source, target)
    with pytest.raises(NotPossible, match="cannot be linked to"):
        group_rule_for(f"{source}_group", f"{target}_group")


def test_only_runs_let_the_caller_choose_the_attribute_and_only_of_samples() -> None:
    chosen = {(rule.source, rule.target) for rule in GRAPH if rule.any_target_key}
    assert chosen == {(run, "sample") for run in ("expression", "variant", "flow")}


def test_every_rule_is_about_kinds_that_exist_and_pairs_include_groups() -> None:
    assert {kind for rule in GRAPH for kind in (rule.source, rule.target)} <= KINDS
    pairs = pairs_of_kinds()
    assert len(set(pairs)) == len(pairs)
    assert ("sample_group", "study") in pairs
    assert ("expression_group", "library_group") in pairs
    assert ("study", "sample") not in pairs
