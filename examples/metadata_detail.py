"""Choose how many attributes records show: all, those of the template, or the default ones.

``"all"`` shows what the file brought along besides, too. ``"template"`` goes by the template of the
record's study, ``"default"`` by the default one: for the demo studies these are the same.

Prints::

    all      33 attributes, 25 of them set
    template 19 attributes, 11 of them set
    default  19 attributes, 11 of them set

    in the template, and set: ['Sample Source ID', 'Sample Source', 'Sample Name', 'Organism']
    not in the template: ['Patient ID', 'Immunophenotype Stage', 'Molecular Biology', 'Ploidy']
    with metadata='default': False
"""

from __future__ import annotations

from odm_shiny import connect, field

with connect() as odm:
    child = odm.query().where(study=field("Study Source ID") == "ALL", sample=field("Age") == 5)

    for level in ("all", "template", "default"):
        sample = child.metadata(level).run()[0]
        n_set = sum(value is not None for value in sample.values())
        print(f"{level:8} {len(sample)} attributes, {n_set} of them set")
    print()

    sample = child.run()[0]
    study = odm.links.linked("study", "sample", sample["genestack:accession"])[0]
    known = odm.template_of(study["genestack:accession"]).names("genestack:sampleObject")
    print("in the template, and set:", [name for name in known if sample[name] is not None][1:5])
    print("not in the template:", [name for name in sample if name not in known][:4])

# Said once, it holds for everything that a client reads.
with connect(metadata="default") as odm:
    shown = odm.samples.find(field("Sample Name") == "ALL 01005")[0]
    print("with metadata='default':", "Molecular Biology" in shown)
