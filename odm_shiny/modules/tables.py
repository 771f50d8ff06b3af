"""Small tables in the colours of the page, written as text: they are drawn anew with every gene."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from htmltools import HTML, html_escape

from odm_shiny.analysis.compare import Comparison, format_p
from odm_shiny.analysis.summary import summarise_groups
from odm_shiny.modules.plot_data import PlotData

MAX_PAIRS = 100
DIGITS = 4
"""Significant digits of a statistic."""
PLAIN = (1e-5, 1e9)
"""Sizes between which a number is written without an exponent."""


def summary_table(data: PlotData) -> HTML:
    """Draw n, mean, spread and quartiles of each group."""
    rows = [
        [
            one.name,
            f"{one.n:,}",
            *map(number_text, (one.median, one.q3 - one.q1, one.mean, one.sd)),
        ]
        for one in summarise_groups(data.groups)
    ]
    return _table(["Group"], ["n", "Median", "IQR", "Mean", "SD"], rows)


def pairs_table(comparison: Comparison) -> HTML | None:
    """Draw the pairwise comparisons, smallest p first; nothing where there are none."""
    if not comparison.pairs:
        return None
    pairs = sorted(comparison.pairs, key=lambda pair: pair.p_value)[:MAX_PAIRS]
    rows = [
        [pair.first, pair.second, format_p(pair.p_value), format_p(pair.p_adjusted)]
        for pair in pairs
    ]
    return _table(["Group", "and"], ["p", "p adjusted"], rows)


def number_text(value: float) -> str:
    """Write a number with `DIGITS` significant digits; a dash where it is missing.

    Examples
    --------
    >>> number_text(9.5962), number_text(12345.6), number_text(0.00012), number_text(float("nan"))
    ('9.596', '12,350', '0.0001200', '–')
    """
    if not math.isfinite(value):
        return "–"
    if value and not PLAIN[0] <= abs(value) < PLAIN[1]:
        return f"{value:.{DIGITS - 1}e}".replace("-", "\N{MINUS SIGN}")
    places = DIGITS - 1 - (math.floor(math.log10(abs(value))) if value else 0)
    text = f"{round(value, places):,.{max(places, 0)}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def _table(texts: Sequence[str], numbers: Sequence[str], rows: Iterable[Sequence[str]]) -> HTML:
    """Write a table whose first columns are texts and whose other ones are numbers."""
    kinds = ["odm-text"] * len(texts) + ["odm-number"] * len(numbers)
    head = "".join(
        f'<th scope="col" class="{kind}">{html_escape(name)}</th>'
        for kind, name in zip(kinds, [*texts, *numbers], strict=True)
    )
    body = "".join(f"<tr>{_cells(kinds, row)}</tr>" for row in rows)
    return HTML(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def _cells(kinds: Sequence[str], row: Sequence[str]) -> str:
    return "".join(
        f'<td class="{kind}">{html_escape(text)}</td>'
        for kind, text in zip(kinds, row, strict=True)
    )
