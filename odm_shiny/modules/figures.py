"""Figures as plain values: values by group in, plotly's JSON form out.

Nothing here knows Shiny, so a script or notebook can use it: ``plotly.graph_objects.Figure`` takes
``data`` and ``layout`` of what is returned.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from odm_shiny.analysis.summary import GroupSummary, summarise_groups

Figure = dict[str, Any]
Values = Sequence[float] | npt.NDArray[np.float64]
Kind = Literal["box", "violin"]

# Okabe and Ito (2008), told apart with any colour vision; black is left out for dark pages.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#999999")
MAX_POINTS = 5_000
MAX_OUTLIERS = 500


def shown(text: object) -> str:
    """Text as plotly must get it to show it as it is: plotly reads some markup."""
    return html.escape(str(text), quote=False)


def colours_of(names: Sequence[str]) -> dict[str, str]:
    """One colour a group; it depends on the sorted names, so a filter does not change it."""
    return {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(sorted(names))}


def group_figure(
    groups: Mapping[str, Values],
    *,
    title: str,
    subtitle: str = "",
    value_label: str,
    group_label: str,
    kind: Kind = "box",
    labels: Mapping[str, Sequence[str]] | None = None,
    all_groups: Sequence[str] | None = None,
) -> Figure:
    """Box or violin plot of values by group.

    Parameters
    ----------
    groups
        Group name to values (NaN = missing, not drawn).
    title, subtitle, value_label, group_label
        Texts; the value label names the unit.
    kind
        Above `MAX_POINTS` values a box plot is drawn from quantiles computed here, and a violin
        from a sample of evenly spaced order statistics, so that the page stays quick.
    labels
        Name of each value (sample), shown on hover.
    all_groups
        Every group that there is, so that colours stay when groups are filtered away.
    """
    colours = colours_of(list(all_groups or groups))
    summaries = summarise_groups(groups)
    n_values = sum(summary.n for summary in summaries)
    traces = []
    for summary in summaries:
        name = summary.name
        style = {"color": colours.get(name, COLOURS[0])}
        if n_values > MAX_POINTS and kind == "box":
            trace = _box_of_quantiles(summary)
        else:
            points = None if labels is None else labels.get(name)
            trace = _trace_of_values(groups[name], kind, points)
            if n_values > MAX_POINTS:
                trace = _violin_of_quantiles(groups[name])
        traces.append({**trace, "name": _axis_name(summary), "marker": style, "line": style})
    return {
        "data": traces,
        "layout": _layout(title, subtitle, value_label, group_label),
        "description": describe(title, summaries),
    }


def describe(title: str, summaries: Sequence[GroupSummary]) -> str:
    """The plot in words, for a reader who cannot see it."""
    parts = [f"{s.name}: n {s.n}, median {s.median:.4g}" for s in summaries if s.n]
    return f"{title}. " + ("; ".join(parts) if parts else "No values.")


def message_figure(text: str) -> Figure:
    """A figure that only says something."""
    note = {
        "text": shown(text),
        "showarrow": False,
        "xref": "paper",
        "yref": "paper",
        "x": 0.5,
        "y": 0.5,
        "font": {"size": 16},
    }
    hidden = {"visible": False}
    layout = {"annotations": [note], "xaxis": hidden, "yaxis": hidden}
    return {"data": [], "layout": layout, "description": text}


def _axis_name(summary: GroupSummary) -> str:
    return f"{shown(summary.name)}<br>n = {summary.n:,}"


def _layout(title: str, subtitle: str, value_label: str, group_label: str) -> dict[str, Any]:
    return {
        "title": {
            "text": shown(title),
            "font": {"size": 16},
            "subtitle": {"text": shown(subtitle), "font": {"size": 13}},
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
        },
        "margin": {"l": 60, "r": 16, "t": 64 if subtitle else 44, "b": 60},
        "showlegend": False,
        "xaxis": {"title": {"text": shown(group_label)}, "automargin": True, "type": "category"},
        "yaxis": {"title": {"text": shown(value_label)}, "automargin": True},
    }


def _trace_of_values(values: Values, kind: Kind, labels: Sequence[str] | None) -> dict[str, Any]:
    array = np.asarray(values, dtype=np.float64)
    present = ~np.isnan(array)
    trace: dict[str, Any] = {"type": kind, "y": [float(v) for v in array[present]]}
    if labels is not None:
        kept = [shown(label) for label, keep in zip(labels, present, strict=True) if keep]
        trace |= {"text": kept, "hovertemplate": "%{text}: %{y:.4g}<extra></extra>"}
    if kind == "box":
        trace |= {"boxpoints": "all" if present.sum() <= 200 else "outliers", "jitter": 0.5}
        trace |= {"pointpos": 0} if present.sum() <= 200 else {}
    else:
        trace |= {"box": {"visible": True}, "points": False, "spanmode": "hard"}
    return trace


def _box_of_quantiles(summary: GroupSummary) -> dict[str, Any]:
    outliers = np.asarray(summary.outliers)
    if len(outliers) > MAX_OUTLIERS:
        outliers = outliers[np.linspace(0, len(outliers) - 1, MAX_OUTLIERS).astype(int)]
    if not summary.n:
        return {"type": "box", "y": []}
    return {
        "type": "box",
        "q1": [summary.q1],
        "median": [summary.median],
        "q3": [summary.q3],
        "lowerfence": [summary.low_whisker],
        "upperfence": [summary.high_whisker],
        "mean": [summary.mean],
        "y": [[float(v) for v in outliers]],
        "x": [_axis_name(summary)],
        "boxpoints": "outliers",
    }


def _violin_of_quantiles(values: Values) -> dict[str, Any]:
    array = np.asarray(values, dtype=np.float64)
    present = array[~np.isnan(array)]
    if not len(present):
        return {"type": "violin", "y": []}
    points = np.quantile(present, np.linspace(0, 1, min(len(present), 400)))
    return {
        "type": "violin",
        "y": [float(v) for v in points],
        "box": {"visible": True},
        "points": False,
        "spanmode": "hard",
    }
