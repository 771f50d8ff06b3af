"""limma and DESeq2, called with numbers; `odm_shiny.analysis.differential` names them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from odm_shiny.errors import MissingDependency
from odm_shiny.rbridge import r_memory, session
from odm_shiny.rbridge.from_r import from_r
from odm_shiny.rbridge.matrices import Matrix
from odm_shiny.rbridge.r_memory import RObject
from odm_shiny.rbridge.to_r import to_r

_functions: dict[str, RObject] = {}


def fit_limma(
    values: NDArray[np.float64], design: NDArray[np.float64], *, trend: bool
) -> dict[str, Any]:
    """Fit a linear model to each row, and test the last coefficient.

    Parameters
    ----------
    values : (n_features, n_samples)
        NaN = missing.
    design : (n_samples, n_coefficients)
        Of full rank.

    Returns
    -------
    ``log2_fold_change``, ``mean``, ``statistic``, ``p_value``, ``p_adjusted``, each (n_features,)
    float64; ``notes``, what R remarked; ``test`` and ``r``, with their versions.

    Raises
    ------
    MissingDependency
        R, rpy2 or limma is not installed.
    BridgeError
        limma failed, or R belongs to another thread.
    """
    _need("limma")
    return _fit("limma", _matrix(values), to_r(design), to_r(trend))


def fit_deseq2(
    counts: NDArray[np.float64],
    groups: NDArray[np.int64],
    covariates: Mapping[str, NDArray[Any]],
    *,
    size_factors: str,
) -> dict[str, Any]:
    """Fit DESeq2's model to each row, and test group 1 against group 0.

    Parameters
    ----------
    counts : (n_features, n_samples)
        Whole numbers from 0; rows with NaN are not tested.
    groups : (n_samples,)
        From 0.
    covariates
        (n_samples,) float64 for numbers, int64 from 0 for categories. Names do not matter.
    size_factors
        DESeq2's ``sfType``.

    Returns
    -------
    As of `fit_limma`.
    """
    _need("DESeq2")
    whole = np.where(np.isnan(counts), 0, counts).astype(np.int32)
    numbered = {f"x{number}": column for number, column in enumerate(covariates.values())}
    return _fit(
        "deseq2",
        to_r(whole),
        to_r(~np.isnan(counts).any(axis=1)),
        to_r(groups),
        to_r(numbered),
        to_r(size_factors),
    )


def _matrix(values: NDArray[np.float64]) -> RObject:
    return to_r(Matrix(values, nan_is_missing=True))


def _fit(name: str, *arguments: RObject) -> dict[str, Any]:
    found = from_r(session.apply(_functions[name], *arguments))
    table = found.pop("table")
    return {**found, **{column: table[column].to_numpy(np.float64) for column in table}}


def _need(package: str) -> None:
    session.start()
    if not _functions:
        code = files("odm_shiny.rbridge").joinpath("differential.R").read_text(encoding="utf-8")
        found = r_memory.evaluate(code)
        names = session.text_of(r_memory.attribute(found, "names"))
        _functions.update(zip(names, r_memory.elements(found), strict=True))
    if not from_r(session.apply(_functions["is_installed"], to_r(package))):
        message = (
            f"R's package {package} is not installed: in R BiocManager::install({package!r}), "
            f"on Debian apt-get install r-bioc-{package.lower()}"
        )
        raise MissingDependency(message)
