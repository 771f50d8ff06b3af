"""Conditions written in Python.

Examples
--------
>>> adult = field("Age") >= 40
>>> adult & field("Tissue").is_in(["liver", "lung"])  # doctest: +NORMALIZE_WHITESPACE
And(items=(Compare(field='Age', op='>=', value='40'),
           Or(items=(Compare(field='Tissue', op='=', value='liver'),
                     Compare(field='Tissue', op='=', value='lung')))))
>>> feature().is_in(["TP53", "MYC"])
DataCompare(target='feature', name=None, op='=', values=('TP53', 'MYC'))
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Generic, NoReturn, TypeVar

from odm_shiny.errors import QueryError
from odm_shiny.query.nodes import (
    And,
    Compare,
    DataCompare,
    Expr,
    Not,
    Or,
    all_of,
    any_of,
    check_name,
)
from odm_shiny.query.values import value_text

__all__ = [
    "And",
    "Compare",
    "DataCompare",
    "DataField",
    "Expr",
    "Field",
    "Not",
    "Or",
    "RecordField",
    "all_of",
    "any_of",
    "feature",
    "field",
    "value",
]

E = TypeVar("E", bound=Expr)


class Field(ABC, Generic[E]):
    """Something with a name that can be compared; `field`, `feature` and `value` make them."""

    __slots__ = ("name",)
    __hash__ = None  # type: ignore[assignment]  # equality makes a condition

    def __init__(self, name: str | None) -> None:
        self.name = name

    @abstractmethod
    def is_in(self, values: Iterable[object]) -> Expr:
        """Any of `values`; ``None`` among them stands for a missing value."""

    @abstractmethod
    def not_in(self, values: Iterable[object]) -> Expr:
        """None of `values`; ``None`` among them stands for a missing value."""

    @abstractmethod
    def _compare(self, op: str, value: str | None) -> E:
        """Make the condition."""

    def is_null(self) -> E:
        """Not set."""
        return self._compare("=", None)

    def not_null(self) -> E:
        """Set to anything."""
        return self._compare("!=", None)

    def between(self, low: object, high: object) -> And:
        """At least `low` and at most `high`."""
        return (self >= low) & (self <= high)

    def __eq__(self, other: object) -> E:  # type: ignore[override]
        return self._compare("=", _text_or_null(other))

    def __ne__(self, other: object) -> E:  # type: ignore[override]
        return self._compare("!=", _text_or_null(other))

    def __lt__(self, other: object) -> E:
        return self._compare("<", value_text(other))

    def __le__(self, other: object) -> E:
        return self._compare("<=", value_text(other))

    def __gt__(self, other: object) -> E:
        return self._compare(">", value_text(other))

    def __ge__(self, other: object) -> E:
        return self._compare(">=", value_text(other))

    def __bool__(self) -> NoReturn:
        raise TypeError(f"{self!r} alone is no condition: compare it, or use .not_null()")

    def _joined(self, other: object) -> NoReturn:
        # & and | bind tighter than == in Python, so this is `a == "b" & field("c") == "d"`.
        raise TypeError(
            f"{self!r} is joined before it is compared: put each comparison in parentheses, "
            '(field("A") == "a") & (field("B") == "b")'
        )

    __and__ = __rand__ = __or__ = __ror__ = _joined


class RecordField(Field[Compare]):
    """An attribute of a record; made by `field`."""

    __slots__ = ()
    name: str

    def is_in(self, values: Iterable[object]) -> Expr:
        """Any of `values`; ``None`` among them stands for "not set"."""
        return any_of(Compare(self.name, "=", text) for text in _texts(values))

    def not_in(self, values: Iterable[object]) -> Expr:
        """None of `values`; ``None`` among them stands for "not set"."""
        return all_of(Compare(self.name, "!=", text) for text in _texts(values))

    def _compare(self, op: str, value: str | None) -> Compare:
        return Compare(self.name, op, value)

    def __repr__(self) -> str:
        return f"field({self.name!r})"


class DataField(Field[DataCompare]):
    """A feature column or a measurement of data; made by `feature` and `value`."""

    __slots__ = ("target",)

    def __init__(self, target: str, name: str | None) -> None:
        super().__init__(name)
        self.target = target

    def is_in(self, values: Iterable[object]) -> DataCompare:
        """Any of `values`; ``None`` among them stands for a missing value."""
        return DataCompare(self.target, self.name, "=", _texts(values))

    def not_in(self, values: Iterable[object]) -> DataCompare:
        """None of `values`; ``None`` among them stands for a missing value."""
        return DataCompare(self.target, self.name, "!=", _texts(values))

    def contains(self, text: str) -> DataCompare:
        """Text of a feature column that holds `text` anywhere, case-sensitive."""
        return self._compare("=~", value_text(text))

    def _compare(self, op: str, value: str | None) -> DataCompare:
        return DataCompare(self.target, self.name, op, (value,))

    def __repr__(self) -> str:
        return f"{self.target}({'' if self.name is None else repr(self.name)})"


def field(name: str) -> RecordField:
    """Name an attribute of a study, sample, library, preparation or file.

    Examples
    --------
    >>> field("Tissue") == "liver"
    Compare(field='Tissue', op='=', value='liver')
    >>> field("Age").between(40, 60)  # doctest: +NORMALIZE_WHITESPACE
    And(items=(Compare(field='Age', op='>=', value='40'),
               Compare(field='Age', op='<=', value='60')))
    >>> field("Disease") != None
    Compare(field='Disease', op='!=', value=None)
    """
    check_name(name, "an attribute")
    return RecordField(name)


def feature(name: str | None = None) -> DataField:
    """Name a feature column of data; without a name the first one, the feature's accession.

    Examples
    --------
    >>> feature("chrom") == "chr1"
    DataCompare(target='feature', name='chrom', op='=', values=('chr1',))
    """
    if name is not None:
        check_name(name, "a column")
    return DataField("feature", name)


def value(name: str | None = None) -> DataField:
    """Name a measurement of data; without a name the only one, or any of several.

    Examples
    --------
    >>> value("FC") >= 1
    DataCompare(target='value', name='FC', op='>=', values=('1',))
    """
    if name is not None:
        check_name(name, "a measurement")
    return DataField("value", name)


def _text_or_null(value: object) -> str | None:
    return None if value is None else value_text(value)


def _texts(values: Iterable[object]) -> tuple[str | None, ...]:
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise QueryError(f"a list of values must stand here, not {values!r}: use == for one value")
    texts = tuple(dict.fromkeys(_text_or_null(value) for value in values))
    if not texts:
        raise QueryError("the list of values is empty: nothing could match it")
    if isinstance(values, set | frozenset):  # without an order of their own
        return tuple(sorted(texts, key=lambda text: (text is None, text or "")))
    return texts
