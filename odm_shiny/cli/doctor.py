"""``doctor``: is everything there, and if not, what to do."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import typer

import odm_shiny
from odm_shiny.cli.options import AsJson, StoreOption, default_store, examples
from odm_shiny.cli.output import answer, answer_json
from odm_shiny.errors import OdmError

State = Literal["ok", "missing", "broken"]

# Where R is older than this, rpy2-rinterface from 3.6.6 on asks R for functions that it lacks.
R_OF_NEW_RPY2 = (4, 5)
NEW_RPY2 = (3, 6, 6)

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# One library each, by which an extra is known to be installed.
EXTRAS = {
    "server": "tensorstore",
    "shiny": "shiny",
    "anndata": "anndata",
    "polars": "polars",
    "analysis": "statsmodels",
    "r": "rpy2",
    "s3": "obstore",
    "postgres": "psycopg",
    "dask": "distributed",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Attributes
    ----------
    what
        What was looked at, in a word or two.
    state
        ``missing`` is no fault: what is optional is not there.
    detail
        What was found, and what to do if it is not ``ok``.
    """

    what: str
    state: State
    detail: str


def doctor(store: StoreOption = None, as_json: AsJson = False) -> None:
    """Check Python, the extras, R, the browser, the login and the store, in plain words.

    Ends with 1 if something that is there does not work; what is merely not installed is no fault.
    """
    findings = [finding for look in LOOKS for finding in look()]
    findings.append(look_at_store(store))
    if as_json:
        answer_json([asdict(finding) for finding in findings])
    else:
        width = max(len(finding.what) for finding in findings)
        for finding in findings:
            answer(f"{finding.state:8}{finding.what:{width}}  {finding.detail}")
    if any(finding.state == "broken" for finding in findings):
        raise typer.Exit(1)


def look_at_python() -> Iterator[Finding]:
    """The running Python and the package."""
    place = f"Python {platform.python_version()} in {sys.prefix}"
    yield Finding("odm-shiny", "ok", f"{odm_shiny.__version__}, {place}")


def look_at_extras() -> Iterator[Finding]:
    """The optional libraries."""
    for extra, library in EXTRAS.items():
        if importlib.util.find_spec(library) is None:
            cure = f'not installed; if you want it: pip install "odm-shiny[{extra}]"'
            yield Finding(f"extra {extra}", "missing", cure)
        else:
            yield Finding(f"extra {extra}", "ok", f"{library} is installed")


def look_at_r() -> Iterator[Finding]:
    """R, and whether the installed rpy2 works with it."""
    version = r_version()
    if version is None:
        cure = "not found; if you want it: apt-get install r-base-core r-base-dev"
        yield Finding("R", "missing", cure)
        return
    yield Finding("R", "ok", ".".join(map(str, version)))
    try:
        installed = importlib.metadata.version("rpy2-rinterface")
    except importlib.metadata.PackageNotFoundError:
        return
    yield judge_rpy2(installed, version, _importing_rpy2)


def r_version() -> tuple[int, ...] | None:
    """Ask the R on the PATH for its version; ``None`` without one that runs."""
    program = shutil.which("R")
    if program is None:
        return None
    done = subprocess.run(  # noqa: S603 - the R that every other program would take
        [program, "--version"], capture_output=True, text=True, check=False, timeout=60
    )
    found = re.search(r"R version (\d+)\.(\d+)\.(\d+)", done.stdout)
    return tuple(map(int, found.groups())) if found else None


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
    numbers = tuple(map(int, re.findall(r"\d+", installed)[:3]))
    if numbers >= NEW_RPY2 and r < R_OF_NEW_RPY2:
        detail = (
            f"rpy2-rinterface {installed} needs R 4.5, and this is R {'.'.join(map(str, r))}: "
            'pip install "rpy2-rinterface<3.6.6"'
        )
        return Finding("rpy2", "broken", detail)
    failure = failure_of_import()
    if failure is not None:
        detail = f"rpy2-rinterface {installed} does not start R: {failure}"
        return Finding("rpy2", "broken", detail)
    return Finding("rpy2", "ok", f"rpy2-rinterface {installed} works with this R")


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


def look_at_browser() -> Iterator[Finding]:
    """A browser that the tests and screenshots can drive."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        cure = "not found; only tests of apps need it: apt-get install chromium"
        yield Finding("Chromium", "missing", cure)
    else:
        yield Finding("Chromium", "ok", found)


def look_at_login() -> Iterator[Finding]:
    """The saved logins and the variables that win over them; no token is shown."""
    from odm_shiny.client.auth import saved_logins

    if url := os.environ.get("ODM_URL"):
        token = "with" if os.environ.get("ODM_TOKEN") else "without"
        yield Finding("ODM_URL", "ok", f"{url}, {token} ODM_TOKEN; it wins over a login")
    try:
        logins = saved_logins()
    except OdmError as error:
        yield Finding("login", "broken", str(error))
        return
    if logins:
        yield Finding("login", "ok", ", ".join(logins))
    else:
        yield Finding("login", "missing", "none; to use an ODM server: odm-shiny login URL")


def look_at_store(where: str | None) -> Finding:
    """Check the store that is used where nothing else is said."""
    place = where or os.environ.get("ODM_SHINY_STORE") or str(default_store())
    if "://" not in place and not Path(place).exists():
        return Finding("store", "missing", f"{place} does not exist yet: odm-shiny demo makes it")
    if importlib.util.find_spec(EXTRAS["server"]) is None:
        return Finding("store", "missing", "the embedded ODM is not installed")
    from odm_shiny.cli.store import existing, findings_of

    try:
        with existing(place) as opened:
            damage = [one.what for one in findings_of(opened) if not one.is_harmless]
    except OdmError as error:
        return Finding("store", "broken", f"{place}: {error}")
    if damage:
        more = f" and {len(damage) - 1} more" if len(damage) > 1 else ""
        return Finding("store", "broken", f"{place}: {damage[0]}{more}; odm-shiny store check")
    return Finding("store", "ok", place)


LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    look_at_python,
    look_at_extras,
    look_at_r,
    look_at_browser,
    look_at_login,
)


def register(app: typer.Typer) -> None:
    """Add this command to `app`."""
    app.command(epilog=examples("odm-shiny doctor", "odm-shiny doctor --json"))(doctor)
