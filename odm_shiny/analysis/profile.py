"""What the attributes of records hold: which are worth counting, grouping by, or measuring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

SYSTEM = ("genestack:accession", "groupId")
MAX_FACET_VALUES = 40
MAX_FACET_TEXT = 60


@dataclass(frozen=True)
class Attribute:
    """One attribute over many records.

    Attributes
    ----------
    name
        As ODM spells it.
    n_records, n_set
        Records looked at, and those with a value.
    n_values
        Distinct values; a list counts as one value.
    is_number
        Every value that is set is a number.
    longest
        Characters of the longest value as text.
    """

    name: str
    n_records: int
    n_set: int
    n_values: int
    is_number: bool
    longest: int

    @property
    def is_facet(self) -> bool:
        """Whether its values are few and short enough to be offered one by one."""
        return 2 <= self.n_values <= MAX_FACET_VALUES and self._repeats and self._is_short

    @property
    def makes_groups(self) -> bool:
        """Whether it splits the records into groups that can be compared."""
        if self.is_number and self.n_values > MAX_FACET_VALUES:
            return True
        return 2 <= self.n_values <= MAX_FACET_VALUES and self._repeats

    @property
    def _repeats(self) -> bool:
        return self.n_values <= max(2, self.n_set // 2)

    @property
    def _is_short(self) -> bool:
        return self.longest <= MAX_FACET_TEXT


def profile(records: pd.DataFrame) -> tuple[Attribute, ...]:
    """Describe the attributes of records, in the order of their columns.

    Parameters
    ----------
    records
        One row a record. Missing is ``None`` or NaN; a value may be a list.

    Returns
    -------
    One `Attribute` a column; accessions, which name a record and say nothing of it, are left out.
    """
    return tuple(
        _attribute(str(name), records.iloc[:, position])
        for position, name in enumerate(records.columns)
        if name not in SYSTEM
    )


def facet_names(attributes: Sequence[Attribute], limit: int = 8) -> list[str]:
    """Choose attributes to filter by: those with few values, best filled first, then in order."""
    found = [one for one in attributes if one.is_facet]
    found.sort(key=lambda one: -one.n_set / max(one.n_records, 1))
    kept = {one.name for one in found[:limit]}
    return [one.name for one in attributes if one.name in kept]


def default_group(attributes: Sequence[Attribute], preferred: Sequence[str] = ()) -> str | None:
    """Choose the attribute to group by first.

    Parameters
    ----------
    preferred
        Names to take if they make groups, in this order.
    """
    able = [one for one in attributes if one.makes_groups]
    by_name = {one.name: one for one in able}
    for name in preferred:
        if name in by_name:
            return name
    few = [one for one in able if one.is_facet and one.n_values <= 6]
    best = max(few or able, key=lambda one: one.n_set, default=None)
    return best.name if best else None


def value_text(value: Any) -> str | None:
    """Text of a value; ``None`` where it is missing. The values of a list are joined by ``|``."""
    if isinstance(value, list | tuple | np.ndarray):
        texts = [text for item in value if (text := value_text(item)) is not None]
        return " | ".join(texts) or None
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return text if text and text != "<NA>" else None


def value_texts(column: pd.Series[Any]) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Return the distinct texts of a column, and which one each record has; -1 where it is unset.

    Returns
    -------
    Texts in order of first appearance, and (n_records,) int64.
    """
    import pandas as pd

    try:
        codes, distinct = pd.factorize(column, use_na_sentinel=True)
    except TypeError:  # lists do not hash; their texts do
        codes, distinct = pd.factorize(column.map(value_text), use_na_sentinel=True)
    texts = [value_text(value) for value in distinct.tolist()]
    # Values that differ may have one text, 52 and 52.0, and a value may have none.
    numbers: dict[str, int] = {}
    for text in texts:
        if text is not None:
            numbers.setdefault(text, len(numbers))
    places = np.array([-1 if t is None else numbers[t] for t in texts] + [-1], dtype=np.int64)
    return list(numbers), places[codes]


def _attribute(name: str, column: pd.Series[Any]) -> Attribute:
    texts, codes = value_texts(column)
    return Attribute(
        name=name,
        n_records=len(codes),
        n_set=int((codes >= 0).sum()),
        n_values=len(texts),
        is_number=bool(texts) and _is_number(column),
        longest=max(map(len, texts), default=0),
    )


def _is_number(column: pd.Series[Any]) -> bool:
    import pandas as pd

    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
