"""Text to values, as the template says; what does not fit stays text and is reported later."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import Final

from odm_shiny.store.documents import Value
from odm_shiny.store.template_format import BOOLEAN, DATE, DECIMAL, INTEGER, LINK, TemplateAttribute

_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_DECIMAL: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_LINK: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+|/\S+|mailto:\S+")
_WORDS: Final = {"true": True, "false": False}
_MAX_INTEGER: Final = 2**63
_MAX_LENGTH: Final = 400  # no number of use is longer, and int() takes quadratic time


def typed(attribute: TemplateAttribute | None, value: Value) -> Value:
    """The value of a text under a template rule.

    Parameters
    ----------
    attribute
        The rule; ``None`` for an attribute outside the template, whose text stays text.
    value
        Text, or a list of texts; anything else is returned as it is.

    Notes
    -----
    A whole number in a decimal attribute becomes an integer, so that 52 is shown as 52. Dates and
    links are text in the documents, too.

    >>> from odm_shiny.store.template_format import DECIMAL
    >>> age = TemplateAttribute("Age", "genestack:sampleObject", DECIMAL, False)
    >>> typed(age, "52"), typed(age, "5.25"), typed(age, "about 50"), typed(None, "52")
    (52, 5.25, 'about 50', '52')
    """
    if attribute is None or value is None:
        return value
    if isinstance(value, list):
        return [typed(attribute, item) for item in value]
    if not isinstance(value, str):
        return value
    if attribute.metainfo_type == INTEGER:
        return _integer(value)
    if attribute.metainfo_type == DECIMAL:
        return _decimal(value)
    if attribute.metainfo_type == BOOLEAN:
        return _WORDS.get(value.strip().lower(), value)
    return value


def guessed(value: Value) -> Value:
    """The value of a text that no template describes, as an edit over the API reads it.

    >>> guessed("53"), guessed("1.5"), guessed("true"), guessed("007"), guessed("B1")
    (53, 1.5, True, '007', 'B1')
    """
    if isinstance(value, list):
        return [guessed(item) for item in value]
    if not isinstance(value, str):
        return value
    if value in _WORDS:
        return _WORDS[value]
    number = _decimal(value)
    # Only what reads back as it was typed: a code with leading zeros is no number.
    return number if not isinstance(number, str) and str(number) == value else value


def fits(attribute: TemplateAttribute, value: Value) -> bool:
    """Whether one value (no list) is of the type that a template rule asks for."""
    kind = attribute.metainfo_type
    if kind == INTEGER:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == DECIMAL:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == BOOLEAN:
        return isinstance(value, bool)
    if kind == DATE:
        return isinstance(value, str) and is_date(value)
    if kind == LINK:
        return isinstance(value, str) and _LINK.fullmatch(value) is not None
    return True


def is_date(text: str) -> bool:
    """Whether a text is an ISO 8601 date, with or without a time.

    >>> is_date("2024-05-06"), is_date("2024-05-06T10:00:00Z"), is_date("6 May 2024")
    (True, True, False)
    """
    for parse in (date.fromisoformat, datetime.fromisoformat):
        try:
            parse(text)
        except ValueError:
            continue
        return True
    return False


def _integer(text: str) -> Value:
    bare = text.strip()
    if len(bare) <= _MAX_LENGTH and _INTEGER.fullmatch(bare):
        number = int(bare)
        if -_MAX_INTEGER <= number < _MAX_INTEGER:
            return number
    return text


def _decimal(text: str) -> Value:
    bare = text.strip()
    number = _integer(bare)
    if not isinstance(number, str):
        return number
    if len(bare) <= _MAX_LENGTH and _DECIMAL.fullmatch(bare) and not _INTEGER.fullmatch(bare):
        parsed = float(bare)
        if math.isfinite(parsed):
            return parsed
    return text
