"""One tokenizer for every query language of ODM, and errors that point at the place.

All languages share words, quoted text, operators and parentheses; `Rules` says where they differ.
Tokens are made one at a time, so a parser that stops early has read no further.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from odm_shiny.errors import QuerySyntaxError

MAX_BYTES = 256 * 1024
"""Longest text that is parsed, in bytes of UTF-8."""

MAX_TERMS = 10_000
"""Most conditions of one text; each value of a list counts."""

WORD, QUOTED, OPERATOR = "word", "quoted", "operator"
OPEN, CLOSE, COMMA = "open", "close", "comma"
AND, OR, NOT = "and", "or", "not"
SINGLE, BROKEN, END = "single", "broken", "end"

_QUOTED = r'"(?P<quoted>[^"\\]*(?:\\.[^"\\]*)*)"'
_SHARED = r"""(?P<open>\()|(?P<close>\))|(?P<and>&&)|(?P<or>\|\|)"""
_CONDITIONS = re.compile(
    r"(?P<blank>\s+)"
    rf'|(?P<word>[^\s()"=!<>,&|]+)|{_QUOTED}'
    rf"|(?P<operator>=~|!=|<=|>=|[=<>])|{_SHARED}"
    r"|(?P<comma>,)|(?P<not>!)|(?P<single>[&|])|(?P<broken>\")",
    re.DOTALL,
)
# In full text a comma separates like a blank ("GSF000001,GSF000002" finds both), and the signs of
# comparison, `&` and `|` alone are part of a word ("R&D", "p<0.05"): nothing else could be meant.
_TEXT = re.compile(
    r"(?P<blank>[\s,]+)"
    rf'|(?P<word>(?:[^\s()"!,&|]|&(?!&)|\|(?!\|))+)|{_QUOTED}'
    rf"|{_SHARED}|(?P<not>!)|(?P<broken>\")",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_KEYWORDS = {"AND": AND, "OR": OR, "NOT": NOT}


@dataclass(frozen=True, slots=True)
class Rules:
    """How a language differs from the others.

    Attributes
    ----------
    name
        What an error calls a text of it, with an article.
    any_case
        Whether ``and``, ``Or``, ``NOT`` are operators in any case, or in upper case only.
    full_text
        Whether signs of comparison are part of words.
    """

    name: str
    any_case: bool = False
    full_text: bool = False

    def keyword(self, word: str) -> str | None:
        """Kind of the operator that a bare word stands for, if it stands for one."""
        return _KEYWORDS.get(word.upper() if self.any_case else word)


class Token(NamedTuple):
    """A piece of text: its kind, its value (quotes and escapes removed) and where it stands."""

    kind: str
    text: str
    start: int
    end: int

    def __str__(self) -> str:
        if self.kind == END:
            return "the end of the text"
        if self.kind == QUOTED:
            return f'"{_short(self.text)}"'
        return _short(self.text)


class Lexer:
    """The tokens of a text, with one token of look-ahead.

    Parameters
    ----------
    text
        What is parsed.
    rules
        Its language.

    Raises
    ------
    QuerySyntaxError
        The text is longer than `MAX_BYTES` or blank.
    """

    def __init__(self, text: str, rules: Rules) -> None:
        self.text = text
        self.rules = rules
        self._terms = 0
        self._check_size()
        self._tokens = self._scan()
        self.next = next(self._tokens)
        if self.next.kind == END:
            raise self.error(f"{rules.name} is empty: leave it out, or write a condition", 0)

    def take(self) -> Token:
        """Give the next token and move on; at the end the end token again and again."""
        token = self.next
        if token.kind != END:
            self.next = next(self._tokens)
        return token

    def count(self, token: Token) -> None:
        """Count one more condition or value, the one that starts at `token`."""
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise self.error(
                f"{self.rules.name} has more than {MAX_TERMS:,} conditions and values, the most "
                "that is accepted: split it",
                token.start,
            )

    def expected(self, what: str, token: Token, cure: str = "") -> QuerySyntaxError:
        """Make the error "`what` is expected, `token` stands there", with a cure."""
        message = f"expected {what}, found {token}"
        return self.error(f"{message}; {cure}" if cure else message, token.start)

    def error(self, message: str, position: int) -> QuerySyntaxError:
        """Make an error that shows the text around `position`."""
        return syntax_error(message, self.text, position)

    def _check_size(self) -> None:
        size = len(self.text)
        if size <= MAX_BYTES and not self.text.isascii():
            size = len(self.text.encode(errors="replace"))
        if size > MAX_BYTES:
            raise self.error(
                f"{self.rules.name} is longer than {MAX_BYTES // 1024} KB, the most that is "
                "accepted: split it",
                min(MAX_BYTES, len(self.text)),
            )
        nul = self.text.find("\0")
        if nul >= 0:
            raise self.error("a NUL character cannot be part of a query: remove it", nul)

    def _scan(self) -> Iterator[Token]:
        pattern = _TEXT if self.rules.full_text else _CONDITIONS
        for match in pattern.finditer(self.text):
            kind, start = match.lastgroup or BROKEN, match.start()
            if kind == "blank":
                continue
            if kind == WORD:
                word = match.group()
                yield Token(self.rules.keyword(word) or WORD, word, start, match.end())
            elif kind == QUOTED:
                yield Token(QUOTED, self._unescaped(match), start, match.end())
            elif kind == BROKEN:
                raise self.error(
                    "this quote is never closed: close it, or write a quote inside a quoted text "
                    'as \\" and a backslash as \\\\',
                    start,
                )
            else:
                yield Token(kind, match.group(), start, match.end())
        yield Token(END, "", len(self.text), len(self.text))

    def _unescaped(self, match: re.Match[str]) -> str:
        raw = match.group(QUOTED)
        if "\\" not in raw:
            return raw
        for escape in _ESCAPE.finditer(raw):
            if escape.group(1) not in '"\\':
                raise self.error(
                    f"unknown escape {escape.group()!r} in a quoted text: write a backslash as "
                    '\\\\ and a quote as \\"',
                    match.start(QUOTED) + escape.start(),
                )
        return _ESCAPE.sub(r"\1", raw)


def is_word(text: str, rules: Rules) -> bool:
    """Whether `text` stands for itself without quotes: one word, and no operator."""
    match = (_TEXT if rules.full_text else _CONDITIONS).fullmatch(text)
    return match is not None and match.lastgroup == WORD and rules.keyword(text) is None


def quoted(text: str) -> str:
    """Write text in quotes, the inverse of reading it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def syntax_error(message: str, text: str, position: int) -> QuerySyntaxError:
    """Make an error whose message shows the text around `position` with a caret below it."""
    before, around = 40, 70
    start = max(0, position - before)
    shown = _one_line(text[start : start + around])
    lead = "…" if start else ""
    tail = "…" if start + around < len(text) else ""
    caret = " " * (len(lead) + position - start) + "^"
    return QuerySyntaxError(
        f"{message} (at position {position})\n  {lead}{shown}{tail}\n  {caret}", text, position
    )


def _short(text: str) -> str:
    shown = _one_line(text)
    return shown if len(shown) <= 40 else f"{shown[:39]}…"


def _one_line(text: str) -> str:
    # One character for one character, so that the caret stays below its place.
    return "".join(char if char.isprintable() else " " for char in text)
