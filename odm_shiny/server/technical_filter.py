"""Filters by attributes that ODM writes itself, in terms of the accessions that the index knows.

``groupId`` and the place of a file in its version chain are shown with records and groups, but are
no part of their documents. A condition on one of them is the same as a condition on
``genestack:accession``, by which every object is found, and runs by that of their file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Final

from sqlalchemy import select

from odm_shiny.query.evaluate import evaluate
from odm_shiny.query.nodes import And, Compare, Expr, Not, Or, any_of
from odm_shiny.query.shape import fields_of
from odm_shiny.server.conditions import Conditions, KindCondition
from odm_shiny.store.documents import ACCESSION
from odm_shiny.store.engine import Tx
from odm_shiny.store.expression_files import DataFile, data_files
from odm_shiny.store.kinds import GROUP_OF
from odm_shiny.store.schema import objects

GROUP_ID: Final = "groupId"
CHAIN: Final = "genestack:chain"
NUMBER: Final = "genestack:versionInChain"
ACTIVE: Final = "genestack:activeInChain"
OF_CHAINS: Final = frozenset({CHAIN, NUMBER, ACTIVE})

#: True for no object: every one has an accession.
NEVER: Final = Compare(ACCESSION, "=", None)


def resolved(tx: Tx, conditions: Conditions) -> Conditions:
    """The same conditions, with filters that the search index can answer.

    Parameters
    ----------
    tx
        Where members of groups and version chains are looked up, only if a filter asks for them.
    conditions
        Of a request.
    """
    kinds = {
        kind: _with_filter(condition, partial(_of_record, tx, kind), {GROUP_ID})
        if kind in GROUP_OF
        else condition
        for kind, condition in conditions.kinds.items()
    }
    groups = _with_filter(conditions.groups, partial(_of_file, tx), {GROUP_ID, *OF_CHAINS})
    return replace(conditions, kinds=kinds, groups=groups)


def _with_filter(
    condition: KindCondition, change: Callable[[Compare], Expr], names: Iterable[str]
) -> KindCondition:
    expr = condition.filter
    if expr is None or fields_of(expr).isdisjoint(names):
        return condition
    return replace(condition, filter=_changed(expr, change))


def _changed(expr: Expr, change: Callable[[Compare], Expr]) -> Expr:
    """`expr` with each comparison replaced; conditions are never deeper than recursion allows."""
    if isinstance(expr, And | Or):
        return type(expr)(tuple(_changed(item, change) for item in expr.items))
    if isinstance(expr, Not):
        return Not(_changed(expr.item, change))
    return change(expr) if isinstance(expr, Compare) else expr


def _of_record(tx: Tx, kind: str, one: Compare) -> Expr:
    """A comparison of the group of a sample, library or preparation: its members are named."""
    if one.field != GROUP_ID:
        return one
    if one.value is None or one.op not in ("=", "!="):
        return replace(one, field=ACCESSION)  # set everywhere, and never a number
    group = select(objects.c.id).where(
        objects.c.public_id == one.value, objects.c.kind == GROUP_OF[kind]
    )
    query = select(objects.c.public_id).where(objects.c.group_id == group.scalar_subquery())
    return _one_of(tx.conn.execute(query).scalars(), is_negated=one.op == "!=")


def _of_file(tx: Tx, one: Compare) -> Expr:
    """A comparison of the file of a run, or of the place of that file in its chain."""
    if one.field == GROUP_ID:
        return replace(one, field=ACCESSION)
    if one.field not in OF_CHAINS:
        return one
    # What holds for a file without a chain holds for most: then those where it does not are named.
    holds_unchained = evaluate(one, {})
    chained = [file for file in data_files(tx) if file.chain is not None]
    named = [file.accession for file in chained if evaluate(one, _place(file)) != holds_unchained]
    return _one_of(named, is_negated=holds_unchained)


def _place(file: DataFile) -> dict[str, object]:
    return {CHAIN: file.chain, NUMBER: file.number, ACTIVE: file.is_active}


def _one_of(accessions: Iterable[str], *, is_negated: bool) -> Expr:
    found = [Compare(ACCESSION, "=", accession) for accession in accessions] or [NEVER]
    return Not(any_of(found)) if is_negated else any_of(found)
