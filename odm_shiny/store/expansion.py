"""Widen a search term by what the dictionaries know of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import select

from odm_shiny.store.dictionaries import EXACT, LABEL, fold
from odm_shiny.store.engine import Tx
from odm_shiny.store.objects import batches
from odm_shiny.store.schema import term_names, term_parents

#: Most narrower terms that a search is widened by.
MAX_NARROWER: Final = 30_000


def expand(tx: Tx, text: str) -> list[str]:
    """Label and synonyms of the terms that `text` names, in any dictionary.

    The whole text must be a label or a synonym, capital letters making no difference.

    Returns
    -------
    The names, labels first, without duplicates; empty for a text that is in no dictionary.
    """
    return _names(tx, _terms(tx, text))


def narrower(tx: Tx, text: str, *, limit: int = MAX_NARROWER) -> list[str]:
    """Label and synonyms of the terms below those that `text` names, at any depth.

    At most `limit` terms, the nearest ones; a cycle in a dictionary does no harm.
    """
    top = _terms(tx, text)
    seen = set(top)
    found: list[int] = []
    front = top
    while front and len(found) < limit:
        front = sorted(_children(tx, front) - seen)
        seen.update(front)
        found += front
    return _names(tx, found[:limit])


def _terms(tx: Tx, text: str) -> list[int]:
    query = select(term_names.c.term).where(term_names.c.name_key == fold(text))
    return sorted(tx.conn.execute(query).scalars())


def _children(tx: Tx, parents: Collection[int]) -> set[int]:
    found: set[int] = set()
    for part in batches(sorted(parents)):
        query = select(term_parents.c.child).where(term_parents.c.parent.in_(part))
        found.update(tx.conn.execute(query).scalars())
    return found


def _names(tx: Tx, terms: Collection[int]) -> list[str]:
    ranks = {LABEL: 0, EXACT: 1}
    rows: list[tuple[int, int, str]] = []
    for part in batches(sorted(terms)):
        query = select(term_names.c.relation, term_names.c.term, term_names.c.name)
        for relation, term, name in tx.conn.execute(query.where(term_names.c.term.in_(part))):
            rows.append((ranks.get(relation, 2), term, name))
    return list(dict.fromkeys(name for _, _, name in sorted(rows)))
