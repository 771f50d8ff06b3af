"""Put the R package odmshiny, which comes with this one, into R's library."""

from __future__ import annotations

import subprocess
from pathlib import Path

from odm_shiny.errors import BridgeError, MissingDependency
from odm_shiny.rbridge.pair import INSTALL_R, r_program

PACKAGE = "odmshiny"
_USER_LIBRARY = 'cat(Sys.getenv("R_LIBS_USER"))'


def package_source() -> Path:
    """Return the folder of the R package: inside the installed package, or of the clone."""
    package = Path(__file__).resolve().parent.parent
    shipped = package / "_r"
    return shipped if shipped.is_dir() else package.parent / "r"


def install(library: Path | None = None) -> Path:
    """Install the R package odmshiny.

    Parameters
    ----------
    library
        Folder of R packages, made if it is not there; none said, the user's own library, which R
        looks into by itself.

    Returns
    -------
    Folder of the installed package.

    Raises
    ------
    MissingDependency
        R is not installed.
    BridgeError
        R could not install it; the message is R's own.
    """
    program = r_program()
    if program is None:
        raise MissingDependency(f"R is not installed, or not on the PATH: {INSTALL_R}")
    target = user_library(program) if library is None else library
    target.mkdir(parents=True, exist_ok=True)
    _run(program, "CMD", "INSTALL", f"--library={target}", str(package_source()))
    return target / PACKAGE


def user_library(program: str) -> Path:
    """Ask R for the user's own library; it may not exist yet."""
    answer = _run(program, "--no-echo", "--no-save", "--no-restore", "-e", _USER_LIBRARY)
    # R may name several folders, as PATH does; it installs into the first.
    first = answer.strip().split(":")[0]
    if not first:
        raise BridgeError("R has no library of the user: name a folder, or set R_LIBS_USER")
    return Path(first).expanduser()


def _run(*command: str) -> str:
    done = subprocess.run(  # noqa: S603 - the R that every other program would take
        command, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        raise BridgeError(f"R could not do it:\n{(done.stderr or done.stdout).strip()}")
    return done.stdout
