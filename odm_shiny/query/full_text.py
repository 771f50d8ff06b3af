"""ODM's full-text language: ``liver OR "single cell" AND NOT hepat*``.

Parameters ``query``, ``studyQuery``, ``sampleQuery``, ``libraryQuery`` and ``preparationQuery``
speak it. Terms side by side, or with commas between, are alternatives. AND, OR and NOT are
operators in upper case only, so that "and" stays a word.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from odm_shiny.errors import QueryError
from odm_shiny.query.boolean import parse_boolean, render_boolean
from odm_shiny.query.lexer import OR, QUOTED, Lexer, Rules, is_word, quoted
from odm_shiny.query.nodes import TEXT, Expr, check_text

RULES = Rules("the text query", full_text=True)

_TOKEN = re.compile(r"\w+")
_PATTERN = re.compile(r"[\w*?]+")
# Bare words may hold more signs, but other servers may read those in their own way.
_PLAIN = re.compile(r"[\w*?.:/+-]+\Z")


@dataclass(frozen=True, slots=True)
class Term(Expr):
    """A word, or words that follow each other in one value.

    Parameters
    ----------
    words
        Lower-case tokens as `tokenize` makes them; in an unquoted term a token may hold ``*`` (any
        characters) and ``?`` (one character). Without any (``"-"``) the term matches nothing.
    text
        The term as it was written, without its quotes: what dictionaries are asked for.
    quoted
        Whether it stood in quotes, where ``*`` and ``?`` have no meaning.

    Raises
    ------
    QueryError
        `words` are not those of `text`, or `text` cannot stand without quotes.
    """

    words: tuple[str, ...]
    text: str
    quoted: bool

    def __post_init__(self) -> None:
        check_text(self.text)
        if self.words != _words(self.text, self.quoted):
            raise QueryError(f"{self.words!r} are not the words of {self.text!r}: use term(text)")
        if not self.quoted and not is_word(self.text, RULES):
            raise QueryError(f"{self.text!r} has to be quoted: use term(text)")

    @property
    def language(self) -> str:
        """``"text"``."""
        return TEXT


def term(text: str) -> Term:
    """Make a term of plain text: bare if it can be, which lets ``*`` and ``?`` work, else quoted.

    Examples
    --------
    >>> term("hepat*")
    Term(words=('hepat*',), text='hepat*', quoted=False)
    >>> term("Single cell")
    Term(words=('single', 'cell'), text='Single cell', quoted=True)
    """
    is_quoted = _PLAIN.match(text) is None or not is_word(text, RULES)
    return Term(_words(text, is_quoted), text, is_quoted)


def tokenize(text: str) -> list[str]:
    """Split text into the tokens that full-text search compares.

    Lower case; letters, digits and ``_`` make tokens, everything else separates them. Composed and
    decomposed letters are the same (Unicode NFC), so "é" is found however it was typed.

    Examples
    --------
    >>> tokenize("Single-nuclei RNA, β-cell")
    ['single', 'nuclei', 'rna', 'β', 'cell']
    """
    return _TOKEN.findall(_folded(text))


def parse_text(text: str) -> Expr:
    """Parse a full-text query.

    Returns
    -------
    `Term` joined by ``And``, ``Or`` and ``Not``.

    Raises
    ------
    QuerySyntaxError
        Where the text stops making sense, with its position and a cure.

    Examples
    --------
    >>> render_text(parse_text('liver lung AND "single cell"'))
    'liver OR (lung AND "single cell")'
    """
    return parse_boolean(Lexer(text, RULES), _term, operand="a word", juxtaposed=OR)


def render_text(expr: Expr) -> str:
    """Write a full-text query as text; ``parse_text(render_text(e)) == e``.

    Raises
    ------
    QueryError
        `expr` belongs to another language.
    """
    return render_boolean(expr, _render_term)


def _term(lexer: Lexer) -> Term:
    token = lexer.take()
    lexer.count(token)
    is_quoted = token.kind == QUOTED
    return Term(_words(token.text, is_quoted), token.text, is_quoted)


def _render_term(expr: Expr) -> str:
    if not isinstance(expr, Term):
        raise QueryError(
            f"a text query holds words, not {type(expr).__name__}: give conditions on attributes "
            "as .where(...) and conditions on data as .data(...)"
        )
    return quoted(expr.text) if expr.quoted else expr.text


def _words(text: str, is_quoted: bool) -> tuple[str, ...]:
    found = (_TOKEN if is_quoted else _PATTERN).findall(_folded(text))
    return tuple(found)


def _folded(text: str) -> str:
    lower = text.lower()
    return lower if lower.isascii() else unicodedata.normalize("NFC", lower)
