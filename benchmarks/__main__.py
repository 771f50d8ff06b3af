"""Run the benchmarks: ``python -m benchmarks [--large] [NAME...]``.

Each file ``benchmarks/bench_*.py`` has ``cases(large: bool)``, which gives `Case`s, or `Seen`s
where the figure was measured by other means. A case and its
peer run in turns in one process, so that a noisy moment meets both; the table shows medians and
their ratio. Each file has a process of its own: an R or a pool of threads that one started is no
burden for the next. No figure fails anything: a target is judged by a person.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from benchmarks.case import Case, Seen, Timing, run

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Name the benchmarks."""
    return sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))


def cases_of(name: str, *, large: bool) -> Iterable[Case | Seen]:
    """Make the cases of one benchmark."""
    cases: Iterable[Case | Seen] = importlib.import_module(f"benchmarks.bench_{name}").cases(large)
    return cases


def row(case: Case, ours: list[Timing], peer: list[Timing]) -> str:
    """Write one line of the table: medians, their spread, the ratio, and the target."""
    ours_ms = [timing.cpu_ms if case.cpu else timing.wall_ms for timing in ours]
    peer_ms = [timing.cpu_ms if case.cpu else timing.wall_ms for timing in peer]
    cells = [
        case.name,
        f"{median(ours_ms):.2f} ms ({min(ours_ms):.2f} to {max(ours_ms):.2f})",
        f"{median(peer_ms):.2f} ms" if peer_ms else "",
        f"{median(ours_ms) / median(peer_ms):.3f}" if peer_ms else "",
        case.target,
        f"{case.peer_name}" if peer_ms else "",
    ]
    return "| " + " | ".join(cells) + " |"


def seen_row(seen: Seen) -> str:
    """Write one line of the table for a figure that has no peer."""
    return f"| {seen.name} | {seen.text} |  |  | {seen.target} |  |"


def heading() -> Iterator[str]:
    """Say on what and when this ran."""
    packages = ("odm-shiny", "numpy", "pandas", "pyarrow", "zarr", "tensorstore")
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    yield f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, {versions}"
    yield f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f}"
    yield ""
    yield "| work | odm-shiny, median (range) | peer | ratio | target | the peer is |"
    yield "|---|---|---|---|---|---|"


def main(arguments: list[str]) -> int:
    """Run the benchmarks that are asked for and print the table as it grows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"of {', '.join(names())}; all, if none is named")
    parser.add_argument("--large", action="store_true", help="the sizes of the targets")
    parser.add_argument("--rows", action="store_true", help="the rows alone, in this process")
    options = parser.parse_args(arguments)
    if unknown := set(options.name) - set(names()):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    if options.rows:
        for name in options.name:
            print_rows(name, large=options.large)
        return 0
    for line in heading():
        print(line, flush=True)
    size = ["--large"] if options.large else []
    failed = [
        name
        for name in options.name or names()
        if subprocess.run([sys.executable, "-m", "benchmarks", "--rows", *size, name]).returncode
    ]
    if failed:
        print(f"not run to the end: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def print_rows(name: str, *, large: bool) -> None:
    """Run one benchmark and print its part of the table."""
    for case in cases_of(name, large=large):
        line = seen_row(case) if isinstance(case, Seen) else row(case, *run(case))
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
