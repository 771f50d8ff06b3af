"""Fetch the packages that hold the original data and turn them into plain text."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
R_LIBRARY = Path("usr/lib/R/site-library")


@dataclass(frozen=True)
class Source:
    """One package file: its exact version, its file name as downloaded, its SHA-256."""

    name: str
    version: str
    file: str
    sha256: str


DEBIAN = (
    Source(
        "r-bioc-all",
        "1.40.0-1",
        "r-bioc-all_1.40.0-1_all.deb",
        "da7ef4515950ac70b40285eeaeb2aca2a85508c1c5333789c84a96cf3443911c",
    ),
    Source(
        "r-bioc-annotate",
        "1.76.0+dfsg-1",
        "r-bioc-annotate_1.76.0+dfsg-1_all.deb",
        "7a33cac4a738c0fcbcd8ac444ef83ce43826ef82e490bcbabd86d2345f956a9a",
    ),
    Source(
        "r-bioc-multtest",
        "2.54.0-1",
        "r-bioc-multtest_2.54.0-1_amd64.deb",
        "042955322949c58901a1b52360d41db8019acc5b8cd70e001765feb5a8b0ef03",
    ),
)
RNANORM = Source(
    "rnanorm",
    "2.2.0",
    "rnanorm-2.2.0-py3-none-any.whl",
    "3526db2745a54c34cb46ea9fe1e134ea09a840281fdebe02fc91fb012b37fec2",
)


def prepare(work: Path) -> Path:
    """Download, verify, unpack and export every source.

    Returns
    -------
    The folder of text files that the study builders read. A second call with the same ``work``
    downloads nothing.

    Raises
    ------
    SystemExit
        A tool is missing, a download fails, or a file is not the one that was pinned.
    """
    packages, text = work / "packages", work / "text"
    for folder in (packages, text):
        folder.mkdir(parents=True, exist_ok=True)
    _fetch_debian(packages)
    _fetch_wheel(packages)
    unpacked = work / "unpacked"
    for source in DEBIAN:
        _run(["dpkg", "-x", str(packages / source.file), str(unpacked)])
    script = HERE / "export_sources.R"
    _run(["Rscript", "--vanilla", str(script), str(unpacked / R_LIBRARY), str(text)])
    python = _rnanorm_python(work, packages / RNANORM.file)
    _run([str(python), str(HERE / "export_gtex.py"), str(text)])
    return text


def _fetch_debian(packages: Path) -> None:
    for source in DEBIAN:
        if not (packages / source.file).exists():
            _run(["apt-get", "download", f"{source.name}={source.version}"], cwd=packages)
        _verify(packages / source.file, source)


def _fetch_wheel(packages: Path) -> None:
    if not (packages / RNANORM.file).exists():
        wanted = f"{RNANORM.name}=={RNANORM.version}"
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", wanted]
        _run([*command, "--dest", str(packages)])
    _verify(packages / RNANORM.file, RNANORM)


def _rnanorm_python(work: Path, wheel: Path) -> Path:
    """Return a Python of its own that holds rnanorm, so that the project need not depend on it."""
    python = work / "rnanorm" / "bin" / "python"
    ready = work / "rnanorm" / "ready"
    if not ready.exists():
        venv.create(work / "rnanorm", with_pip=True, clear=True)
        _run([str(python), "-m", "pip", "install", "-q", str(wheel)])
        ready.touch()
    return python


def _verify(file: Path, source: Source) -> None:
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != source.sha256:
        raise SystemExit(
            f"{file.name} has SHA-256 {found}, expected {source.sha256}: remove it and build again,"
            " or pin the new version in tools/demo_data/sources.py after reading what changed"
        )


def _run(command: Sequence[str], cwd: Path | None = None) -> None:
    if shutil.which(command[0]) is None:
        raise SystemExit(f"{command[0]} is needed to build the demo data and was not found")
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr.strip()}")
