"""Conditions joined by AND, OR, NOT and parentheses: the grammar that all languages share.

Parsing keeps its own stack, so no depth of parentheses can exhaust Python's; each token is looked
at once. Precedence is NOT, then AND, then OR.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from odm_shiny.errors import QueryError, QuerySyntaxError
from odm_shiny.query.lexer import AND, CLOSE, END, NOT, OPEN, OPERATOR, OR, SINGLE, Lexer, Token
from odm_shiny.query.nodes import MAX_DEPTH, And, Expr, Not, Or, all_of, any_of

Primary = Callable[[Lexer], Expr]


@dataclass(slots=True)
class _Level:
    """What stands between two parentheses so far: a sum of products."""

    start: Token | None = None
    negated: Token | None = None
    finished: list[Expr] = field(default_factory=list)
    product: list[Expr] = field(default_factory=list)

    def close_product(self) -> None:
        self.finished.append(all_of(self.product))
        self.product = []

    def whole(self) -> Expr:
        self.close_product()
        return any_of(self.finished)


def parse_boolean(
    lexer: Lexer,
    primary: Primary,
    *,
    operand: str,
    juxtaposed: str | None = None,
    hint: Callable[[Token], str] = lambda _: "",
) -> Expr:
    """Parse a whole text of conditions.

    Parameters
    ----------
    lexer
        At its first token.
    primary
        Parses one condition and leaves the lexer behind it.
    operand
        What an error says where a condition is missing, such as "a condition like Tissue=liver".
    juxtaposed
        What two conditions side by side mean, `lexer.AND` or `lexer.OR`; ``None``: an error.
    hint
        A cure for a token that cannot follow a condition.

    Raises
    ------
    QuerySyntaxError
        At the first token that does not fit, or nested more than `MAX_DEPTH` levels deep.
    """
    parser = _Parser(lexer, primary, operand, juxtaposed, hint)
    try:
        return parser.run()
    except QuerySyntaxError:
        raise
    except QueryError as exc:  # too many levels of AND, OR and NOT
        raise lexer.error(str(exc), parser.group_start()) from exc


class _Parser:
    def __init__(
        self,
        lexer: Lexer,
        primary: Primary,
        operand: str,
        juxtaposed: str | None,
        hint: Callable[[Token], str],
    ) -> None:
        self.lexer = lexer
        self.primary = primary
        self.operand = operand
        self.juxtaposed = juxtaposed
        self.hint = hint
        self.levels = [_Level()]

    def run(self) -> Expr:
        while True:
            self._operand()
            while self.lexer.next.kind == CLOSE and len(self.levels) > 1:
                self._close()
            if self.lexer.next.kind == END:
                return self._finish()
            self._joint()

    def group_start(self) -> int:
        start = self.levels[-1].start
        return start.start if start else 0

    def _operand(self) -> None:
        while True:
            negated = self.lexer.take() if self.lexer.next.kind == NOT else None
            token = self.lexer.next
            if token.kind == OPEN:
                self._open(negated)
                continue
            if token.kind == NOT:
                raise self.lexer.expected(
                    f'{self.operand} or "(" after NOT', token, "NOT stands once: write NOT (NOT …)"
                )
            if token.kind in (END, CLOSE, AND, OR, OPERATOR, SINGLE):
                raise self.lexer.expected(f'{self.operand}, NOT or "("', token, _doubled(token))
            item = self.primary(self.lexer)
            self.levels[-1].product.append(Not(item) if negated else item)
            return

    def _open(self, negated: Token | None) -> None:
        token = self.lexer.take()
        if len(self.levels) > MAX_DEPTH:
            raise self.lexer.error(
                f"parentheses are nested more than {MAX_DEPTH} levels deep, the most that is "
                "accepted: simplify the conditions",
                token.start,
            )
        self.levels.append(_Level(token, negated))

    def _close(self) -> None:
        item = self.levels[-1].whole()
        level = self.levels.pop()
        self.levels[-1].product.append(Not(item) if level.negated else item)
        self.lexer.take()

    def _joint(self) -> None:
        token = self.lexer.next
        if token.kind in (AND, OR):
            self.lexer.take()
            kind = token.kind
        elif token.kind in (CLOSE, OPERATOR, SINGLE) or self.juxtaposed is None:
            raise self._unexpected(token)
        else:
            kind = self.juxtaposed
        if kind == OR:
            self.levels[-1].close_product()

    def _finish(self) -> Expr:
        start = self.levels[-1].start
        if start is not None:
            raise self.lexer.error(
                'this "(" is never closed: add a ")", or put the text in double quotes if the '
                "parenthesis belongs to it",
                start.start,
            )
        return self.levels[-1].whole()

    def _unexpected(self, token: Token) -> QuerySyntaxError:
        if token.kind == CLOSE:
            return self.lexer.error(
                'this ")" closes nothing: remove it, or put the text in double quotes if the '
                "parenthesis belongs to it",
                token.start,
            )
        close = ', ")"' if len(self.levels) > 1 else ""
        return self.lexer.expected(
            f"AND, OR{close} or the end of the text", token, self._cure(token)
        )

    def _cure(self, token: Token) -> str:
        return _doubled(token) or self.hint(token)


def _doubled(token: Token) -> str:
    if token.kind != SINGLE:
        return ""
    word = "AND" if token.text == "&" else "OR"
    return f"write {token.text * 2} or {word}, or put the text in double quotes"


def render_boolean(expr: Expr, leaf: Callable[[Expr], str]) -> str:
    """Write conditions as text, the inverse of `parse_boolean`.

    ``And`` inside ``Or`` stands in parentheses although it need not: that reads the same whatever
    precedence the server at the other end gives them.

    Parameters
    ----------
    expr
        What is written; at most `MAX_DEPTH` levels deep, so recursion is safe.
    leaf
        Writes one condition.
    """
    if isinstance(expr, And | Or):
        sign = " AND " if isinstance(expr, And) else " OR "
        return sign.join(_inside(item, leaf) for item in expr.items)
    if isinstance(expr, Not):
        inner = render_boolean(expr.item, leaf)
        return f"NOT ({inner})" if expr.item.depth else f"NOT {inner}"
    return leaf(expr)


def _inside(item: Expr, leaf: Callable[[Expr], str]) -> str:
    text = render_boolean(item, leaf)
    return f"({text})" if isinstance(item, And | Or) else text
