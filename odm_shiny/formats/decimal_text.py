"""What counts as a number, and what as a missing value, in the cells of a matrix file.

The rules are written once here, in plain Python; the compiled scanner in `number_scanner` reads
the common forms by itself and hands every other cell to `parse_cell`.
"""

from __future__ import annotations

import math
import re

MISSING_CODES = ("", "NaN", "null", "N/A", "NA", "filtered", "Inf", "-Inf")
"""Texts that stand for a missing value in a data frame (ODM's list)."""

_MISSING = frozenset(code.lower() for code in MISSING_CODES)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_BLANKS = " \t"
_SHOWN = 40


class NotANumberError(ValueError):
    """The text of a cell is neither a number nor a missing code."""


def parse_cell(text: str) -> float:
    """Read one cell of a measurement column.

    Parameters
    ----------
    text
        The cell. Blanks around it and one pair of double quotes are ignored.

    Returns
    -------
    The nearest float64, exactly as ``float(text)``; NaN for a missing value. Missing codes are
    compared without regard to case.

    Raises
    ------
    NotANumberError
        With a message that shows the text and says what to write instead.

    Examples
    --------
    >>> parse_cell("4.25"), parse_cell("filtered")
    (4.25, nan)
    """
    bare = unquote(text.strip(_BLANKS)).strip(_BLANKS)
    if bare.lower() in _MISSING:
        return math.nan
    if not _NUMBER.fullmatch(bare):
        raise NotANumberError(_explain(bare))
    value = float(bare)
    if math.isinf(value):
        raise NotANumberError(
            f"{shown(bare)} is outside the range of a 64-bit number; "
            "write NA if the value is to be missing"
        )
    return value


def is_number(text: str) -> bool:
    """Whether the text of a feature cell is a finite number.

    >>> is_number("-1e3"), is_number("chr1"), is_number("1e999")
    (True, False, False)
    """
    return _NUMBER.fullmatch(text) is not None and math.isfinite(float(text))


def is_missing(text: str) -> bool:
    """Whether a feature cell is missing: case counts, so a gene called ``nan`` stays a gene."""
    return text in MISSING_CODES


def unquote(text: str) -> str:
    """Take one pair of double quotes off a cell; doubled quotes inside become single ones.

    R's ``write.table`` and spreadsheets quote texts so. A quote at one end only is kept.

    >>> unquote('"TP53"'), unquote('5" end'), unquote('"a""b"')
    ('TP53', '5" end', 'a"b')
    """
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    inner = text[1:-1]
    if '"' not in inner:
        return inner
    undoubled = inner.replace('""', "")
    return text if '"' in undoubled else inner.replace('""', '"')


def shown(text: str) -> str:
    """Quote a text for a message, cut to a readable length."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def _explain(text: str) -> str:
    if _NUMBER.fullmatch(text.replace(",", ".", 1)):
        return f"{shown(text)} has a decimal comma; write {text.replace(',', '.', 1)}"
    return (
        f"{shown(text)} is not a number; correct it, or leave the cell empty or write NA "
        "if the value is missing"
    )
