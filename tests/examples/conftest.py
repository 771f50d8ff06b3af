"""One store with the demo studies for all examples, and programs run as a reader runs them."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from odm_shiny.cli.demo import prepare
from odm_shiny.rbridge.install import install

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def demo_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a store with the demo studies, made once however many processes the tests use."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent  # that of the process which started the workers
    folder = root / "demo-studies"
    with (root / "demo-studies.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            prepare(folder)
    return folder


@pytest.fixture(scope="session")
def r_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of R packages that holds odmshiny, put there as users do."""
    folder = tmp_path_factory.mktemp("r-library")
    install(folder)
    return folder


@pytest.fixture
def r_environment(r_library: Path, demo_store: Path) -> dict[str, str]:
    """What R needs to find odmshiny, this Python, and the demo studies."""
    return {
        **os.environ,
        "R_LIBS": str(r_library),
        "ODM_SHINY_PYTHON": sys.executable,
        "ODM_SHINY_STORE": str(demo_store),
    }


@pytest.fixture
def run(demo_store: Path, tmp_path: Path) -> Run:
    """Run Python in a folder of its own, on the demo studies, with warnings as errors."""

    def call(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", *map(str, words)],
            cwd=tmp_path,
            env={**os.environ, "ODM_SHINY_STORE": str(demo_store)},
            capture_output=True,
            text=True,
            check=False,
        )

    return call
