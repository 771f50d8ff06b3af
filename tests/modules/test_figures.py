from __future__ import annotations

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from odm_shiny.modules.figures import (
    MAX_OUTLIERS,
    MAX_POINTS,
    colours_of,
    group_figure,
    message_figure,
    shown,
)

GROUPS = {"B-cell": [1.0, 2.5, float("nan")], "T-cell é": [4.0, 4.0, 5.0, 6.5]}


def figure(groups=GROUPS, **options):
    return group_figure(groups, title="CD3D", value_label="log2", group_label="Type", **options)


def drawn(made):
    json.dumps(made)
    return go.Figure({"data": made["data"], "layout": made["layout"]})


@pytest.mark.parametrize("kind", ["box", "violin"])
def test_a_figure_is_valid_plotly_and_drops_missing_values(kind):
    first, second = drawn(figure(kind=kind)).data
    assert (first.type, list(first.y)) == (kind, [1.0, 2.5])
    assert second.name == "T-cell é<br>n = 4"


def test_labels_follow_their_values_over_missing_ones():
    labels = {"B-cell": ["s1", "s2", "s3"], "T-cell é": ["t1", "t2", "<b>t3</b>", "t4"]}
    first, second = drawn(figure(labels=labels)).data
    assert list(first.text) == ["s1", "s2"]
    assert second.text[2] == "&lt;b&gt;t3&lt;/b&gt;"


def test_markup_in_names_is_shown_as_text():
    made = figure({"<img src=x onerror=alert(1)>": [1.0]})
    assert "<img" not in json.dumps({"data": made["data"], "layout": made["layout"]})
    assert shown("a & <b>") == "a &amp; &lt;b&gt;"


def test_many_values_are_sent_as_quantiles():
    rng = np.random.default_rng(7)
    values = rng.normal(size=MAX_POINTS * 20)
    (box,) = drawn(figure({"all": values})).data
    assert box.median[0] == pytest.approx(np.median(values))
    assert len(box.y[0]) <= MAX_OUTLIERS
    (violin,) = drawn(figure({"all": values}, kind="violin")).data
    assert len(violin.y) == 400


def test_a_group_without_values_is_drawn_empty():
    made = figure({"none": [float("nan")], "some": [1.0] * (MAX_POINTS + 1)})
    assert list(drawn(made).data[0].y) == []


def test_colours_stay_when_groups_are_filtered_away():
    names = ["a", "b", "c"]
    assert figure({"c": [1.0]}, all_groups=names)["data"][0]["marker"] == {
        "color": colours_of(names)["c"]
    }


def test_the_description_tells_n_and_median():
    assert figure()["description"] == "CD3D. B-cell: n 2, median 1.75; T-cell é: n 4, median 4.5"


def test_a_message_is_drawn_without_axes():
    made = drawn(message_figure("No samples <match>"))
    assert made.layout.annotations[0].text == "No samples &lt;match&gt;"
    assert made.layout.xaxis.visible is False
