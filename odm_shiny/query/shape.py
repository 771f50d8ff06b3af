"""What a condition asks about, for whoever plans how to answer it."""

from __future__ import annotations

from collections.abc import Iterator

from odm_shiny.query.nodes import And, Compare, DataCompare, Expr, Not, Or


def leaves(expr: Expr) -> Iterator[Expr]:
    """Give the single conditions of `expr`, in order."""
    if isinstance(expr, And | Or):
        for item in expr.items:
            yield from leaves(item)
    elif isinstance(expr, Not):
        yield from leaves(expr.item)
    else:
        yield expr


def count_terms(expr: Expr) -> int:
    """Count what the limit of terms counts: conditions, and each value of a list."""
    return sum(len(leaf.values) if isinstance(leaf, DataCompare) else 1 for leaf in leaves(expr))


def fields_of(expr: Expr) -> set[str]:
    """Name the attributes of a filter; of a data query ``feature.gene``, ``value`` and the like."""
    found = set()
    for leaf in leaves(expr):
        if isinstance(leaf, Compare):
            found.add(leaf.field)
        elif isinstance(leaf, DataCompare):
            found.add(leaf.target if leaf.name is None else f"{leaf.target}.{leaf.name}")
    return found


def equal_values(expr: Expr) -> tuple[str, tuple[str | None, ...]] | None:
    """Read ``A=x OR A=y OR ...`` as one membership test.

    Returns
    -------
    Attribute and distinct values in order of first appearance (``None`` = not set), or ``None``
    where `expr` is anything else than equalities of one attribute joined with ``Or``.
    """
    items = expr.items if isinstance(expr, Or) else (expr,)
    names, values = set(), []
    for item in items:
        if not isinstance(item, Compare) or item.op != "=":
            return None
        names.add(item.field)
        values.append(item.value)
    return (names.pop(), tuple(dict.fromkeys(values))) if len(names) == 1 else None


def required_features(expr: Expr, column: str | None = None) -> tuple[str, ...] | None:
    """List the features outside of which no row can match.

    Parameters
    ----------
    expr
        A data query.
    column
        Feature column that is looked at; ``None`` is the first.

    Returns
    -------
    Distinct values of `column`, in order; ``None`` where other values may match too.
    """
    if isinstance(expr, DataCompare):
        listed = expr.target == "feature" and expr.name == column and expr.op == "="
        found = tuple(text for text in expr.values if text is not None)
        return found if listed and len(found) == len(expr.values) else None
    if isinstance(expr, And):
        known = [one for item in expr.items if (one := required_features(item, column)) is not None]
        if not known:
            return None
        others = [set(one) for one in known[1:]]
        return tuple(text for text in known[0] if all(text in one for one in others))
    if isinstance(expr, Or):
        parts = [required_features(item, column) for item in expr.items]
        if any(part is None for part in parts):
            return None
        return tuple(dict.fromkeys(text for part in parts for text in part or ()))
    return None
