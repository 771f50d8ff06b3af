"""The classes that conditions are made of, whatever language they were written in.

Everything here is frozen and hashable. `Compare` describes a record (a study, a sample ...),
`DataCompare` a row of a data file, `full_text.Term` a word searched in all values; `And`, `Or` and
`Not` combine conditions of one of these languages. A value is kept as the text that was written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import NoReturn

from odm_shiny.errors import QueryError
from odm_shiny.query.values import number_of, order_of

MAX_DEPTH = 64
"""Levels of ``And``, ``Or`` and ``Not`` above a condition; whoever walks one may use recursion."""

FILTER, DATA, TEXT = "filter", "data", "text"

_LANGUAGES = {
    FILTER: "conditions on records, field(...)",
    DATA: "conditions on rows of data, feature(...) and value(...)",
    TEXT: "full-text terms",
}
_EQUALITY = ("=", "!=")
_ORDER = ("<", "<=", ">", ">=")


class Expr:
    """A condition. Combine with ``&``, ``|`` and ``~``; ``and``, ``or``, ``not`` cannot work."""

    __slots__ = ()

    @property
    def depth(self) -> int:
        """Levels of ``And``, ``Or`` and ``Not`` in it; 0 for a single condition."""
        return 0

    @property
    def language(self) -> str:
        """``"filter"``, ``"data"`` or ``"text"``."""
        raise AttributeError(f"{type(self).__name__} belongs to no query language")

    def __and__(self, other: Expr) -> And:
        return And((self, other)) if isinstance(other, Expr) else NotImplemented

    def __or__(self, other: Expr) -> Or:
        return Or((self, other)) if isinstance(other, Expr) else NotImplemented

    def __invert__(self) -> Not:
        return Not(self)

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a condition is neither true nor false before it is asked: combine conditions with "
            "& | ~ (each comparison in parentheses) instead of and, or, not; write a range as "
            ".between(low, high) and alternatives as .is_in([...])"
        )


@dataclass(frozen=True, slots=True)
class Compare(Expr):
    """Compare an attribute of a record.

    Parameters
    ----------
    field
        Name of the attribute, case-sensitive.
    op
        ``=``, ``!=``, ``<``, ``<=``, ``>`` or ``>=``.
    value
        What it is compared with, as text; ``None`` stands for "not set", with ``=`` or ``!=`` only.

    Raises
    ------
    QueryError
        Unknown operator, empty name, or an order without a number or an ISO date to compare with.
    """

    field: str
    op: str
    value: str | None

    def __post_init__(self) -> None:
        check_name(self.field, "an attribute")
        if self.op not in _EQUALITY and self.op not in _ORDER:
            raise QueryError(f"unknown operator {self.op!r}: use one of = != < <= > >=")
        if self.value is not None:
            check_text(self.value)
        if self.op in _ORDER:
            _check_order(self.op, self.value)

    @property
    def language(self) -> str:
        """``"filter"``."""
        return FILTER


@dataclass(frozen=True, slots=True)
class DataCompare(Expr):
    """Compare a feature column or a measurement of one row and run of a data file.

    Parameters
    ----------
    target
        ``"feature"`` or ``"value"``.
    name
        Column or measurement; ``None`` is the first feature column, or any measurement.
    op
        ``=`` (any of `values`), ``!=`` (none of them), ``<``, ``<=``, ``>``, ``>=`` (a number) or
        ``=~`` (contains this text).
    values
        Text; ``None`` stands for a missing value. Repeats are dropped.

    Raises
    ------
    QueryError
        Unknown target or operator, no value, too many, or text where a number must stand.
    """

    target: str
    name: str | None
    op: str
    values: tuple[str | None, ...]

    def __post_init__(self) -> None:
        if self.target not in ("feature", "value"):
            raise QueryError(f"unknown target {self.target!r}: use 'feature' or 'value'")
        if self.name is not None:
            check_name(self.name, "a column")
        object.__setattr__(self, "values", tuple(dict.fromkeys(self.values)))
        for value in self.values:
            if value is not None:
                check_text(value)
        self._check_values()

    @property
    def language(self) -> str:
        """``"data"``."""
        return DATA

    def _check_values(self) -> None:
        if not self.values:
            raise QueryError(f"{self.target} is compared with nothing: give at least one value")
        if self.op in _EQUALITY:
            if self.target == "value":
                _check_numbers(self.values)
            return
        if self.op not in (*_ORDER, "=~"):
            raise QueryError(f"unknown operator {self.op!r}: use one of = != < <= > >= =~")
        if len(self.values) > 1:
            raise QueryError(f"{self.op} takes one value; lists go with = and !=")
        if self.values[0] is None:
            raise QueryError(f"{self.op} cannot be used with null; use = or !=")
        if self.op != "=~":
            _check_numbers(self.values)
        elif self.target == "value":
            raise QueryError("=~ looks for text in a feature column; a value is a number")


@dataclass(frozen=True, slots=True)
class And(Expr):
    """All of `items` hold. Nested ``And`` are made one; at least two conditions of one language."""

    items: tuple[Expr, ...]
    _depth: int = attribute(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", _flat(And, self.items))
        object.__setattr__(self, "_depth", _depth_above(self.items))

    @property
    def depth(self) -> int:
        """Levels of ``And``, ``Or`` and ``Not`` in it."""
        return self._depth

    @property
    def language(self) -> str:
        """Language of its conditions."""
        return self.items[0].language


@dataclass(frozen=True, slots=True)
class Or(Expr):
    """One of `items` holds. Nested ``Or`` are made one; at least two conditions of one language."""

    items: tuple[Expr, ...]
    _depth: int = attribute(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", _flat(Or, self.items))
        object.__setattr__(self, "_depth", _depth_above(self.items))

    @property
    def depth(self) -> int:
        """Levels of ``And``, ``Or`` and ``Not`` in it."""
        return self._depth

    @property
    def language(self) -> str:
        """Language of its conditions."""
        return self.items[0].language


@dataclass(frozen=True, slots=True)
class Not(Expr):
    """`item` does not hold."""

    item: Expr
    _depth: int = attribute(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_conditions((self.item,))
        object.__setattr__(self, "_depth", _depth_above((self.item,)))

    @property
    def depth(self) -> int:
        """Levels of ``And``, ``Or`` and ``Not`` in it."""
        return self._depth

    @property
    def language(self) -> str:
        """Language of its condition."""
        return self.item.language


def all_of(items: Iterable[Expr]) -> Expr:
    """Join conditions with ``And``; a single one stays as it is."""
    found = tuple(items)
    return found[0] if len(found) == 1 else And(found)


def any_of(items: Iterable[Expr]) -> Expr:
    """Join conditions with ``Or``; a single one stays as it is."""
    found = tuple(items)
    return found[0] if len(found) == 1 else Or(found)


def check_text(text: str) -> None:
    """Refuse what can be neither sent nor stored: NUL and half of a surrogate pair."""
    if not isinstance(text, str):
        raise QueryError(f"a condition holds text, not {type(text).__name__}: use field(...)")
    if "\0" in text:
        raise QueryError("a NUL character cannot be part of a query")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as exc:
            raise QueryError(f"broken text at character {exc.start}: not valid Unicode") from exc


def check_name(name: str, what: str) -> None:
    """Refuse an empty name, and what `check_text` refuses; `what` says what is named."""
    if not isinstance(name, str) or not name:
        raise QueryError(f"{what} is named by text that is not empty, not by {name!r}")
    check_text(name)


def _check_order(op: str, text: str | None) -> None:
    if text is None:
        raise QueryError(f"{op} cannot be used with null; use = or !=")
    if order_of(text) is None:
        raise QueryError(f"{op} compares with a number or an ISO 8601 date, not with {text!r}")


def _check_numbers(texts: Iterable[str | None]) -> None:
    for text in texts:
        if text is not None and number_of(text) is None:
            raise QueryError(f"a number must stand here, not {text!r}")


def _check_conditions(items: Iterable[Expr]) -> None:
    languages = set()
    for item in items:
        if not isinstance(item, Expr):
            raise QueryError(f"conditions can be combined, {type(item).__name__} is none")
        languages.add(item.language)
    if len(languages) > 1:
        mixed = " with ".join(_LANGUAGES[language] for language in sorted(languages))
        raise QueryError(
            f"{mixed} cannot be combined: give each to the query on its own, "
            "Query().where(sample=...).data(...)"
        )


def _flat(kind: type[And | Or], items: Iterable[Expr]) -> tuple[Expr, ...]:
    found: list[Expr] = []
    for item in items:
        if isinstance(item, kind):
            found.extend(item.items)
        else:
            found.append(item)
    if len(found) < 2:
        raise QueryError(f"{kind.__name__} joins at least two conditions, not {len(found)}")
    _check_conditions(found)
    return tuple(found)


def _depth_above(items: tuple[Expr, ...]) -> int:
    depth = 1 + max(item.depth for item in items)
    if depth > MAX_DEPTH:
        raise QueryError(f"conditions are nested more than {MAX_DEPTH} levels deep: simplify them")
    return depth
