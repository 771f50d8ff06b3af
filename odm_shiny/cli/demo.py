"""``demo``: the expression app on real studies, with nothing to set up."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from odm_shiny.cli.apps import Host, NoBrowser, Port, run_app
from odm_shiny.cli.options import StoreOption, examples, needs, store_place
from odm_shiny.cli.output import narrated, say
from odm_shiny.cli.templates import app_file
from odm_shiny.errors import OdmError

APP = "odm-expression"


def demo(
    port: Port = None,
    host: Host = "127.0.0.1",
    no_browser: NoBrowser = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Make the store anew; it must hold only the demo.")
    ] = False,
    store: StoreOption = None,
) -> None:
    """Open the expression app on real studies, in an ODM of your own.

    The studies are imported the first time. Prints `App ready at URL` once the app answers.
    """
    place = store_place(store)
    with needs("server,shiny"):
        if reset:
            remove(place)
        prepare(place)
    # The demo is of one store and offline, whatever the environment says of another ODM.
    for name in ("ODM_URL", "ODM_TOKEN"):
        os.environ.pop(name, None)
    run_app(
        app_file(APP), url=None, store=str(place), host=host, port=port, open_browser=not no_browser
    )


def prepare(place: str | Path) -> None:
    """See that a store has the demo studies.

    A new store is made beside its place and put there when it is whole: who stops the import in the
    middle finds nothing half done the next time.
    """
    if not isinstance(place, Path) or place.exists():
        fill(place)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{place.name}-", dir=place.parent) as made:
        fill(Path(made, "store"))
        try:
            Path(made, "store").rename(place)
        except OSError:
            # Somebody else was faster; theirs is as good.
            fill(place)


def fill(place: str | Path) -> None:
    """Import the demo studies that a store lacks."""
    from odm_shiny.connect import connect
    from odm_shiny.demo.load import load_study, missing_studies

    with connect(store=place) as client:
        missing = missing_studies(client)
        if not missing:
            return
        say(f"importing {len(missing)} studies, once")
        with narrated() as tell:
            for study in missing:
                load_study(client, study, tell=tell)


def remove(place: str | Path) -> None:
    """Remove a store that holds the demo studies and nothing else.

    Raises
    ------
    OdmError
        It holds other studies, or is behind a database URL.
    """
    from odm_shiny.connect import connect
    from odm_shiny.demo import demo_studies

    if not isinstance(place, Path):
        raise OdmError(f"{place} is a database: --reset is for a folder")
    if not place.exists():
        return
    demo = {study.title for study in demo_studies()}
    with connect(store=place) as client:
        titles = [study.get("Study Title") for study in client.studies.find().to_list()]
    others = [str(title) for title in titles if title not in demo]
    if others:
        raise OdmError(
            f"{place} holds {len(others)} studies that are not the demo's, such as {others[0]!r}: "
            "move the folder away, or name another one with --store"
        )
    shutil.rmtree(place)


def register(app: typer.Typer) -> None:
    """Add this command to `app`."""
    app.command(
        epilog=examples(
            "odm-shiny demo",
            "odm-shiny demo --no-browser --port 8123",
            "odm-shiny demo --reset",
        )
    )(demo)
