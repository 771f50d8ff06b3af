"""Shipped numbers against the originals: the expected ones were printed by R and rnanorm."""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
import pytest

from odm_shiny.demo import demo_study


@pytest.mark.parametrize(
    ("name", "version", "n_features", "n_columns"),
    [
        ("chiaretti-all", 0, 12_625, 128),
        ("chiaretti-all", 1, 8_728, 128),
        ("golub-leukemia", 0, 3_051, 38),
        ("gtex-lung-chr21", 0, 818, 30),
        ("gtex-lung-chr21", 1, 818, 60),
    ],
)
def test_shapes(name, version, n_features, n_columns, matrix_of):
    assert matrix_of(name, version).values.shape == (n_features, n_columns)


@pytest.mark.parametrize(
    ("probe", "sample", "expected"),
    [
        ("1000_at", "01005", 7.597322981164),
        ("1636_g_at", "01005", 10.481547718003),
        ("1096_g_at", "04006", 7.474482901797),
        ("38319_at", "LAL4", 8.341995019238),
        ("38319_at", "LAL5", 5.466073694354),
        ("AFFX-YEL021w/URA3_at", "83001", 4.309681993155),
    ],
)
def test_all_values_are_those_of_r_to_four_decimals(probe, sample, expected, matrix_of):
    assert matrix_of("chiaretti-all", 0).at(probe, sample) == round(expected, 4)


def test_all_mean_and_range_are_those_of_r(matrix_of):
    values = matrix_of("chiaretti-all", 0).values
    assert values.mean() == pytest.approx(5.6249880003, abs=1e-6)
    assert (values.min(), values.max()) == (1.9849, 14.1266)


def test_all_probes_have_the_symbols_of_hgu95a(matrix_of):
    symbols = matrix_of("chiaretti-all", 0).features["gene"]
    assert (len(symbols), sum(map(bool, symbols))) == (12_625, 11_738)
    assert len(set(symbols) - {""}) == 8_732


def test_all_genes_chooses_the_probes_that_r_chooses_by_iqr(matrix_of):
    features = matrix_of("chiaretti-all", 1).features
    pairs = dict(zip(features["gene"], features["probe"], strict=True))
    known = {"CD19": "1096_g_at", "ABL1": "1635_at", "TCF7": "32649_at", "BCR": "1333_f_at"}
    assert {gene: pairs[gene] for gene in known} == known
    # Sorted by symbol; sha256sum of the column as tapply(IQR) and which.max give it in R.
    listed = "".join(f"{probe}\n" for probe in features["probe"])
    expected = "34b5b1fc90868b92011e61d055ebf034100e5f84ee1176991cf27904bf78e616"
    assert hashlib.sha256(listed.encode()).hexdigest() == expected


def test_all_genes_holds_the_values_of_the_chosen_probes(matrix_of):
    probes, genes = matrix_of("chiaretti-all", 0), matrix_of("chiaretti-all", 1)
    row_of = {probe: row for row, probe in enumerate(probes.features["probe"])}
    chosen = [row_of[probe] for probe in genes.features["probe"]]
    assert [probes.features["gene"][row] for row in chosen] == genes.features["gene"]
    assert np.array_equal(probes.values[chosen], genes.values)


def test_all_genes_misses_only_symbols_of_control_probes(matrix_of):
    probes, genes = matrix_of("chiaretti-all", 0), matrix_of("chiaretti-all", 1)
    lost = set(probes.features["gene"]) - set(genes.features["gene"])
    assert lost == {"", "Il10", "Il2", "Il4", "Tnfrsf6"}
    assert not any(probe.startswith("AFFX") for probe in genes.features["probe"])


