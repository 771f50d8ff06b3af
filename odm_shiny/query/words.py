"""Errors for words that are not known, with the nearest one that is."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from odm_shiny.errors import QueryError


def unknown_word(what: str, word: object, known: Iterable[str]) -> QueryError:
    """Make the error "unknown `what` `word`: did you mean ...? Known are ..."."""
    names = list(known)
    near = get_close_matches(str(word), names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return QueryError(f"unknown {what} {word!r}: {hint}Known are {', '.join(names)}")


def check_word(what: str, word: object, known: Iterable[str]) -> None:
    """Refuse a word that is not among `known`."""
    names = list(known)
    if word not in names:
        raise unknown_word(what, word, names)
