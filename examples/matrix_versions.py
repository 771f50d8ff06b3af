"""Read a data file in its versions: the active one, an older one, all of them, one for good.

The leukemia study holds its matrix twice: version 1 has a row for each of 12,625 probes, version 2
one for each gene. Without a word about versions the active one is read, which is the newest.

Prints::

    versions of the file:
      v1  ALL expression by probe
      v2  ALL expression by gene, active

    TCF7 in v2: 8 values of 32649_at
    TCF7 in v1: 16 values of 31440_at, 32649_at

    pinned: ExpressionMatrix(128 runs x 12625 features)
    active: ExpressionMatrix(128 runs x 8728 features)
"""

from __future__ import annotations

from odm_shiny import connect, field

with connect() as odm:
    study = odm.query().where(study=field("Study Source ID") == "ALL")

    files = study.expression_groups().versions("*").run().to_pandas()
    files = files.sort_values("genestack:versionInChain")
    print("versions of the file:")
    for number, name, active in zip(
        files["genestack:versionInChain"],
        files["Name"],
        files["genestack:activeInChain"],
        strict=True,
    ):
        print(f"  v{number:.0f}  {name}{', active' if active else ''}")
    print()

    tcf7 = study.expression().data('feature.gene = "TCF7"').where(sample=field("Age") == 18)
    for versions in ("v2", "v1"):
        found = tcf7.versions(versions).run().to_pandas()
        probes = sorted(set(found["probe"]))
        print(f"TCF7 in {versions}: {len(found)} values of {', '.join(probes)}")
    print()

    # "v1" is version 1 of every file. A pinned version names the chain: it stays what it is when
    # a third version is imported, and other files drop out.
    chain = files["genestack:chain"].iloc[0]
    pinned = study.versions(f"{chain}:v1")
    print("pinned:", odm.matrix(pinned))
    print("active:", odm.matrix(study))