@pytest.mark.parametrize(
    ("attribute", "counts"),
    [
        ("Sex", {"male": 83, "female": 42, "": 3}),
        ("Cell Type", {"B cell": 95, "T cell": 33}),
        (
            "Molecular Biology",
            {"NEG": 74, "BCR/ABL": 37, "ALL1/AF4": 10, "E2A/PBX1": 5, "NUP-98": 1, "p15/p16": 1},
        ),
        (
            "Immunophenotype Stage",
            {"B": 5, "B1": 19, "B2": 36, "B3": 23, "B4": 12}
            | {"T": 5, "T1": 1, "T2": 15, "T3": 10, "T4": 2},
        ),
        ("Remission", {"complete remission": 99, "refractory": 15, "": 14}),
        ("Relapse", {"yes": 65, "no": 35, "": 28}),
        ("Bone Marrow Transplant", {"yes": 9, "no": 91, "": 28}),
        ("Translocation t(9;22)", {"yes": 26, "no": 67, "": 35}),
        ("BCR/ABL Fusion Protein", {"p190": 17, "p190/p210": 8, "p210": 8, "": 95}),
        ("Ploidy", {"diploid": 94, "hyperdiploid": 27, "": 7}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_all_phenotypes_are_counted_as_in_r(attribute, counts, samples_of):
    assert Counter(samples_of(demo_study("chiaretti-all")).column(attribute)) == counts


@pytest.mark.parametrize(
    ("attribute", "n_missing", "first", "last"),
    [
        ("Date of Diagnosis", 2, "1996-10-04", "2000-08-17"),
        ("Date of Complete Remission", 32, "1996-12-20", "2000-06-27"),
        ("Date Last Seen", 35, "1997-02-10", "2002-12-31"),
    ],
)
def test_all_dates_are_iso_and_span_what_r_says(attribute, n_missing, first, last, samples_of):
    dates = samples_of(demo_study("chiaretti-all")).column(attribute)
    known = sorted(date for date in dates if date)
    assert (dates.count(""), known[0], known[-1]) == (n_missing, first, last)


def test_all_ages_are_those_of_r_and_only_they_have_a_unit(samples_of):
    samples = samples_of(demo_study("chiaretti-all"))
    ages, units = samples.column("Age"), samples.column("Age Unit")
    known = [int(age) for age in ages if age]
    assert (len(known), min(known), max(known)) == (123, 5, 58)
    assert np.mean(known) == pytest.approx(32.37, abs=0.005)
    assert [bool(age) for age in ages] == [unit == "year" for unit in units]


def test_all_sample_ids_keep_their_leading_zero(samples_of):
    samples = samples_of(demo_study("chiaretti-all"))
    assert samples.column("Sample Source ID")[0] == "01005"
    assert samples.column("Patient ID")[0] == "1005"


@pytest.mark.parametrize(
    ("probe", "sample", "expected"),
    [
        ("D88422_at", "golub_01", -1.0184),
        ("M27891_at", "golub_01", -0.43514),
        ("M27891_at", "golub_38", 1.2227),
        ("M31523_at", "golub_28", -0.28526),
    ],
)
def test_golub_values_are_those_of_r(probe, sample, expected, matrix_of):
    assert matrix_of("golub-leukemia", 0).at(probe, sample) == expected


def test_golub_totals_are_those_of_r(matrix_of):
    values = matrix_of("golub-leukemia", 0).values
    assert np.abs(values).sum() == pytest.approx(93377.12533, abs=1e-4)
    assert values.std(axis=0, ddof=1) == pytest.approx(np.ones(38), abs=1e-4)


def test_golub_classes_are_27_and_11_in_order(samples_of):
    classes = samples_of(demo_study("golub-leukemia")).column("Tumor Class")
    assert classes == ["ALL"] * 27 + ["AML"] * 11


def test_golub_symbols_are_known_to_hgu95a(matrix_of):
    known = set(matrix_of("chiaretti-all", 0).features["gene"])
    symbols = [gene for gene in matrix_of("golub-leukemia", 0).features["gene"] if gene]
    assert set(symbols) <= known
    assert (len(symbols), len(set(symbols))) == (931, 874)


def test_golub_first_words_known_to_hgu95a_are_958(matrix_of):
    known = set(matrix_of("chiaretti-all", 0).features["gene"]) - {""}
    described = matrix_of("golub-leukemia", 0).features["description"]
    assert sum(text.split(" ")[0] in known for text in described) == 958


def test_gtex_counts_are_the_whole_numbers_of_the_package(matrix_of):
    counts = matrix_of("gtex-lung-chr21", 0)
    assert counts.at("ENSG00000141956.13", "GTEX-111CU-0326-SM-5GZXO") == 871
    assert counts.at("ENSG00000141959.16", "GTEX-111VG-0726-SM-5GIDC") == 11_016
    assert np.array_equal(counts.values, np.round(counts.values))
    totals = counts.values.sum(axis=0)
    assert (totals.min(), totals.max()) == (394_140, 826_255)
    assert (counts.values.sum(axis=1) == 0).sum() == 222


def test_gtex_symbols_may_repeat(matrix_of):
    symbols = Counter(matrix_of("gtex-lung-chr21", 0).features["gene"])
    assert len(symbols) == 818 - 21
    assert symbols["Y_RNA"] == 12


def test_gtex_second_version_keeps_the_counts(matrix_of):
    first, second = matrix_of("gtex-lung-chr21", 0), matrix_of("gtex-lung-chr21", 1)
    assert [name.split(":")[1] for name in second.columns] == ["count", "tpm_chr21"] * 30
    assert np.array_equal(second.values[:, ::2], first.values)
    assert second.features["gene_id"] == first.features["gene_id"]


def test_gtex_tpm_follows_from_counts_and_lengths(matrix_of):
    second = matrix_of("gtex-lung-chr21", 1)
    lengths = np.array(second.features["gene_length_bp"], dtype=float)
    rate = second.values[:, ::2] / lengths[:, None]
    expected = rate / rate.sum(axis=0) * 1e6
    assert np.allclose(second.values[:, 1::2], expected, rtol=0, atol=5.001e-5)
