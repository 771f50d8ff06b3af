"""Expression as a matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from odm_shiny.errors import FrameError
from odm_shiny.frames.columns import Column, table, text_form
from odm_shiny.frames.items import Items, Part
from odm_shiny.frames.names import did_you_mean
from odm_shiny.frames.to_pandas import to_pandas

if TYPE_CHECKING:
    import anndata
    import pandas as pd

_RUN, _FEATURE, _VALUE = "run", "feature", "value"
_SHOWN = 10


@dataclass(frozen=True, slots=True, eq=False)
class ExpressionMatrix:
    """Runs by features.

    Attributes
    ----------
    X : (n_obs, n_vars) float64
        The unit of the run, e.g. TPM. NaN: not measured in that run, or missing in the file. It is
        not zero: a zero was measured.
    obs : n_obs rows
        One row a run, indexed by run source id (the name of the column in the file); by run id
        where two runs share a name.
    var : n_vars rows
        One row a feature, indexed by the first feature column, the feature's accession.
    source
        Where it is from, as texts: query, versions, files, time, code; empty if nobody said.

    Notes
    -----
    Orientation follows AnnData; R's SummarizedExperiment is its transpose.
    """

    X: NDArray[np.float64]
    obs: pd.DataFrame
    var: pd.DataFrame
    source: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.X.shape != (len(self.obs), len(self.var)):
            raise FrameError(
                f"X is {self.X.shape[0]} x {self.X.shape[1]}, but there are {len(self.obs)} runs "
                f"and {len(self.var)} features"
            )

    @property
    def n_obs(self) -> int:
        """Number of runs."""
        return int(self.X.shape[0])

    @property
    def n_vars(self) -> int:
        """Number of features."""
        return int(self.X.shape[1])

    @property
    def shape(self) -> tuple[int, int]:
        """Number of runs and of features."""
        return self.n_obs, self.n_vars

    def __len__(self) -> int:
        return self.n_obs

    def __getitem__(self, feature: str) -> pd.Series[Any]:
        """Return the values of one feature, by run.

        Raises
        ------
        FrameError
            There is no feature of that name, or it is not a name.
        """
        import pandas as pd

        if not isinstance(feature, str):
            raise FrameError(
                'one feature is matrix["TP53"]; cut parts of .to_pandas(), .to_anndata() or .X'
            )
        if feature not in self.var.index:
            hint = did_you_mean(feature, map(str, self.var.index)) or ".var.index has their names"
            raise FrameError(f"no feature is called {feature!r}: {hint}")
        place = list(self.var.index).index(feature)
        return pd.Series(self.X[:, place], index=self.obs.index, name=feature)

    def to_pandas(self, *, obs: bool = False) -> pd.DataFrame:
        """Return one row a run and one column a feature.

        Parameters
        ----------
        obs
            Put what is known of the runs in front. A feature that is called like one of these
            columns gets ``feature.`` in front of its name.
        """
        import pandas as pd

        wide = pd.DataFrame(self.X, index=self.obs.index, columns=self.var.index, copy=False)
        if not obs:
            return wide
        known = set(self.obs.columns)
        wide.columns = pd.Index(
            [f"feature.{name}" if name in known else name for name in wide.columns]
        )
        return pd.concat([self.obs, wide], axis=1)

    def with_obs(self, columns: pd.DataFrame) -> ExpressionMatrix:
        """Return the same matrix with more known of its runs.

        Parameters
        ----------
        columns : n_obs rows
            In the order of the runs. A name that `obs` has already gets ``sample.`` in front.
        """
        taken = set(self.obs.columns)
        taken.discard("sample")  # the same, or what was found beyond a library
        renamed = columns.rename(columns=lambda name: f"sample.{name}" if name in taken else name)
        notes = {**self.obs.attrs.get("notes", {}), **columns.attrs.get("notes", {})}
        obs = self.obs.assign(**{str(name): renamed[name].to_numpy() for name in renamed})
        obs.attrs = {"notes": notes} if notes else {}
        return replace(self, obs=obs)

    def to_anndata(self) -> anndata.AnnData:
        """Return an AnnData; see `odm_shiny.frames.to_anndata`."""
        from odm_shiny.frames.to_anndata import to_anndata

        return to_anndata(self)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"a matrix has no {name!r}: it has X, obs, var, shape; .to_pandas() is a table of it, "
            ".to_anndata() an AnnData"
        )

    def _repr_html_(self) -> str:
        shown = self.to_pandas().iloc[:_SHOWN, :_SHOWN]
        return f"<p>{escape(repr(self))}</p>{shown.to_html()}"

    def __repr__(self) -> str:
        missing = int(np.isnan(self.X).sum())
        note = f", {missing} missing" if missing else ""
        return f"ExpressionMatrix({self.n_obs} runs x {self.n_vars} features{note})"


def expression_matrix(values: pa.Table, *, fill: float = np.nan) -> ExpressionMatrix:
    """Arrange long expression values as a matrix.

    Parameters
    ----------
    values : n_values rows
        Columns ``run`` (string), ``feature`` (string), ``value`` (float64, the unit of the run,
        e.g. TPM).
    fill
        Value of a feature not measured in a run.

    Returns
    -------
    ``X`` (n_runs, n_features) float64, rows and columns in order of first appearance.

    Raises
    ------
    FrameError
        A column is missing, a name is null, or a (run, feature) pair appears twice.
    """
    missing = {_RUN, _FEATURE, _VALUE} - set(values.column_names)
    if missing:
        raise FrameError(f"the table has no column {', '.join(sorted(missing))}")
    import pandas as pd

    runs, run_codes = _coded(values.column(_RUN), "run")
    features, feature_codes = _coded(values.column(_FEATURE), "feature")
    numbers = values.column(_VALUE).cast(pa.float64()).to_numpy()
    filled = _scatter(run_codes, feature_codes, numbers, (runs, features), fill)
    obs = pd.DataFrame(index=pd.Index(runs, name=_RUN, dtype=object))
    var = pd.DataFrame(index=pd.Index(features, name=_FEATURE, dtype=object))
    return ExpressionMatrix(filled, obs, var)


def matrix_of(items: Items, measurement: str | None = None) -> ExpressionMatrix:
    """Arrange expression items as a matrix.

    Parameters
    ----------
    measurement
        Which value, where the files hold several.

    Returns
    -------
    ``obs`` holds the run's id and group, the linked object and the run's metadata; ``var`` holds
    the feature columns. Features of several files with the same accession are one column.

    Raises
    ------
    FrameError
        A run has two items for one feature, or several measurements and none was chosen.
    """
    origins, features = items.parts["itemOrigin"], items.parts["feature"]
    runs, run_codes = _distinct(origins, "runId")
    accession = _accession_name(items)
    names, feature_codes = _distinct(features, accession)
    numbers = items.measurement(measurement)
    values = _scatter(run_codes, feature_codes, numbers, (runs, names), np.nan)
    obs = _run_frame(items, run_codes, len(runs))
    var = _feature_frame(features, feature_codes, len(names), accession)
    return ExpressionMatrix(values, obs, var)


def stack(matrices: Sequence[ExpressionMatrix]) -> ExpressionMatrix:
    """Put the runs of several matrices below each other.

    Returns
    -------
    Features with one accession are one column, in order of first appearance, and NaN where a
    matrix does not have them. Runs of one name are told apart by their group in front.
    """
    if len(matrices) == 1:
        return matrices[0]
    import pandas as pd

    if not matrices:
        return ExpressionMatrix(np.empty((0, 0)), pd.DataFrame(), pd.DataFrame())
    var = pd.concat([matrix.var for matrix in matrices])
    var = var[~var.index.duplicated()]
    values = np.full((sum(matrix.n_obs for matrix in matrices), len(var)), np.nan)
    start = 0
    for matrix in matrices:
        places = var.index.get_indexer(matrix.var.index)
        values[start : start + matrix.n_obs, places] = matrix.X
        start += matrix.n_obs
    obs = pd.concat([matrix.obs for matrix in matrices])
    if not obs.index.is_unique and "groupId" in obs:
        names = [f"{group}:{name}" for group, name in zip(obs["groupId"], obs.index, strict=True)]
        obs.index = pd.Index(names, name="run", dtype=object)
    return ExpressionMatrix(values, obs, var)


def _coded(column: pa.ChunkedArray, what: str) -> tuple[list[str], NDArray[np.int64]]:
    encoded = column.combine_chunks().dictionary_encode()
    if encoded.null_count:
        raise FrameError(f"{encoded.null_count} rows have no {what}")
    names = [str(name) for name in encoded.dictionary.to_pylist()]
    return names, encoded.indices.to_numpy().astype(np.int64)


def _distinct(part: Part, name: str | None) -> tuple[list[str], NDArray[np.int64]]:
    """Number the values of one key over all rows; distinct objects may share a value."""
    values = part.values(name) if name is not None else []
    numbers: dict[str, int] = {}
    of_object = np.array(
        [numbers.setdefault(str(value), len(numbers)) for value in values], dtype=np.int64
    )
    codes = part.all_codes()
    return list(numbers), of_object[codes] if len(of_object) else np.zeros(len(codes), np.int64)


def _accession_name(items: Items) -> str | None:
    """Find the feature column that names features: an item's id ends with its value."""
    names = items.parts["feature"].names()
    if len(names) > 1 and len(items):
        first = items.rows(0, 1)[0]
        accession = str(first["itemId"]).partition("-")[2]
        for name in names:
            if text_form(first["feature"].get(name)) == accession:
                return name
    return next(iter(names), None)


