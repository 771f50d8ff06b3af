"""AnnData and frames as Bioconductor's containers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from odm_shiny.errors import FrameError, MissingDependency

pytestmark = pytest.mark.r

R = Callable[[str], Any]

ORIGIN = {
    "query": "Tissue == 'β'",
    "versions": ["v1", "v2"],
    "time": "2026-11-23T00:00:00Z",
    "code": "connect(...)",
}


def cohort() -> anndata.AnnData:
    """3 runs of 2 samples, 5 features, a missing value, names that are not ASCII."""
    obs = pd.DataFrame(
        {
            "genestack:accession": ["GSF1", "GSF2", "GSF3"],
            "Tissue": pd.Categorical(["liver", None, "β"]),
            "Age": pd.array([1, None, 3], dtype="Int64"),
            "sample": ["p1", "p1", "p2"],
        },
        index=["r1", "r2", "rβ"],
    )
    var = pd.DataFrame({"symbol": ["A", "B", "B", None, "1"]}, index=[f"g{i}" for i in range(5)])
    values = np.arange(15.0).reshape(3, 5)
    values[1, 2] = np.nan
    counts = sp.csr_matrix((values > 3).astype(float))
    return anndata.AnnData(
        values, obs=obs, var=var, layers={"counts": counts}, uns={"odm": ORIGIN, "colors": {1: 2}}
    )


def look(r: R, value: Any, code: str) -> Any:
    from odm_shiny.rbridge import session
    from odm_shiny.rbridge.from_r import from_r

    attached = "suppressPackageStartupMessages(library(MultiAssayExperiment))"
    return from_r(session.apply(r(f"function(x) {{ {attached}; {code} }}"), value))


def test_anndata_is_a_valid_summarized_experiment_of_its_transpose(r: R) -> None:
    from odm_shiny.rbridge import bioc

    data = cohort()
    made = bioc.summarized_experiment(data, assay="tpm")
    assert look(r, made, "validObject(x)") is True
    assert look(r, made, "dim(x)").tolist() == [5, 3]
    assert look(r, made, "assayNames(x)") == ["tpm", "counts"]
    assays = look(r, made, "assay(x)")
    assert (assays.row_names, assays.column_names) == (list(data.var_names), list(data.obs_names))
    np.testing.assert_array_equal(assays.values, data.X.T)
    assert look(r, made, "identical(which(is.na(assay(x))), 8L) && !any(is.nan(assay(x)))") is True
    assert look(r, made, "is(assay(x, 2), 'dgCMatrix')") is True
    columns = look(r, made, "colData(x)")
    assert columns.columns.tolist() == data.obs.columns.tolist()
    assert columns["Age"].tolist() == [1, pd.NA, 3]
    assert columns["Tissue"].cat.categories.tolist() == ["liver", "β"]
    assert look(r, made, "rowData(x)")["symbol"].tolist() == ["A", "B", "B", None, "1"]


def test_metadata_says_where_the_data_come_from(r: R) -> None:
    from odm_shiny.rbridge import bioc

    made = bioc.summarized_experiment(cohort(), metadata={"study": "GSF9"})
    assert look(r, made, "metadata(x)") == {"odm": ORIGIN, "study": "GSF9"}


def test_samples_are_picked_by_their_attributes(r: R) -> None:
    from odm_shiny.rbridge import bioc

    made = bioc.summarized_experiment(cohort())
    assert look(r, made, "colnames(x[, !is.na(x$Age) & x$Age >= 2])") == "rβ"


def test_matrices_and_frames_as_r_has_them(r: R) -> None:
    from odm_shiny.rbridge import bioc

    data = cohort()
    made = bioc.experiment_of({"tpm": data.X.T, "raw": data.X.T * 2}, data.var, data.obs)
    assert look(r, made, "identical(assay(x, 'raw'), assay(x, 'tpm') * 2)") is True


def test_reduced_dimensions_of_cells_come_along(r: R) -> None:
    from odm_shiny.rbridge import bioc

    data = cohort()
    data.obsm["X_pca"] = np.arange(6.0).reshape(3, 2)
    data.obsm["axes"] = pd.DataFrame({"first": [1.0, 2, 3]}, index=data.obs_names)
    made = bioc.single_cell_experiment(data)
    assert look(r, made, "class(x)[1]") == "SingleCellExperiment"
    found = look(r, made, "SingleCellExperiment::reducedDim(x, 'X_pca')")
    np.testing.assert_array_equal(found.values, data.obsm["X_pca"])
    assert look(r, made, "colnames(SingleCellExperiment::reducedDim(x, 'axes'))") == "first"


def test_what_has_no_place_is_left_out_with_a_warning(r: R) -> None:
    from odm_shiny.rbridge import bioc

    data = cohort()
    data.obsm["X_pca"] = np.zeros((3, 2))
    data.raw = data.copy()
    with pytest.warns(UserWarning, match="obsm, raw of AnnData: no place in a SummarizedExperim"):
        bioc.summarized_experiment(data)


def test_several_omics_of_one_cohort_are_one_multi_assay_experiment(r: R) -> None:
    from odm_shiny.rbridge import bioc

    samples = pd.DataFrame({"Sex": ["f", "m", None]}, index=["p1", "p2", "p3"])
    rna, protein = cohort(), cohort()[1:, :4].copy()
    made = bioc.multi_assay_experiment(
        {"rna": rna, "protein": protein}, samples=samples, metadata={"study": "GSF9"}
    )
    assert look(r, made, "validObject(x)") is True
    assert look(r, made, "names(x)") == ["rna", "protein"]
    assert look(r, made, "metadata(x)") == {"study": "GSF9"}
    assert look(r, made, "rownames(colData(x))") == ["p1", "p2"]
    assert look(r, made, "metadata(x[['rna']])")["odm"] == ORIGIN
    table = look(r, made, "as.data.frame(sampleMap(x))")
    assert table["primary"].tolist() == ["p1", "p1", "p2", "p1", "p2"]
    assert look(r, made, "ncol(x[, x$Sex %in% 'm', ][['rna']])") == 1


def test_samples_without_attributes_are_still_samples(r: R) -> None:
    from odm_shiny.rbridge import bioc

    made = bioc.multi_assay_experiment({"rna": cohort()}, sample=None)
    assert look(r, made, "rownames(colData(x))") == ["r1", "r2", "rβ"]


def test_labels_that_stand_twice_are_refused(r: R) -> None:
    from odm_shiny.rbridge import bioc

    data = cohort()
    data.obs.index = ["r1", "r1", "r2"]
    with pytest.raises(FrameError, match=r"obs: the label 'r1' stands twice.*make_unique"):
        bioc.summarized_experiment(data)


def test_an_assay_name_given_twice_is_refused(r: R) -> None:
    from odm_shiny.rbridge import bioc

    with pytest.raises(FrameError, match="a layer is called 'counts', too"):
        bioc.summarized_experiment(cohort(), assay="counts")


def test_a_run_without_sample_is_named(r: R) -> None:
    from odm_shiny.rbridge import bioc

    data = cohort()
    data.obs["sample"] = ["p1", None, "p2"]
    with pytest.raises(FrameError, match="experiment 'rna': run 'r2' has no sample"):
        bioc.multi_assay_experiment({"rna": data})
    with pytest.raises(FrameError, match="experiment 'rna': obs has no column 'patient'"):
        bioc.multi_assay_experiment({"rna": data}, sample="patient")
    with pytest.raises(FrameError, match="samples: 'p2' is not among them"):
        bioc.multi_assay_experiment({"rna": cohort()}, samples=pd.DataFrame(index=["p1"]))


def test_metadata_that_r_cannot_hold_are_named(r: R) -> None:
    from odm_shiny.rbridge import bioc

    with pytest.raises(FrameError, match="metadata, 'colors': the key 1 is no text"):
        bioc.summarized_experiment(cohort(), uns=["odm", "colors"])


def test_a_missing_package_comes_with_its_install_command(r: R) -> None:
    from odm_shiny.rbridge import bioc

    with pytest.raises(MissingDependency, match=r"BiocManager::install\('NoSuchPackage'\)"):
        bioc._run("NoSuchPackage", "summarized_experiment")
