"""Full-text queries over coded columns: words in, a mask of objects out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from odm_shiny.errors import QueryError
from odm_shiny.query.full_text import Term, tokenize
from odm_shiny.query.nodes import And, Expr, Not, Or
from odm_shiny.store.search.chunks import Bools
from odm_shiny.store.search.code_tables import CodeTables
from odm_shiny.store.search.columns import ColumnReader
from odm_shiny.store.search.masks import look_up
from odm_shiny.store.search.text_index import TextIndex


class TextSearch:
    """Full-text queries of one kind in one transaction.

    Parameters
    ----------
    expand
        Gives the labels and synonyms that stand for a term; ``None`` for none.

    Notes
    -----
    Masks may be true of slots without an object; `Search.text` removes them at the end.
    """

    def __init__(
        self,
        reader: ColumnReader,
        index: TextIndex,
        expand: Callable[[str], Iterable[str]] | None = None,
    ) -> None:
        self.reader = reader
        self.index = index
        self.expand = expand

    def mask(self, expr: Expr) -> Bools:
        """Find the objects that fulfil `expr`: (n_slots,).

        Raises
        ------
        QueryError
            `expr` is no full-text query, or its wildcards stand for too many words.
        StoreError
            The database has no full text.
        """
        if expr.language != "text":
            raise QueryError(f"a full-text query was expected here, not a {expr.language}")
        return self._mask(expr)

    def _mask(self, expr: Expr) -> Bools:
        if isinstance(expr, Not):
            return ~self._mask(expr.item)
        if isinstance(expr, And):
            mask = self._mask(expr.items[0])
            for item in expr.items[1:]:
                if not mask.any():
                    break
                mask &= self._mask(item)
            return mask
        items = expr.items if isinstance(expr, Or) else (expr,)
        mask = self._terms([item for item in items if isinstance(item, Term)])
        for item in items:
            if not isinstance(item, Term):
                mask |= self._mask(item)
        return mask

    def _terms(self, terms: list[Term]) -> Bools:
        """Find the objects with one of `terms`, all of them in one go."""
        if any(_is_anything(term) for term in terms):
            return np.ones(self.reader.n_slots, np.bool_)
        mask = np.zeros(self.reader.n_slots, np.bool_)
        if self.reader.number < 0:
            return mask
        phrases = dict.fromkeys(phrase for term in terms for phrase in self._phrases(term))
        found = self.index.find(self.reader, phrases)
        self.reader.prefetch(found)
        for column_id, codes in found.items():
            tables = CodeTables(self.reader, column_id)
            mask |= look_up(tables.chunks(), tables.of_codes(codes), self.reader.n_slots)
        return mask

    def _phrases(self, term: Term) -> list[tuple[str, ...]]:
        phrases = [term.words]
        if self.expand is not None:
            phrases += [tuple(tokenize(text)) for text in self.expand(term.text)]
        return phrases


def _is_anything(term: Term) -> bool:
    # Every object has an accession, so every object has a word.
    return not term.quoted and len(term.words) == 1 and not term.words[0].strip("*")
