"""Peak memory of the client beside the official one: ``python -m benchmarks.client_memory``.

Every row is a process of its own; what importing costs is taken off. ``--large`` takes the sizes
of the targets.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.stub import running

OURS = (
    "import pandas\nfrom odm_shiny.connect import connect\n"
    "client = connect(url, 'token', cache=False)\n"
)
PEER = "from benchmarks.bench_client import Official\nclient = Official(url)\n"
PEAK = (
    "import resource\n"
    "before = int(open('/proc/self/statm').read().split()[1]) * resource.getpagesize()\n"
    "{work}\n"
    "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before) / 1e6)\n"
)


def peak_mb(url: str, start: str, work: str) -> float:
    """Run work in a process; return the most memory that it added, in MB."""
    code = f"url = {url!r}\n{start}{PEAK.format(work=work)}"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(done.stdout)


def rows(large: bool) -> list[tuple[str, str, str, str]]:
    """Name, our work, the peer's work, target."""
    n_items, n_genes = (200_000, 20_000) if large else (40_000, 5_000)
    ours = f"client.omics.expression(ex_query='feature={n_items}').to_pandas()"
    return [
        (
            f"{n_items:,} items in pages of 2,000 to pandas",
            f"found = {ours}",
            f"found = client.raw({n_items}, 2000)",
            "<= 0.35x",
        ),
        (
            f"streamed CSV, {n_genes:,} genes x 200 runs, to pandas",
            f"found = client.expressions.stream('{n_genes}').to_pandas()",
            f"found = client.csv({n_genes})",
            "<= 0.55x",
        ),
    ]


def main(arguments: list[str]) -> int:
    """Print the table."""
    print("| work | odm-shiny | odm-api | ratio | target |\n|---|---|---|---|---|")
    with running() as url:
        for name, ours, peer, target in rows("--large" in arguments):
            mine, theirs = peak_mb(url, OURS, ours), peak_mb(url, PEER, peer)
            ratio = mine / theirs
            print(
                f"| {name} | {mine:.0f} MB | {theirs:.0f} MB | {ratio:.2f} | {target} |", flush=True
            )
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))
    raise SystemExit(main(sys.argv[1:]))
