"""The order of objects by a text, worked out once and kept until such a text changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from odm_shiny.store.search.chunks import AnyInts, Ints, to_dense
from odm_shiny.store.search.code_tables import CodeTables
from odm_shiny.store.search.columns import ColumnReader
from odm_shiny.store.search.slot_values import texts_of
from odm_shiny.store.search_schema import CHUNK_SLOTS, Part


def slots_by_text(reader: ColumnReader, attributes: Sequence[str], *, descending: bool) -> Ints:
    """Give all slots in the order of the first of `attributes` that each has.

    Returns
    -------
    (n_slots,) int64, read-only; equal texts in ascending order of slots, whatever the direction.

    Notes
    -----
    Codes never change their meaning, so an order holds for as long as no object gets another code
    in one of its columns: it is kept under the stamps of their chunks, as the columns are.
    """
    tables = [CodeTables.of(reader, attribute) for attribute in attributes]
    reader.prefetch(one.column_id for one in tables if one.column_id is not None)
    stamp = (reader.n_slots, *(_stamps(one) for one in tables))
    key = ("order", reader.kind, tuple(attributes), descending)
    order: Ints | None = reader.cache.get(key, stamp, np.ndarray)
    if order is None:
        ranks = _ranks(reader, tables, stamp, key[:-1])
        order = np.argsort(-ranks if descending else ranks, kind="stable")
        _keep(reader, key, stamp, order)
    return order


def _ranks(
    reader: ColumnReader, tables: Sequence[CodeTables], stamp: Any, key: tuple[Any, ...]
) -> NDArray[np.int32]:
    """Number the texts in their order: (n_slots,), equal texts have equal numbers."""
    key = ("ranks", *key)
    ranks: NDArray[np.int32] | None = reader.cache.get(key, stamp, np.ndarray)
    if ranks is None:
        chosen = _chosen_codes(reader.n_slots, tables)
        distinct, places = np.unique(chosen, return_inverse=True)
        ranks = _ranks_of_texts(_texts(tables, distinct))[places]
        _keep(reader, key, stamp, ranks)
    return ranks


def _chosen_codes(n_slots: int, tables: Sequence[CodeTables]) -> Ints:
    """Give every slot the first code that it has: (n_slots,), column in the upper 32 bits, or 0."""
    chosen = np.zeros(n_slots, np.int64)
    for place, of_attribute in enumerate(tables):
        for number, codes in of_attribute.chunks().items():
            part = chosen[number * CHUNK_SLOTS : (number + 1) * CHUNK_SLOTS]
            dense = to_dense(codes, len(part)).astype(np.int64)
            is_first = (part == 0) & (dense != 0)
            part[is_first] = dense[is_first] + (place << 32)
    return chosen


def _texts(tables: Sequence[CodeTables], chosen: Ints) -> list[str]:
    """Give the text of every one of the `chosen` codes (ascending); 0 has the empty text."""
    found: list[str] = []
    columns = chosen >> 32
    for place, of_attribute in enumerate(tables):
        codes = chosen[columns == place] & 0xFFFFFFFF
        found.extend(map("|".join, texts_of(of_attribute, codes)))
    return found


def _ranks_of_texts(texts: Sequence[str]) -> NDArray[np.int32]:
    rank_of = {text: rank for rank, text in enumerate(sorted(set(texts)))}
    return np.fromiter((rank_of[text] for text in texts), np.int32, len(texts))


def _stamps(tables: CodeTables) -> tuple[int, ...]:
    if tables.column_id is None:
        return ()
    return tables.reader.stamps(tables.column_id, Part.CODES)


def _keep(reader: ColumnReader, key: tuple[Any, ...], stamp: Any, array: AnyInts) -> None:
    array.flags.writeable = False
    reader.cache.put(key, stamp, array, array.nbytes)
