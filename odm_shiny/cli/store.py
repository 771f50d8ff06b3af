"""``store``: look after an embedded ODM's store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from odm_shiny.cli.options import AsJson, StoreOption, examples, needs, store_place
from odm_shiny.cli.output import answer, answer_json, say
from odm_shiny.errors import FileError

if TYPE_CHECKING:
    from odm_shiny.store.check import Finding
    from odm_shiny.store.store import Store

commands = typer.Typer(help="Check and copy an embedded ODM's store.", no_args_is_help=True)


@commands.command(epilog=examples("odm-shiny store check --store ./my-odm"))
def check(
    store: StoreOption = None,
    clean: Annotated[
        bool, typer.Option("--clean", help="Remove what crashes have left, if it is harmless.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look for damage and leftovers; works while the store is used.

    Ends with 1 if there is damage. Leftovers of crashes are named, and are no damage.
    """
    with existing(store) as place:
        if clean:
            from odm_shiny.store.sweep import sweep

            say(f"removed {sweep(place)} leftovers")
        findings = findings_of(place)
    if as_json:
        answer_json([asdict(finding) for finding in findings])
    for finding in findings if not as_json else ():
        state = "leftover" if finding.is_harmless else "damage"
        answer(f"{state}: {finding.what}; {finding.cure}")
    if not findings and not as_json:
        answer(f"{place.where}: whole")
    if any(not finding.is_harmless for finding in findings):
        raise typer.Exit(1)


@commands.command(epilog=examples("odm-shiny store backup ./copy-of-monday --store ./my-odm"))
def backup(
    target: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder to make; it must not exist.")
    ],
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Copy a store as it is at one moment; works while the store is used.

    The copy is a store itself: use it with --store.
    """
    with existing(store) as place:
        from odm_shiny.store.backup import backup as copy

        made = copy(place, target)
    if as_json:
        answer_json({"backup": str(made)})
    else:
        answer(str(made))


def findings_of(store: Store) -> list[Finding]:
    """List what is not as it should be in an open store."""
    from odm_shiny.store.check import check as look

    return look(store)


@contextmanager
def existing(store: str | None) -> Iterator[Store]:
    """Open a store that is there already: to look must not make one.

    Raises
    ------
    FileError
        There is none.
    """
    place = store_place(store)
    if isinstance(place, Path) and not place.exists():
        raise FileError("there is no store here", path=str(place))
    with needs("server"):
        from odm_shiny.store.store import Store
    with Store.open(place) as opened:
        yield opened


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    app.add_typer(commands, name="store")
