from __future__ import annotations

import numpy as np
import pytest


def test_features_are_found_by_exact_value_of_a_column(store, example):
    example.write(store)
    matrix = store.open("m1")
    assert matrix.feature_indices(None, ["ENSG2", "7157", "ENSG2", "no", "ENSG"]).tolist() == [
        0,
        2,
        3,
    ]
    assert matrix.feature_indices("gene", ["ÄB1", "TP53", ""]).tolist() == [4, 0]
    assert matrix.feature_indices("chromStart", ["7", "x", "-3.0", "nan"]).tolist() == [0, 3, 4]
    assert matrix.feature_indices("no such column", ["1"]).tolist() == []
    assert matrix.feature_indices(None, []).tolist() == []


def test_many_names_are_found_as_few_are(store):
    names = [f"g{number % 700}" for number in range(1000)] + ["é"]
    with store.writer("m", run_names=["S1"]) as writer:
        writer.write_block({"g": names}, np.zeros((1001, 1, 1)))
        writer.finish()
    matrix = store.open("m")
    wanted = [f"g{number}" for number in range(900, 0, -1)] + ["é"]
    one_by_one = [matrix.feature_indices(None, [name]) for name in wanted]
    np.testing.assert_array_equal(matrix.feature_indices(None, wanted), np.concatenate(one_by_one))


def test_feature_columns_are_texts_or_numbers(store, example):
    example.write(store)
    matrix = store.open("m1")
    assert matrix.feature_column("gene").tolist() == example.features["gene"]
    assert matrix.feature_column().tolist() == example.features["Ensembl_ID"]
    assert matrix.feature_column("gene", [3, 0]).tolist() == ["BRCA1", "TP53"]
    np.testing.assert_array_equal(matrix.feature_column("chromStart"), [7, 12, np.nan, 7, -3])
    with pytest.raises(KeyError):
        matrix.feature_column("no such column")


def test_accessions_that_are_numbers_keep_their_text_and_are_found_as_numbers(store):
    with store.writer("m", run_names=["S1"]) as writer:
        writer.write_block({"entrez": ["007", "12", "7"]}, np.zeros((3, 1, 1)))
        writer.finish({"entrez": "number"})
    matrix = store.open("m")
    assert matrix.feature_column().tolist() == ["007", "12", "7"]
    assert matrix.feature_column("entrez").tolist() == [7.0, 12.0, 7.0]
    assert matrix.feature_indices(None, ["7"]).tolist() == [0, 2]


def test_suggestions_start_with_the_text_before_they_hold_it(store, example):
    example.write(store)
    matrix = store.open("m1")
    assert matrix.suggest("ensg", 10) == ["ENSG1", "ENSG2"]
    assert matrix.suggest("p5", 10, "gene") == ["TP53", "tp53"]
    assert matrix.suggest("ä", 10, "gene") == ["ÄB1"]
    assert matrix.suggest("b", 10, "gene") == ["BRCA1", "ÄB1"]
    assert matrix.suggest("", 2) == ["7157", "ENSG1"]
    assert matrix.suggest("7", 10, "chromStart") == ["7"]
    assert matrix.suggest("x", 10, "no such column") == []
    assert matrix.suggest("e", 0) == []
