"""Names that are nearly right."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, names: Iterable[str]) -> str | None:
    """Return the name that was probably meant: the same but for case, else the most alike.

    >>> nearest("tp53", ["ABCB1", "TP53"]), nearest("Tisue", ["Age", "Tissue"]), nearest("x", ["y"])
    ('TP53', 'Tissue', None)
    """
    folded = {name.casefold(): name for name in names}
    if word.casefold() in folded:
        return folded[word.casefold()]
    near = get_close_matches(word.casefold(), folded, 1)
    return folded[near[0]] if near else None


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """Return ``did you mean 'Tissue'?``, or nothing."""
    name = nearest(word, names)
    return f"did you mean {name!r}?" if name is not None else ""
