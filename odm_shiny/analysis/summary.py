"""Values summarised by group: the numbers behind a box plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class GroupSummary:
    """Five numbers and moments of one group.

    Attributes
    ----------
    name
        Group.
    n, n_missing
        Values present and missing.
    mean, sd
        Arithmetic mean and sample standard deviation (n - 1); NaN where not defined.
    minimum, q1, median, q3, maximum
        Quantiles by linear interpolation (Hyndman and Fan's type 7, the default of R and numpy).
    low_whisker, high_whisker
        Furthest values within 1.5 interquartile ranges of the box (Tukey).
    outliers
        Values beyond the whiskers, ascending.
    """

    name: str
    n: int
    n_missing: int
    mean: float
    sd: float
    minimum: float
    q1: float
    median: float
    q3: float
    maximum: float
    low_whisker: float
    high_whisker: float
    outliers: tuple[float, ...]


def summarise_groups(
    groups: Mapping[str, Sequence[float] | npt.NDArray[np.float64]],
) -> list[GroupSummary]:
    """Summarise each group, in the order given.

    Parameters
    ----------
    groups
        Group name to its values; NaN = missing.
    """
    return [_summary(name, np.asarray(values, dtype=np.float64)) for name, values in groups.items()]


def _summary(name: str, values: npt.NDArray[np.float64]) -> GroupSummary:
    present = np.sort(values[~np.isnan(values)])
    n = len(present)
    missing = len(values) - n
    if not n:
        gap = float("nan")
        return GroupSummary(name, 0, missing, gap, gap, gap, gap, gap, gap, gap, gap, gap, ())
    q1, median, q3 = (float(q) for q in np.quantile(present, [0.25, 0.5, 0.75]))
    reach = 1.5 * (q3 - q1)
    inside = present[(present >= q1 - reach) & (present <= q3 + reach)]
    outside = present[(present < q1 - reach) | (present > q3 + reach)]
    return GroupSummary(
        name=name,
        n=n,
        n_missing=missing,
        mean=float(present.mean()),
        sd=float(present.std(ddof=1)) if n > 1 else float("nan"),
        minimum=float(present[0]),
        q1=q1,
        median=median,
        q3=q3,
        maximum=float(present[-1]),
        low_whisker=float(inside[0]),
        high_whisker=float(inside[-1]),
        outliers=tuple(float(value) for value in outside),
    )
