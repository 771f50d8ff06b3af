"""The R package odmshiny, checked by R itself as CRAN does it: with Python, and without."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from odm_shiny.rbridge.install import package_source

pytestmark = [pytest.mark.r, pytest.mark.peer, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def variables() -> dict[str, str]:
    return {**os.environ, "ODM_SHINY_PYTHON": sys.executable, "LC_ALL": "C.UTF-8"}


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory, variables: dict[str, str]) -> Path:
    folder = tmp_path_factory.mktemp("build")
    source = folder / "odmshiny"
    shutil.copytree(package_source(), source)
    built = subprocess.run(
        ["R", "CMD", "build", str(source)],
        env=variables,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return next(folder.glob("odmshiny_*.tar.gz"))


@pytest.mark.parametrize("python", [True, False], ids=["with-python", "without-python"])
def test_r_cmd_check_finds_nothing(
    tarball: Path, variables: dict[str, str], tmp_path: Path, python: bool
) -> None:
    # Without Python the examples, vignettes and tests that need it are left out, and all is well.
    checks = {"_R_CHECK_CRAN_INCOMING_": "false", "_R_CHECK_SYSTEM_CLOCK_": "0"}
    unset = (
        {}
        if python
        else {"ODM_SHINY_PYTHON": "", "RETICULATE_PYTHON": "", "PATH": no_python(tmp_path)}
    )
    # R asks for the index of CRAN; here it finds an empty one.
    profile = tmp_path / "profile.R"
    profile.write_text('options(repos = c(CRAN = "https://localhost:9"))\n')
    found = subprocess.run(
        [shutil.which("R") or "R", "CMD", "check", "--as-cran", "--no-manual", str(tarball)],
        env=variables | checks | unset | {"R_PROFILE_USER": str(profile), "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    log = tmp_path / "odmshiny.Rcheck" / "00check.log"
    assert "Status: OK" in found.stdout, log.read_text(encoding="utf-8")[-8000:]


def no_python(folder: Path) -> str:
    """Make a PATH with everything but Python."""
    shown = folder / "bin"
    shown.mkdir()
    for place in os.environ["PATH"].split(":"):
        if not Path(place).is_dir():
            continue
        for program in Path(place).iterdir():
            if not program.name.startswith("python") and not (shown / program.name).exists():
                (shown / program.name).symlink_to(program)
    return str(shown)


def test_the_pages_are_those_of_the_code(tmp_path: Path, variables: dict[str, str]) -> None:
    source = tmp_path / "r"
    shutil.copytree(package_source(), source)
    subprocess.run(
        ["Rscript", "-e", "roxygen2::roxygenise(load_code = roxygen2::load_source)"],
        cwd=source,
        env=variables,
        capture_output=True,
        check=True,
    )

    def pages(folder: Path) -> dict[str, str]:
        files = [*sorted(folder.glob("man/*.Rd")), folder / "NAMESPACE"]
        return {path.name: path.read_text(encoding="utf-8") for path in files}

    assert pages(source) == pages(package_source())
