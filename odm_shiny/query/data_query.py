"""ODM's data query: ``feature=TP53,MYC value>=4`` on rows of data files.

Parameter ``exQuery`` speaks it. Conditions side by side must all hold. AND, OR, NOT, ``feature``,
``value`` and ``null`` are read in any case, in singular and plural. A chained range becomes two
conditions; the form of older servers, ``Feature=A,B MinValue=1.5``, is read by the same parser.
"""

from __future__ import annotations

from difflib import get_close_matches

from odm_shiny.errors import QueryError
from odm_shiny.query.boolean import parse_boolean, render_boolean
from odm_shiny.query.filter_text import plain_or_quoted
from odm_shiny.query.lexer import AND, COMMA, OPERATOR, QUOTED, WORD, Lexer, Rules, Token
from odm_shiny.query.nodes import And, DataCompare, Expr
from odm_shiny.query.values import number_of

RULES = Rules("the data query", any_case=True)

_TARGETS = {"feature": "feature", "features": "feature", "value": "value", "values": "value"}
_MIN_VALUE = "minvalue"
_FIELD = "feature, feature.NAME, value or value.NAME"
_OPERATORS = "an operator (=, !=, <, <=, >, >=, =~)"
_AT_MOST = {"<": ">", "<=": ">="}
_EXAMPLE = "a condition like feature=TP53 or value>=4"


def parse_data_query(text: str) -> Expr:
    """Parse a data query.

    Returns
    -------
    `DataCompare` conditions joined by ``And``, ``Or`` and ``Not``.

    Raises
    ------
    QuerySyntaxError
        Where the text stops making sense, with its position and a cure.

    Examples
    --------
    >>> parse_data_query("Feature=TP53 MinValue=4") == parse_data_query("feature = TP53 value >= 4")
    True
    >>> render_data_query(parse_data_query("1 < value.FC <= 2.5"))
    'value.FC>1 AND value.FC<=2.5'
    """
    return parse_boolean(
        Lexer(text, RULES), _condition, operand=_EXAMPLE, juxtaposed=AND, hint=_hint
    )


def render_data_query(expr: Expr) -> str:
    """Write a data query as text; ``parse_data_query(render_data_query(e)) == e``.

    Raises
    ------
    QueryError
        `expr` belongs to another language.
    """
    return render_boolean(expr, _render_condition)


def _condition(lexer: Lexer) -> Expr:
    token = lexer.take()
    if token.kind == WORD and number_of(token.text) is not None and lexer.next.kind == OPERATOR:
        return _range(lexer, token)
    if token.kind == WORD and token.text.lower() == _MIN_VALUE:
        return _min_value(lexer, token)
    target, name = _field(lexer, token)
    operator = lexer.take()
    if operator.kind != OPERATOR:
        raise lexer.expected(f"{_OPERATORS} after {token}", operator)
    values = [_scalar(lexer, operator)]
    if operator.text in ("=", "!="):
        while lexer.next.kind == COMMA:
            values.append(_scalar(lexer, lexer.take()))
    elif lexer.next.kind == COMMA:
        raise lexer.error(f"{operator} takes one value: lists go with = and !=", lexer.next.start)
    return _compare(lexer, target, name, operator.text, values)


def _field(lexer: Lexer, token: Token) -> tuple[str, str | None]:
    word, dot, name = token.text.partition(".")
    target = _TARGETS.get(word.lower()) if token.kind == WORD else None
    if target is None:
        raise lexer.expected(_FIELD, token, _unknown_field(lexer, token))
    if not dot:
        return target, None
    if name:
        return target, name
    if lexer.next.kind != QUOTED or lexer.next.start != token.end:
        raise lexer.error(
            f'the name after "{token.text}" is missing: write {target}.NAME, or '
            f'{target}."NAME WITH BLANKS"',
            token.end,
        )
    given = lexer.take()
    if not given.text:
        raise lexer.error(f"the name after {token.text} is empty: write {target}", given.start)
    return target, given.text


def _scalar(lexer: Lexer, before: Token) -> Token:
    token = lexer.take()
    if token.kind not in (WORD, QUOTED):
        raise lexer.expected(f"a value after {before}", token, _missing_value(before, token))
    lexer.count(token)
    return token


def _range(lexer: Lexer, low: Token) -> Expr:
    first = lexer.take()
    if first.text not in _AT_MOST:
        raise lexer.expected("< or <= after the low end of a range", first, "write value>=4")
    target, name = _field(lexer, lexer.take())
    second = lexer.take()
    if second.kind != OPERATOR or second.text not in _AT_MOST:
        raise lexer.expected(
            "< or <= and the high end of the range",
            second,
            f"a limit on one side is written {target}{_AT_MOST[first.text]}{low.text}",
        )
    high = _scalar(lexer, second)
    lexer.count(low)
    return And(
        (
            _compare(lexer, target, name, _AT_MOST[first.text], [low]),
            _compare(lexer, target, name, second.text, [high]),
        )
    )


def _min_value(lexer: Lexer, token: Token) -> Expr:
    operator = lexer.take()
    if operator.kind != OPERATOR or operator.text != "=":
        raise lexer.expected(f"= after {token}", operator, "or write value>=4")
    return _compare(lexer, "value", None, ">=", [_scalar(lexer, operator)])


def _compare(
    lexer: Lexer, target: str, name: str | None, op: str, tokens: list[Token]
) -> DataCompare:
    values = tuple(
        None if token.kind == WORD and token.text.lower() == "null" else token.text
        for token in tokens
    )
    try:
        return DataCompare(target, name, op, values)
    except QueryError as exc:
        wrong = next((token for token in tokens if number_of(token.text) is None), tokens[0])
        raise lexer.error(str(exc), wrong.start) from exc


def _unknown_field(lexer: Lexer, token: Token) -> str:
    if lexer.next.kind == OPERATOR and token.kind in (WORD, QUOTED):
        near = get_close_matches(token.text.lower(), [*_TARGETS, _MIN_VALUE], n=1)
        if near:
            return f"did you mean {near[0]}?"
        if lexer.next.text in ("=", "!=", "=~"):
            return f"a column of the data is written feature.{token.text}"
        return f"a measurement is written value.{token.text}, a feature feature={token.text}"
    if token.kind in (WORD, QUOTED):
        return f"the value of a feature is asked for as feature={plain_or_quoted(token.text)}"
    return ""


def _missing_value(before: Token, found: Token) -> str:
    if found.kind == OPERATOR and found.start == before.end:
        meant = {"==": "=", "=>": ">=", "=<": "<=", "<>": "!="}.get(before.text + found.text)
        if meant:
            return f"write {meant}"
    if found.kind in ("and", "or", "not"):
        return f'put the word in double quotes if it is the value, "{found.text}"'
    return "a missing value is written null"


def _hint(token: Token) -> str:
    if token.kind == OPERATOR:
        return "write a range as 1<value<5"
    return ""


def _render_condition(expr: Expr) -> str:
    if not isinstance(expr, DataCompare):
        raise QueryError(
            "a data query holds conditions on rows, feature(...) and value(...), not "
            f"{type(expr).__name__}: give conditions on attributes as .where(...)"
        )
    name = "" if expr.name is None else f".{plain_or_quoted(expr.name)}"
    values = ",".join("null" if one is None else plain_or_quoted(one) for one in expr.values)
    return f"{expr.target}{name}{expr.op}{values}"
