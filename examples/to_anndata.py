"""Take the matrix of a study to AnnData, with the samples' attributes as ``obs``, and to a file.

Rows are runs (one for each sample here), columns are features, as AnnData has it. Needs
``pip install "odm-shiny[anndata]"``.

Prints::

    AnnData object with n_obs × n_vars = 38 × 3051
        obs: 'Sample Name', 'Organism', 'Disease', 'Tumor Class'
        var: 'probe', 'chip_index', 'description', 'gene'
        uns: 'odm'

    Tumor Class
    ALL    27
    AML    11

    CST3 is probe M27891_at
    mean in AML: 2.081
    mean in ALL: -0.81

    written and read again: (38, 3051)
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import anndata

from odm_shiny import connect, field

with connect() as odm:
    study = odm.query().where(study=field("Study Source ID") == "multtest/golub")
    data = odm.to_anndata(study)

data.obs = data.obs[["Sample Name", "Organism", "Disease", "Tumor Class"]]
print(data)
print()
print(data.obs["Tumor Class"].value_counts().to_string())
print()

cst3 = data[:, data.var["gene"] == "CST3"]
print("CST3 is probe", *cst3.var_names)
print("mean in AML:", cst3[cst3.obs["Tumor Class"] == "AML"].X.mean().round(3))
print("mean in ALL:", cst3[cst3.obs["Tumor Class"] == "ALL"].X.mean().round(3))
print()

with TemporaryDirectory() as folder:
    file = Path(folder, "golub.h5ad")
    data.write_h5ad(file)
    print("written and read again:", anndata.read_h5ad(file).shape)
