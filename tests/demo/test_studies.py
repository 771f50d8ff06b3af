"""The shipped studies as declared: complete, importable by ODM's rules, with genes that differ."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import ttest_ind

from odm_shiny.demo import demo_studies, demo_study
from odm_shiny.errors import QueryError

MISSING = {"", "nan", "null", "n/a", "na", "filtered", "inf", "-inf"}
# The documented default template, semantics.md section 14.
REQUIRED_STUDY = {"Study Source", "Study Source ID", "Study Description", "Study Title"}


def test_names_are_distinct_and_the_leukemia_of_128_patients_comes_first():
    names = [study.name for study in demo_studies()]
    assert names == ["chiaretti-all", "golub-leukemia", "gtex-lung-chr21"]


def test_an_unknown_study_is_answered_with_the_known_ones():
    with pytest.raises(QueryError, match=r"'golub'.*golub-leukemia"):
        demo_study("golub")


def test_a_study_cannot_be_changed(study):
    with pytest.raises(dataclasses.FrozenInstanceError):
        study.title = "other"


def test_every_file_of_the_folder_belongs_to_the_study_and_the_other_way_round(study):
    named = {study.study_file, study.samples_file}
    named |= {file for matrix in study.matrices for file in (matrix.file, matrix.metadata_file)}
    assert {file.name for file in study.folder.iterdir()} == named


def test_the_study_record_fills_what_the_template_requires(study, record_of):
    record = record_of(study, study.study_file)
    assert {name for name, value in record.items() if value} >= REQUIRED_STUDY
    assert record["Study Title"] == study.title


def test_sample_ids_are_filled_and_unique(study, samples_of):
    samples = samples_of(study)
    ids = samples.column("Sample Source ID")
    assert len(set(ids)) == len(ids)
    assert all(ids)
    assert all(samples.column("Sample Source"))


def test_sample_records_are_rectangular_trimmed_and_single_valued(study, samples_of):
    samples = samples_of(study)
    assert len(set(samples.header)) == len(samples.header)
    for row in samples.rows:
        assert len(row) == len(samples.header)
        assert [cell.strip() for cell in row] == row
        assert not any("|" in cell for cell in row)


def test_matrix_columns_are_the_sample_ids_in_order(study, version, samples_of, matrix_of):
    separator = study.matrices[version].measurement_separator
    columns = matrix_of(study.name, version).columns
    names = [column.split(separator, 1)[0] for column in columns] if separator else columns
    assert list(dict.fromkeys(names)) == samples_of(study).column("Sample Source ID")
    assert len(set(columns)) == len(columns)
    assert not any(character.isspace() for column in columns for character in column)


def test_every_sample_has_the_same_measurements(study, version, matrix_of):
    separator = study.matrices[version].measurement_separator
    columns = matrix_of(study.name, version).columns
    measurements: dict[str, list[str]] = {}
    for column in columns:
        sample, _, measurement = column.partition(separator or "\0")
        measurements.setdefault(sample, []).append(measurement)
    assert len({tuple(found) for found in measurements.values()}) == 1


def test_features_are_unique_and_none_reads_as_missing(study, version, matrix_of):
    features = list(matrix_of(study.name, version).features.values())
    assert len(set(features[0])) == len(features[0])
    assert not MISSING & {name.lower() for name in features[0]}
    assert not (MISSING - {""}) & {cell.lower() for column in features for cell in column}
    assert "gene" in matrix_of(study.name, version).features


def test_values_are_all_there_and_finite(study, version, matrix_of):
    assert np.isfinite(matrix_of(study.name, version).values).all()


def test_signal_metadata_says_class_scale_and_method(study, version, record_of):
    matrix = study.matrices[version]
    record = record_of(study, matrix.metadata_file)
    assert record["Data Class"] == matrix.data_class
    assert record["Name"]
    assert record["Scale"]
    assert record["Data Processing Method"]


def test_a_later_version_follows_an_earlier_one_and_differs_from_it(study, version, matrix_of):
    previous = study.matrices[version].previous
    if version == 0:
        assert previous is None
    else:
        assert previous is not None
        assert previous < version
        old, new = matrix_of(study.name, previous), matrix_of(study.name, version)
        assert old.features != new.features


def test_start_genes_are_in_every_version_once_or_more(study, version, matrix_of):
    symbols = set(matrix_of(study.name, version).features["gene"])
    assert {gene.symbol for gene in study.genes} <= symbols


@pytest.mark.parametrize(
    ("name", "version"),
    [("chiaretti-all", 0), ("chiaretti-all", 1), ("golub-leukemia", 0)],
)
def test_start_genes_differ_between_the_classes_named(name, version, samples_of, matrix_of):
    study = demo_study(name)
    samples = samples_of(study)
    for gene in study.genes:
        classes = np.array(samples.column(gene.attribute))
        rows = matrix_of(name, version).rows_of(gene.symbol)
        tests = [
            ttest_ind(
                row[classes == gene.higher_in],
                row[classes == gene.lower_in],
                equal_var=False,
                alternative="greater",
            )
            for row in rows
        ]
        assert min(test.pvalue for test in tests) < 1e-4, gene.symbol
