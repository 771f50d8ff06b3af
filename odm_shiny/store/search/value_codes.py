"""The value dictionary: distinct texts and lists of an attribute <-> codes 1, 2, ...

A code is never reused and never changes its meaning, so the dictionary only grows. A list has a
code of its own, whose members are the codes of its elements: an object has exactly one code per
attribute, whatever it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, TypeAlias, TypeVar

import numpy as np
from sqlalchemy import Connection, bindparam, func, select

from odm_shiny.query.values import moment_of, number_of, value_text
from odm_shiny.store.search.bulk_insert import insert_many
from odm_shiny.store.search.chunks import Ints
from odm_shiny.store.search.column_writer import ColumnWriter
from odm_shiny.store.search.columns import BATCH
from odm_shiny.store.search.rows import make_rows
from odm_shiny.store.search.text_index import TextIndex
from odm_shiny.store.search_schema import Part, search_value

Form: TypeAlias = str | tuple[str, ...] | None
"""A value as the index keeps it: one text, the texts of a list, or nothing."""

KEY_LENGTH: Final = 48
"""Characters of a text that order it; a longer text is found by these and a hash of the whole."""

_Form = TypeVar("_Form", str, tuple[str, ...])

_VALUE_COLUMNS: Final = ("column_id", "code", "is_list", "key", "text")

_of_column = search_value.c.column_id == bindparam("of_column")
_find_codes = select(search_value.c.key, search_value.c.code).where(
    _of_column,
    search_value.c.is_list == bindparam("of_lists"),
    search_value.c.key.in_(bindparam("keys", expanding=True)),
)
_text = func.coalesce(search_value.c.text, search_value.c.key)
_find_texts = select(search_value.c.code, _text).where(
    _of_column, search_value.c.code.in_(bindparam("codes", expanding=True))
)
_find_range = select(search_value.c.code, _text).where(
    _of_column,
    search_value.c.is_list == 0,
    search_value.c.code.between(bindparam("low"), bindparam("high")),
)
_in_order = (
    select(search_value.c.code, _text)
    .where(_of_column, search_value.c.is_list == 0, search_value.c.key > bindparam("after"))
    .order_by(search_value.c.key)
    .limit(bindparam("page"))
)
_find_top = select(func.max(search_value.c.code)).where(_of_column)


def form_of(value: Any) -> Form:
    """Give a document's value as text, texts or nothing; an empty list is nothing.

    A list of one value means the same as the value, and is kept as that.

    Raises
    ------
    QueryError
        The value is none that a document may hold: NaN, an object.
    """
    if type(value) is str:
        return value
    found = tuple(_texts(value))
    return (found[0] if len(found) == 1 else found) if found else None


def find_codes(conn: Connection, column_id: int, wanted: Iterable[str]) -> dict[str, int]:
    """Give the codes of those of `wanted` texts that the dictionary has."""
    return _find_keys(conn, column_id, {key_of(text)[0]: text for text in wanted}, is_list=False)


def find_texts(conn: Connection, column_id: int, codes: Sequence[int]) -> dict[int, str]:
    """Give the text of codes, in ascending order; those that stand for lists have none."""
    found: dict[int, str] = {}
    if len(codes) > BATCH and codes[-1] - codes[0] < 4 * len(codes):
        wanted = set(codes)
        place = {"of_column": column_id, "low": codes[0], "high": codes[-1]}
        in_range = conn.execute(_find_range, place).all()
        return {code: text for code, text in in_range if code in wanted}
    for start in range(0, len(codes), BATCH):
        batch = list(codes[start : start + BATCH])
        rows = conn.execute(_find_texts, {"of_column": column_id, "codes": batch})
        found.update((code, text) for code, text in rows.all())
    return found


def first_in_order(
    conn: Connection, column_id: int, wanted: Ints, limit: int
) -> list[tuple[int, str]]:
    """Give the first `limit` of the `wanted` codes in the order of their texts.

    Parameters
    ----------
    wanted
        (n,) ascending codes of texts, many of them: it walks the dictionary in order. Texts that
        agree in their first 48 characters may come in any order.
    """
    found: list[tuple[int, str]] = []
    after = ""
    while len(found) < limit:
        place = {"of_column": column_id, "after": after, "page": 4 * BATCH}
        rows = conn.execute(_in_order, place).all()
        if not rows:
            break
        after = key_of(rows[-1][1])[0]
        is_wanted = np.isin([code for code, _ in rows], wanted).tolist()
        found.extend(
            (code, text) for (code, text), here in zip(rows, is_wanted, strict=True) if here
        )
    return found[:limit]


def add_values(
    writer: ColumnWriter, text_index: TextIndex, column_id: int, forms: Iterable[Form]
) -> dict[Form, int]:
    """Give a code to every one of `forms`, adding those that the dictionary lacks.

    Parameters
    ----------
    forms
        Distinct forms; ``None`` gets code 0.
    """
    lists = [form for form in forms if isinstance(form, tuple)]
    scalars = dict.fromkeys(form for form in forms if isinstance(form, str))
    scalars.update(dict.fromkeys(text for one in lists for text in one))
    is_new = writer.is_new(column_id)
    known = {} if is_new else find_codes(writer.conn, column_id, scalars)
    new = sorted(text for text in scalars if text not in known)
    if new:
        known.update(_add_texts(writer, text_index, column_id, new))
    members = {one: [known[text] for text in one] for one in lists}
    codes: dict[Form, int] = {None: 0}
    codes.update(known.items())
    codes.update(_add_lists(writer, column_id, members).items())
    return codes


def key_of(text: str) -> tuple[str, str | None]:
    """Give the unique key of a text, and the text itself where the key does not say it all.

    Short texts are their own key. Others, and the few with a NUL in them, have a key of more than
    48 characters, so that the two cannot be confused.
    """
    if len(text) <= KEY_LENGTH and "\0" not in text:
        return text, None
    start = text[:KEY_LENGTH].replace("\0", " ").ljust(KEY_LENGTH)
    return start + blake2b(text.encode(), digest_size=20).hexdigest(), text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif value is not None:
        yield value_text(value)


def _find_keys(
    conn: Connection, column_id: int, wanted: Mapping[str, _Form], *, is_list: bool
) -> dict[_Form, int]:
    found: dict[_Form, int] = {}
    keys = list(wanted)
    for start in range(0, len(keys), BATCH):
        place = {"of_column": column_id, "of_lists": int(is_list)}
        rows = conn.execute(_find_codes, {**place, "keys": keys[start : start + BATCH]})
        found.update((wanted[key], code) for key, code in rows.all())
    return found


def _add_texts(
    writer: ColumnWriter, text_index: TextIndex, column_id: int, new: list[str]
) -> dict[str, int]:
    codes = _new_codes(writer, column_id, len(new))
    rows = (
        (column_id, code, 0, *key_of(text)) for code, text in zip(codes.tolist(), new, strict=True)
    )
    insert_many(writer.conn, search_value, _VALUE_COLUMNS, rows)
    for part, parse in ((Part.CODE_NUMBERS, number_of), (Part.CODE_DATES, moment_of)):
        parsed = [parse(text) for text in new]
        values = np.array([np.nan if one is None else one for one in parsed], np.float64)
        writer.add_code_array(column_id, part, codes, values)
    text_index.add(writer, column_id, codes, new)
    return dict(zip(new, codes.tolist(), strict=True))


def _add_lists(
    writer: ColumnWriter, column_id: int, members: dict[tuple[str, ...], list[int]]
) -> dict[tuple[str, ...], int]:
    keys = {_list_key(codes): form for form, codes in members.items()}
    known = _find_keys(writer.conn, column_id, keys, is_list=True)
    new = [(key, form) for key, form in keys.items() if form not in known]
    if new:
        codes = _new_codes(writer, column_id, len(new))
        rows = (
            (column_id, code, 1, key, None)
            for code, (key, _) in zip(codes.tolist(), new, strict=True)
        )
        insert_many(writer.conn, search_value, _VALUE_COLUMNS, rows)
        lists = make_rows([members[form] for _, form in new], codes)
        writer.add_code_rows(column_id, Part.CODE_MEMBERS, lists)
        known.update(zip((form for _, form in new), codes.tolist(), strict=True))
    return known


def _list_key(codes: list[int]) -> str:
    return blake2b(np.array(codes, "<i8").tobytes(), digest_size=20).hexdigest()


def _new_codes(writer: ColumnWriter, column_id: int, count: int) -> Ints:
    top = writer.conn.execute(_find_top, {"of_column": column_id}).scalar() or 0
    return np.arange(top + 1, top + 1 + count, dtype=np.int64)
