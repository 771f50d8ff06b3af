"""Find samples by attributes, by words, by both, and count what they are.

Conditions are Python expressions or ODM's own filter text: they give the same query.

Prints::

    15 samples with a fusion gene, 50 or older; the first three:
      Sample Name  Age Molecular Biology
    0   ALL 01005   53           BCR/ABL
    1   ALL 03002   52           BCR/ABL
    2   ALL 14016   53           BCR/ABL

    as filter text: 15
    by words: 2
    of unknown sex: 71

    42 female samples in studies of leukemia
    Cell Type: B cell 34, T cell 8; not known 0
    Remission: complete remission 27, refractory 7; not known 8
    Ploidy: diploid 32, hyperdiploid 9; not known 1
"""

from __future__ import annotations

from odm_shiny import connect, field

with connect() as odm:
    # Attributes. A number is compared as a number, and a list of values means any of them.
    fused = field("Molecular Biology").is_in(["BCR/ABL", "ALL1/AF4"])
    adults = odm.samples.find(fused & (field("Age") >= 50))
    print(len(adults), "samples with a fusion gene, 50 or older; the first three:")
    print(adults.to_pandas()[["Sample Name", "Age", "Molecular Biology"]].head(3))
    print()

    # The same condition as ODM's filter text.
    text = '("Molecular Biology"=BCR/ABL OR "Molecular Biology"=ALL1/AF4) AND Age>=50'
    print("as filter text:", len(odm.samples.find(text)))

    # Words, wherever they stand in a record; a phrase is quoted, * is any ending.
    print("by words:", len(odm.samples.find(query='relapse* AND "nervous system"')))

    # A missing value is not an empty one: is_null() finds samples without the attribute.
    print("of unknown sex:", len(odm.samples.find(field("Sex").is_null())))
    print()

    # Conditions on studies and samples together, and how often each value occurs among them.
    query = odm.query().text(study="leukemia").where(sample=field("Sex") == "female")
    facets = odm.facets(query, ["Cell Type", "Remission", "Ploidy"])
    print(facets.total, "female samples in studies of leukemia")
    for name in facets.facets:
        counts = ", ".join(f"{value} {count}" for value, count in facets[name].values)
        print(f"{name}: {counts}; not known {facets[name].n_unset}")
