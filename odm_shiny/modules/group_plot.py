"""Values of a gene by groups of samples: plot, test, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from htmltools import Tag, TagList, tags
from shiny import Inputs, Outputs, Session, module, reactive, render, req, ui

from odm_shiny.analysis.compare import Comparison
from odm_shiny.analysis.profile import Attribute, default_group
from odm_shiny.modules.asked import after_of, why_of
from odm_shiny.modules.asking import Samples
from odm_shiny.modules.bookmarks import keep, kept_input, picked
from odm_shiny.modules.controls import hint
from odm_shiny.modules.csv_export import csv_text, file_name
from odm_shiny.modules.figures import Figure, Kind, group_figure, message_figure
from odm_shiny.modules.plot_data import (
    ONE_GENE,
    TESTS,
    PlotData,
    caption,
    compare,
    group_choices,
    plot_data,
    script_ending,
    summary_rows,
    value_rows,
)
from odm_shiny.modules.plotting import output_figure, render_figure
from odm_shiny.modules.reactives import as_reactive
from odm_shiny.modules.sample_records import sample_records
from odm_shiny.modules.states import state_server, state_ui
from odm_shiny.modules.values import FeatureValues, feature_labels, most_variable, read_values
from odm_shiny.modules.work import Latest, Together, latest
from odm_shiny.query.query import Query

if TYPE_CHECKING:
    from odm_shiny.client.client import Client
    from odm_shiny.modules.matrix import DataFile, MatrixChoice

KINDS = {"box": "Box", "violin": "Violin"}


@dataclass(frozen=True)
class GroupPlot:
    """A plot by group.

    Attributes
    ----------
    data, comparison
        Reactive groups that are shown, and the test between them.
    attribute
        Reactive attribute that makes the groups.
    heading
        Reactive name of what is plotted.
    values
        Reactive values that were read.
    queries
        Reactive queries that ran: for the values and for the samples.
    code
        Reactive lines of Python that group and test the answers of `queries`.
    view
        Reactive summary of how it is drawn; changes when a link to it would.
    samples, work
        How the reading of samples and of values stands.
    """

    data: Callable[[], PlotData]
    comparison: Callable[[], Comparison]
    attribute: Callable[[], str]
    heading: Callable[[], str]
    values: Callable[[], FeatureValues]
    queries: Callable[[], dict[str, Query]]
    code: Callable[[], str]
    view: Callable[[], tuple[object, ...]]
    samples: Latest[Samples]
    work: Latest[FeatureValues]


@module.ui
def group_plot_ui(*, height: str = "420px") -> Tag:
    """Card with the plot and its controls."""
    return ui.card(
        ui.card_header(
            "Expression by group",
            ui.input_radio_buttons(
                "kind", tags.span("Plot", class_="visually-hidden"), KINDS, inline=True
            ),
            class_="odm-card-title odm-card-head",
        ),
        tags.div(
            ui.input_select("attribute", "Group by", {}),
            ui.output_ui("which_feature"),
            ui.output_ui("which_measurement"),
            ui.input_select("test", "Test", TESTS),
            class_="odm-controls",
        ),
        state_ui("state"),
        output_figure("plot", height=height),
        ui.output_ui("said"),
        tags.div(
            ui.download_button("download_values", "Values (CSV)", class_="btn-sm"),
            ui.download_button("download_summary", "Statistics (CSV)", class_="btn-sm"),
            class_="odm-downloads",
        ),
        full_screen=True,
    )


@module.server
def group_plot_server(
    input: Inputs,
    output: Outputs,
    session: Session,
    client: Client | Callable[[], Client],
    query: Callable[[], Query],
    *,
    samples: Latest[Samples] | None = None,
    matrix: MatrixChoice | None = None,
    group: Callable[[], Sequence[str]] | Sequence[str] = (),
) -> GroupPlot:
    """Show the values that `query` finds, by groups of its samples.

    Parameters
    ----------
    query
        Asks for a gene, such as that of `gene_server`.
    samples
        Metadata of the samples, if they are read already (`sample_records`).
    matrix
        Tells the caption which file the values are from.
    group
        Attributes to group by first, if they are there.
    """
    get_client = as_reactive(client)
    preferred: Callable[[], Sequence[str]] = as_reactive(group)
    records = samples if samples is not None else sample_records(get_client, query)
    # Of the runs' metadata nothing is drawn: another level of them does not read the values again.
    work = latest(
        lambda: partial(read_values, get_client(), query().expression().metadata("default")),
        after=after_of(query),
    )
    chosen = _choices(session, records, work, preferred)
    kind = kept_input(
        session,
        "kind",
        default="box",
        choices=KINDS,
        restore=lambda value: ui.update_radio_buttons("kind", selected=value),
    )
    test = kept_input(
        session,
        "test",
        default="rank",
        choices=TESTS,
        restore=lambda value: ui.update_select("test", selected=value),
    )

    @reactive.calc
    def data() -> PlotData:
        values = work.result()
        req(len(values))
        return plot_data(
            values,
            chosen.measurement(),
            chosen.feature_number(),
            records.result().frame,
            chosen.attribute(),
        )

    comparison = reactive.calc(lambda: compare(data().groups, test()))

    @render_figure
    def plot() -> Figure:
        return _figure(data(), chosen, comparison(), cast("Kind", kind()), _file_of(matrix))

    @render.ui
    def said() -> TagList:
        return _said(comparison(), data(), work.result(), _file_of(matrix))

    @reactive.calc
    def code() -> str:
        feature = chosen.feature_number()
        return script_ending(
            work.result(), chosen.measurement(), feature, chosen.attribute(), test()
        )

    _downloads(chosen, data, work, lambda: _file_of(matrix))
    state_server(
        "state",
        Together(work, records),
        loading="Reading values",
        waiting=lambda: why_of(query),
        empty=_why_empty,
        whole=True,
    )
    return GroupPlot(
        data=data,
        comparison=comparison,
        attribute=chosen.attribute,
        heading=chosen.heading,
        values=work.result,
        queries=lambda: _queries(work.result(), records.result()),
        code=code,
        view=lambda: (chosen.attribute(), chosen.feature(), chosen.measurement(), kind(), test()),
        samples=records,
        work=work,
    )


def _queries(values: FeatureValues, samples: Samples) -> dict[str, Query]:
    """Return what was asked, the values with the level of metadata that the samples have."""
    level = samples.query.metadata_level
    return {"values": replace(values.query, metadata_level=level), "samples": samples.query}


@dataclass(frozen=True)
class _Choices:
    """What is plotted, by what: reactive names."""

    attribute: Callable[[], str]
    measurement: Callable[[], str]
    feature: Callable[[], str]
    labels: Callable[[], list[str]]
    values: Callable[[], FeatureValues]

    def feature_number(self) -> int:
        return self.labels().index(self.feature())

    def heading(self) -> str:
        return heading_of(self.values().features[self.feature_number()])


def _choices(
    session: Session,
    records: Latest[Samples],
    work: Latest[FeatureValues],
    preferred: Callable[[], Sequence[str]],
) -> _Choices:
    restored = keep(
        session,
        attribute=lambda: attribute(),
        feature=lambda: None if feature() == usual_feature() else feature(),
        measurement=lambda: None if measurement() == usual_measurement() else measurement(),
    )

    def attributes() -> tuple[Attribute, ...]:
        return records.result().attributes

    labels = reactive.calc(lambda: feature_labels(work.result().features))

    def usual_measurement() -> str | None:
        return next(iter(work.result().measurements), None)

    @reactive.calc
    def usual_feature() -> str | None:
        found = labels()
        return found[most_variable(work.result(), measurement())] if found else None

    attribute = picked(
        session,
        "attribute",
        restored,
        lambda: [one.name for one in attributes() if one.n_set],
        lambda: default_group(attributes(), preferred()),
    )
    measurement = picked(session, "measurement", restored, lambda: list(work.result().measurements))
    feature = picked(session, "feature", restored, labels, usual_feature)

    @reactive.effect
    def _fill() -> None:
        ui.update_select("attribute", choices=group_choices(attributes()), selected=attribute())

    _selects(labels, feature, lambda: list(work.result().measurements), measurement)
    return _Choices(attribute, measurement, feature, labels, work.result)


def _selects(
    labels: Callable[[], list[str]],
    feature: Callable[[], str],
    measurements: Callable[[], list[str]],
    measurement: Callable[[], str],
) -> None:
    """Draw the selects that are there only when there is a choice."""

    @render.ui
    def which_feature() -> Tag | None:
        if len(labels()) < 2:
            return None
        with reactive.isolate():
            chosen = feature()
        return ui.input_select(
            "feature", f"Feature ({len(labels())} match)", labels(), selected=chosen
        )

    @render.ui
    def which_measurement() -> Tag | None:
        if len(measurements()) < 2:
            return None
        with reactive.isolate():
            chosen = measurement()
        return ui.input_select("measurement", "Measurement", measurements(), selected=chosen)


def _downloads(
    chosen: _Choices,
    data: Callable[[], PlotData],
    work: Latest[FeatureValues],
    file: Callable[[], DataFile | None],
) -> None:
    def name(what: str) -> str:
        origin = file()
        parts = (origin.accession, origin.version_label) if origin is not None else ()
        return file_name(chosen.heading(), *parts, what)

    @render.download_button(label="Values (CSV)", filename=lambda: name("values"))
    def download_values() -> Iterator[str]:
        yield csv_text(
            *value_rows(
                data(),
                work.result(),
                chosen.measurement(),
                chosen.feature_number(),
                chosen.attribute(),
                file(),
            )
        )

    @render.download_button(label="Statistics (CSV)", filename=lambda: name("statistics"))
    def download_summary() -> Iterator[str]:
        yield csv_text(*summary_rows(data()))


def heading_of(feature: Mapping[str, Any]) -> str:
    """Name a feature for a title: its texts, the shortest first, ``CD3D · 38319_at``."""
    texts = dict.fromkeys(
        text for name, value in feature.items() if isinstance(value, str) and (text := value)
    )
    return " · ".join(sorted(texts, key=len)[:2])


def _file_of(matrix: MatrixChoice | None) -> DataFile | None:
    return matrix.file() if matrix is not None else None


def _figure(
    data: PlotData, chosen: _Choices, comparison: Comparison, kind: Kind, file: DataFile | None
) -> Figure:
    if not data.groups:
        return message_figure(f"None of these samples has a value and “{chosen.attribute()}”.")
    scale = dict(file.metadata).get("Scale") if file is not None else None
    measurement = chosen.measurement()
    label = scale if scale and measurement == "value" else measurement
    return group_figure(
        data.groups,
        title=chosen.heading(),
        subtitle=comparison.short(),
        value_label=label,
        group_label=chosen.attribute(),
        kind=kind,
        labels=data.labels,
        all_groups=data.grouping.names,
    )


def _said(
    comparison: Comparison, data: PlotData, values: FeatureValues, file: DataFile | None
) -> TagList:
    told = [comparison.sentence(), *data.notes(), ONE_GENE if comparison.test else ""]
    text = "; ".join(one.rstrip(".") for one in told if one)
    when = f"{values.read_at:%Y-%m-%d %H:%M} UTC"
    return TagList(
        tags.p(f"{text}.", class_="odm-test", role="status"),
        hint(caption(values.query, file, when)),
    )


def _why_empty(read: tuple[FeatureValues, Samples]) -> str:
    values, samples = read
    if not len(samples):
        return "No samples match these filters. Take one of them back."
    if not len(values):
        return "None of these samples has a value of this gene in this matrix."
    return ""
