"""Values, groups and covariates put in line for a comparison of every feature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from odm_shiny.analysis.profile import value_text, value_texts
from odm_shiny.errors import FrameError

if TYPE_CHECKING:
    import pandas as pd

Values = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Design:
    """Which sample is in which group, and what else is known of it.

    Attributes
    ----------
    values : (n_features, n_samples) float64
        NaN = missing.
    features
        One label a row.
    samples
        Labels of the samples that have a group and every covariate.
    left_out
        Labels of the others.
    levels
        Names of the groups: the reference, the group compared with it, then the others.
    codes : (n_samples,) int64
        Index into `levels`.
    covariates
        Name to (n_samples,) float64, or to (n_samples,) int64 codes from 0 of a category.
    """

    values: Values
    features: pd.Index[Any]
    samples: tuple[Any, ...]
    left_out: tuple[Any, ...]
    levels: tuple[str, ...]
    codes: Codes
    covariates: Mapping[str, npt.NDArray[Any]]

    def matrix(self) -> Values:
        """Return the (n_samples, n_coefficients) model matrix, the difference asked for last.

        The columns are one, the covariates, the groups beside the two compared, and the group
        compared with the reference. Where the values of a feature that are not missing do not tell
        its coefficient from the others, a fit that drops the last of them drops that one.
        """
        parts: list[Values] = [np.ones((len(self.codes), 1))]
        for column in self.covariates.values():
            is_number = column.dtype.kind == "f"
            parts.append(column[:, None] if is_number else _dummies(column)[:, 1:])
        dummies = _dummies(self.codes)
        return np.hstack([*parts, dummies[:, 2:], dummies[:, 1:2]]).astype(np.float64)

    def n_present(self) -> dict[str, Codes]:
        """Count the values of each feature in the two groups compared, reference last."""
        present = ~np.isnan(self.values)
        return {
            self.levels[code]: present[:, self.codes == code].sum(axis=1).astype(np.int64)
            for code in (1, 0)
        }


def design_of(
    values: Any, groups: Any, contrast: tuple[Any, Any], covariates: Any = None
) -> Design:
    """Check what a comparison is asked to compare, and put it in line.

    Arguments and errors are those of `odm_shiny.analysis.limma`.
    """
    frame, about = _frame_of(values)
    labels = frame.columns
    group = _per_sample(groups, labels, about, "groups")
    others = {
        name: _per_sample(one, labels, about, f"covariate {name!r}")
        for name, one in _named_covariates(covariates, about).items()
    }
    complete = np.ones(len(labels), dtype=np.bool_)
    for column in (group, *others.values()):
        complete &= value_texts(column)[1] >= 0
    levels, codes = _levels(group[complete], contrast)
    found = Design(
        values=_numbers(frame.loc[:, complete]),
        features=frame.index.to_flat_index() if frame.index.nlevels > 1 else frame.index,
        samples=tuple(labels[complete]),
        left_out=tuple(labels[~complete]),
        levels=levels,
        codes=codes,
        covariates={name: _coded(one[complete], name) for name, one in others.items()},
    )
    _check_estimable(found)
    return found


def _frame_of(values: Any) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return features by samples, and what is known of the samples."""
    import pandas as pd
    import scipy.sparse

    if isinstance(values, pd.DataFrame):
        return values, None
    if not all(hasattr(values, part) for part in ("X", "obs", "var")):
        raise FrameError(
            "values are a DataFrame of features by samples, an AnnData or an ExpressionMatrix, not "
            f"{type(values).__name__}"
        )
    by_sample = values.X.toarray() if scipy.sparse.issparse(values.X) else np.asarray(values.X)
    return pd.DataFrame(by_sample.T, index=values.var.index, columns=values.obs.index), values.obs


def _named_covariates(covariates: Any, about: pd.DataFrame | None) -> dict[str, Any]:
    import pandas as pd

    if covariates is None:
        return {}
    if isinstance(covariates, str):
        return {covariates: covariates}
    if isinstance(covariates, pd.DataFrame):
        return {str(name): covariates[name] for name in covariates.columns}
    if isinstance(covariates, Mapping):
        return {str(name): one for name, one in covariates.items()}
    if about is not None and all(isinstance(one, str) for one in covariates):
        return {name: name for name in covariates}
    raise FrameError(
        "covariates are a DataFrame with one row a sample, a mapping of names to values, or, with "
        "an AnnData, names of columns of obs"
    )


