r"""Run an ODM server, give somebody a token, and ask it over HTTP, from Python and by curl.

The server is the embedded ODM on a port of this machine, with one of the demo studies in a
temporary folder. Against yours, only the address and the token differ.

Prints::

    golub_28 acute myeloid leukemia
    golub_29 acute myeloid leukemia
    golub_30 acute myeloid leukemia

    ExpressionMatrix(38 runs x 1 features)

    curl --get https://odm.example.org/api/v1/as-user/samples \
      --header "Genestack-API-Token: $ODM_TOKEN" \
      --header 'Accept: application/json' \
      --data-urlencode 'filter="Tumor Class"=AML' \
      --data-urlencode returnedMetadataFields=original_data_included \
      --data-urlencode pageLimit=3
"""

# ruff: noqa: S603 - the programs are our own
from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from odm_shiny import connect, field
from odm_shiny.demo import demo_study
from odm_shiny.demo.load import load_study

ODM_SHINY = [sys.executable, "-m", "odm_shiny.cli.main"]  # `odm-shiny` in a shell


def new_token(store: Path, email: str) -> str:
    """Make a token that reads everything in the store."""
    words = ["token", "create", "--store", str(store), "--user", email, "--admin"]
    made = subprocess.run([*ODM_SHINY, *words], capture_output=True, text=True, check=True)
    return made.stdout.strip()


@contextmanager
def serving(store: Path) -> Iterator[str]:
    """Serve the store on any free port while the block runs."""
    words = ["serve", "--store", str(store), "--port", "0"]
    with subprocess.Popen([*ODM_SHINY, *words], stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server.stdout.readline().removeprefix("ODM ready at ").strip()
        finally:
            server.terminate()


with TemporaryDirectory() as folder:
    store = Path(folder, "odm")
    with connect(store=store) as odm:
        load_study(odm, demo_study("golub-leukemia"))
    token = new_token(store, "ann@example.org")

    with serving(store) as url, connect(url, token) as odm:
        query = odm.query().where(sample=field("Tumor Class") == "AML").limited_to(3)
        for sample in query.run():
            print(sample["Sample Source ID"], sample["Disease"])
        print()
        print(odm.matrix(odm.query().data('feature.gene = "CST3"')))
        print()

        # The same question for a shell: save the token in ODM_TOKEN and paste.
        print(query.to_curl("https://odm.example.org"))
