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
