"""``link``: who belongs to whom, by accession."""

from __future__ import annotations

from typing import Annotated

import typer

from odm_shiny.cli.options import AsJson, EmbeddedStore, Url, client_of, examples
from odm_shiny.cli.output import answer, answer_json
from odm_shiny.errors import QueryError

GROUP = "-group"


def link(
    source_kind: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE_KIND",
            help="What belongs: sample, library, preparation, expression, ...; or sample-group "
            "and so on for all objects of a group.",
        ),
    ],
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Its accession or run id.")],
    target_kind: Annotated[
        str, typer.Argument(metavar="TARGET_KIND", help="What it belongs to, likewise.")
    ],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Its accession.")],
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="ATTRIBUTE",
            help="Sample attribute that the columns of a data group are compared with.",
        ),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the link instead.")] = False,
    url: Url = None,
    store: EmbeddedStore = None,
    as_json: AsJson = False,
) -> None:
    """Link an object to what it belongs to, or all objects of a group by their ids."""
    is_group = source_kind.endswith(GROUP)
    if is_group != (target_kind.endswith(GROUP) or (target_kind == "study" and is_group)):
        raise QueryError(
            "link a group to a group (or samples to a study), or one object to another"
        )
    kinds = source_kind.removesuffix(GROUP), target_kind.removesuffix(GROUP)
    complete = True
    with client_of(url, store) as client:
        if remove and is_group:
            client.links.delete_groups(kinds[0], source, kinds[1], target)
        elif remove:
            client.links.delete(kinds[0], source, kinds[1], target)
        elif is_group:
            made = client.links.create_groups(
                kinds[0], source, kinds[1], target, linking_attribute=by
            )
            complete = made.complete
        else:
            client.links.create(kinds[0], source, kinds[1], target)
    done = "unlinked" if remove else "linked"
    if as_json:
        answer_json({"source": source, "target": target, "done": done, "complete": complete})
        return
    some = "" if complete else " (not all of its objects found a partner)"
    to = "from" if remove else "to"
    answer(f"{done} {source_kind} {source} {to} {target_kind} {target}{some}")


def register(app: typer.Typer) -> None:
    """Add this command to `app`."""
    app.command(
        epilog=examples(
            "odm-shiny link sample-group GSF000020 study GSF000010",
            "odm-shiny link expression-group GSF000030 sample-group GSF000020 --by Barcode",
            "odm-shiny link expression 7 sample GSF000021 --remove",
        )
    )(link)
