"""What ``doctor`` looks at for R: R, rpy2, R's packages, and whether R can load this Python."""

from __future__ import annotations

import ctypes.util
import importlib.util
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

from odm_shiny.cli.finding import Finding
from odm_shiny.rbridge import pair

# What the R package odmshiny uses where it is there, and the name of it in Debian.
CRAN = {
    "reticulate": "r-cran-reticulate",
    "Matrix": "r-cran-matrix",
    "tibble": "r-cran-tibble",
    "bit64": "r-cran-bit64",
}
BIOCONDUCTOR = {
    "SummarizedExperiment": "r-bioc-summarizedexperiment",
    "SingleCellExperiment": "r-bioc-singlecellexperiment",
    "MultiAssayExperiment": "r-bioc-multiassayexperiment",
}
OWN = "odmshiny"

REBUILD = "pip install --force-reinstall --no-deps --no-cache-dir rpy2-rinterface"


def look_at_r() -> Iterator[Finding]:
    """R, whether the installed rpy2 works with it, and the packages."""
    if sys.platform == "win32":
        yield Finding("R", "missing", pair.NO_WINDOWS)
        return
    version = pair.r_version()
    if version is None:
        cure = f"not found; if you want it: {pair.INSTALL_R}"
        yield Finding("R", "missing", cure)
        return
    yield Finding("R", "ok", ".".join(map(str, version)))
    installed = pair.rpy2_version()
    if installed is not None:
        yield judge_rpy2(installed, version, _importing_rpy2)
        yield judge_mode(importlib.util.find_spec("_rinterface_cffi_api") is not None)
        yield judge_library(_has_shared_library())
    yield from judge_packages(_installed_packages([OWN, *CRAN, *BIOCONDUCTOR]))


def judge_rpy2(
    installed: str, r: tuple[int, ...], failure_of_import: Callable[[], str | None]
) -> Finding:
    """Say whether an rpy2 works with an R.

    Parameters
    ----------
    installed
        Version of ``rpy2-rinterface``.
    r
        Version of R.
    failure_of_import
        Imports it, in another process, and gives the last line of the error, if there is one.
    """
    misfit = pair.misfit(installed, r)
    if misfit is not None:
        return Finding("rpy2", "broken", misfit)
    failure = failure_of_import()
    if failure is not None:
        detail = (
            f"rpy2-rinterface {installed} does not start R: {failure}; if R was replaced since "
            f"rpy2 was installed: {REBUILD}"
        )
        return Finding("rpy2", "broken", detail)
    return Finding("rpy2", "ok", f"rpy2-rinterface {installed} works with this R")


def judge_mode(is_compiled: bool) -> Finding:
    """Say whether rpy2 was compiled; without R's build tools it falls back in silence."""
    if is_compiled:
        return Finding("rpy2 build", "ok", "compiled")
    cure = f"not compiled, which is slower: apt-get install r-base-dev, then {REBUILD}"
    return Finding("rpy2 build", "missing", cure)


def judge_library(is_there: bool) -> Finding:
    """Say whether an R session can load this Python."""
    if is_there:
        return Finding("Python in R", "ok", "this Python has the shared library that R loads")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    cure = (
        "this Python has no shared library, so library(odmshiny) cannot load it (odm-shiny r can): "
        f"apt-get install libpython{version}, or build it with --enable-shared"
    )
    return Finding("Python in R", "missing", cure)


def judge_packages(installed: set[str]) -> Iterator[Finding]:
    """Say which of R's packages are not there, and how to get them."""
    if OWN in installed:
        yield Finding(f"R: {OWN}", "ok", "installed")
    else:
        cure = "not installed; if you want it: odm-shiny r install"
        yield Finding(f"R: {OWN}", "missing", cure)
    for what, packages, install in (
        ("CRAN", CRAN, "install.packages"),
        ("Bioconductor", BIOCONDUCTOR, "BiocManager::install"),
    ):
        absent = [name for name in packages if name not in installed]
        if not absent:
            yield Finding(f"R: {what}", "ok", ", ".join(packages))
            continue
        quoted = ", ".join(f'"{name}"' for name in absent)
        cure = (
            f"not installed: {', '.join(absent)}; if you want them: {install}(c({quoted})) in R, "
            f"or apt-get install {' '.join(packages[name] for name in absent)}"
        )
        yield Finding(f"R: {what}", "missing", cure)


def _importing_rpy2() -> str | None:
    # A pair that does not fit can end the whole process.
    done = subprocess.run(
        [sys.executable, "-c", "import rpy2.rinterface as r; r.initr(interactive=False)"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["crash"])[-1]


def _installed_packages(names: list[str]) -> set[str]:
    program = pair.r_program()
    if program is None:
        return set()
    quoted = ", ".join(f"'{name}'" for name in names)
    code = f"cat(basename(find.package(c({quoted}), quiet = TRUE)))"
    done = subprocess.run(  # noqa: S603 - the R that every other program would take
        [program, "--no-echo", "--no-restore", "-e", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return set(done.stdout.split())


def _has_shared_library() -> bool:
    folder, name = sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("INSTSONAME")
    if (name and name.endswith((".so", ".dylib"))) or ".so." in (name or ""):
        if folder and Path(folder, name).exists():
            return True
        return ctypes.util.find_library(f"python{sysconfig.get_python_version()}") is not None
    return False
