"""The process that ``benchmarks.kill`` kills: imports, edits, links and deletes without an end.

Everything it makes is such that half of it would show: groups have a fixed size, an edit sets two
attributes to one number, the values of a table follow from its seed. Before each action it writes
``begin WHAT``, and ``done WHAT ID`` once the action was acknowledged.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from odm_shiny.contract.messages import Request
from odm_shiny.server.fetch import ImportRules
from odm_shiny.server.service import Service
from odm_shiny.store import deletion, objects, people
from odm_shiny.store.store import Store

USER = "victim@example.org"
N_SAMPLES = 30
N_RUNS = 20
N_FEATURES = 400
#: More groups than this are not kept: the older ones are deleted.
MAX_GROUPS = 12


def values_of(seed: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Values of the table with this seed, (n_features, n_runs); every seventh is missing."""
    numbers = np.arange(N_FEATURES * N_RUNS).reshape(N_FEATURES, N_RUNS)
    return np.where((numbers + seed) % 7 == 0, np.nan, numbers * 0.5 + seed)


class Worker:
    """Acts on a store through its service, as a client would."""

    def __init__(self, store: Path, seed: int) -> None:
        self.files = store.parent / "files"
        self.files.mkdir(exist_ok=True)
        self.store = Store.open(store)
        with self.store.write() as tx:
            self.user = people.ensure_user(tx, USER, is_curator=True)
        self.service = Service(self.store, import_rules=ImportRules(folders=(self.files,)))
        self.service.clean_up()
        self.random = random.Random(seed)

    def actions(self) -> dict[str, tuple[int, Callable[[], str]]]:
        """What can be done, by name: how often, and how; each gives the id it acted on.

        What is quick is done more often, so that a kill meets it as well.
        """
        return {
            "samples": (3, self.import_samples),
            "table": (1, self.import_table),
            "version": (1, self.import_version),
            "edit": (8, self.edit),
            "link": (6, self.link),
            "unlink": (4, self.unlink),
            "delete": (3, self.delete),
        }

    def work(self) -> None:
        """Act until somebody puts an end to it."""
        actions = self.actions()
        weights = [weight for weight, _ in actions.values()]
        print("ready", flush=True)
        while True:
            kinds = ("sample_group", "expression_group")
            crowded = sum(len(self._all(kind)) for kind in kinds) > MAX_GROUPS
            (name,) = ["delete"] if crowded else self.random.choices(list(actions), weights)
            print("begin", name, flush=True)
            print("done", name, actions[name][1](), flush=True)

    def import_samples(self) -> str:
        rows = "".join(f"S-{i}\tx\t0\t0\n" for i in range(N_SAMPLES))
        path = self.files / "samples.tsv"
        path.write_text(f"Sample Source ID\tSample Source\tLeft\tRight\n{rows}")
        return self._import("samples", {"metadataLink": str(path)})

    def import_table(self, previous: str | None = None) -> str:
        seed = self.random.randrange(1000)
        table = self.files / "table.tsv"
        runs = "\t".join(f"S-{i}" for i in range(N_RUNS))
        lines = (
            f"G{i}\t" + "\t".join("" if np.isnan(one) else str(one) for one in row)
            for i, row in enumerate(values_of(seed))
        )
        table.write_text(f"gene\t{runs}\n" + "\n".join(lines) + "\n")
        metadata = self.files / "metadata.tsv"
        metadata.write_text(f"Seed\n{seed}\n")
        body = {
            "dataLink": str(table),
            "metadataLink": str(metadata),
            "numberOfFeatureAttributes": 1,
        }
        return self._import(
            "expression", body | ({"previousVersion": previous} if previous else {})
        )

    def import_version(self) -> str:
        return self.import_table(self._any("expression_group"))

    def edit(self) -> str:
        sample = self._any("sample")
        if sample is None:
            return "-"
        number = self.random.randrange(1, 10**6)
        body = {"Left": str(number), "Right": str(number)}
        self._ask("PATCH", f"as-curator/samples/{sample}", body)
        return f"{sample}={number}"

    def link(self) -> str:
        samples, table = self._any("sample_group"), self._any("expression_group")
        if samples is None or table is None:
            return "-"
        path = f"expression/group/{table}/to/sample/group/{samples}"
        self._ask("POST", f"as-curator/integration/link/{path}")
        return f"{table}>{samples}"

    def unlink(self) -> str:
        samples, table = self._any("sample_group"), self._any("expression_group")
        if samples is None or table is None:
            return "-"
        path = f"expression/group/{table}/to/sample/group/{samples}"
        self._ask("DELETE", f"as-curator/integration/link/{path}", may_fail=True)
        return "-"

    def delete(self) -> str:
        chosen = self._any(self.random.choice(["sample_group", "expression_group"]))
        if chosen is None:
            return "-"
        with self.store.write() as tx:
            gone = deletion.delete(tx, objects.get(tx, chosen))
        for matrix_id in gone.matrix_ids:
            self.store.matrices.delete(matrix_id)
        return ",".join(record.public_id for record in gone.records)

    def _all(self, kind: str) -> list[str]:
        with self.store.read() as tx:
            return [record.public_id for record in objects.iterate(tx, kind)]

    def _any(self, kind: str) -> str | None:
        found = self._all(kind)
        return self.random.choice(found) if found else None

    def _import(self, word: str, body: dict[str, Any]) -> str:
        info = self._ask("POST", f"jobs/import/{word}", body, query=[("allow_dups", "true")])
        while True:
            output = self._ask("GET", f"jobs/{info['jobExecId']}/output")
            if output["status"] == "COMPLETED":
                return str(output["result"]["groupAccession"])
            if output["status"] not in ("STARTING", "RUNNING"):
                raise RuntimeError(str(output))
            time.sleep(0.005)

    def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: list[tuple[str, str]] | None = None,
        may_fail: bool = False,
    ) -> Any:
        data = b"" if body is None else json.dumps(body).encode()
        request = Request(method, f"/api/v1/{path}", query or [], {}, data)
        reply = self.service.handle(request, user=self.user)
        content = reply.body if isinstance(reply.body, bytes) else b"".join(reply.body)
        if reply.status >= 400 and not may_fail:
            raise RuntimeError(f"{method} {path}: {reply.status} {content!r}")
        return json.loads(content) if content else None


if __name__ == "__main__":
    Worker(Path(sys.argv[1]), int(sys.argv[2])).work()
