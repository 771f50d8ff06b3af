from __future__ import annotations

import numpy as np

from odm_shiny.analysis.compare import compare_groups
from odm_shiny.analysis.grouping import Grouping
from odm_shiny.modules.plot_data import PlotData
from odm_shiny.modules.tables import MAX_PAIRS, pairs_table, summary_table

GROUPS = {
    "<b>B</b> & é": np.array([1.0, 2.0, 4.0]),
    "T": np.array([5.0, 6.5, 8.25, 9.0]),
    "one": np.array([3.0]),
}
DATA = PlotData(GROUPS, {}, {}, Grouping((), np.array([])), 8, 0)


def test_the_summary_shows_each_group_once_and_its_name_as_text():
    drawn = str(summary_table(DATA))
    assert drawn.count("<tr>") == 3
    assert "&lt;b&gt;B&lt;/b&gt; &amp; é" in drawn
    assert "2.333" in drawn
    assert "–" in drawn  # one value has no standard deviation


def test_tables_bring_no_style_of_their_own():
    assert "<style" not in str(summary_table(DATA))


def test_pairs_are_drawn_smallest_p_first_and_as_text():
    groups = {**GROUPS, "U": np.array([9.5, 10.0, 11.0])}
    drawn = str(pairs_table(compare_groups(groups)))
    assert drawn.count("<tr>") == 3
    assert "<b>" not in drawn
    first = drawn.index("<tbody")
    assert "&lt;b&gt;" in drawn[first : drawn.index("</tr>", first)] or "T" in drawn[first:]


def test_two_groups_have_no_table_of_pairs_and_many_pairs_are_cut():
    assert pairs_table(compare_groups({"a": [1, 2, 3.5], "b": [4, 5, 6.5]})) is None
    many = {f"g{n}": [n, n + 1.5, n + 2.0] for n in range(12)}
    assert str(pairs_table(compare_groups(many))).count("<tr>") == min(66, MAX_PAIRS)
