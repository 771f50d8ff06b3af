"""``r``: run an R script with odm-shiny at hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from odm_shiny.cli.options import examples


def r(
    script: Annotated[
        Path,
        typer.Argument(
            metavar="SCRIPT", help="An R script, in UTF-8.", exists=True, dir_okay=False
        ),
    ],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ARGUMENT...]", help="What commandArgs(TRUE) returns in it."),
    ] = None,
) -> None:
    """Run an R script as Rscript does; library(odmshiny) in it needs no further set-up.

    Ends with the script's exit status; with 1 if the script fails, with 130 after Ctrl-C.
    """
    from odm_shiny.errors import MissingDependency
    from odm_shiny.rbridge import pair

    if sys.platform == "win32":
        raise MissingDependency(pair.NO_WINDOWS)
    from odm_shiny.rbridge import host

    host.run(script, arguments or [])


def register(app: typer.Typer) -> None:
    """Add this command to `app`."""
    settings = {"ignore_unknown_options": True, "allow_interspersed_args": False}
    epilog = examples("odm-shiny r analysis.R", "odm-shiny r report.R GSF000001 --verbose")
    app.command(epilog=epilog, context_settings=settings)(r)
