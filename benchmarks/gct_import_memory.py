"""Peak memory of reading and importing a GCT file: ``python -m benchmarks.gct_import_memory``.

Every row is a process of its own. ``--large`` takes the sizes of the targets.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.matrix_data import write_gct

WORK = {
    "nothing: imports only": "",
    "read in blocks": "bench_gct_import.read(path)",
    "import into a store": "bench_gct_import.import_file(path, MatrixStore(folder), 'm')",
    "cmapPy parse_gct": "parse(str(path))",
    "polars read_csv, whole": ("pl.read_csv(path, separator='\\t', skip_lines=2, quote_char=None)"),
}


def imports(work: str) -> str:
    """What a row has to load: a peer is not charged for us, nor we for it."""
    if "parse(" in work:
        return "from cmapPy.pandasGEXpress.parse_gct import parse"
    if "pl." in work:
        return "import polars as pl"
    return (
        "import sys, types\n"
        "for name in ('polars', 'cmapPy', 'cmapPy.pandasGEXpress',"
        " 'cmapPy.pandasGEXpress.parse_gct'):\n"
        "    sys.modules[name] = types.ModuleType(name)\n"
        "sys.modules['cmapPy.pandasGEXpress.parse_gct'].parse = None\n"
        "from benchmarks import bench_gct_import\n"
        "from odm_shiny.store.matrices import MatrixStore"
    )


def peak_mb(work: str, path: Path, folder: Path) -> float:
    """Run work in a process; return the most memory it held, in MB."""
    code = (
        f"import resource\nfrom pathlib import Path\npath = Path({str(path)!r})\n"
        f"folder = {str(folder)!r}\n{imports(work)}\n{work}\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(done.stdout) * resource.getpagesize() / 4096 / 1024


def main(arguments: list[str]) -> int:
    """Print the table."""
    large = "--large" in arguments
    sizes = [(20_000, 2_000), (53_000, 2_000)] if large else [(4_000, 500)]
    print("| file | work | peak memory |\n|---|---|---|")
    for n_features, n_runs in sizes:
        with TemporaryDirectory() as folder:
            path = write_gct(Path(folder, "big.gct"), n_features, n_runs)
            what = f"{n_features:,} x {n_runs:,}, {path.stat().st_size / 1e6:.0f} MB"
            for name, work in WORK.items():
                if "cmapPy" in name and n_features > 20_000:
                    continue
                peak = peak_mb(work, path, Path(folder, "matrices"))
                print(f"| {what} | {name} | {peak:.0f} MB |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
