"""Whether the installed rpy2 and R fit each other, said in plain words before either is loaded."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from types import ModuleType

from odm_shiny.errors import MissingDependency

# rpy2-rinterface from 3.6.6 on asks R for functions that came with R 4.5. Its installer does not
# look, and the import then ends with an undefined symbol.
R_OF_NEW_RPY2 = (4, 5)
NEW_RPY2 = (3, 6, 6)

INSTALL_RPY2 = 'pip install "odm-shiny[r]"'
INSTALL_OLD_RPY2 = 'pip install "rpy2-rinterface<3.6.6"'
INSTALL_R = "apt-get install r-base-core r-base-dev"

NO_WINDOWS = (
    "R and Python cannot share a process on Windows: run this in the Windows Subsystem for Linux "
    "(wsl --install) or in a Linux container"
)


def import_rinterface() -> ModuleType:
    """Import ``rpy2.rinterface``, which loads R's library but does not start R.

    Raises
    ------
    MissingDependency
        rpy2, R or R's shared library is not there, the two do not fit each other, or this is
        Windows; the message holds the command that mends it.
    """
    if problem := what_is_wrong():
        raise MissingDependency(problem)
    try:
        return importlib.import_module("rpy2.rinterface")
    except (ImportError, OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        message = (
            f"rpy2 cannot load R's library ({reason}). If R was replaced since rpy2 was "
            "installed, build it anew: "
            "pip install --force-reinstall --no-deps --no-cache-dir rpy2-rinterface"
        )
        raise MissingDependency(message) from error


def what_is_wrong() -> str | None:
    """Say why rpy2 cannot be loaded, as far as that can be known without loading it."""
    if sys.platform == "win32":
        return NO_WINDOWS
    installed = rpy2_version()
    if installed is None:
        return f"rpy2 is not installed: {INSTALL_RPY2}"
    if r_program() is None:
        return f"R is not installed, or not on the PATH: {INSTALL_R}"
    # Asking R for its version takes a process; an rpy2 for any R spares it.
    return misfit(installed, r_version()) if is_new(installed) else None


def misfit(installed: str, r: tuple[int, ...] | None) -> str | None:
    """Say why a version of ``rpy2-rinterface`` does not work with a version of R, if it does not.

    >>> misfit("3.6.5", (4, 2, 2)) is None
    True
    >>> misfit("3.6.7", (4, 2, 2))
    'rpy2-rinterface 3.6.7 needs R 4.5, and this is R 4.2.2: pip install "rpy2-rinterface<3.6.6"'
    """
    if r is None or not is_new(installed) or r >= R_OF_NEW_RPY2:
        return None
    found = ".".join(map(str, r))
    return f"rpy2-rinterface {installed} needs R 4.5, and this is R {found}: {INSTALL_OLD_RPY2}"


def is_new(installed: str) -> bool:
    """Tell whether a version of ``rpy2-rinterface`` works with R 4.5 and later only."""
    return tuple(map(int, re.findall(r"\d+", installed)[:3])) >= NEW_RPY2


def rpy2_version() -> str | None:
    """Version of the installed ``rpy2-rinterface``; ``None`` without one."""
    try:
        return importlib.metadata.version("rpy2-rinterface")
    except importlib.metadata.PackageNotFoundError:
        return None


def r_program() -> str | None:
    """Path of R: that of ``R_HOME`` inside a running R, else the one on the PATH."""
    home = os.environ.get("R_HOME")
    if home and os.path.exists(program := os.path.join(home, "bin", "R")):
        return program
    return shutil.which("R")


def r_version() -> tuple[int, ...] | None:
    """Ask R for its version; ``None`` without one that runs."""
    program = r_program()
    if program is None:
        return None
    done = subprocess.run(  # noqa: S603 - the R that every other program would take
        [program, "--version"], capture_output=True, text=True, check=False, timeout=60
    )
    found = re.search(r"R version (\d+)\.(\d+)\.(\d+)", done.stdout)
    return tuple(map(int, found.groups())) if found else None
