"""Load a study from a folder: what is what is told by name, what belongs together is linked.

The ODM is a new one in a temporary folder, so that yours stays as it is. A GCT wants its metadata
beside it (``mice.gct.tsv``); its columns are called as the samples are.

Prints::

    study: mice.study.tsv
    samples: mice.samples.tsv
    data: mice.gct (4 of 4 columns are samples)

    linked sample GSF000019 to study GSF000018
    linked expression GSF000025 to sample GSF000019
    problems: none

    feature  Cyp7a1  Fasn
    run
    m1          3.2  52.1
    m2          NaN  48.7
    m3          7.7  11.9
    m4          8.1   9.4

    what the template does not allow:
      Sample Source = None in 5 of 5: MISSING_ATTRIBUTE
      Sex = 'F' in 1 of 5: SYNONYM_ATTRIBUTE
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from odm_shiny import connect

FILES = {
    "mice.study.tsv": "Study Title\tStudy Source\nLiver of five mice\tour lab\n",
    "mice.samples.tsv": (
        "Sample Source ID\tSample Name\tOrganism\tSex\tTissue\tDiet\n"
        "m1\tmouse 1\tMus musculus\tfemale\tliver\thigh fat|fructose\n"
        "m2\tmouse 2\tMus musculus\tF\tliver\thigh fat\n"
        "m3\tmouse 3\tMus musculus\tmale\tlivr\tchow\n"
        "m4\tmouse 4\tMus musculus\tmale\tliver\tchow\n"
        "m5\tmouse 5\t\tmale\tliver\t\n"
    ),
    "mice.gct": (
        "#1.2\n3\t4\nNAME\tDescription\tm1\tm2\tm3\tm4\n"
        "Fasn\tfatty acid synthase\t52.1\t48.7\t11.9\t9.4\n"
        "Cyp7a1\t\t3.2\t\t7.7\t8.1\n"
        "Alb\talbumin\t9120\t8800\t9305\t9411\n"
    ),
    "mice.gct.tsv": "Genome Version\tScale\nGRCm39\tTPM\n",
}

with TemporaryDirectory() as folder:
    for name, text in FILES.items():
        Path(folder, name).write_text(text, encoding="utf-8")

    with connect(store=Path(folder, "odm")) as odm:
        print(odm.plan_import(folder))  # looks at the files only
        print()

        done = odm.import_folder(folder)
        for link in done.links:
            print("linked", link)
        print("problems:", done.problems or "none")
        print()

        print(odm.query().genes("Fasn", "Cyp7a1").expression().run().to_matrix().to_pandas())
        print()

        print("what the template does not allow:")
        for problem in odm.validation.problems(str(done.study)):
            attribute, value, n_samples = problem["attribute"], problem["value"], problem["count"]
            print(f"  {attribute} = {value!r} in {n_samples} of 5: {problem['error']}")
