"""Get the same answers from an ODM that has nothing but ODM's own API.

Prints::

      1 study matches
    128 samples in these studies
     32 of them match
     32 of them have expression data
     24 of them have matching values
    the same: True

    (('B cell', 23), ('T cell', 1)) the same: True
    ['CD33', 'CD34', 'CD36', 'CD36L1'] the same: True
    ExpressionMatrix(24 runs x 1 features) the same: True
"""

from __future__ import annotations

from odm_shiny import connect, field

with connect() as odm, connect(extensions=False) as plain:
    query = odm.query().where(study=field("Study Source ID") == "ALL", sample=field("Age") < 20)
    query = query.genes("CD19").at_least(8)

    print(plain.explain(query))
    print("the same:", plain.explain(query) == odm.explain(query))
    print()

    there, here = plain.facets(query, ["Cell Type"]), odm.facets(query, ["Cell Type"])
    print(there["Cell Type"].values, "the same:", there == here)

    groups = [group["itemId"] for group in query.expression_groups().run()]
    genes = plain.suggest_features(groups, "CD3", limit=4)
    print(genes, "the same:", genes == odm.suggest_features(groups, "CD3", limit=4))

    matrix = plain.matrix(query)
    print(matrix, "the same:", matrix.to_pandas().equals(odm.matrix(query).to_pandas()))
