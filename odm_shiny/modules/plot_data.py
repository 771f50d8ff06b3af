"""From values and samples to what a plot by group shows, and to the numbers behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from odm_shiny.analysis.compare import Comparison, compare_groups
from odm_shiny.analysis.grouping import Grouping, gather, group_by
from odm_shiny.analysis.profile import Attribute
from odm_shiny.analysis.summary import summarise_groups
from odm_shiny.modules.asking import ACCESSION
from odm_shiny.query.filter_text import render_filter

if TYPE_CHECKING:
    import pandas as pd

    from odm_shiny.modules.matrix import DataFile
    from odm_shiny.modules.values import FeatureValues
    from odm_shiny.query.query import Query

TESTS = {
    "rank": "Rank test",
    "mean": "Test of means",
    "none": "No test",
}
ONE_GENE = "p-values are of this gene alone, not corrected for the number of genes looked at"


@dataclass(frozen=True, eq=False)
class PlotData:
    """Values of one feature by group.

    Attributes
    ----------
    groups
        Group to its values, in the order in which they are drawn; none is missing.
    labels
        Group to the name of the run of each value.
    positions
        Group to the place of each value in what was read.
    grouping
        How samples were grouped.
    n_samples
        Samples that the values shown belong to.
    n_unlinked
        Values of runs that no shown sample has.
    """

    groups: Mapping[str, npt.NDArray[np.float64]]
    labels: Mapping[str, Sequence[str]]
    positions: Mapping[str, npt.NDArray[np.int64]]
    grouping: Grouping
    n_samples: int
    n_unlinked: int

    @property
    def n_values(self) -> int:
        """How many values are shown."""
        return sum(map(len, self.groups.values()))

    def notes(self) -> list[str]:
        """What a reader must know about what is counted and what is not shown."""
        told = [self.grouping.note()] if self.grouping.note() else []
        if self.n_unlinked:
            told.append(f"{self.n_unlinked:,} values belong to none of these samples")
        if self.n_values > self.n_samples > 0:
            told.append(f"n counts runs: {self.n_values:,} runs of {self.n_samples:,} samples")
        return told


def plot_data(
    values: FeatureValues,
    measurement: str,
    feature: int,
    samples: pd.DataFrame,
    attribute: str,
) -> PlotData:
    """Sort the values of one feature into groups.

    Parameters
    ----------
    samples
        One row a sample, with its accession and `attribute`.
    """
    import pandas as pd

    grouping = group_by(samples[attribute])
    rows = pd.Index(samples[ACCESSION]).get_indexer(pd.Index(values.samples, dtype=object))
    column = values.values_of(measurement, feature)
    positions = gather(column, np.asarray(rows, dtype=np.int64), grouping)
    shown = np.concatenate([*positions.values(), np.empty(0, np.int64)])
    present = ~np.isnan(column)
    return PlotData(
        groups={name: column[at] for name, at in positions.items()},
        labels={name: [values.runs[n] for n in at.tolist()] for name, at in positions.items()},
        positions=positions,
        grouping=grouping,
        n_samples=len(np.unique(rows[shown])),
        n_unlinked=int((present & (rows < 0)).sum()),
    )


def compare(groups: Mapping[str, npt.NDArray[np.float64]], test: str) -> Comparison:
    """Run the test of `TESTS` that fits the number of groups."""
    if test == "none":
        n = {name: len(values) for name, values in groups.items()}
        return Comparison("", np.nan, np.nan, n, note="No test was asked for.")
    if test == "rank":
        return compare_groups(groups, "auto")
    return compare_groups(groups, "means")


def group_choices(attributes: Sequence[Attribute]) -> dict[str, dict[str, str]]:
    """Attributes to group by, in two lists: those that make groups, and the rest."""
    good = {one.name: one.name for one in attributes if one.makes_groups}
    rest = {one.name: one.name for one in attributes if one.n_set and one.name not in good}
    lists = {"Makes groups": good, "Other attributes": rest}
    return {name: listed for name, listed in lists.items() if listed}


def caption(query: Query, file: DataFile | None, date: str) -> str:
    """Say where the values come from: file, chain, version, filter and the day of reading."""
    parts = []
    if file is not None:
        parts = [file.accession, file.name]
        parts.append(f"{file.chain} {file.version_label}" if file.chain else "no version chain")
        if file.chain:
            parts[-1] += " (active)" if file.is_active else " (not active)"
    if query.sample_filter is not None:
        parts.append(f"samples: {render_filter(query.sample_filter)}")
    return " · ".join([*parts, f"read {date}"])


def script_ending(
    values: FeatureValues, measurement: str, feature: int, attribute: str, test: str
) -> str:
    """Write Python that groups and tests what the queries gave, as the plot does.

    It works with the tables ``values`` and ``samples``. Empty where runs are linked to samples by
    way of libraries or preparations, as ``values`` then does not name samples.
    """
    if not values.is_direct or feature >= len(values.features):
        return ""
    told = {str(key): one for key, one in values.features[feature].items() if one is not None}
    differs = {
        key: one for key, one in told.items() if any(f.get(key) != one for f in values.features)
    }
    chosen = [f"values = values[values[{key!r}] == {one!r}]" for key, one in differs.items()]
    method = {"rank": "auto", "mean": "means"}.get(test)
    tested = [f"print(compare_groups(groups, {method!r}).sentence())"] if method else []
    return "\n".join(
        [
            "# groups",
            *(["from odm_shiny.analysis.compare import compare_groups"] if method else []),
            "from odm_shiny.analysis.grouping import group_by",
            "",
            *chosen,
            f"labels = group_by(samples[{attribute!r}]).labels()",
            f"group_of = dict(zip(samples[{ACCESSION!r}], labels))",
            'by_group = values.groupby(values["sample"].map(group_of))',
            f"groups = {{name: rows[{measurement!r}].to_numpy() for name, rows in by_group}}",
            *tested,
        ]
    )


def summary_rows(data: PlotData) -> tuple[list[str], list[list[Any]]]:
    """Return names and rows of the statistics by group, as a file has them."""
    names = ["group", "n", "missing", "mean", "sd", "minimum", "q1", "median", "q3", "maximum"]
    rows = [
        [s.name, s.n, s.n_missing, s.mean, s.sd, s.minimum, s.q1, s.median, s.q3, s.maximum]
        for s in summarise_groups(data.groups)
    ]
    return names, rows


def value_rows(
    data: PlotData,
    values: FeatureValues,
    measurement: str,
    feature: int,
    attribute: str,
    file: DataFile | None,
) -> tuple[list[str], Iterator[list[Any]]]:
    """Return names and rows of the values shown, one a run, each with where it comes from."""
    described = values.features[feature]
    names = ["sample", "run", attribute, *described, measurement, "file", "chain", "version"]
    origin = [file.accession, file.chain, file.number] if file is not None else [None, None, None]

    def rows() -> Iterator[list[Any]]:
        for group, at in data.positions.items():
            for n, number in zip(at.tolist(), data.groups[group].tolist(), strict=True):
                told = [values.samples[n], values.runs[n], group, *described.values()]
                yield [*told, number, *origin]

    return names, rows()