def _per_sample(
    values: Any, labels: pd.Index[Any], about: pd.DataFrame | None, what: str
) -> pd.Series[Any]:
    """Return one value a sample, in the order of the samples."""
    import pandas as pd

    if isinstance(values, str):
        if about is None or values not in about.columns:
            known = "" if about is None else f"; obs has {_listed(about.columns)}"
            raise FrameError(f"{what}: there is no column {values!r} of the samples{known}")
        return about[values].reset_index(drop=True)
    if isinstance(values, Mapping):
        values = pd.Series(dict(values), dtype=object)
    if isinstance(values, pd.Series):
        if not values.index.is_unique:
            twice = values.index[values.index.duplicated()][0]
            raise FrameError(f"{what}: sample {twice!r} stands twice")
        if not labels.isin(values.index).any():
            there, here = _listed(values.index, 3), _listed(labels, 3)
            raise FrameError(f"{what}: they are of other samples, {there}, than the values, {here}")
        return values.reindex(labels).reset_index(drop=True)
    found = list(values)
    if len(found) != len(labels):
        raise FrameError(f"{what}: {len(found)} values for {len(labels)} samples")
    return pd.Series(found, dtype=object).infer_objects()


def _levels(group: pd.Series[Any], contrast: tuple[Any, Any]) -> tuple[tuple[str, ...], Codes]:
    texts, codes = value_texts(group)
    pair = [value_text(one) for one in contrast]
    if len(pair) != 2 or pair[0] == pair[1]:
        raise FrameError(f"contrast names a group and its reference, two that differ: {contrast!r}")
    for name in pair:
        if name not in texts:
            raise FrameError(
                f"contrast: no sample is in group {name!r}; there are {_listed(texts)}"
            )
    compared = [texts.index(str(name)) for name in reversed(pair)]
    order = [*compared, *(code for code in range(len(texts)) if code not in compared)]
    places = np.argsort(order)
    return tuple(texts[code] for code in order), places[codes].astype(np.int64)


def _coded(column: pd.Series[Any], name: str) -> npt.NDArray[Any]:
    import pandas as pd

    column = column.infer_objects()
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        numbers = column.to_numpy(dtype=np.float64)
        if not np.isfinite(numbers).all():
            raise FrameError(f"covariate {name!r}: a number that is not finite")
        n_values = len(np.unique(numbers))
    else:
        texts, numbers = value_texts(column)
        n_values = len(texts)
    if n_values < 2:
        raise FrameError(f"covariate {name!r}: every sample has the same value, leave it out")
    return numbers


def _numbers(frame: pd.DataFrame) -> Values:
    import pandas as pd

    for position, dtype in enumerate(frame.dtypes):
        if not pd.api.types.is_numeric_dtype(dtype) and frame.iloc[:, position].notna().any():
            raise FrameError(
                f"sample {frame.columns[position]!r}: values are {dtype}, not numbers; features "
                "are rows, samples are columns"
            )
    numbers = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    infinite = np.argwhere(np.isinf(numbers))
    if len(infinite):
        row, column = infinite[0]
        raise FrameError(
            f"feature {frame.index[row]!r}, sample {frame.columns[column]!r}: "
            f"{numbers[row, column]} is no measured value; add a pseudocount before the logarithm"
        )
    return numbers


def _check_estimable(design: Design) -> None:
    matrix = design.matrix()
    n_samples, n_coefficients = matrix.shape
    spread = np.abs(matrix).max(axis=0)
    if np.linalg.matrix_rank(matrix / spread) < n_coefficients:
        raise FrameError(
            "the covariates say which group a sample is in, or repeat each other, so that their "
            f"effects cannot be told apart: {_listed(design.covariates)}"
        )
    if n_samples <= n_coefficients:
        raise FrameError(
            f"{n_samples} samples for {n_coefficients} coefficients leave nothing to tell chance "
            "by: a group needs a second sample"
        )


def _dummies(codes: npt.NDArray[Any]) -> Values:
    """Return one column of 0 and 1 for each code."""
    columns = np.zeros((len(codes), int(codes.max(initial=-1)) + 1))
    columns[np.arange(len(codes)), codes] = 1
    return columns


def _listed(names: Iterable[Any], most: int = 8) -> str:
    texts: Sequence[str] = [repr(str(name)) for name in names]
    return ", ".join(texts[:most]) + (f" and {len(texts) - most} more" if len(texts) > most else "")
