"""limma and DESeq2 in Python: the numbers of a plain Rscript, and what no plain script survives."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from odm_shiny.analysis import deseq2, limma
from odm_shiny.demo import demo_study
from odm_shiny.errors import BridgeError, FrameError

pytestmark = [pytest.mark.r, pytest.mark.timeout(300)]

PLAIN_LIMMA = """
library(limma)
values <- as.matrix(read.delim("values.tsv", row.names = 1, check.names = FALSE))
samples <- read.delim("samples.tsv", stringsAsFactors = TRUE)
samples$group <- factor(samples$group, levels = c("T", "B", "U"))
design <- model.matrix(~ 0 + group + sex, samples)
fit <- lmFit(values, design)
fit <- eBayes(contrasts.fit(fit, makeContrasts(groupB - groupT, levels = design)))
found <- topTable(fit, number = Inf, sort.by = "none", adjust.method = "BH")
write.table(format(found, digits = 17), "found.tsv", sep = "\\t", quote = FALSE, row.names = FALSE)
"""

PLAIN_DESEQ2 = """
suppressPackageStartupMessages(library(DESeq2))
counts <- as.matrix(read.delim("values.tsv", row.names = 1, check.names = FALSE))
samples <- read.delim("samples.tsv", stringsAsFactors = TRUE)
data <- DESeqDataSetFromMatrix(counts, samples, ~ batch + age + group)
data <- DESeq(data, quiet = TRUE)
found <- as.data.frame(results(data, contrast = c("group", "b", "a")))
write.table(format(found, digits = 17), "found.tsv", sep = "\\t", quote = FALSE, row.names = FALSE)
"""


ASK = """
import pandas as pd
from odm_shiny.analysis import limma
from odm_shiny.errors import MissingDependency
try:
    limma(pd.DataFrame([[1.0, 2, 3, 4]]), ["a", "a", "b", "b"], contrast=("b", "a"))
except MissingDependency as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param(
            {"R_LIBS_SITE": "/nowhere", "R_LIBS_USER": "/nowhere"},
            "R's package limma is not installed: in R BiocManager::install('limma'), "
            "on Debian apt-get install r-bioc-limma",
            id="no limma",
        ),
        pytest.param(
            {"PATH": "/nowhere", "R_HOME": ""},
            "R is not installed, or not on the PATH: apt-get install r-base-core r-base-dev",
            id="no R",
        ),
    ],
)
def test_what_is_missing_is_named_with_the_line_that_installs_it(changed, said):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ASK],
        env={**os.environ, **changed},
        capture_output=True,
        text=True,
    )
    assert (done.stderr, done.stdout.strip()) == ("", said)


