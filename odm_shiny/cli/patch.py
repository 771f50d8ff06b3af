"""``patch``: change attributes, of one record or of many from a table."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from odm_shiny.cli.options import AsJson, EmbeddedStore, Url, client_of, examples
from odm_shiny.cli.output import answer_json, answer_table, say
from odm_shiny.cli.records import RECORD_KINDS, RecordKind, record_kind
from odm_shiny.errors import FileError, QueryError

ACCESSION = "genestack:accession"


def patch(
    accession: Annotated[
        str | None, typer.Argument(metavar="[ACCESSION]", help="Record to change.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ATTRIBUTE=VALUE]...", help="New values; nothing after = removes one."
        ),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE", help="Change many records: a .tsv or .csv, one a line."
        ),
    ] = None,
    key: Annotated[
        str, typer.Option("--key", metavar="COLUMN", help="Column that tells the records apart.")
    ] = ACCESSION,
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            metavar="KIND",
            help=f"What the table's records are: {', '.join(RECORD_KINDS)}.",
        ),
    ] = "samples",
    clear: Annotated[
        bool, typer.Option("--clear", help="Let an empty cell remove the value that is there.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change.")
    ] = False,
    url: Url = None,
    store: EmbeddedStore = None,
    as_json: AsJson = False,
) -> None:
    """Change attributes of one record, or of many from a table.

    What has the wanted value already is left alone, so the same table can be applied again. Empty
    cells of a table change nothing unless --clear is given.
    """
    if (accession is None) == (table is None):
        raise QueryError("say either one accession with its changes, or --from FILE")
    if table is not None:
        rows = read_table(table, key, clear=clear)
        of_kind = checked_kind(kind)
    else:
        rows = [{ACCESSION: accession, **read_changes(changes or [])}]
        key = ACCESSION
    with client_of(url, store) as client:
        if accession is not None:
            of_kind = record_kind(client, accession)
        edit = getattr(client, f"patch_{of_kind}")(rows, key=key, dry_run=dry_run)
    found = [asdict(change) for change in edit.changes]
    if as_json:
        answer_json({"dry_run": edit.dry_run, "unchanged": edit.unchanged, "changes": found})
        return
    if found:
        answer_table(found, ("accession", "attribute", "old", "new"), as_json=False)
    say(str(edit))


def read_changes(words: Sequence[str]) -> dict[str, Any]:
    """Read ``Attribute=value`` words; several of one attribute are several values.

    Raises
    ------
    QueryError
        No word at all, or one without ``=``.
    """
    changes: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.strip():
            raise QueryError(f"{word!r} is not ATTRIBUTE=VALUE")
        new: Any = value or None
        if name in changes:
            before = changes[name]
            new = [*(before if isinstance(before, list) else [before]), new]
        changes[name] = new
    if not changes:
        raise QueryError("say what to change: ATTRIBUTE=VALUE")
    return changes


def read_table(path: Path, key: str, *, clear: bool) -> list[Mapping[str, Any]]:
    """Read a table of edits, one record a line, ``|`` between several values of a cell.

    Parameters
    ----------
    clear
        Whether an empty cell removes a value; otherwise it is no edit.

    Raises
    ------
    FileError
        No such file, not UTF-8, no column `key`, or a line that has not as many cells as
        the header.
    """
    delimiter = "," if path.suffix.lower() == ".csv" else "\t"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter)
            lines = [(cells, reader.line_num) for cells in reader]
    except (OSError, UnicodeDecodeError) as exc:
        raise FileError(f"cannot be read: {exc}", path=str(path)) from exc
    header = [name.strip() for name in lines[0][0]] if lines else []
    if key not in header:
        raise FileError(f"has no column {key!r}; name the one to use with --key", path=str(path))
    rows: list[Mapping[str, Any]] = []
    for cells, number in lines[1:]:
        if not cells:
            continue
        if len(cells) != len(header):
            raise FileError(
                f"has {len(cells)} cells where the header has {len(header)}; "
                "give each row as many, with a tab before each empty cell",
                path=str(path),
                line=number,
                column=min(len(cells), len(header)) + 1,
            )
        values = dict(zip(header, map(_value, cells), strict=True))
        rows.append({name: value for name, value in values.items() if clear or value is not None})
    return rows


def checked_kind(kind: str) -> RecordKind:
    """Return a kind of records, or say which there are."""
    for known in RECORD_KINDS:
        if kind == known:
            return known
    raise QueryError(f"--kind {kind}: it is one of {', '.join(RECORD_KINDS)}")


def _value(cell: str) -> Any:
    # As in ODM's own files: `|` stands between values, `||` is the character.
    parts = [part.replace("\0", "|").strip() for part in cell.replace("||", "\0").split("|")]
    filled = [part for part in parts if part]
    return None if not filled else filled[0] if len(filled) == 1 else filled


def register(app: typer.Typer) -> None:
    """Add this command to `app`."""
    app.command(
        epilog=examples(
            'odm-shiny patch GSF000021 Tissue=liver "Batch=B1" "Batch=B2" Comment=',
            "odm-shiny patch --from edits.tsv --dry-run",
            'odm-shiny patch --from edits.csv --key "Sample Source ID"',
        )
    )(patch)
