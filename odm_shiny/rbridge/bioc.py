"""Bioconductor's containers out of AnnData, matrices and frames.

AnnData has samples in rows and features in columns; R's containers are its transpose, and this
module alone turns them. ``obs`` becomes ``colData``, ``var`` becomes ``rowData``, ``X`` and the
layers become assays, sparse ones ``dgCMatrix``; NaN, "not measured", becomes NA.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

import pandas as pd

from odm_shiny.errors import FrameError, MissingDependency
from odm_shiny.rbridge import r_memory, session
from odm_shiny.rbridge.matrices import Matrix
from odm_shiny.rbridge.options import Int64
from odm_shiny.rbridge.r_memory import RObject
from odm_shiny.rbridge.to_r import to_r

KEPT = ("odm", "notes")
"""What of ``uns`` goes into ``metadata()`` unless something else is asked for."""

_DEBIAN = "r-bioc-{}"
_functions: dict[str, RObject] = {}


def summarized_experiment(
    data: Any,
    *,
    assay: str = "X",
    uns: Iterable[str] = KEPT,
    metadata: Mapping[str, Any] | None = None,
    int64: Int64 = "double",
) -> RObject:
    """Make a SummarizedExperiment.

    Parameters
    ----------
    data
        An AnnData, or another object with ``X`` (n_obs, n_vars), ``obs`` and ``var``, such as the
        ``ExpressionMatrix`` of a query.
    assay
        Name of the assay that is made of ``X``; it comes first.
    uns
        Entries of ``data.uns`` that become entries of ``metadata()``; those that are not there are
        passed over. ``uns["odm"]`` says where data from ODM come from: the query, the versions,
        the time and the code.
    metadata
        Further entries of ``metadata()``; they win over those of `uns`.
    int64
        As in `to_r`, for the frames.

    Returns
    -------
    A ``SummarizedExperiment`` of n_vars rows and n_obs columns.

    Raises
    ------
    FrameError
        Labels that stand twice, or a column that has no R form; the message names it.
    MissingDependency
        R's package SummarizedExperiment is not installed.

    Warns
    -----
    UserWarning
        ``obsm``, ``raw`` and what else has no place in it is left out.
    """
    _warn_of_left_out(data, ("obsm", "varm", "obsp", "varp", "raw"), "a SummarizedExperiment")
    parts = _parts(data, assay, uns, metadata, int64)
    return _run("SummarizedExperiment", "summarized_experiment", *parts)


def single_cell_experiment(
    data: Any,
    *,
    assay: str = "X",
    uns: Iterable[str] = KEPT,
    metadata: Mapping[str, Any] | None = None,
    int64: Int64 = "double",
) -> RObject:
    """Make a SingleCellExperiment, ``obsm`` its ``reducedDims``; else as `summarized_experiment`.

    Warns
    -----
    UserWarning
        ``varm``, ``obsp``, ``varp`` and ``raw`` are left out.
    """
    _warn_of_left_out(data, ("varm", "obsp", "varp", "raw"), "a SingleCellExperiment")
    parts = _parts(data, assay, uns, metadata, int64)
    names = [str(name) for name in data.obs.index]
    reduced = {
        name: _reduced(values, names, f"obsm[{name!r}]")
        for name, values in getattr(data, "obsm", {}).items()
    }
    return _run(
        "SingleCellExperiment", "single_cell_experiment", *parts, to_r(reduced, where="obsm")
    )


def experiment_of(
    assays: Mapping[str, Any],
    row_data: pd.DataFrame,
    col_data: pd.DataFrame,
    *,
    metadata: Mapping[str, Any] | None = None,
    int64: Int64 = "double",
) -> RObject:
    """Make a SummarizedExperiment of matrices and frames as R has them: features in rows.

    Parameters
    ----------
    assays
        Name to matrix (n_features, n_samples), dense or sparse.
    row_data, col_data
        One row a feature, one row a sample; their indices name rows and columns.
    metadata
        Entries of ``metadata()``.
    int64
        As in `to_r`, for the frames.
    """
    parts = _r_parts(assays, row_data, col_data, dict(metadata or {}), int64)
    return _run("SummarizedExperiment", "summarized_experiment", *parts)


def multi_assay_experiment(
    experiments: Mapping[str, Any],
    *,
    samples: pd.DataFrame | None = None,
    sample: str | None = "sample",
    metadata: Mapping[str, Any] | None = None,
    int64: Int64 = "double",
) -> RObject:
    """Make a MultiAssayExperiment: several omics of one cohort.

    Parameters
    ----------
    experiments
        Name to AnnData (or what else `summarized_experiment` takes).
    samples
        One row a sample, the index its accession; becomes ``colData``. Samples without any run are
        dropped by MultiAssayExperiment, with a message. Without it the samples have names only.
    sample
        Column of each ``obs`` with the accession of the run's sample; ``None`` if the labels of
        ``obs`` are the samples.
    metadata
        Entries of ``metadata()``; each experiment keeps its own.
    int64
        As in `to_r`, for the frames.

    Raises
    ------
    FrameError
        An ``obs`` lacks the column, a run has no sample, or a sample is not in `samples`.
    """
    maps = [_sample_map(name, data, sample) for name, data in experiments.items()]
    empty = pd.DataFrame({"assay": [], "primary": [], "colname": []}, dtype=object)
    sample_map = pd.concat([empty, *maps], ignore_index=True)
    primary = sample_map["primary"].unique()
    if samples is None:
        samples = pd.DataFrame(index=pd.Index(primary, dtype=object))
    strangers = [name for name in primary if name not in samples.index]
    if strangers:
        raise FrameError(f"samples: {strangers[0]!r} is not among them, and runs belong to it")
    made = {name: summarized_experiment(data, int64=int64) for name, data in experiments.items()}
    return _run(
        "MultiAssayExperiment",
        "multi_assay_experiment",
        to_r(made),
        to_r(_labelled(samples, "samples"), int64=int64, where="samples"),
        to_r(sample_map, where="sample map"),
        to_r(dict(metadata or {}), where="metadata"),
    )


def _parts(
    data: Any,
    assay: str,
    uns: Iterable[str],
    metadata: Mapping[str, Any] | None,
    int64: Int64,
) -> tuple[RObject, ...]:
    layers = {str(name): layer for name, layer in getattr(data, "layers", {}).items()}
    if data.X is not None and assay in layers:
        raise FrameError(f"a layer is called {assay!r}, too: name the assay of X with assay=...")
    assays = ({} if data.X is None else {assay: data.X}) | layers
    if not assays:
        raise FrameError("there is no X and no layer")
    unstructured = getattr(data, "uns", {})
    kept = {name: unstructured[name] for name in uns if name in unstructured}
    turned = {name: values.T for name, values in assays.items()}
    return _r_parts(turned, data.var, data.obs, {**kept, **(metadata or {})}, int64)


def _r_parts(
    assays: Mapping[str, Any],
    row_data: pd.DataFrame,
    col_data: pd.DataFrame,
    metadata: Mapping[str, Any],
    int64: Int64,
) -> tuple[RObject, ...]:
    row_data, col_data = _labelled(row_data, "var"), _labelled(col_data, "obs")
    rows, columns = list(row_data.index), list(col_data.index)
    named = {
        name: Matrix(values, rows, columns, nan_is_missing=True) for name, values in assays.items()
    }
    return (
        to_r(named, where="assays"),
        to_r(row_data, int64=int64, where="var"),
        to_r(col_data, int64=int64, where="obs"),
        to_r(dict(metadata), where="metadata"),
    )


def _labelled(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return the frame with text as labels: R's containers match rows by their names."""
    labels = frame.index.astype(str)
    if not labels.is_unique:
        label = labels[labels.duplicated()][0]
        raise FrameError(
            f"{where}: the label {label!r} stands twice; make them unique first, e.g. by "
            f"AnnData's {'obs' if where != 'var' else 'var'}_names_make_unique()"
        )
    return frame.set_axis(pd.Index(labels, dtype=object), axis=0)


