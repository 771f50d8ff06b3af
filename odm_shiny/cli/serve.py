"""``serve``: the ODM server."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from odm_shiny.cli.options import StoreOption, default_store, examples, needs, store_place
from odm_shiny.errors import QueryError

if TYPE_CHECKING:
    from odm_shiny.server.service import Service


@dataclass(frozen=True, slots=True)
class Settings:
    """What a server process is told; plain values, so that it can be handed to other processes."""

    store: str
    objects: str | None
    allow_import_from: tuple[str, ...]
    lenient: bool


def serve(
    store: StoreOption = None,
    objects: Annotated[
        str | None,
        typer.Option(
            "--objects",
            metavar="FOLDER|URL",
            help="Where matrices are kept, if not beside the metadata.",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option("--host", metavar="HOST", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            "--port",
            metavar="PORT",
            min=0,
            max=65535,
            help="Port to listen on; 0 takes a free one.",
        ),
    ] = 8080,
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", min=1, help="Number of processes.")
    ] = 1,
    allow_import_from: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-import-from",
            metavar="CIDR|FOLDER",
            help="Let imports read from this private network, or from files of this folder.",
        ),
    ] = None,
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Ignore unknown parameters instead of refusing them.")
    ] = False,
    access_log: Annotated[bool, typer.Option("--access-log", help="Log every request.")] = False,
) -> None:
    """Run the ODM server until it is told to stop.

    Prints `ODM ready at http://HOST:PORT` on a line of its own once it answers. Every call needs a
    token: `odm-shiny token create` makes one, also while the server runs.
    """
    from odm_shiny.cli.serving import listen
    from odm_shiny.cli.serving import serve as serve_application

    settings = Settings(
        store or str(default_store()), objects, tuple(allow_import_from or ()), lenient
    )
    with needs("server"), listen(host, port) as sock:
        from odm_shiny.server.asgi import MAX_REQUEST_HEAD_BYTES

        import_rules(settings)
        migrate(settings)
        serve_application(
            partial(application, settings),
            sock,
            ready="ODM ready at {url}",
            workers=workers,
            factory=True,
            access_log=access_log,
            options={"http": "h11", "h11_max_incomplete_event_size": MAX_REQUEST_HEAD_BYTES},
        )


def import_rules(settings: Settings) -> Any:
    """Read the allow-list.

    Raises
    ------
    QueryError
        A word is neither a network nor a folder.
    """
    from odm_shiny.server.fetch import ImportRules

    try:
        return ImportRules.from_words(settings.allow_import_from)
    except ValueError as exc:
        raise QueryError(str(exc)) from exc


def migrate(settings: Settings) -> None:
    """Open and close the store once, before several processes meet an old or a new one."""
    from odm_shiny.store.store import Store

    Store.open(store_place(settings.store), objects=settings.objects).close()


def service(settings: Settings) -> Service:
    """Open the store and put the service on it; whoever stops the service closes its store."""
    from odm_shiny.server.service import Service
    from odm_shiny.store.store import Store

    store = Store.open(store_place(settings.store), objects=settings.objects)
    return Service(store, lenient=settings.lenient, import_rules=import_rules(settings))


def application(settings: Settings) -> Any:
    """Make the ASGI application of one process; the store is closed when it shuts down."""
    from odm_shiny.server.asgi import create_app

    behind = service(settings)
    return create_app(behind, on_startup=behind.clean_up, on_shutdown=behind.store.close)


def register(app: typer.Typer) -> None:
    """Add this command to `app`."""
    app.command(
        epilog=examples(
            "odm-shiny serve --store ./my-odm --port 8080",
            "odm-shiny serve --store ./my-odm --allow-import-from ./files",
            "odm-shiny serve --store postgresql://odm@db/odm --objects s3://bucket/odm --workers 4",
        )
    )(serve)
