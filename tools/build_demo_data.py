"""Build the demo studies of ``odm_shiny/demo/data`` from the packages that publish the data.

::

    python tools/build_demo_data.py                  # build and replace the shipped files
    python tools/build_demo_data.py --check          # build elsewhere and compare, change nothing
    python tools/build_demo_data.py --work FOLDER    # keep downloads there for the next time

Needs ``apt-get``, ``dpkg`` and ``Rscript`` (plain R) of Debian 12 and the package index of pip.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

from demo_data import chiaretti, golub, gtex
from demo_data.sources import prepare
from demo_data.tables import content, write_manifest

SHIPPED = Path(__file__).parent.parent / "odm_shiny" / "demo" / "data"
STUDIES = {
    "chiaretti-all": chiaretti.build,
    "golub-leukemia": golub.build,
    "gtex-lung-chr21": gtex.build,
}
LICENCES = "licences"  # texts kept by hand, covered by the manifest


def main() -> int:
    """Run the command; 0 = built (or equal), 1 = differs from what is shipped."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, help="folder for downloads (default: temporary)")
    parser.add_argument("--check", action="store_true", help="compare only, change nothing")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        text = prepare((arguments.work or scratch / "work").resolve())
        built = scratch / "built"
        for name, build in STUDIES.items():
            build(text, built / name)
        return _compare(built) if arguments.check else _replace(built)


def _replace(built: Path) -> int:
    for name in STUDIES:
        shutil.rmtree(SHIPPED / name, ignore_errors=True)
        shutil.copytree(built / name, SHIPPED / name)
    write_manifest(SHIPPED)
    for file in sorted(file for file in SHIPPED.rglob("*") if file.is_file()):
        print(f"{file.stat().st_size:>10,}  {file.relative_to(SHIPPED)}")
    return 0


def _compare(built: Path) -> int:
    names = {
        file.relative_to(root)
        for root in (built, SHIPPED)
        for file in root.rglob("*")
        if file.is_file() and file.relative_to(root).parts[0] in STUDIES
    }
    different = [name for name in sorted(names) if not _same(built / name, SHIPPED / name)]
    for name in different:
        print(f"differs: {name}")
    print(f"{len(names) - len(different)} of {len(names)} files are as shipped")
    return 1 if different else 0


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and content(one) == content(other)


if __name__ == "__main__":
    raise SystemExit(main())
