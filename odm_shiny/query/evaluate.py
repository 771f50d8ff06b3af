"""What a condition means, on one record or one row: plainly, without any index.

The search of the embedded server has to agree with this, and filtering without a server uses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from math import isnan

from odm_shiny.errors import QueryError
from odm_shiny.query.full_text import Term, tokenize
from odm_shiny.query.nodes import And, Compare, DataCompare, Expr, Not, Or
from odm_shiny.query.values import number_of, order_of, same_text_or_number, value_text

Expand = Callable[[str], Iterable[str]]

_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    "<": float.__lt__,
    "<=": float.__le__,
    ">": float.__gt__,
    ">=": float.__ge__,
}


def evaluate(expr: Expr, record: Mapping[str, object], expand: Expand | None = None) -> bool:
    """Say whether a record fulfils a filter or a full-text query.

    Parameters
    ----------
    expr
        A filter or a text query.
    record
        Attribute to value; a list is several values; ``None``, an empty list or no such key is "not
        set".
    expand
        For text queries: the labels and synonyms that stand for a term, the term included.

    Raises
    ------
    QueryError
        `expr` is a data query: it is about rows, see `evaluate_row`.

    Notes
    -----
    ``=`` holds if any value equals, as text or as numbers where both sides are numbers; ``!=`` if
    none does, so a record without the attribute fulfils it. ``<`` and the like compare numbers with
    numbers and ISO dates with ISO dates; other values never match.
    """
    if isinstance(expr, And):
        return all(evaluate(item, record, expand) for item in expr.items)
    if isinstance(expr, Or):
        return any(evaluate(item, record, expand) for item in expr.items)
    if isinstance(expr, Not):
        return not evaluate(expr.item, record, expand)
    if isinstance(expr, Compare):
        return _compare(expr, list(_texts(record.get(expr.field))))
    if isinstance(expr, Term):
        return _found(expr, record, expand)
    raise QueryError(f"{type(expr).__name__} is about rows of data: use evaluate_row")


def evaluate_row(
    expr: Expr,
    features: Mapping[str, str | float | None],
    values: Mapping[str, float | None],
    first_feature: str,
) -> bool:
    """Say whether a row of data, one feature in one run, fulfils a data query.

    Parameters
    ----------
    expr
        A data query.
    features
        Feature column to its value, text or number; ``None`` (or ``""``, or NaN) is missing.
    values
        Measurement to its value; ``None`` or NaN is missing.
    first_feature
        The column that ``feature`` without a name stands for.

    Raises
    ------
    QueryError
        `expr` is a filter or a text query.

    Notes
    -----
    A row without any measured value does not exist and fulfils nothing. A condition on a column
    that the file does not have is neither true nor false, negated or not, and a row matches only
    what is true. Columns of text take ``=``, ``!=`` and ``=~``, columns of numbers everything but
    ``=~``. ``value`` without a name holds if it does for any measurement.
    """
    measured = {name: _number(value) for name, value in values.items()}
    if all(value is None for value in measured.values()):
        return False
    return _truth(expr, features, measured, first_feature) is True


def _compare(expr: Compare, texts: list[str]) -> bool:
    wanted = expr.value
    if wanted is None:
        return (not texts) == (expr.op == "=")
    if expr.op == "=":
        return any(same_text_or_number(text, wanted) for text in texts)
    if expr.op == "!=":
        return not any(same_text_or_number(text, wanted) for text in texts)
    return any(_in_order(text, expr.op, wanted) for text in texts)


def _in_order(text: str, op: str, wanted: str) -> bool:
    left, right = order_of(text), order_of(wanted)
    if left is None or right is None or left[0] != right[0]:
        return False
    return _HOLDS[op](left[1], right[1])


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif value is not None:
        yield value_text(value)


def _found(term: Term, record: Mapping[str, object], expand: Expand | None) -> bool:
    alternatives = [term.words]
    if expand is not None:
        alternatives += [tuple(tokenize(text)) for text in expand(term.text)]
    values = [tokenize(text) for value in record.values() for text in _texts(value)]
    return any(_follows(words, tokens) for tokens in values for words in alternatives)


def _follows(words: tuple[str, ...], tokens: list[str]) -> bool:
    patterns = [_pattern(word) for word in words]
    return bool(patterns) and any(
        all(pattern.fullmatch(tokens[start + n]) for n, pattern in enumerate(patterns))
        for start in range(len(tokens) - len(patterns) + 1)
    )


@lru_cache(maxsize=1024)
def _pattern(word: str) -> re.Pattern[str]:
    return re.compile(re.escape(word).replace(r"\*", ".*").replace(r"\?", "."))


def _truth(
    expr: Expr,
    features: Mapping[str, str | float | None],
    values: Mapping[str, float | None],
    first_feature: str,
) -> bool | None:
    if isinstance(expr, And | Or):
        decides = isinstance(expr, Or)
        found = [_truth(item, features, values, first_feature) for item in expr.items]
        if decides in found:
            return decides
        return None if None in found else not decides
    if isinstance(expr, Not):
        inner = _truth(expr.item, features, values, first_feature)
        return None if inner is None else not inner
    if not isinstance(expr, DataCompare):
        raise QueryError(f"{type(expr).__name__} is about records: use evaluate")
    if expr.target == "feature":
        name = first_feature if expr.name is None else expr.name
        return _feature_holds(expr, features[name]) if name in features else None
    if expr.name is None:
        return any(_number_holds(expr, value) for value in values.values())
    return _number_holds(expr, values[expr.name]) if expr.name in values else None


def _feature_holds(expr: DataCompare, value: str | float | None) -> bool:
    if isinstance(value, str):
        if expr.op == "=~":
            return (expr.values[0] or "") in value
        if expr.op not in ("=", "!="):
            return False
        equal = value in expr.values or (value == "" and None in expr.values)
        return equal == (expr.op == "=")
    return _number_holds(expr, _number(value))


def _number_holds(expr: DataCompare, value: float | None) -> bool:
    if expr.op in ("=", "!="):
        equal = None in expr.values if value is None else value in _numbers(expr.values)
        return equal == (expr.op == "=")
    limit = number_of(expr.values[0] or "")
    if expr.op == "=~" or value is None or limit is None:
        return False
    return _HOLDS[expr.op](value, limit)


@lru_cache(maxsize=64)
def _numbers(texts: tuple[str | None, ...]) -> frozenset[float]:
    found = (number_of(text) for text in texts if text is not None)
    return frozenset(number for number in found if number is not None)


def _number(value: float | str | None) -> float | None:
    if value is None or isinstance(value, str) or isnan(value):
        return None
    return float(value)
