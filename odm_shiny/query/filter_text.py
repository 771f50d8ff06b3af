"""ODM's metadata filter: ``"Sample Source"="site A" AND (Age>30 OR Sex=female)``.

Parameters ``filter``, ``studyFilter``, ``sampleFilter``, ``libraryFilter``, ``preparationFilter``,
``exFilter``, ``vxFilter`` and ``fxFilter`` speak it. AND, OR and NOT are operators in upper case
only (or ``&&``, ``||``, ``!``). ``key=null`` tests for an attribute that is not set, ``key=*`` for
one that is; in quotes both are the literal text.
"""

from __future__ import annotations

import re

from odm_shiny.errors import QueryError
from odm_shiny.query.boolean import parse_boolean, render_boolean
from odm_shiny.query.lexer import COMMA, OPERATOR, QUOTED, WORD, Lexer, Rules, Token, quoted
from odm_shiny.query.nodes import Compare, Expr, Not
from odm_shiny.query.values import number_of, order_of

RULES = Rules("the filter")
NULL, ANY = "null", "*"

_PLAIN = re.compile(r"[A-Za-z0-9_.:/+-]+\Z")
_NEVER_PLAIN = {"and", "or", "not", "null"}
_OPERATORS = "an operator (=, !=, <, <=, >, >=)"
_ALTERNATIVES = (
    "write the alternatives out, A=x OR A=y, or put a text with a comma in double quotes"
)


def parse_filter(text: str) -> Expr:
    """Parse a metadata filter.

    Parameters
    ----------
    text
        At most 256 KB, 10,000 conditions and 64 levels of parentheses.

    Returns
    -------
    `Compare` conditions joined by ``And``, ``Or`` and ``Not``.

    Raises
    ------
    QuerySyntaxError
        Where the text stops making sense, with its position and a cure.

    Examples
    --------
    >>> parse_filter('Organism!="Mus musculus"')
    Compare(field='Organism', op='!=', value='Mus musculus')
    >>> parse_filter("Age=*")
    Not(item=Compare(field='Age', op='=', value=None))
    """
    return parse_boolean(
        Lexer(text, RULES), _condition, operand="a condition like Tissue=liver", hint=_hint
    )


def render_filter(expr: Expr) -> str:
    """Write a filter as text; ``parse_filter(render_filter(e)) == e``.

    Raises
    ------
    QueryError
        `expr` belongs to another language.

    Examples
    --------
    >>> render_filter(Compare("Sample Source", "=", "site A"))
    '"Sample Source"="site A"'
    """
    return render_boolean(expr, _render_condition)


def plain_or_quoted(text: str) -> str:
    """Write a name or a value bare where that is safe in every language, else in quotes."""
    bare = _PLAIN.match(text) is not None and text.lower() not in _NEVER_PLAIN
    return text if bare else quoted(text)


def _condition(lexer: Lexer) -> Expr:
    key = lexer.take()
    if key.kind not in (WORD, QUOTED):
        raise lexer.expected("the name of an attribute", key)
    if not key.text:
        raise lexer.error(
            "the name of an attribute is empty: write it between the quotes", key.start
        )
    operator = lexer.take()
    if operator.kind != OPERATOR:
        raise lexer.expected(
            f"{_OPERATORS} after {key}", operator, _missing_operator(key, operator)
        )
    if operator.text == "=~":
        raise lexer.expected(
            _OPERATORS,
            operator,
            '"contains" is for columns of data; put a value that begins with ~ in double quotes',
        )
    token = lexer.take()
    if token.kind not in (WORD, QUOTED):
        raise lexer.expected(f"a value after {operator}", token, _missing_value(operator, token))
    lexer.count(key)
    if operator.text in ("<", "<=") and number_of(key.text) and order_of(token.text) is None:
        raise lexer.expected(
            f"a number after {operator}",
            token,
            f"write a range as {token}>{key.text} AND {token}<…",
        )
    return _compare(lexer, key, operator, token)


def _compare(lexer: Lexer, key: Token, operator: Token, token: Token) -> Expr:
    special = token.text if token.kind == WORD else None
    try:
        if special == ANY and operator.text == "=":
            return Not(Compare(key.text, "=", None))
        if special == ANY and operator.text == "!=":
            return Compare(key.text, "=", None)
        return Compare(key.text, operator.text, None if special == NULL else token.text)
    except QueryError as exc:
        raise lexer.error(str(exc), token.start) from exc


def _missing_operator(key: Token, found: Token) -> str:
    if key.kind == WORD and found.kind in (WORD, QUOTED):
        return f'put a name with blanks in double quotes, like "{key} {found.text}"=…'
    return "write an attribute and its value, like Tissue=liver; words alone go into a text query"


def _missing_value(operator: Token, found: Token) -> str:
    if found.kind == OPERATOR and found.start == operator.end:
        meant = {"==": "=", "=>": ">=", "=<": "<=", "<>": "!="}.get(operator.text + found.text)
        if meant:
            return f"write {meant}"
    if operator.kind == OPERATOR and found.kind in ("and", "or", "not"):
        return f'put the word in double quotes if it is the value, "{found.text}"'
    return 'an empty value is written ""; a missing one, null'


def _hint(token: Token) -> str:
    if token.kind == COMMA:
        return _ALTERNATIVES
    if token.kind == WORD and token.text.upper() in ("AND", "OR", "NOT"):
        return f"operators stand in upper case, {token.text.upper()}"
    if token.kind in (WORD, QUOTED):
        return "put text with blanks in double quotes, or join conditions with AND or OR"
    if token.kind == OPERATOR:
        return "write a range as A>1 AND A<5"
    return ""


def _render_condition(expr: Expr) -> str:
    if not isinstance(expr, Compare):
        raise QueryError(
            f"a filter holds conditions on attributes, field(...), not {type(expr).__name__}: "
            "give conditions on data as .data(...) and words as .text(...)"
        )
    value = NULL if expr.value is None else plain_or_quoted(expr.value)
    return f"{plain_or_quoted(expr.field)}{expr.op}{value}"
