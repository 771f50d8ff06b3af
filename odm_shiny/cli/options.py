"""Options that several commands share, and how their examples are written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from odm_shiny.errors import FileError, MissingDependency

if TYPE_CHECKING:
    from odm_shiny.client.client import Client

AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="FOLDER|URL",
        envvar="ODM_SHINY_STORE",
        help="The embedded ODM's folder or database URL; else the one in your data folder.",
    ),
]

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        help="An ODM server. Its token comes from ODM_TOKEN or from `odm-shiny login`.",
    ),
]

EmbeddedStore = Annotated[
    str | None,
    typer.Option("--store", metavar="FOLDER|URL", help="An embedded ODM instead of a server."),
]


def examples(*lines: str) -> str:
    """Write examples below a command's help, as they are typed."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def default_store() -> Path:
    """Return the folder of the embedded ODM where nothing else is said."""
    from odm_shiny.connect import default_store as folder

    return folder()


def store_place(store: str | None) -> str | Path:
    """Turn the text of ``--store`` into what `Store.open` takes.

    Raises
    ------
    FileError
        The folder would lie in one that is not there: more likely a typing error than a wish.
    """
    if store is None:
        return default_store()
    if "://" in store:
        return store
    folder = Path(store).expanduser()
    if not folder.exists() and not folder.absolute().parent.exists():
        raise FileError("cannot make a store here: the folder above it does not exist", path=store)
    return folder


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Turn a library that is not installed into the line that installs it.

    Raises
    ------
    MissingDependency
        An import inside the block found no such library.
    """
    try:
        yield
    except ModuleNotFoundError as exc:
        if exc.name is None or exc.name.split(".")[0] == "odm_shiny":
            raise
        raise MissingDependency(
            f'this needs {exc.name}, which is not installed: pip install "odm-shiny[{extra}]"'
        ) from exc


@contextmanager
def client_of(url: str | None, store: str | None) -> Iterator[Client]:
    """Connect as `odm_shiny.connect` does, for one command."""
    from odm_shiny.connect import connect

    with connect(url, store=store) as client:
        yield client
