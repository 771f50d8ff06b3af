"""Compare genes between groups of samples: medians, tests, and what was tested.

Prints::

    CD19 by Cell Type
      B cell    n  95  median  9.596  sd 0.793
      T cell    n  33  median  6.443  sd 0.879
      Mann-Whitney U: p = 2.1e-16 (n = 128 in 2 groups)

    ABL1 by Molecular Biology
      ALL1/AF4  n  10  median  7.303  sd 0.751
      BCR/ABL   n  37  median  8.693  sd 0.823
      E2A/PBX1  n   5  median  7.563  sd 0.421
      NEG       n  74  median  7.408  sd 0.602
      NUP-98    n   1  median  7.787  sd   nan
      p15/p16   n   1  median  7.345  sd   nan
      Kruskal-Wallis H: p = 6.8e-09 (n = 126 in 4 groups); pairs: Mann-Whitney U,
      Benjamini-Hochberg corrected; left out (n < 3): NUP-98, p15/p16
      ALL1/AF4 / BCR/ABL: adjusted p = 7.8e-04
      BCR/ABL / E2A/PBX1: adjusted p = 0.0089
      BCR/ABL / NEG: adjusted p = 5.2e-09
"""

from __future__ import annotations

import textwrap

from odm_shiny import connect, field
from odm_shiny.analysis.compare import compare_groups, format_p
from odm_shiny.analysis.summary import summarise_groups

with connect() as odm:
    query = odm.query().where(study=field("Study Source ID") == "ALL").genes("CD19", "ABL1")
    samples = query.samples().run().to_pandas().set_index("genestack:accession")
    values = query.expression().run().to_pandas().join(samples, on="sample", rsuffix=" of sample")

for gene, attribute in [("CD19", "Cell Type"), ("ABL1", "Molecular Biology")]:
    of_gene = values[values["gene"] == gene]
    groups = {name: group.to_numpy() for name, group in of_gene.groupby(attribute)["value"]}
    print(f"{gene} by {attribute}")
    for group in summarise_groups(groups):
        print(f"  {group.name:8}  n {group.n:3}  median {group.median:6.3f}  sd {group.sd:5.3f}")
    outcome = compare_groups(groups)
    print(textwrap.indent(textwrap.fill(outcome.sentence(), 80), "  "))
    for pair in outcome.pairs:
        if pair.p_adjusted < 0.05:
            print(f"  {pair.first} / {pair.second}: adjusted p = {format_p(pair.p_adjusted)}")
    print()
