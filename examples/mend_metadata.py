"""Mend metadata from a table: look at the difference, apply it, read the history.

The ODM is a new one in a temporary folder with one of the demo studies.

Prints::

    would change 3 values of 3 samples; 0 have them already
      attribute   old          new
    0    Tissue  None  bone marrow
    1    Tissue  None        blood
    2    Tissue  None  bone marrow

    changed 3 values of 3 samples; 0 have them already
    changed 0 values of 0 samples; 3 have them already (the same table again)
    of marrow: 2

    history of golub_01, newest first:
      Edited via API: Tissue None
      Edited via API: Tissue bone marrow
      Imported: Tissue None
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from odm_shiny import connect, field
from odm_shiny.demo import demo_study
from odm_shiny.demo.load import load_study

MENDED = pd.DataFrame(
    [
        {"Sample Source ID": "golub_01", "Tissue": "bone marrow", "Organism": "Homo sapiens"},
        {"Sample Source ID": "golub_02", "Tissue": "blood", "Organism": "Homo sapiens"},
        {"Sample Source ID": "golub_38", "Tissue": "bone marrow", "Organism": "Homo sapiens"},
    ]
)

with TemporaryDirectory() as folder, connect(store=Path(folder, "odm")) as odm:
    load_study(odm, demo_study("golub-leukemia"))

    # Nothing is sent, and what has its value already is no difference.
    edit = odm.patch_samples(MENDED, key="Sample Source ID", dry_run=True)
    print(edit)
    print(edit.to_pandas()[["attribute", "old", "new"]].to_string())
    print()

    print(odm.patch_samples(MENDED, key="Sample Source ID"))
    print(odm.patch_samples(MENDED, key="Sample Source ID"), "(the same table again)")
    print("of marrow:", len(odm.samples.find(field("Tissue") == "bone marrow")))
    print()

    accession = odm.samples.find(field("Sample Source ID") == "golub_01")[0]["genestack:accession"]
    odm.samples.patch(accession, {"Tissue": None})  # a value that is taken back
    print("history of golub_01, newest first:")
    for version in odm.samples.versions(accession):
        then = odm.samples.version(accession, version["version"])
        print(f"  {version['message']}: Tissue {then['Tissue']}")
