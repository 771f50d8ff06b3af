"""What one of several processes on one store does: ``process_crowd.py STORE read|write SECONDS``.

A writer imports a group of samples, edits all of them in one transaction, links them to a study of
its own and removes every other group again. A reader asks the service and holds every answer
against what must be true at any moment. Prints ``ok N`` with the number of its rounds.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from odm_shiny.contract.messages import Request
from odm_shiny.server.fetch import ImportRules
from odm_shiny.server.service import Service
from odm_shiny.store import deletion, edits, objects, people
from odm_shiny.store.store import Store

N_SAMPLES = 12


class Process:
    def __init__(self, folder: Path) -> None:
        self.files = folder / "files"
        self.store = Store.open(folder / "store")
        with self.store.read() as tx:
            found = people.find_user(tx, "root@example.org")
        assert found is not None
        self.user = found
        self.service = Service(self.store, import_rules=ImportRules(folders=(self.files,)))

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        data = b"" if body is None else json.dumps(body).encode()
        request = Request(method, f"/api/v1/{path}", list(query.items()), {}, data)
        reply = self.service.handle(request, user=self.user)
        content = reply.body if isinstance(reply.body, bytes) else b"".join(reply.body)
        assert reply.status < 300, f"{method} {path}: {reply.status} {content!r}"
        return json.loads(content) if content else None

    def load(self, word: str, name: str, text: str) -> str:
        path = self.files / name
        path.write_text(text)
        info = self.ask(
            "POST", f"jobs/import/{word}", {"metadataLink": str(path)}, allow_dups="true"
        )
        while True:
            output = self.ask("GET", f"jobs/{info['jobExecId']}/output")
            if output["status"] == "COMPLETED":
                return str(next(iter(output["result"].values())))
            assert output["status"] in ("STARTING", "RUNNING"), output
            time.sleep(0.005)

    def write(self, number: int, me: str) -> None:
        """One round: import, edit, link, and remove every other one."""
        rows = "".join(f"{me}-{number}-{i}\tx\t0\t0\n" for i in range(N_SAMPLES))
        header = "Sample Source ID\tSample Source\tLeft\tRight\n"
        group = self.load("samples", f"{me}.tsv", header + rows)
        with self.store.write() as tx:
            members = objects.members(tx, objects.get(tx, group).id)
            both = {"Left": number + 1, "Right": number + 1}
            changes = {member.public_id: both for member in members}
            edits.patch_many(tx, changes, author=self.user.email)
        study = self.load("study", f"{me}.study.tsv", f"Study Title\n{me} {number}\n")
        self.ask("POST", f"as-curator/integration/link/sample/group/{group}/to/study/{study}")
        if number % 2:
            with self.store.write() as tx:
                deletion.delete(tx, objects.get(tx, study))

    def read(self) -> None:
        """One round: every answer must hold whole groups and whole edits."""
        page = self.ask("GET", "as-curator/samples", query="x")
        records = page["data"]
        assert len(records) == page["meta"]["pagination"]["total"]
        groups: dict[str, list[Any]] = {}
        for record in records:
            groups.setdefault(record["groupId"], []).append(record)
        for group, members in groups.items():
            if "Left" not in members[0]:
                continue  # of the store as it was before
            assert len(members) == N_SAMPLES, f"{group} has {len(members)} samples"
            assert len({(one["Left"], one["Right"]) for one in members}) == 1, group
            assert members[0]["Left"] == members[0]["Right"], group
        data = self.ask(
            "GET", "as-user/omics/expression/data", exQuery="feature = TP53", useVersions="v1"
        )
        assert len(data["data"]) == 8
        funnel = self.service.handle(
            Request("GET", "/api/odm-shiny/v1/funnel", [], {}), user=self.user
        )
        assert funnel.status == 200


def main() -> None:
    folder, role, seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    process = Process(folder)
    print("ready", flush=True)
    sys.stdin.readline()
    until = time.monotonic() + seconds
    rounds = 0
    while rounds < 2 or time.monotonic() < until:
        if role == "read":
            process.read()
        else:
            process.write(rounds, sys.argv[4])
        rounds += 1
    process.store.close()
    print("ok", rounds, flush=True)


if __name__ == "__main__":
    main()
