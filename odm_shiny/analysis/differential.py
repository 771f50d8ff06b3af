"""Which features differ between two groups of samples? Fitted in R by limma and DESeq2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from odm_shiny.analysis.design import Design, design_of
from odm_shiny.errors import FrameError

if TYPE_CHECKING:
    import pandas as pd

ADJUSTMENT = "Benjamini-Hochberg"
MOST_COUNT = 2**31 - 1

SizeFactors = Literal["ratio", "poscounts"]


def limma(
    values: Any,
    groups: Any,
    *,
    contrast: tuple[Any, Any],
    covariates: Any = None,
    trend: bool = False,
) -> pd.DataFrame:
    """Compare every feature between two groups by limma's moderated t-test (Smyth, 2004).

    Parameters
    ----------
    values : (n_features, n_samples)
        On a log2 scale: a DataFrame with features as rows, or an AnnData or `ExpressionMatrix`,
        which have samples as rows. NaN = missing: the feature is fitted without it.
    groups
        Group of each sample: a mapping or Series by sample label, values in the order of the
        samples, or the name of a column of ``obs``. A sample without one is left out.
    contrast
        A group and its reference: the fold change is that of the first over the second. Samples of
        other groups are part of the fit, as they tell how much values vary.
    covariates
        What else the values may depend on: a DataFrame with one row a sample, a mapping of names to
        values as for `groups`, or names of columns of ``obs``. Numbers act linearly, everything
        else as categories. A sample that lacks one is left out.
    trend
        Let the variance that features share depend on their mean.

    Returns
    -------
    One row a feature, in order: ``feature`` its label; ``log2_fold_change``; ``mean`` over the
    samples; ``statistic``, the moderated t; ``p_value``, two-sided; ``p_adjusted`` by the method
    that ``adjustment`` names, over the features with a p-value; ``n GROUP`` for the two groups, the
    values that are not missing. NaN where a feature's values cannot tell. ``attrs`` holds ``test``,
    ``adjustment``, ``contrast``, ``groups`` (samples in each), ``covariates``, ``left_out``
    (samples), ``notes`` (what R remarked) and ``r``, the version of R.

    Raises
    ------
    FrameError
        Values that are no numbers; groups, covariates or a contrast that do not fit the samples or
        each other; too few samples.
    MissingDependency
        R, rpy2 or R's package limma is missing; the message holds the command that installs it.
    BridgeError
        R is used from another thread than before, or limma failed.

    Notes
    -----
    R runs inside this process, on the thread that used it first. A feature whose values are all the
    same has fold change 0, and the variance that the features share. Bioconductor's limma, design
    with one column for the difference, ``eBayes(lmFit(...))``.
    """
    design = design_of(values, groups, contrast, covariates)

    from odm_shiny.rbridge.differential import fit_limma

    return _result(design, fit_limma(design.values, design.matrix(), trend=trend))


def deseq2(
    counts: Any,
    groups: Any,
    *,
    contrast: tuple[Any, Any],
    covariates: Any = None,
    size_factors: SizeFactors = "ratio",
) -> pd.DataFrame:
    """Compare read counts between two groups by DESeq2's Wald test (Love et al., 2014).

    Parameters
    ----------
    counts : (n_features, n_samples)
        Reads as they were counted: whole numbers from 0, not normalised; else as for `limma`. A
        feature with a missing count is not tested.
    groups, contrast, covariates
        As for `limma`.
    size_factors
        How libraries of different size are made comparable: ``"ratio"``, over features counted in
        every sample, or ``"poscounts"``, where there are none.

    Returns
    -------
    As of `limma`; ``mean`` is that of the normalised counts, ``statistic`` Wald's z, and the fold
    change is not shrunken. ``p_value`` is NaN where counts are all 0 or hold an outlier,
    ``p_adjusted`` also where the mean is too low to find anything (independent filtering).

    Raises
    ------
    FrameError
        As of `limma`, and counts that are negative, broken or beyond 2**31 - 1.
    MissingDependency, BridgeError
        As of `limma`.
    """
    design = design_of(counts, groups, contrast, covariates)
    _check_counts(design)

    from odm_shiny.rbridge.differential import fit_deseq2

    fit = fit_deseq2(design.values, design.codes, design.covariates, size_factors=size_factors)
    return _result(design, fit)


def _check_counts(design: Design) -> None:
    with np.errstate(invalid="ignore"):
        is_wrong = (design.values < 0) | (design.values != np.floor(design.values))
        is_wrong |= design.values > MOST_COUNT
    is_wrong &= ~np.isnan(design.values)
    if is_wrong.any():
        row, column = np.argwhere(is_wrong)[0]
        raise FrameError(
            f"feature {design.features[row]!r}, sample {design.samples[column]!r}: "
            f"{design.values[row, column]:g} is no count of reads; give DESeq2 raw counts, and "
            "limma values on a log2 scale"
        )


def _result(design: Design, fit: Mapping[str, Any]) -> pd.DataFrame:
    import pandas as pd

    columns = {
        name: np.asarray(fit[name], dtype=np.float64)
        for name in ("log2_fold_change", "mean", "statistic", "p_value", "p_adjusted")
    }
    frame = pd.DataFrame({"feature": design.features, **columns})
    frame["adjustment"] = ADJUSTMENT
    for name, counts in design.n_present().items():
        frame[f"n {name}"] = counts
    n_samples = np.bincount(design.codes).tolist()
    frame.attrs = {
        "test": fit["test"],
        "adjustment": ADJUSTMENT,
        "contrast": (design.levels[1], design.levels[0]),
        "groups": dict(zip(design.levels, n_samples, strict=True)),
        "covariates": list(design.covariates),
        "left_out": list(design.left_out),
        "notes": fit["notes"],
        "r": fit["r"],
    }
    return frame
