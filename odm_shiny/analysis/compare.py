"""Do groups of samples differ in one value? Tests by scipy, named with their n and correction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from odm_shiny.errors import FrameError

Test = Literal["auto", "means", "mann-whitney", "welch", "kruskal-wallis", "anova"]
Values = npt.NDArray[np.float64]

MIN_N = 3
MAX_PAIRED_GROUPS = 12
TESTS: dict[str, str] = {
    "auto": "Rank test: Mann-Whitney U for two groups, Kruskal-Wallis for more",
    "means": "Test of means: Welch's t for two groups, Welch's ANOVA for more",
    "mann-whitney": "Mann-Whitney U",
    "welch": "Welch's t-test",
    "kruskal-wallis": "Kruskal-Wallis H",
    "anova": "One-way ANOVA (Welch)",
}
PARAMETRIC = ("means", "welch", "anova")
CORRECTION = "Benjamini-Hochberg"


@dataclass(frozen=True)
class PairResult:
    """Two groups compared.

    Attributes
    ----------
    first, second
        Group names.
    p_value
        Two-sided p-value of the pair alone.
    p_adjusted
        The same after correction over all pairs (Benjamini-Hochberg, 1995).
    """

    first: str
    second: str
    p_value: float
    p_adjusted: float


@dataclass(frozen=True)
class Comparison:
    """The outcome of comparing groups.

    Attributes
    ----------
    test
        Name of the test over all groups; empty where none could be made.
    statistic, p_value
        Of that test; NaN where none could be made.
    n
        Values per group that went in, in the order of the groups; missing values do not count.
    pairs
        Pairwise results, only where 3 to `MAX_PAIRED_GROUPS` groups were compared.
    pair_test, correction
        Names of the pairwise test and of its correction.
    left_out
        Groups with fewer than `MIN_N` values, which no test saw.
    note
        Why there is no test, in words; empty otherwise.
    """

    test: str
    statistic: float
    p_value: float
    n: Mapping[str, int]
    pairs: tuple[PairResult, ...] = ()
    pair_test: str = ""
    correction: str = ""
    left_out: tuple[str, ...] = ()
    note: str = ""

    def short(self) -> str:
        """The test, its p and n, for the head of a plot; empty where no test was made."""
        if not self.test:
            return ""
        total = sum(count for name, count in self.n.items() if name not in self.left_out)
        return f"{self.test}, {p_text(self.p_value)}, n = {total:,}"

    def sentence(self) -> str:
        """One line for a caption: test, n, p and what was left out."""
        if not self.test:
            return self.note
        total = sum(count for name, count in self.n.items() if name not in self.left_out)
        groups = len(self.n) - len(self.left_out)
        text = f"{self.test}: {p_text(self.p_value)} (n = {total:,} in {groups} groups)"
        if self.pairs:
            text += f"; pairs: {self.pair_test}, {self.correction} corrected"
        if self.left_out:
            text += f"; left out (n < {MIN_N}): {', '.join(self.left_out)}"
        return text


def compare_groups(
    groups: Mapping[str, Sequence[float] | Values], test: Test = "auto"
) -> Comparison:
    """Test whether groups differ.

    Parameters
    ----------
    groups
        Group name to its values (float, any unit, one unit for all); NaN = missing, not counted.
    test
        ``"auto"`` assumes nothing of the distribution: for two groups Mann-Whitney U (two-sided,
        exact where a group has at most 8 values and there are no ties, else by the normal
        approximation with tie and continuity correction), for more Kruskal-Wallis.
        ``"means"`` compares means without assuming equal variances: Welch's t-test for two groups,
        Welch's ANOVA for more; a group whose values are all equal has no variance to weigh it by,
        so that no such test can be made.

    Returns
    -------
    Comparison

    Raises
    ------
    FrameError
        `test` is unknown, or a two-group test was asked for with more groups.
    """
    if test not in TESTS:
        raise FrameError(f"unknown test {test!r}; known: {', '.join(TESTS)}")
    clean = {name: _present(values) for name, values in groups.items()}
    n = {name: len(values) for name, values in clean.items()}
    tested = {name: values for name, values in clean.items() if len(values) >= MIN_N}
    left_out = tuple(name for name in clean if name not in tested)
    refusal = _why_not(tested, test)
    if refusal:
        return Comparison("", np.nan, np.nan, n, left_out=left_out, note=refusal)
    name, overall, pair = _chosen(test, len(tested))
    statistic, p_value = overall(list(tested.values()))
    if len(tested) == 2 or len(tested) > MAX_PAIRED_GROUPS:
        return Comparison(name, statistic, p_value, n, left_out=left_out)
    pairs = _compare_pairs(tested, pair)
    pair_test = TESTS["welch"] if pair is _welch else TESTS["mann-whitney"]
    return Comparison(name, statistic, p_value, n, pairs, pair_test, CORRECTION, left_out)


def p_text(p_value: float) -> str:
    """A p-value as it stands in a sentence: ``p = 0.02``, ``p < 1e-300``."""
    text = format_p(p_value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def format_p(p_value: float) -> str:
    """A p-value as papers print it: two significant digits, never a bare zero."""
    if np.isnan(p_value):
        return "not available"
    if p_value < 1e-300:
        return "< 1e-300"
    return f"{p_value:.2g}" if p_value >= 0.001 else f"{p_value:.1e}"


def _present(values: Sequence[float] | Values) -> Values:
    array = np.asarray(values, dtype=np.float64)
    return np.asarray(array[~np.isnan(array)])


def _why_not(tested: Mapping[str, Values], test: Test) -> str:
    if len(tested) < 2:
        return f"No test: fewer than two groups have at least {MIN_N} values."
    if len(np.unique(np.concatenate(list(tested.values())))) == 1:
        return "No test: every value is the same."
    constant = [name for name, values in tested.items() if len(np.unique(values)) == 1]
    if constant and test in PARAMETRIC:
        return f"No test of means: all values of {', '.join(constant)} are the same."
    return ""


_Test = Callable[[list[Values]], tuple[float, float]]


def _chosen(test: Test, n_groups: int) -> tuple[str, _Test, _Test]:
    if test in ("mann-whitney", "welch") and n_groups > 2:
        raise FrameError(
            f"{TESTS[test]} compares two groups, there are {n_groups}; "
            "choose 'auto', 'kruskal-wallis' or 'anova'"
        )
    if test == "auto":
        test = "mann-whitney" if n_groups == 2 else "kruskal-wallis"
    if test == "means":
        test = "welch" if n_groups == 2 else "anova"
    parametric = test in PARAMETRIC
    table: dict[str, _Test] = {
        "mann-whitney": _mann_whitney,
        "welch": _welch,
        "kruskal-wallis": _kruskal,
        "anova": _anova,
    }
    return TESTS[test], table[test], _welch if parametric else _mann_whitney


def _mann_whitney(groups: list[Values]) -> tuple[float, float]:
    return _pair(stats.mannwhitneyu(groups[0], groups[1], method="auto"))


def _welch(groups: list[Values]) -> tuple[float, float]:
    return _pair(stats.ttest_ind(groups[0], groups[1], equal_var=False))


def _kruskal(groups: list[Values]) -> tuple[float, float]:
    return _pair(stats.kruskal(*groups))


def _anova(groups: list[Values]) -> tuple[float, float]:
    return _pair(stats.f_oneway(*groups, equal_var=False))


def _pair(result: Any) -> tuple[float, float]:
    return float(result.statistic), float(result.pvalue)


def _compare_pairs(groups: Mapping[str, Values], pair: _Test) -> tuple[PairResult, ...]:
    names = list(combinations(groups, 2))
    raw = np.asarray([_p_of_pair(groups[a], groups[b], pair) for a, b in names])
    adjusted = stats.false_discovery_control(raw, method="bh")
    return tuple(
        PairResult(a, b, float(p), float(q))
        for (a, b), p, q in zip(names, raw, adjusted, strict=True)
    )


def _p_of_pair(first: Values, second: Values, pair: _Test) -> float:
    if len(np.unique(np.concatenate([first, second]))) == 1:
        return 1.0
    return pair([first, second])[1]
