"""Values put into groups by an attribute of their samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from odm_shiny.analysis.profile import MAX_FACET_VALUES, value_texts

if TYPE_CHECKING:
    import pandas as pd

MAX_GROUPS = 30
QUARTILES = ("lowest quarter", "second quarter", "third quarter", "highest quarter")


@dataclass(frozen=True)
class Grouping:
    """Which group each sample belongs to.

    Attributes
    ----------
    names
        Groups that are kept, in the order in which they are drawn.
    codes : (n_samples,) int64
        Index into `names`; -1 where the sample is in no group that is kept.
    n_unset
        Samples without a value.
    n_left_out
        Groups that are not kept because there are more than `MAX_GROUPS`.
    is_binned
        The groups are quarters of a number, not values.
    """

    names: tuple[str, ...]
    codes: npt.NDArray[np.int64]
    n_unset: int = 0
    n_left_out: int = 0
    is_binned: bool = False

    def labels(self) -> list[str | None]:
        """Return the group of each sample by name, ``None`` where it is in none."""
        names = (*self.names, None)
        return [names[code] for code in self.codes.tolist()]

    def note(self) -> str:
        """Say what is not shown; empty where nothing is missing."""
        parts = []
        if self.n_unset:
            parts.append(f"{self.n_unset:,} samples without a value are not shown")
        if self.n_left_out:
            parts.append(f"{self.n_left_out:,} smaller groups are not shown")
        return "; ".join(parts)


def group_by(column: pd.Series[Any]) -> Grouping:
    """Group samples by the values of an attribute.

    Parameters
    ----------
    column
        One value a sample. Numbers with more than `MAX_FACET_VALUES` distinct values are cut at
        their quartiles (a value on a cut belongs to the lower group); everything else is grouped by
        its text.

    Returns
    -------
    Groups of numbers ascend; others are in natural alphabetical order.
    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        numbers = column.to_numpy(dtype=np.float64)
        if len(np.unique(numbers[~np.isnan(numbers)])) > MAX_FACET_VALUES:
            return _quarters(numbers)
    return _by_text(*value_texts(column))


def gather(
    values: npt.NDArray[np.float64], samples: npt.NDArray[np.int64], grouping: Grouping
) -> dict[str, npt.NDArray[np.int64]]:
    """Sort values into groups.

    Parameters
    ----------
    values : (n_values,) float64
        NaN = missing.
    samples : (n_values,) int64
        Position of the sample of each value; -1 = none known.

    Returns
    -------
    Group name to positions in `values`, in order; groups without any value are left out.
    """
    # A sample that is not known, -1, is the last one: it is in no group.
    codes = np.append(grouping.codes, -1)[samples]
    found = {
        name: np.flatnonzero((codes == code) & ~np.isnan(values))
        for code, name in enumerate(grouping.names)
    }
    return {name: positions for name, positions in found.items() if len(positions)}


def _by_text(texts: Sequence[str], codes: npt.NDArray[np.int64]) -> Grouping:
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    largest = np.argsort(-counts, kind="stable")[:MAX_GROUPS]
    kept = sorted(largest.tolist(), key=lambda place: _natural(texts[place]))
    # One more for -1, the last: no text.
    numbers = np.full(len(texts) + 1, -1, dtype=np.int64)
    numbers[kept] = np.arange(len(kept))
    names = tuple(texts[place] for place in kept)
    return Grouping(names, numbers[codes], int((codes < 0).sum()), len(texts) - len(kept))


def _quarters(numbers: npt.NDArray[np.float64]) -> Grouping:
    present = ~np.isnan(numbers)
    cuts = np.quantile(numbers[present], [0.25, 0.5, 0.75])
    raw = np.searchsorted(cuts, numbers, side="left")
    names: list[str] = []
    codes = np.full(len(numbers), -1, dtype=np.int64)
    for quarter, label in enumerate(QUARTILES):
        members = present & (raw == quarter)
        if members.any():
            low, high = numbers[members].min(), numbers[members].max()
            codes[members] = len(names)
            names.append(f"{low:g} to {high:g} ({label})")
    return Grouping(tuple(names), codes, int((~present).sum()), is_binned=True)


def _natural(text: str) -> tuple[Any, ...]:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    return (0, number, text) if math.isfinite(number) else (1, text.casefold(), text)
