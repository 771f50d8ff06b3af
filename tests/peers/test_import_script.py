"""The requests of the official import script, ``odm-import-data`` of odm_sdk 1.64.1, one by one.

The script itself is no dependency of ours: what it sends was written down from its code, and is
sent here in its order, with its headers, under the older address that it uses. It was also run as
it is: ``odm-import-data -t TOKEN -H URL -tmpl ACCESSION -s LINK -sm LINK -e LINK`` ends with 0.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.peer

PREFIX = "/frontend/rs/genestack"
DUPLICATE = re.compile(r"job instance already exists .+ jobExecId=([0-9]+)")
POLLED = ("STARTED", "STARTING", "RUNNING")

STUDY = "Study Title\tStudy Source\nÉtude\tlab\n"
SAMPLES = "Sample Source ID\tSample Source\nS-1\tx\nS-2\tx\n"
LIBRARIES = "Library ID\tSample Source ID\nL-1\tS-1\nL-2\tS-2\n"
TABLE = "gene\tlength\tL-1\tL-2\nTP53\t10\t1.5\t\nEGFR\t20\t0\t2\n"


class Script:
    """Sends what the script sends, and stops where it stops."""

    def __init__(self, url: str, token: str) -> None:
        headers = {
            "Genestack-API-Token": token,
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        self.client = httpx.Client(base_url=url, headers=headers, timeout=60)

    def start(self, kind: str, body: dict[str, Any], *, allow_dups: bool = False) -> int:
        query = {"allow_dups": "true"} if allow_dups else {}
        path = f"{PREFIX}/job/default-released/import/{kind}"
        reply = self.client.post(path, json=body, params=query)
        if reply.status_code == 409:
            found = DUPLICATE.search(reply.json()["error"]["message"])
            assert found is not None
            return int(found[1])
        assert reply.status_code == 200, reply.text
        return int(reply.json()["jobExecId"])

    def finish(self, job: int) -> dict[str, Any]:
        path = f"{PREFIX}/job/default-released/{job}"
        until = time.monotonic() + 60
        while (status := self.client.get(f"{path}/info").json()["status"]) in POLLED:
            assert time.monotonic() < until
            time.sleep(0.05)
        output = self.client.get(f"{path}/output").json()
        assert (status, output["status"]) == ("COMPLETED", "COMPLETED"), output
        result: dict[str, Any] = output["result"]
        return result

    def load(self, kind: str, **body: Any) -> str:
        result = self.finish(self.start(kind, {**body, "source": "HTTP"}))
        return str(result["accession" if kind == "study" else "groupAccession"])

    def link(self, path: str) -> None:
        reply = self.client.post(
            f"{PREFIX}/integrationCurator/default-released/integration/link/{path}"
        )
        assert reply.status_code < 400, reply.text


@pytest.fixture(scope="module")
def script(server) -> Iterator[Script]:
    found = Script(server.url, server.token("sdk@example.org", "--curator"))
    with found.client:
        yield found


def test_a_study_is_imported_and_linked_in_the_order_of_the_script(script, files) -> None:
    template = script.client.get("/api/odm-shiny/v1/templates/default").json()["accession"]
    common = {"templateId": template}
    study = script.load("study", metadataLink=files.put("sdk study.tsv", STUDY), **common)
    reply = script.client.get(f"{PREFIX}/studyUser/default-released/studies/{study}")
    assert reply.status_code == 200
    samples = script.load("samples", metadataLink=files.put("sdk-s.tsv", SAMPLES), **common)
    script.link(f"sample/group/{samples}/to/study/{study}")
    libraries = script.load("libraries", metadataLink=files.put("sdk-l.tsv", LIBRARIES), **common)
    script.link(f"library/group/{libraries}/to/sample/group/{samples}")
    path = f"integration/link/library/group/by/study/{study}"
    groups = script.client.get(f"{PREFIX}/integrationCurator/default-released/{path}").json()
    assert libraries in [group["itemId"] for group in groups]
    table = {
        "dataLink": files.put("sdk-e.tsv", TABLE),
        "numberOfFeatureAttributes": "2",
        "dataClass": "Proteomics",
        **common,
    }
    data = script.load("expression", **table)
    script.link(f"expression/group/{data}/to/library/group/{libraries}")
    newer = script.load(
        "expression", **{**table, "dataLink": files.put("sdk-e2.tsv", TABLE)}, previousVersion=data
    )
    script.link(f"expression/group/{newer}/to/library/group/{libraries}")
    found = script.client.get(
        f"{PREFIX}/integrationCurator/default-released/omics/expression/data",
        params={"exQuery": "feature=TP53", "useVersions": "v2"},
    ).json()
    assert [item["itemOrigin"]["groupId"] for item in found["data"]] == [newer]


def test_a_second_run_finds_the_jobs_of_the_first_and_links_again(script, files) -> None:
    link = files.put("sdk-again.tsv", SAMPLES)
    study = script.load("study", metadataLink=files.put("sdk-again-study.tsv", STUDY))
    first = script.load("samples", metadataLink=link)
    script.link(f"sample/group/{first}/to/study/{study}")
    assert script.load("samples", metadataLink=link) == first
    script.link(f"sample/group/{first}/to/study/{study}")
    other = script.finish(script.start("samples", {"metadataLink": link}, allow_dups=True))
    assert other["groupAccession"] != first


def test_a_failure_is_a_status_and_a_text(script, files) -> None:
    job = script.start("samples", {"metadataLink": files.put("sdk-bad.tsv", "Age\n5\n")})
    until = time.monotonic() + 60
    path = f"{PREFIX}/job/default-released/{job}"
    while script.client.get(f"{path}/info").json()["status"] in POLLED:
        assert time.monotonic() < until
    assert script.client.get(f"{path}/output").json()["status"] == "FAILED"
    reply = script.client.get(f"{PREFIX}/studyUser/default-released/studies/GSF999999")
    assert reply.status_code == 404
    assert "GSF999999" in reply.json()["error"]["message"]
