"""Print conditions as code: one walk over the tree, and a dialect that knows the language.

`Dialect` is all that differs between languages, so that another one is a class of a few lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from odm_shiny.query.layout import (
    SOFT,
    Broken,
    Doc,
    Either,
    Fill,
    Group,
    Line,
    Nest,
    enclosed,
    joined,
)
from odm_shiny.query.nodes import And, Compare, DataCompare, Expr, Not, Or
from odm_shiny.query.shape import equal_values
from odm_shiny.query.values import value_text

MAX_LEVELS = 4
"""Conditions nested deeper in code are named first, so that lines do not run out of width."""

_PIECE_CHARS = 48


class Dialect(Protocol):
    """How one language writes conditions."""

    conjunction: str
    disjunction: str
    negation: str

    def subject(self, leaf: Compare | DataCompare) -> Doc:
        """Write the name of what is compared."""

    def text(self, text: str) -> Doc:
        """Write a text; it may stand in any expression."""

    def number(self, text: str) -> Doc | None:
        """Write a number if the language reads it back as the same text."""

    def compare(self, subject: Doc, op: str, value: Doc) -> Doc:
        """Write ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=``."""

    def missing(self, subject: Doc, *, negated: bool) -> Doc:
        """Write the test for a value that is not set."""

    def member(self, subject: Doc, values: Sequence[Doc | None], *, negated: bool) -> Doc:
        """Write "one of" or "none of"; ``None`` stands for a missing value."""

    def contains(self, subject: Doc, text: Doc) -> Doc:
        """Write "has this text in it"."""

    def assign(self, name: str, value: Doc) -> Doc:
        """Write a statement that names a condition."""


class PythonDialect:
    """Python, with `odm_shiny.field`, `feature` and `value`."""

    conjunction = "&"
    disjunction = "|"
    negation = "~"

    def subject(self, leaf: Compare | DataCompare) -> Doc:
        """Write ``field("Tissue")``, ``feature()`` or ``value("FC")``."""
        if isinstance(leaf, Compare):
            return call("field", leaf.field)
        return f"{leaf.target}()" if leaf.name is None else call(leaf.target, leaf.name)

    def text(self, text: str) -> Doc:
        """Write a string literal, cut into pieces where it is too long for a line."""
        return literal(text)

    def number(self, text: str) -> Doc | None:
        """Write a literal of an int or a float that has this text."""
        if len(text) > 25:
            return None
        for kind in (int, float):
            try:
                if value_text(kind(text)) == text:
                    return text
            except ValueError:
                continue
        return None

    def compare(self, subject: Doc, op: str, value: Doc) -> Doc:
        """Write ``field("Age") >= 40``."""
        return (subject, f" {'==' if op == '=' else op} ", value)

    def missing(self, subject: Doc, *, negated: bool) -> Doc:
        """Write ``field("Age").is_null()``."""
        return (subject, ".not_null()" if negated else ".is_null()")

    def member(self, subject: Doc, values: Sequence[Doc | None], *, negated: bool) -> Doc:
        """Write ``field("Tissue").is_in(["liver", "lung"])``."""
        items = Fill(tuple("None" if one is None else one for one in values))
        return (
            subject,
            ".not_in(" if negated else ".is_in(",
            enclosed("[", (items, Broken(",")), "]"),
            ")",
        )

    def contains(self, subject: Doc, text: Doc) -> Doc:
        """Write ``feature("gene").contains("TP")``."""
        return (subject, ".contains(", text, ")")

    def assign(self, name: str, value: Doc) -> Doc:
        """Write ``condition_1 = ...``."""
        return (f"{name} = ", in_parentheses_if_broken(value))


PYTHON = PythonDialect()


def render_expr(expr: Expr, dialect: Dialect, named: list[Doc]) -> Doc:
    """Write a condition as code.

    Parameters
    ----------
    expr
        A filter or a data query.
    dialect
        The language.
    named
        Statements that name parts nested too deep to be written in place are appended here; they
        have to come before the code that is returned.
    """
    return _Writer(dialect, named).whole(expr)


def call(name: str, argument: str) -> Doc:
    """Write a call with one text, such as ``field("Tissue")``."""
    return enclosed(f"{name}(", Either(_quote(argument), _pieces(argument)), ")")


def literal(text: str) -> Doc:
    """Write a string literal; in parentheses, one piece a line, where it is too long for one."""
    return Either(_quote(text), enclosed("(", _pieces(text), ")"))


def in_parentheses_if_broken(value: Doc) -> Doc:
    """Write an expression, in parentheses where it needs more than a line."""
    return Group((Broken("("), Nest((SOFT, value)), SOFT, Broken(")")))


class _Writer:
    def __init__(self, dialect: Dialect, named: list[Doc]) -> None:
        self.dialect = dialect
        self.named = named

    def whole(self, expr: Expr, level: int = 0) -> Doc:
        """Write a condition that stands alone."""
        if isinstance(expr, Not):
            return (self.dialect.negation, self._operand(expr.item, level + 1))
        grouped = self._membership(expr)
        if grouped is not None:
            return grouped
        if isinstance(expr, And | Or):
            is_and = isinstance(expr, And)
            sign = self.dialect.conjunction if is_and else self.dialect.disjunction
            items = [self._operand(item, level + 1) for item in expr.items]
            return joined(items, (Line(), f"{sign} "))
        assert isinstance(expr, Compare | DataCompare)
        return self._leaf(expr)

    def _operand(self, expr: Expr, level: int) -> Doc:
        """Write a condition that others are joined with."""
        if level > MAX_LEVELS and isinstance(expr, And | Or) and not self._is_closed(expr):
            value = self.whole(expr)
            name = f"condition_{len(self.named) + 1}"
            self.named.append(self.dialect.assign(name, value))
            return name
        written = self.whole(expr, level)
        return written if self._is_closed(expr) else enclosed("(", written, ")")

    def _is_closed(self, expr: Expr) -> bool:
        """Whether it is written as one call, which needs no parentheses."""
        if isinstance(expr, Not):
            return True
        if isinstance(expr, Compare):
            return expr.value is None
        if isinstance(expr, DataCompare):
            return len(expr.values) > 1 or expr.values[0] is None or expr.op == "=~"
        return self._membership(expr) is not None

    def _membership(self, expr: Expr) -> Doc | None:
        """Write equalities of one attribute as "one of", inequalities as "none of"."""
        op = {Or: "=", And: "!="}.get(type(expr))
        if op is None:
            return None
        items = expr.items  # type: ignore[attr-defined]
        if any(not isinstance(item, Compare) or item.op != op for item in items):
            return None
        same = equal_values(Or(tuple(Compare(item.field, "=", item.value) for item in items)))
        if same is None or len(same[1]) != len(items):
            return None
        values = [None if text is None else self.dialect.text(text) for text in same[1]]
        return self.dialect.member(self.dialect.subject(items[0]), values, negated=op == "!=")

    def _leaf(self, leaf: Compare | DataCompare) -> Doc:
        subject = self.dialect.subject(leaf)
        values = (leaf.value,) if isinstance(leaf, Compare) else leaf.values
        if len(values) > 1:
            written = [None if text is None else self._value(leaf, text) for text in values]
            return self.dialect.member(subject, written, negated=leaf.op == "!=")
        if values[0] is None:
            return self.dialect.missing(subject, negated=leaf.op == "!=")
        if leaf.op == "=~":
            return self.dialect.contains(subject, self.dialect.text(values[0]))
        return self.dialect.compare(subject, leaf.op, self._value(leaf, values[0]))

    def _value(self, leaf: Compare | DataCompare, text: str) -> Doc:
        is_value = isinstance(leaf, DataCompare) and leaf.target == "value"
        number = self.dialect.number(text) if is_value or leaf.op not in ("=", "!=") else None
        return self.dialect.text(text) if number is None else number


def _quote(text: str) -> str:
    return f'"{"".join(map(_escaped, text))}"'


def _pieces(text: str) -> Doc:
    """Literals of at most `_PIECE_CHARS` characters that Python joins again."""
    pieces = [""]
    for unit in map(_escaped, text):
        if len(pieces[-1]) + len(unit) > _PIECE_CHARS:
            pieces.append("")
        pieces[-1] += unit
    return joined([f'"{piece}"' for piece in pieces], (Line(),))


def _escaped(char: str) -> str:
    known = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(char)
    if known is not None or char.isprintable():
        return known or char
    # What is not printable could hide or reorder the code around it.
    code = ord(char)
    return (
        f"\\x{code:02x}"
        if code < 0x100
        else f"\\u{code:04x}"
        if code < 0x10000
        else f"\\U{code:08x}"
    )
