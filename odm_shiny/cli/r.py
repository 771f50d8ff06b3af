"""``r``: run an R script with odm-shiny at hand, or install the R package."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from odm_shiny.cli.options import examples
from odm_shiny.cli.output import answer

INSTALL = "install"


def r(
    script: Annotated[
        Path,
        typer.Argument(
            metavar="SCRIPT|install",
            help="An R script, in UTF-8; or install, which puts the package odmshiny into R.",
        ),
    ],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ARGUMENT...]",
            help="What commandArgs(TRUE) returns in it; after install, a folder of R packages.",
        ),
    ] = None,
) -> None:
    """Run an R script as Rscript does; library(odmshiny) in it needs no further set-up.

    Ends with the script's exit status; with 1 if the script fails, with 130 after Ctrl-C.
    """
    from odm_shiny.errors import MissingDependency
    from odm_shiny.rbridge import pair

    if sys.platform == "win32":
        raise MissingDependency(pair.NO_WINDOWS)
    if str(script) == INSTALL and not script.exists():
        _install(arguments or [])
        return
    if not script.is_file():
        raise typer.BadParameter(f"File '{script}' does not exist.", param_hint="SCRIPT")
    from odm_shiny.rbridge import host

    host.run(script, arguments or [])


def _install(arguments: list[str]) -> None:
    from odm_shiny.rbridge.install import install

    if len(arguments) > 1:
        raise typer.BadParameter("one folder of R packages, or none", param_hint="install")
    answer(str(install(Path(arguments[0]).absolute() if arguments else None)))


def register(app: typer.Typer) -> None:
    """Add this command to `app`."""
    settings = {"ignore_unknown_options": True, "allow_interspersed_args": False}
    epilog = examples(
        "odm-shiny r analysis.R", "odm-shiny r report.R GSF000001 --verbose", "odm-shiny r install"
    )
    app.command(epilog=epilog, context_settings=settings)(r)