@pytest.fixture
def plain(tmp_path: Path) -> Callable[..., pd.DataFrame]:
    """Run an R script of its own on numbers that are written as text."""

    def run(script: str, values: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
        values.to_csv(tmp_path / "values.tsv", sep="\t")
        samples.to_csv(tmp_path / "samples.tsv", sep="\t", index=False)
        (tmp_path / "script.R").write_text(script)
        done = subprocess.run(
            ["Rscript", "--vanilla", "script.R"], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return pd.read_csv(
            tmp_path / "found.tsv", sep="\t", na_values=["NA"], skipinitialspace=True
        )

    return run


def demo_values(study: str, file: str) -> pd.DataFrame:
    path = demo_study(study).folder / file
    table = pd.read_csv(path, sep="\t").drop(columns=["gene", "probe"], errors="ignore")
    return table.set_axis([f"g{row}" for row in range(len(table))]).select_dtypes("number")


@pytest.fixture(scope="module")
def leukemia() -> tuple[pd.DataFrame, pd.DataFrame]:
    """8,728 genes of 128 samples in three groups, with gaps; sex is not known of all."""
    samples = pd.read_csv(
        demo_study("chiaretti-all").folder / "ALL.samples.tsv", sep="\t", dtype=str
    ).set_index("Sample Source ID")
    groups = samples["Cell Type"].str[0].where(samples["Ploidy"] != "hyperdiploid", "U")
    values = demo_values("chiaretti-all", "ALL.genes.expression.tsv.gz")
    return values, pd.DataFrame({"group": groups, "sex": samples["Sex"]})


@pytest.fixture(scope="module")
def few_counts(lung: pd.DataFrame) -> pd.DataFrame:
    """120 of these genes."""
    return lung.head(120)


@pytest.fixture(scope="module")
def lung() -> pd.DataFrame:
    """400 genes of 30 samples, read counts."""
    return demo_values("gtex-lung-chr21", "GTEx.count.expression.tsv.gz").head(400)


def same(found: pd.Series[float], expected: pd.Series[float]) -> None:
    # Differences near 0 lose digits, p-values do not.
    atol = 1e-12 if found.min() < 0 else 0
    np.testing.assert_allclose(found.to_numpy(), expected.to_numpy(), rtol=1e-9, atol=atol)


def test_limma_gives_the_numbers_of_a_plain_script(r, plain, leukemia):
    values, samples = leukemia
    found = limma(values, samples["group"], contrast=("B", "T"), covariates=samples[["sex"]])
    known = samples.dropna()
    expected = plain(PLAIN_LIMMA, values[known.index], known)
    assert len(found) == len(expected) == 8728
    same(found["log2_fold_change"], expected["logFC"])
    same(found["mean"], expected["AveExpr"])
    same(found["statistic"], expected["t"])
    same(found["p_value"], expected["P.Value"])
    same(found["p_adjusted"], expected["adj.P.Val"])
    n = known["group"].value_counts()
    assert found.attrs["groups"] == {"T": n["T"], "B": n["B"], "U": n["U"]}
    assert found.attrs["left_out"] == list(samples.index[samples["sex"].isna()])
    assert len(found.attrs["left_out"]) == 3


def test_deseq2_gives_the_numbers_of_a_plain_script(r, plain, lung):
    samples = pd.DataFrame(
        {
            "group": pd.qcut(lung.loc["g10"] / lung.sum(), 3, labels=["a", "b", "c"]).astype(str),
            "batch": ["x", "y", "y"] * 10,
            "age": np.round(np.sin(np.arange(30)), 3),
        },
        index=lung.columns,
    )
    found = deseq2(
        lung, samples["group"], contrast=("b", "a"), covariates=samples[["batch", "age"]]
    )
    expected = plain(PLAIN_DESEQ2, lung, samples)
    same(found["log2_fold_change"], expected["log2FoldChange"])
    same(found["mean"], expected["baseMean"])
    same(found["statistic"], expected["stat"])
    same(found["p_value"], expected["pvalue"])
    same(found["p_adjusted"], expected["padj"])
    assert found["p_adjusted"][10] < 0.05
    assert found["p_value"].isna().any()


SAMPLES = ["s 1", "ß2", "s-3", "TRUE", "s5", "s6", "NA"]
GROUPS = ["B cell (CD19+)", "T/NK", "B cell (CD19+)", "~ x", "T/NK", "B cell (CD19+)", "T/NK"]
CONTRAST = ("T/NK", "B cell (CD19+)")


def few(**changed: list[float]) -> pd.DataFrame:
    """Values as files have them: names that are none in R, a name twice, gaps, a constant."""
    rows: dict[str, Any] = {
        "HLA-A": [5.0, 9.0, 5.5, 7.0, 9.5, 6.0, 8.0],
        "ge ne": [5.0, np.nan, 5.5, 7.0, 9.5, 6.0, 8.0],
        "constant": [4.0] * 7,
        "no T": [5.0, np.nan, 5.5, 7.0, np.nan, 6.0, np.nan],
        "one T": [5.0, np.nan, 5.5, 7.0, 9.0, 6.1, np.nan],
        "none": [np.nan] * 7,
        "1/2 β": [3.0, 3.2, 3.1, 3.5, 2.5, 3.3, 2.2],
        **changed,
    }
    frame = pd.DataFrame(rows, index=SAMPLES).T
    return frame.rename(index={"1/2 β": "HLA-A"})


def test_gaps_constants_and_names_of_any_kind_are_data(r):
    found = limma(few(), GROUPS, contrast=CONTRAST)
    assert list(found["feature"]) == [
        *("HLA-A", "ge ne", "constant", "no T", "one T", "none", "HLA-A")
    ]
    assert found["n T/NK"].tolist() == [3, 2, 3, 0, 1, 0, 3]
    assert found["n B cell (CD19+)"].tolist() == [3, 3, 3, 3, 3, 0, 3]
    assert found["p_value"].isna().tolist() == [False, False, False, True, False, True, False]
    assert found["p_adjusted"].isna().equals(found["p_value"].isna())
    assert found["log2_fold_change"].round(9).tolist()[:3] == [3.333333333, 3.25, 0.0]
    assert found.loc[2, "p_value"] == pytest.approx(1)
    assert found.loc[6, "log2_fold_change"] == pytest.approx(2.6333333 - 3.1333333)
    assert set(found["adjustment"]) == {"Benjamini-Hochberg"}
    assert found.attrs["test"].startswith("moderated t (limma ")
    assert found.attrs["groups"] == {"B cell (CD19+)": 3, "T/NK": 3, "~ x": 1}


def test_a_gap_that_hides_the_reference_leaves_no_difference_of_other_groups(r):
    values = few(**{"no T": [np.nan, 9.0, np.nan, 1.0, 9.5, np.nan, 8.0]})
    found = limma(values, GROUPS, contrast=CONTRAST)
    assert found.loc[3, "n B cell (CD19+)"] == 0
    assert found.loc[3, ["log2_fold_change", "statistic", "p_value"]].isna().all()


def test_a_covariate_explains_what_it_is_about(r):
    age = {name: float(number) for number, name in enumerate(SAMPLES)}
    values = few(constant=[0.0, 1.001, 2.0, 3.0, 4.002, 5.0, 6.0])
    assert limma(values, GROUPS, contrast=CONTRAST)["log2_fold_change"][2] > 1
    found = limma(values, GROUPS, contrast=CONTRAST, covariates={"Age (years)": age})
    assert found["log2_fold_change"][2] == pytest.approx(0, abs=0.01)
    assert found.attrs["covariates"] == ["Age (years)"]


def test_a_group_of_one_sample_is_compared(r):
    found = limma(few(), ["alone", *["others"] * 6], contrast=("alone", "others"))
    assert found["n alone"].tolist()[0] == 1
    assert 0 < found["p_value"][0] < 1


def test_one_feature_and_a_trend(r):
    one = limma(few().iloc[[0]], GROUPS, contrast=CONTRAST)
    assert one["p_value"][0] == one["p_adjusted"][0]
    plain, trend = (limma(few(), GROUPS, contrast=CONTRAST, trend=on) for on in (False, True))
    assert not np.allclose(plain["statistic"][0], trend["statistic"][0])


def test_the_other_way_round_changes_the_sign_only(r, few_counts):
    groups = ["ä 1"] * 14 + ["2-b"] * 16
    there, back = (
        deseq2(few_counts, groups, contrast=pair) for pair in (("ä 1", "2-b"), ("2-b", "ä 1"))
    )
    np.testing.assert_allclose(there["log2_fold_change"], -back["log2_fold_change"], atol=1e-4)
    assert there["n ä 1"].tolist() == [14] * len(few_counts)
    assert list(there.columns[-2:]) == ["n ä 1", "n 2-b"]


def test_a_feature_with_a_missing_count_is_not_tested(r, few_counts):
    groups = ["a"] * 14 + ["b"] * 16
    counts = few_counts.astype("Int64")
    counts.iloc[5, 3] = pd.NA
    whole, gap = (
        deseq2(one, groups, contrast=("a", "b")) for one in (few_counts.drop("g5"), counts)
    )
    assert gap.loc[5, ["mean", "log2_fold_change", "p_value", "p_adjusted"]].isna().all()
    assert gap.loc[5, "n a"] == 13
    same(gap["p_value"].drop(5), whole["p_value"])


def test_size_factors_where_every_gene_has_a_zero(r, few_counts):
    counts = few_counts.to_numpy().copy()
    counts[np.arange(len(counts)), np.arange(len(counts)) % 30] = 0
    table = pd.DataFrame(counts, few_counts.index, few_counts.columns)
    groups = ["a"] * 14 + ["b"] * 16
    with pytest.raises(BridgeError, match="every gene contains at least one zero"):
        deseq2(table, groups, contrast=("a", "b"))
    found = deseq2(table, groups, contrast=("a", "b"), size_factors="poscounts")
    assert found["p_value"].notna().any()


@pytest.mark.parametrize("wrong", [-1, 1.5, 2**31], ids=["negative", "broken", "too large"])
def test_what_is_no_count_is_named(r, few_counts, wrong):
    counts = few_counts.astype(float)
    counts.iloc[2, 1] = wrong
    name = rf"feature 'g2', sample '{counts.columns[1]}': .* is no count"
    with pytest.raises(FrameError, match=name):
        deseq2(counts, ["a"] * 14 + ["b"] * 16, contrast=("a", "b"))
