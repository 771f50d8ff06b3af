"""A small store like the ones from which replies were recorded."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from odm_shiny.contract.messages import Reply, Request
from odm_shiny.server.fetch import ImportRules
from odm_shiny.server.service import Service
from odm_shiny.store import people, templates
from odm_shiny.store.people import User
from odm_shiny.store.store import Store

TEXT, DECIMAL, LINK = "StringValue", "DecimalValue", "ExternalLink"
TEMPLATE = {
    "study": {
        "Study Source": TEXT,
        "Study Source ID": TEXT,
        "Study Description": TEXT,
        "Contributor": TEXT,
    },
    "genestack:sampleObject": {
        "Sample Source ID": TEXT,
        "Sample Name": TEXT,
        "Organism": TEXT,
        "Age": DECIMAL,
        "Tissue": TEXT,
        "Data Files / Raw": LINK,
    },
    "genestack:transcriptomicsParent": {
        "Data Class": TEXT,
        "Genome Version": TEXT,
        "Features (string)": TEXT,
        "Features (numeric)": TEXT,
        "Values (numeric)": TEXT,
    },
}
FILES = {
    "study": "Study Source\tStudy Source ID\tContributor\nGEO\tGSE1\tAnn Lee|Zoë Ørsted\n",
    "samples": (
        "Sample Source ID\tOrganism\tAge\tTissue\tData Files / Raw\tBatch\n"
        "S-01\tHomo sapiens\t52\tliver\tr1.fq|r2.fq\tB1\n"
        "S-02\tHomo sapiens\t\tlung\t\tB1\n"
        "S-03\tMus musculus\t7.5\tspleen\t\t\n"
    ),
    "table": "gene\tS-01\tS-02\nTP53\t12.5\t3.5\nEGFR\t\t0\nTP63\t1\t2\n",
    "table metadata": "Genome Version\nGRCh38\n",
    "gct": "#1.2\n1\t1\nName\tDescription\tS-01\nABCB1\tna\t6.55906688284104\n",
    "wide": "gene\tS-01\tnobody\nTP53\t1\t2\n",
    "annotated": (
        "gene\tchrom\tEnsembl_ID\tS-01\tS-02\nTP53\tchr1\tENSG01\t4.39231\t0\n"
        "MYC\tchr8\tENSG02\t1\t2\n"
    ),
}


class Odm:
    """A service, a curator, and the ids of what was imported."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store.open(folder / "store")
        self.service = Service(self.store, import_rules=ImportRules(folders=(folder,)))
        with self.store.write() as tx:
            self.user: User = people.ensure_user(tx, "curator@example.org", is_curator=True)
            items = [
                {
                    "name": name,
                    "dataType": kind,
                    "isRequired": False,
                    "metainfoType": f"com.genestack.api.metainfo.{value_type}",
                }
                for kind, names in TEMPLATE.items()
                for name, value_type in names.items()
            ]
            template = templates.add_template(
                tx, "recorded", items, owner_id=self.user.id, is_default=True
            )
        self.ids: dict[str, str] = {"template": template.accession}

    def ask(
        self, method: str, path: str, query: Mapping[str, Any] | None = None, body: Any = None
    ) -> Reply:
        pairs = [(name, str(value)) for name, value in (query or {}).items()]
        data = b"" if body is None else json.dumps(body).encode()
        request = Request(method, f"/api/v1/{path}", pairs, {}, data)
        reply = self.service.handle(request, user=self.user)
        if not isinstance(reply.body, bytes):
            reply.body = b"".join(reply.body)
        return reply

    def get(self, path: str, **query: Any) -> Any:
        reply = self.ask("GET", path, query)
        assert reply.status == 200, reply.body
        return json.loads(reply.body)

    def load(self, name: str, word: str, **body: Any) -> None:
        """Import one of `FILES`; its id and its job's number are kept under its name."""
        started = self.ask("POST", f"jobs/import/{word}", body={**self._link(name, word), **body})
        job = json.loads(started.body)["jobExecId"]
        while (output := self.get(f"jobs/{job}/output"))["status"] in ("STARTING", "RUNNING"):
            time.sleep(0.01)
        assert output["status"] == "COMPLETED", output
        self.ids[name] = next(iter(output["result"].values()))
        self.ids[f"job of {name}"] = str(job)

    def file(self, name: str) -> str:
        path = self.folder / f"{name}.{'gct' if name == 'gct' else 'tsv'}"
        path.write_text(FILES[name])
        return str(path)

    def _link(self, name: str, word: str) -> dict[str, str]:
        return {"dataLink" if word == "expression" else "metadataLink": self.file(name)}

    def link(self, path: str) -> None:
        reply = self.ask("POST", f"as-curator/integration/link/{path}")
        assert reply.status in (200, 204), reply.body


@pytest.fixture(scope="session")
def recorded_odm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Odm]:
    """The store, filled: one study, three samples, three files of data."""
    odm = Odm(tmp_path_factory.mktemp("recorded"))
    odm.load("study", "study")
    odm.load("samples", "samples")
    odm.load(
        "table",
        "expression",
        numberOfFeatureAttributes="1",
        dataClass="Bulk transcriptomics",
        metadataLink=odm.file("table metadata"),
    )
    odm.load("gct", "expression")
    odm.load("annotated", "expression", numberOfFeatureAttributes=3)
    odm.load("wide", "expression", numberOfFeatureAttributes=1)
    ids = odm.ids
    odm.link(f"sample/group/{ids['samples']}/to/study/{ids['study']}")
    odm.link(f"expression/group/{ids['table']}/to/sample/group/{ids['samples']}")
    records = odm.get("as-user/samples")["data"]
    ids["sample"] = records[0]["genestack:accession"]
    for name, file, feature in (("item", "table", "TP53"), ("item of gct", "gct", "ABCB1")):
        runs = odm.get(f"as-user/expressions/runs/by/group/{ids[file]}")["data"]
        ids[name] = f"{runs[0]['itemOrigin']['runId']}-{feature}"
    ids["job"] = ids["job of samples"]
    ids["samples file"] = odm.file("samples")
    ids["study file"] = odm.file("study")
    yield odm
    odm.store.close()
