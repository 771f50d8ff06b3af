"""The command ``odm-shiny`` and how it ends: 0, 1 (it failed) or 2 (wrong use)."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Annotated, Any, TextIO

import typer

import odm_shiny
from odm_shiny.cli import (
    apps,
    demo,
    doctor,
    import_files,
    jobs,
    link,
    login,
    patch,
    query,
    r,
    serve,
    share,
    store,
    token,
    validate,
    versions,
)
from odm_shiny.cli.output import answer, say
from odm_shiny.errors import OdmError, QuerySyntaxError

app = typer.Typer(
    name="odm-shiny",
    help="From a question about omics data in ODM to an analysis-ready Shiny app.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for part in (
    demo,
    apps,
    serve,
    token,
    login,
    import_files,
    query,
    r,
    versions,
    link,
    patch,
    validate,
    share,
    jobs,
    store,
    doctor,
):
    part.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        answer(f"odm-shiny {odm_shiny.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """From a question about omics data in ODM to an analysis-ready Shiny app."""


def main() -> None:
    """Run the command line; a failure is a line on stderr, with ODM_SHINY_DEBUG=1 a traceback."""
    warnings.showwarning = _say_warning
    try:
        app(prog_name="odm-shiny")
    except (OdmError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            _leave_quietly()
        if os.environ.get("ODM_SHINY_DEBUG") == "1":
            raise
        say(f"odm-shiny: {_one_line(error)}")
        sys.exit(1)


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, QuerySyntaxError) and error.text:
        return f"{text} (at character {error.position + 1} of: {error.text})"
    return text


def _leave_quietly() -> None:
    # The reader (`head`) has gone. Python would complain again when it flushes stdout at its end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)


def _say_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> Any:
    say(f"odm-shiny: {message}")


if __name__ == "__main__":
    main()
