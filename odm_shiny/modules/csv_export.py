"""CSV that a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

# What a spreadsheet takes for a formula, or (tab, line ends) for a cell that hides one.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z")
_UNSAFE_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


def cell(value: Any) -> str:
    """Return a value as the text of a cell.

    Text that a spreadsheet would run as a formula gets an apostrophe in front, which it shows as
    text; numbers stay numbers. Missing values are empty, lists joined by ``|``.
    """
    if value is None or (isinstance(value, float | np.floating) and np.isnan(value)):
        return ""
    if isinstance(value, list | tuple | np.ndarray):
        return _harmless("|".join(str(item) for item in value))
    if isinstance(value, float | np.floating):
        return repr(float(value))
    return _harmless(str(value))


def csv_text(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Write rows as CSV: comma, double quotes where needed, CRLF, names escaped like values."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([cell(name) for name in names])
    writer.writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()


def file_name(*parts: str | None, suffix: str = ".csv") -> str:
    """Join parts to the name of a file that every system takes."""
    kept = [_UNSAFE_IN_NAMES.sub("-", part).strip("-.") for part in parts if part]
    return "_".join(part for part in kept if part)[:120] + suffix


def _harmless(text: str) -> str:
    if text.startswith(_FORMULA_STARTS) and not _NUMBER.match(text):
        return f"'{text}"
    return text
