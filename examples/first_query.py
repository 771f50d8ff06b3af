"""Ask one question of the whole chain: studies, samples, data, values of genes.

In which children and teenagers with leukemia is CD19, the marker of B cells, expressed, and in
which CD3D, the marker of T cells? A query is a value: every method gives a new one.

Prints::

    <Query samples: study "Study Source ID"=ALL; sample Age<20; data feature=CD19,CD3D>

      1 study matches
    128 samples in these studies
     32 of them match
     32 of them have expression data
     32 of them have matching values

    Cell Type  B cell   T cell
    gene
    CD19       9.6214   6.7466
    CD3D       4.6572  10.0962
"""

from __future__ import annotations

from odm_shiny import connect, field

with connect() as odm:
    query = odm.query().where(study=field("Study Source ID") == "ALL", sample=field("Age") < 20)
    query = query.genes("CD19", "CD3D")
    print(query)
    print()
    print(query.explain())  # nothing was asked before this line
    print()

    samples = query.samples().run().to_pandas().set_index("genestack:accession")
    values = query.expression().run().to_pandas()
    values["Cell Type"] = values["sample"].map(samples["Cell Type"])
    print(values.groupby(["gene", "Cell Type"])["value"].median().unstack())
