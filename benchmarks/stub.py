"""A loopback server of pre-rendered ODM bytes, in a process of its own.

``python -m benchmarks.stub`` prints its port. Bodies are made once; what is measured is the client.
Paths below ``/slow`` answer 50 ms late.
"""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

RUN_FEATURES = 500
SAMPLE_ATTRIBUTES = 30
CSV_RUNS = 200
LATENCY_S = 0.05
_METADATA = {
    "Data Class": "Bulk transcriptomics",
    "Experimental Platform": "Illumina NovaSeq 6000",
    "Data Processing Method": "STAR 2.7.10a, RSEM 1.3.3, TMM",
    "Scale": "log2(TPM + 1)",
    "Genome Version": "GRCh38.p13",
    "Pipeline ID": "rnaseq-3.12.0",
    "Data Files / Raw": None,
    "Data Files / Processed": None,
    "Import Source URL": "https://example.org/studies/0001/expression.tsv",
    "Data Species": "Transcriptomics",
    "Name": "Expression of the benchmark",
    "Features (string)": "gene",
    "Features (numeric)": None,
    "Values (numeric)": None,
    "Normalization Method": "trimmed mean of M values",
}


def item(number: int, dice: random.Random) -> dict[str, object]:
    """One expression item of about 800 bytes, shaped as the real server's."""
    run, feature = divmod(number, RUN_FEATURES)
    return {
        "itemId": f"{run}-ENSG{feature:011}",
        "itemOrigin": {"runSourceId": f"S-{run:05}", "runId": str(run), "groupId": "GSF000030"},
        "metadata": _METADATA,
        "feature": {"gene": f"ENSG{feature:011}"},
        "value": {"value": round(dice.uniform(0, 15), 7)},
        "relationships": {"sample": f"GSF{1000 + run:06}"},
    }


def items_body(start: int, count: int, total: int) -> bytes:
    """One page of ``/omics/expression/data``."""
    dice = random.Random(start)
    last = start + count >= total
    page = {
        "data": [item(number, dice) for number in range(start, start + count)],
        "resultsExhausted": last,
        "log": ["Found 200 samples matched the samples/study query (total 200 now)"],
        "cursor": None if last else str(start + count),
    }
    return json.dumps(page, separators=(",", ":")).encode()


def samples_body(start: int, count: int, total: int) -> bytes:
    """One page of ``/samples``."""
    data = [
        {"genestack:accession": f"GSF{number:06}"}
        | {f"Attribute {n}": f"value {number % (n + 2)} of {n}" for n in range(SAMPLE_ATTRIBUTES)}
        for number in range(start, start + count)
    ]
    meta = {"pagination": {"count": count, "total": total, "offset": start, "limit": count}}
    return json.dumps({"meta": meta, "data": data}, separators=(",", ":")).encode()


def csv_body(n_features: int) -> bytes:
    """A streamed matrix of 200 runs."""
    dice = random.Random(7)
    values = [f"{dice.uniform(0, 15):.4f}" for _ in range(4093)]
    lines = ["gene," + ",".join(f"S-{run:05}" for run in range(CSV_RUNS))]
    for feature in range(n_features):
        start = feature * 37 % 3000
        lines.append(f"ENSG{feature:011}," + ",".join(values[start : start + CSV_RUNS]))
    return ("\n".join(lines) + "\n").encode()


class Bodies:
    """Bodies by request, made when they are first asked for."""

    def __init__(self) -> None:
        self._made: dict[tuple[object, ...], bytes] = {}
        self._lock = threading.Lock()

    def of(self, make: Callable[..., bytes], *arguments: int) -> bytes:
        """Return a body, from memory if it was made before."""
        key = (make.__name__, *arguments)
        with self._lock:
            if key not in self._made:
                self._made[key] = make(*arguments)
            return self._made[key]

    def answer(self, target: str) -> tuple[bytes, str]:
        """Return body and content type for a path; ``totalItems`` comes from the runFilter."""
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        size = int(query.get("pageLimit", "2000"))
        if parts.path.endswith("/samples"):
            start = int(query.get("pageOffset", "0"))
            total = 25 * size
            return self.of(samples_body, start, min(size, total - start), total), _JSON
        if parts.path.endswith("/streamed-data"):
            return self.of(csv_body, int(query["groupAccession"])), "text/csv"
        start = int(query.get("cursor", "0"))
        # The number of items travels in the data query, "feature=20000".
        total = int((query.get("exQuery") or query.get("runFilter") or "0").rpartition("=")[2])
        size = size if "exQuery" in query else total
        return self.of(items_body, start, min(size, total - start), total), _JSON


_JSON = "application/json;charset=UTF-8"


def serve(connection: socket.socket, bodies: Bodies) -> None:
    """Answer one connection until it ends."""
    buffer = b""
    with connection:
        while True:
            while b"\r\n\r\n" not in buffer:
                data = connection.recv(65536)
                if not data:
                    return
                buffer += data
            head, _, buffer = buffer.partition(b"\r\n\r\n")
            target = head.split(b" ", 2)[1].decode()
            if "/odm-shiny/" in target:  # a real ODM has no such operations
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                continue
            body, content_type = bodies.answer(target)
            if target.startswith("/slow"):
                time.sleep(LATENCY_S)
            lines = (
                f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}"
            )
            connection.sendall(lines.encode() + b"\r\n\r\n")
            connection.sendall(body)


def main() -> None:
    """Serve until the standard input ends."""
    bodies = Bodies()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        print(listener.getsockname()[1], flush=True)
        threading.Thread(target=_accept, args=(listener, bodies), daemon=True).start()
        sys.stdin.read()


def _accept(listener: socket.socket, bodies: Bodies) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, bodies), daemon=True).start()


@contextmanager
def running() -> Iterator[str]:
    """Start the stub in a process of its own; gives its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.stub"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.stdin.close()
        process.wait(10)


if __name__ == "__main__":
    main()
