"""``doctor``: is everything there, and if not, what to do."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import typer

import odm_shiny
from odm_shiny.cli.doctor_r import look_at_r
from odm_shiny.cli.finding import Finding
from odm_shiny.cli.options import AsJson, StoreOption, default_store, examples
from odm_shiny.cli.output import answer, answer_json
from odm_shiny.errors import OdmError

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
