"""``validate``: where a study's metadata does not fit its template."""

from __future__ import annotations

from typing import Annotated

import typer

from odm_shiny.cli.options import AsJson, EmbeddedStore, Url, client_of, examples
from odm_shiny.cli.output import answer_table, say

COLUMNS = ("group", "attribute", "value", "count", "error", "message")


def validate(
    study: Annotated[str, typer.Argument(metavar="ACCESSION", help="Accession of the study.")],
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 if anything is invalid.")] = (
        False
    ),
    url: Url = None,
    store: EmbeddedStore = None,
    as_json: AsJson = False,
) -> None:
    """List the values of a study's samples that its template does not allow, and why."""
    with client_of(url, store) as client:
        problems = client.validation.problems(study)
    if problems or as_json:
        answer_table(problems, COLUMNS, as_json=as_json)
    say(f"{study}: {len(problems) or 'no'} invalid values")
    if problems and strict:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add this command to `app`."""
    app.command(
        epilog=examples(
            "odm-shiny validate GSF000010",
            "odm-shiny validate GSF000010 --strict --json > problems.json",
        )
    )(validate)
