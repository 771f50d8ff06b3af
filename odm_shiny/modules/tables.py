"""Small tables as great-tables draws them, in the colours of the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from htmltools import HTML

from odm_shiny.analysis.compare import Comparison, format_p
from odm_shiny.analysis.summary import summarise_groups
from odm_shiny.modules.plot_data import PlotData

if TYPE_CHECKING:
    from great_tables import GT

MAX_PAIRS = 100
# The style that great-tables writes also sets td, th and tr outside of its table, and fixes
# colours; ``odm.css`` styles the same classes with the colours of the page.
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)


def summary_table(data: PlotData) -> HTML:
    """Draw n, mean, spread and quartiles of each group."""
    import pandas as pd
    from great_tables import GT

    rows = [
        {
            "group": one.name,
            "n": one.n,
            "median": one.median,
            "iqr": one.q3 - one.q1,
            "mean": one.mean,
            "sd": one.sd,
        }
        for one in summarise_groups(data.groups)
    ]
    # No label may come from data: great-tables does not escape labels, only values.
    table = (
        GT(pd.DataFrame(rows), id="odm-summary")
        .cols_label(group="Group", n="n", median="Median", iqr="IQR", mean="Mean", sd="SD")
        .fmt_integer(columns="n")
        .fmt_number(columns=["median", "iqr", "mean", "sd"], n_sigfig=4)
        .sub_missing(missing_text="–")
    )
    return _html(table)


def pairs_table(comparison: Comparison) -> HTML | None:
    """Draw the pairwise comparisons, smallest p first; nothing where there are none."""
    import pandas as pd
    from great_tables import GT

    if not comparison.pairs:
        return None
    pairs = sorted(comparison.pairs, key=lambda pair: pair.p_value)[:MAX_PAIRS]
    rows = [
        {
            "first": pair.first,
            "second": pair.second,
            "p": format_p(pair.p_value),
            "adjusted": format_p(pair.p_adjusted),
        }
        for pair in pairs
    ]
    table = GT(pd.DataFrame(rows), id="odm-pairs").cols_label(
        first="Group", second="and", p="p", adjusted="p adjusted"
    )
    return _html(table.cols_align(align="right", columns=["p", "adjusted"]))


def _html(table: GT) -> HTML:
    return HTML(_STYLE.sub("", table.as_raw_html()))