def _reduced(values: Any, names: list[str], where: str) -> Matrix:
    columns = None
    if isinstance(values, pd.DataFrame):
        columns, values = [str(name) for name in values.columns], values.to_numpy()
    if getattr(values, "ndim", 0) != 2:
        raise FrameError(f"{where}: a matrix must stand here")
    return Matrix(values, names, columns)


def _sample_map(name: str, data: Any, sample: str | None) -> pd.DataFrame:
    runs = [str(label) for label in data.obs.index]
    if sample is None:
        primary: list[Any] = runs
    elif sample in data.obs:
        primary = list(data.obs[sample])
    else:
        raise FrameError(
            f"experiment {name!r}: obs has no column {sample!r} that names the sample of a run; "
            "name the column with sample=..., or pass sample=None if the labels are the samples"
        )
    for run, one in zip(runs, primary, strict=True):
        if not isinstance(one, str):
            raise FrameError(f"experiment {name!r}: run {run!r} has no sample")
    return pd.DataFrame({"assay": name, "primary": primary, "colname": runs}, dtype=object)


def _warn_of_left_out(data: Any, names: Iterable[str], container: str) -> None:
    left_out = [name for name in names if _holds(getattr(data, name, None))]
    if left_out:
        message = f"{', '.join(left_out)} of AnnData: no place in {container}, left out"
        warnings.warn(message, stacklevel=3)


def _holds(content: Any) -> bool:
    return content is not None and (not isinstance(content, Mapping) or bool(len(content)))


def _run(package: str, name: str, *arguments: RObject) -> RObject:
    if not _functions:
        code = files("odm_shiny.rbridge").joinpath("bioc.R").read_text(encoding="utf-8")
        found = r_memory.evaluate(code)
        names = session.text_of(r_memory.attribute(found, "names"))
        _functions.update(zip(names, r_memory.elements(found), strict=True))
    absent = session.apply(_functions["missing_packages"], r_memory.few_strings([package]))
    if r_memory.length(absent):
        message = (
            f"R's package {package} is not installed: in R BiocManager::install({package!r}), "
            f"on Debian apt-get install {_DEBIAN.format(package.lower())}"
        )
        raise MissingDependency(message)
    return session.apply(_functions[name], *arguments)
