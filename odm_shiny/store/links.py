"""Make and remove links.

A link joins two objects, the target being the parent. A link of two groups is the links of their
members; of the groups themselves only the number of those links is kept.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, true, update

from odm_shiny.store.engine import Tx
from odm_shiny.store.kinds import MEMBER_OF, RUN_KINDS
from odm_shiny.store.link_graph import studies_above, units_below
from odm_shiny.store.link_matching import Keyed, match
from odm_shiny.store.link_rules import LinkRule, group_rule_for, rule_for
from odm_shiny.store.objects import Record, batches, by_ids
from odm_shiny.store.refusals import LinkConflict, LinkNotFound, NoPartner, NotPossible
from odm_shiny.store.schema import links, objects, unit_links


@dataclass(frozen=True, slots=True)
class GroupLink:
    """What a link of two groups came to.

    Attributes
    ----------
    n_linked
        Members of the source group that have a partner now.
    n_new
        Links that were not there before.
    unmatched
        Key values (or accessions, where a member has no value) of members without a partner.
    """

    n_linked: int
    n_new: int
    unmatched: list[str]


class Pair(NamedTuple):
    """One link: ids of both ends."""

    source: int
    target: int


def is_group_link(source: Record, target: Record) -> bool:
    """Whether a link of these two means the links of their members."""
    return source.kind in MEMBER_OF and (target.kind in MEMBER_OF or target.kind == "study")


def link_objects(tx: Tx, source: Record, target: Record) -> bool:
    """Link one object to its parent.

    Returns
    -------
    Whether anything is new; linking twice is harmless.

    Raises
    ------
    LinkConflict
        The source has another parent already (a sample: another study), or the data of one file
        would be spread over several studies. A run's former parent is replaced without a word.
    NotPossible
        Such objects cannot be linked.
    """
    rule = rule_for(source.kind, target.kind)
    return _create(tx, rule, [Pair(source.id, target.id)]) > 0


def link_groups(
    tx: Tx, source: Record, target: Record, *, target_key: str | None = None
) -> GroupLink:
    """Link the members of one group to those of another, or all of them to a study.

    Parameters
    ----------
    target_key
        Attribute of the target to compare with, where the API lets the caller choose
        (``linkingAttribute``); otherwise the one that semantics and file formats fix.

    Raises
    ------
    NoPartner
        Not one pair matches.
    LinkConflict
        As for `link_objects`; or the name of a run fits several targets, of which it can have one.
    NotPossible
        Such groups cannot be linked, or that link has no attribute to choose.
    """
    rule = group_rule_for(source.kind, target.kind)
    if target_key is not None and not rule.any_target_key:
        raise NotPossible(
            f"the attribute that links {source.kind} to {target.kind} is fixed; "
            f"leave {target_key!r} out"
        )
    if rule.source_key is None or rule.target_key is None:
        return _link_all(tx, rule, source, target)
    attribute = target_key or rule.target_key
    found = match(tx, source, target, rule.source_key, attribute)
    unmatched = [name for keyed in found.unmatched for name in keyed.keys or [keyed.public_id]]
    if not found.pairs:
        raise _no_partner(source, target, attribute, unmatched)
    if rule.former == "replace":
        _refuse_ambiguous(found.pairs, attribute)
    pairs = [Pair(one.id, other.id) for one, other in found.pairs]
    n_new = _create(tx, rule, pairs)
    return GroupLink(len({pair.source for pair in pairs}), n_new, unmatched)


def unlink(tx: Tx, source: Record, target: Record) -> int:
    """Remove the link of two objects, or of all members of two groups; how many links went.

    Raises
    ------
    LinkNotFound
        There is none.
    """
    tx.must_write()
    near, far = objects.alias("near"), objects.alias("far")
    joined = links.join(near, near.c.id == links.c.source_id).join(
        far, far.c.id == links.c.target_id
    )
    is_source = near.c.id == source.id
    is_target = far.c.id == target.id
    if is_group_link(source, target):
        is_source |= near.c.group_id == source.id
        is_target |= far.c.group_id == target.id
    query = select(links).select_from(joined).where(is_source, is_target)
    found = tx.conn.execute(query).all()
    if not found:
        raise LinkNotFound(f"{source.public_id} is not linked to {target.public_id}")
    _delete(tx, [Pair(row.source_id, row.target_id) for row in found])
    _tell(
        tx, found[0].source_kind, {row.target_kind for row in found}, {r.source_id for r in found}
    )
    return len(found)


def remove_all_of(tx: Tx, ids: Collection[int]) -> None:
    """Remove every link that has one of these objects at either end; for their deletion."""
    tx.must_write()
    gone: dict[Pair, tuple[str, str]] = {}
    for part in batches(sorted(ids)):
        for end in (links.c.source_id, links.c.target_id):
            for row in tx.conn.execute(select(links).where(end.in_(part))):
                pair = Pair(row.source_id, row.target_id)
                gone[pair] = (row.source_kind, row.target_kind)
    _delete(tx, list(gone))
    sources: dict[tuple[str, str], set[int]] = defaultdict(set)
    for pair, kinds in gone.items():
        sources[kinds].add(pair.source)
    for (source_kind, target_kind), changed in sources.items():
        _tell(tx, source_kind, {target_kind}, changed)


def exists(tx: Tx, source: Record, target: Record) -> bool:
    """Whether two objects are linked, source below target."""
    query = select(true()).where(links.c.source_id == source.id, links.c.target_id == target.id)
    return tx.conn.execute(query).first() is not None


def _link_all(tx: Tx, rule: LinkRule, source: Record, target: Record) -> GroupLink:
    """All members of a group to one object."""
    query = select(objects.c.id).where(objects.c.group_id == source.id)
    pairs = [Pair(member, target.id) for member in tx.conn.execute(query).scalars()]
    return GroupLink(len(pairs), _create(tx, rule, pairs), [])


def _create(tx: Tx, rule: LinkRule, pairs: Sequence[Pair]) -> int:
    """Insert those links that are not there, by the rules of their kind; how many that were."""
    tx.must_write()
    sources = sorted({pair.source for pair in pairs})
    former = _links_of(tx, sources)
    new = [pair for pair in dict.fromkeys(pairs) if pair not in former]
    wanted = set(pairs)
    others = {pair: kind for pair, kind in former.items() if pair not in wanted}
    replaced = list(others) if rule.former == "replace" else []
    if rule.former != "replace":
        _refuse_others(tx, rule, others)
    if rule.one_to_one:
        _refuse_taken(tx, new)
    if not new and not replaced:
        return 0
    with tx.conn.begin_nested():  # so that a conflict found at the end leaves nothing behind
        _delete(tx, replaced)
        _insert(tx, rule, new)
        _refuse_several_studies(tx, sources)
    _tell(tx, rule.source, {rule.target, *(others[pair] for pair in replaced)}, sources)
    return len(new)


def _links_of(tx: Tx, sources: Sequence[int]) -> dict[Pair, str]:
    """Links that these objects have as sources, with the kind of the target."""
    found = {}
    for part in batches(sources):
        for row in tx.conn.execute(select(links).where(links.c.source_id.in_(part))):
            found[Pair(row.source_id, row.target_id)] = row.target_kind
    return found


def _insert(tx: Tx, rule: LinkRule, new: Sequence[Pair]) -> None:
    if not new:
        return
    kinds = {"source_kind": rule.source, "target_kind": rule.target}
    rows = [{"source_id": pair.source, "target_id": pair.target, **kinds} for pair in new]
    tx.conn.execute(insert(links), rows)
    _count(tx, new, +1)


def _delete(tx: Tx, gone: Sequence[Pair]) -> None:
    if not gone:
        return
    ends = (links.c.source_id == bindparam("source")) & (links.c.target_id == bindparam("target"))
    tx.conn.execute(delete(links).where(ends), [pair._asdict() for pair in gone])
    _count(tx, gone, -1)


def _count(tx: Tx, pairs: Sequence[Pair], step: int) -> None:
    """Keep the number of links between units: one more, or one less, for each pair."""
    unit: dict[int, int] = {}
    for part in batches(sorted({end for pair in pairs for end in pair})):
        query = select(objects.c.id, func.coalesce(objects.c.group_id, objects.c.id))
        unit.update(tuple(row) for row in tx.conn.execute(query.where(objects.c.id.in_(part))))
    for ends, n in Counter(Pair(unit[p.source], unit[p.target]) for p in pairs).items():
        row = (unit_links.c.source_id == ends.source) & (unit_links.c.target_id == ends.target)
        values = {"n_links": unit_links.c.n_links + n * step}
        if tx.conn.execute(update(unit_links).where(row).values(values)).rowcount == 0:
            tx.conn.execute(
                insert(unit_links).values(
                    source_id=ends.source, target_id=ends.target, n_links=n * step
                )
            )
    tx.conn.execute(delete(unit_links).where(unit_links.c.n_links == 0))


def _refuse_others(tx: Tx, rule: LinkRule, others: dict[Pair, str]) -> None:
    """Parents that a source has already, where they may be neither replaced nor joined."""
    for pair, kind in others.items():
        if rule.former == "refuse" or kind != rule.target:
            source, parent = by_ids(tx, pair)
            raise LinkConflict(
                f"{rule.source} {source.public_id} is linked to {kind} {parent.public_id} already; "
                "remove that link first"
            )


def _refuse_taken(tx: Tx, new: Sequence[Pair]) -> None:
    for pair in new:
        query = select(links.c.source_id).where(links.c.target_id == pair.target)
        query = query.where(links.c.source_kind == by_ids(tx, [pair.source])[0].kind)
        taken = [key for key in tx.conn.execute(query).scalars() if key != pair.source]
        if taken:
            source, target = by_ids(tx, [taken[0], pair.target])
            raise LinkConflict(
                f"{target.public_id} is linked to {source.public_id} already, and takes one only"
            )


def _refuse_ambiguous(pairs: Sequence[tuple[Keyed, Keyed]], attribute: str) -> None:
    """A run has one parent, so its name must fit one target."""
    counts = Counter(source.id for source, _ in pairs)
    if len(counts) == len(pairs):
        return
    source, n = next((source, counts[source.id]) for source, _ in pairs if counts[source.id] > 1)
    raise LinkConflict(
        f"{source.keys[0]!r} fits {n} objects by {attribute!r}, and a run has one parent; "
        "link by an attribute whose values are unique"
    )


def _refuse_several_studies(tx: Tx, sources: Sequence[int]) -> None:
    """A group, and all that hangs below it, belongs to one study."""
    units: set[int] = set()
    for part in batches(sources):
        query = select(objects.c.id, objects.c.group_id).where(objects.c.id.in_(part))
        units |= {group or own for own, group in tx.conn.execute(query)}
    for unit in sorted(units):
        units |= units_below(tx, unit)
    for unit, studies in studies_above(tx, units).items():
        if len(studies) > 1:
            group, *found = by_ids(tx, [unit, *sorted(studies)])
            raise LinkConflict(
                f"{group.public_id} would belong to several studies "
                f"({', '.join(study.public_id for study in found)}); all links of a group stay "
                "within one study"
            )


def _no_partner(
    source: Record, target: Record, attribute: str, unmatched: Sequence[str]
) -> NoPartner:
    what = "run" if MEMBER_OF[source.kind] in RUN_KINDS else MEMBER_OF[source.kind]
    shown = ", ".join(repr(name) for name in unmatched[:10])
    return NoPartner(
        f"no {what} of {source.public_id} matches {attribute!r} of {target.public_id}; "
        f"without a partner: {shown}{', ...' if len(unmatched) > 10 else ''}",
        attribute=attribute,
        unmatched=unmatched[:10],
    )


def _tell(
    tx: Tx, source_kind: str, target_kinds: Collection[str], sources: Collection[int]
) -> None:
    """Hand the links that these sources have now to the search index."""
    if tx.search is None or not sources:
        return
    slots: dict[int, int] = {}
    found: dict[str, dict[int, list[int]]] = {kind: {} for kind in target_kinds}
    target = objects.alias("target")
    for part in batches(sorted(sources)):
        query = select(objects.c.id, objects.c.slot).where(objects.c.id.in_(part))
        slots.update((key, slot) for key, slot in tx.conn.execute(query))
        linked = (
            select(links.c.source_id, links.c.target_kind, target.c.slot)
            .join(target, target.c.id == links.c.target_id)
            .where(links.c.source_id.in_(part), links.c.target_kind.in_(target_kinds))
            .order_by(target.c.slot)
        )
        for source, kind, slot in tx.conn.execute(linked):
            found[kind].setdefault(slots[source], []).append(slot)
    for kind in sorted(target_kinds):
        now = {slot: found[kind].get(slot, []) for slot in slots.values()}
        tx.search.set_links(tx, source_kind, kind, now)
