"""The link graph of ODM as data: who may belong to whom, and by which attribute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from odm_shiny.store.kinds import GROUP_OF
from odm_shiny.store.refusals import NotPossible

#: Stands for the column name of a run, or the sample name in its file.
RUN_SOURCE: Final = "#run source"

SAMPLE_KEY: Final = "Sample Source ID"
LIBRARY_KEY: Final = "Library ID"
PREPARATION_KEY: Final = "Preparation ID"

#: What becomes of the parents that a source has already: they are replaced, whatever their kind;
#: any other one is a conflict; or the new one joins them, provided it is of the same kind.
Former: TypeAlias = Literal["replace", "refuse", "join"]


@dataclass(frozen=True, slots=True)
class LinkRule:
    """One kind of link.

    Attributes
    ----------
    source, target
        Kinds; the target is the parent.
    source_key, target_key
        Attributes whose values must be equal for a link of two groups to link two members;
        ``None`` where a link of groups takes all members, or where the link is made at import.
    any_target_key
        The caller may name another attribute of the target (``linkingAttribute``).
    former
        What becomes of the parents that a source has already.
    one_to_one
        The target takes one source only.
    """

    source: str
    target: str
    source_key: str | None = None
    target_key: str | None = None
    any_target_key: bool = False
    former: Former = "refuse"
    one_to_one: bool = False


def _run_rules(run: str) -> tuple[LinkRule, ...]:
    return (
        LinkRule(run, "sample", RUN_SOURCE, SAMPLE_KEY, any_target_key=True, former="replace"),
        LinkRule(run, "library", RUN_SOURCE, LIBRARY_KEY, former="replace"),
        LinkRule(run, "preparation", RUN_SOURCE, PREPARATION_KEY, former="replace"),
    )


GRAPH: Final = (
    LinkRule("sample", "study"),
    LinkRule("library", "sample", SAMPLE_KEY, SAMPLE_KEY, former="join"),
    LinkRule("preparation", "sample", SAMPLE_KEY, SAMPLE_KEY, former="join"),
    *_run_rules("expression"),
    *_run_rules("variant")[:1],
    *_run_rules("flow")[:1],
    # Cells are rows of a table and not objects, so these join whole groups.
    LinkRule("expression_group", "cell_group", one_to_one=True),
    LinkRule("cell_group", "sample_group", former="join"),
    LinkRule("cell_group", "library_group", former="join"),
    LinkRule("cell_group", "preparation_group", former="join"),
    LinkRule("file", "study"),
)

_RULES: Final = {(rule.source, rule.target): rule for rule in GRAPH}


def rule_for(source_kind: str, target_kind: str) -> LinkRule:
    """The rule of a link of two objects.

    Raises
    ------
    NotPossible
        Such objects cannot be linked, in that direction.
    """
    rule = _RULES.get((source_kind, target_kind))
    if rule is None:
        raise NotPossible(f"{_spoken(source_kind)} cannot be linked to {_spoken(target_kind)}")
    return rule


def group_rule_for(source_kind: str, target_kind: str) -> LinkRule:
    """The rule by which the members of two groups are linked; a study counts as its own group."""
    members = {group: member for member, group in GROUP_OF.items()}
    rule = _RULES.get((members.get(source_kind, ""), members.get(target_kind, target_kind)))
    if rule is None:
        raise NotPossible(f"{_spoken(source_kind)} cannot be linked to {_spoken(target_kind)}")
    return rule


def pairs_of_kinds() -> list[tuple[str, str]]:
    """Every (source, target) that can be linked, groups included."""
    pairs = list(_RULES)
    for source, target in _RULES:
        if source in GROUP_OF and (target in GROUP_OF or target == "study"):
            pairs.append((GROUP_OF[source], GROUP_OF.get(target, target)))
    return pairs


def _spoken(kind: str) -> str:
    return kind.replace("_", " ")