def _scatter(
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    numbers: NDArray[np.float64],
    names: tuple[list[str], list[str]],
    fill: float,
) -> NDArray[np.float64]:
    shape = (len(names[0]), len(names[1]))
    cells = rows * shape[1] + columns
    counts = np.bincount(cells, minlength=shape[0] * shape[1]) if len(cells) else np.zeros(0)
    if len(counts) and counts.max() > 1:
        row, column = divmod(int(counts.argmax()), shape[1])
        raise FrameError(
            f"run {names[0][row]!r} has {int(counts.max())} values for feature "
            f"{names[1][column]!r}: a matrix holds one. Narrow the query, or keep the long form"
        )
    matrix = np.full(shape, fill, dtype=np.float64)
    matrix.reshape(-1)[cells] = numbers
    return matrix


def _run_frame(items: Items, run_codes: NDArray[np.int64], n_runs: int) -> pd.DataFrame:
    import pandas as pd

    first = _first_rows(run_codes, n_runs)
    columns: dict[str, Column] = {}
    for part_name in ("itemOrigin", "relationships", "metadata"):
        part = items.parts[part_name]
        codes = part.all_codes()[first]
        for name in part.names():
            free = name if name not in columns else f"{part_name}.{name}"
            columns[free] = Column(free, part.values(name), codes)
    obs = to_pandas(table(columns.values(), n_runs))
    sources = obs.get("runSourceId")
    unique = sources is not None and sources.notna().all() and sources.is_unique
    found: Any = obs
    index = sources if unique else found.get("runId", [])
    obs.index = pd.Index(index, name="run", dtype=object)
    return obs


def _feature_frame(
    features: Part, feature_codes: NDArray[np.int64], n_features: int, accession: str | None
) -> pd.DataFrame:
    import pandas as pd

    codes = features.all_codes()[_first_rows(feature_codes, n_features)]
    names = sorted(features.names(), key=lambda name: name != accession)
    columns = [Column(name, features.values(name), codes) for name in names]
    var = to_pandas(table(columns, n_features))
    index: Mapping[str, Any] | Any = var[columns[0].name] if columns else []
    var.index = pd.Index(index, name=columns[0].name if columns else None, dtype=object)
    return var


def _first_rows(codes: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    first = np.zeros(n, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return first
