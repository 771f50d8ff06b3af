"""Words that fit a pattern with ``*`` and ``?``, from long lists of words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

WILD: Final = frozenset("*?")

_WILD_RUN: Final = re.compile(r"[*?]+")


def has_wildcard(word: str) -> bool:
    """Say whether a word is a pattern."""
    return not WILD.isdisjoint(word)


def words_like(pattern: str, texts: Iterable[str]) -> Iterator[str]:
    """Find the words that fit `pattern`; a word may come more than once.

    Parameters
    ----------
    pattern
        ``*`` stands for any run of characters, ``?`` for one.
    texts
        Words with a newline before and after each.

    Notes
    -----
    The longest piece of the pattern without wildcards is looked for first, as text, with the
    newline where the pattern begins or ends with it; only words that have it are matched.
    """
    piece = max(_WILD_RUN.split(f"\n{pattern}\n"), key=len)
    matches = WordPattern(pattern).matches
    for text in texts:
        found = text.find(piece)
        while found >= 0:
            start = text.rfind("\n", 0, found + 1) + 1
            end = text.find("\n", start)
            if end < 0:
                break
            if matches(text[start:end]):
                yield text[start:end]
            found = text.find(piece, end)


class WordPattern:
    """A pattern that is matched in linear time, whatever its wildcards.

    The pieces between ``*`` are found one after the other, each as early as possible. A regular
    expression with as many ``.*`` may try every way to place them.
    """

    def __init__(self, pattern: str) -> None:
        pieces = pattern.split("*")
        self._pieces = [re.compile(re.escape(one).replace(r"\?", ".")) for one in pieces]
        self._lengths = [len(one) for one in pieces]

    def matches(self, word: str) -> bool:
        """Say whether the whole of `word` fits."""
        first, *middle = self._pieces
        if not middle:
            return first.fullmatch(word) is not None
        last = middle.pop()
        end = len(word) - self._lengths[-1]
        if first.match(word) is None or end < self._lengths[0] or last.match(word, end) is None:
            return False
        at = self._lengths[0]
        for piece in middle:
            found = piece.search(word, at, end)
            if found is None:
                return False
            at = found.end()
        return True
