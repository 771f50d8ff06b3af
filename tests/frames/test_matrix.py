from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from odm_shiny.errors import FrameError
from odm_shiny.frames.items import Items
from odm_shiny.frames.matrix import ExpressionMatrix, expression_matrix, matrix_of, stack

NAN = float("nan")


def items_of(*rows):
    """Rows are (run, source, features, values)."""
    import json

    found = Items(lambda raws: [json.loads(raw) for raw in raws])
    found.add(
        [f"{run}-{next(iter(feature.values()))}" for run, _, feature, _ in rows],
        [value for *_, value in rows],
        {
            "itemOrigin": [
                json.dumps({"runSourceId": source, "runId": run, "groupId": "GSF30"}).encode()
                for run, source, *_ in rows
            ],
            "feature": [json.dumps(feature).encode() for _, _, feature, _ in rows],
            "relationships": [json.dumps({"sample": f"GSF{run}"}).encode() for run, *_ in rows],
            "metadata": [b'{"Scale": "TPM"}' for _ in rows],
        },
    )
    return found


def same(found, wanted):
    return np.array_equal(found, np.array(wanted, dtype=float), equal_nan=True)


def test_long_values_become_a_matrix_in_order_of_appearance():
    values = pa.table(
        {"run": ["b", "a", "b"], "feature": ["G2", "Mü", "Mü"], "value": [1.0, None, 3.0]}
    )
    found = expression_matrix(values)
    assert list(found.obs.index) == ["b", "a"]
    assert list(found.var.index) == ["G2", "Mü"]
    assert same(found.X, [[1, 3], [NAN, NAN]])
    assert same(expression_matrix(values, fill=-1).X, [[1, 3], [-1, NAN]])


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"run": ["a", "a"], "feature": ["G", "G"], "value": [1.0, 2.0]}, "run 'a' has 2 values"),
        ({"run": ["a"], "feature": ["G"]}, "no column value"),
        ({"run": [None], "feature": ["G"], "value": [1.0]}, "1 rows have no run"),
    ],
)
def test_values_that_make_no_matrix_are_refused(columns, text):
    schema = {
        name: pa.array(data, pa.string() if name != "value" else None)
        for name, data in columns.items()
    }
    with pytest.raises(FrameError, match=text):
        expression_matrix(pa.table(schema))


def test_items_become_a_matrix_with_what_is_known_of_runs_and_features():
    found = matrix_of(
        items_of(
            ("7", "S-01", {"gene": "TP53", "chrom": "17"}, {"value": 1.5}),
            ("7", "S-01", {"gene": "Mü", "chrom": None}, {"value": None}),
            ("8", "S-02", {"gene": "Mü", "chrom": None}, {"value": 3.0}),
        )
    )
    assert same(found.X, [[1.5, NAN], [NAN, 3.0]])
    assert list(found.obs.index) == ["S-01", "S-02"]
    assert list(found.obs["runId"]) == ["7", "8"]
    assert list(found.obs["sample"]) == ["GSF7", "GSF8"]
    assert list(found.obs["Scale"]) == ["TPM", "TPM"]
    assert list(found.var.index) == ["TP53", "Mü"]
    assert found.var["chrom"].tolist()[0] == "17"
    assert found.var["chrom"].isna().tolist() == [False, True]
    assert (found.n_obs, found.n_vars) == (2, 2)
    assert repr(found) == "ExpressionMatrix(2 runs x 2 features, 2 missing)"


def test_the_column_that_names_features_is_told_by_the_ids_of_items():
    rows = [("7", "S", {"accession": f"E{n}", "gene": "same"}, {"value": n}) for n in range(3)]
    found = items_of(*rows)
    found.parts["feature"].objects[:] = [
        dict(reversed(one.items())) for one in found.parts["feature"].objects
    ]
    assert list(matrix_of(found).var.index) == ["E0", "E1", "E2"]
    assert list(matrix_of(found).var.columns) == ["accession", "gene"]


def test_runs_of_one_name_are_indexed_by_their_ids():
    rows = [(run, "S-01", {"gene": "A"}, {"value": 1.0}) for run in ("7", "8")]
    assert list(matrix_of(items_of(*rows)).obs.index) == ["7", "8"]


def test_several_measurements_need_a_choice():
    found = items_of(("7", "S", {"gene": "A"}, {"FC": 1.5, "p": 0.01}))
    with pytest.raises(
        FrameError, match="the values are FC, p: say which one with measurement='FC'"
    ):
        matrix_of(found)
    with pytest.raises(FrameError, match="no 'q': the values are FC, p"):
        matrix_of(found, "q")
    assert same(matrix_of(found, "p").X, [[0.01]])


def test_two_values_for_one_place_are_refused():
    rows = [("7", "S-01", {"gene": "A"}, {"value": x}) for x in (1.0, 2.0)]
    with pytest.raises(FrameError, match="run '7' has 2 values for feature 'A'"):
        matrix_of(items_of(*rows))


def test_nothing_found_is_an_empty_matrix():
    found = matrix_of(Items(bytes))
    assert found.X.shape == (0, 0)
    assert found.to_anndata().shape == (0, 0)


def matrix(values, runs, features, group="GSF30"):
    obs = pd.DataFrame({"groupId": group}, index=pd.Index(runs, name="run"))
    var = pd.DataFrame({"gene": features}, index=pd.Index(features, name="gene"))
    return ExpressionMatrix(np.array(values, dtype=float), obs, var)


def test_matrices_are_put_below_each_other_by_their_features():
    one = matrix([[1, 2]], ["a"], ["G1", "G2"])
    two = matrix([[3, 4, 5], [6, 7, NAN]], ["b", "c"], ["G2", "G3", "G1"], "GSF31")
    found = stack([one, two])
    assert list(found.var.index) == ["G1", "G2", "G3"]
    assert same(found.X, [[1, 2, NAN], [5, 3, 4], [NAN, 6, 7]])
    assert list(found.obs.index) == ["a", "b", "c"]
    assert stack([one]) is one
    assert stack([]).X.shape == (0, 0)


def test_runs_of_one_name_in_two_files_are_told_apart():
    one = matrix([[1]], ["a"], ["G1"])
    found = stack([one, matrix([[2]], ["a"], ["G1"], "GSF31")])
    assert list(found.obs.index) == ["GSF30:a", "GSF31:a"]


def test_a_matrix_that_does_not_fit_its_names_is_refused():
    with pytest.raises(FrameError, match="X is 1 x 2, but there are 1 runs and 1 features"):
        matrix([[1, 2]], ["a"], ["G1"])


def test_an_anndata_can_be_written_and_read_back(tmp_path):
    import anndata

    found = matrix([[1, NAN], [2, 3]], ["a", "b"], ["G1", "G2"])
    found.obs["files"] = [["x|y", "z"], None]
    found.obs["empty"] = [None, None]
    adata = found.to_anndata()
    assert same(adata.X, [[1, NAN], [2, 3]])
    adata.write_h5ad(tmp_path / "x.h5ad")
    back = anndata.read_h5ad(tmp_path / "x.h5ad")
    assert list(back.obs_names) == ["a", "b"]
    assert back.obs["files"].iloc[0] == "x||y|z"
    assert same(back.X, [[1, NAN], [2, 3]])
