"""``versions``: what a record was before, and the versions of a data file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from odm_shiny.cli.options import AsJson, EmbeddedStore, Url, client_of, examples
from odm_shiny.cli.output import answer_table, say
from odm_shiny.cli.records import find_record, resource
from odm_shiny.cli.times import iso
from odm_shiny.errors import BadRequest, NotFound, OdmError, QueryError

if TYPE_CHECKING:
    from odm_shiny.client.client import Client

CHAIN = "genestack:chain"
NUMBER = "genestack:versionInChain"
ACTIVE = "genestack:activeInChain"

METADATA_COLUMNS = ("version", "time", "author", "message")
CHAIN_COLUMNS = ("version", "accession", "active", "chain")
DIFF_COLUMNS = ("attribute", "before", "after")


def versions(
    accession: Annotated[
        str, typer.Argument(metavar="ACCESSION", help="Record, or group (file) of data.")
    ],
    diff: Annotated[
        tuple[str, str] | None,
        typer.Option("--diff", metavar="A B", help="Show what differs between two versions."),
    ] = None,
    url: Url = None,
    store: EmbeddedStore = None,
    as_json: AsJson = False,
) -> None:
    """List the metadata versions of a record, newest first, or the chain of a data file."""
    with client_of(url, store) as client:
        rows, columns = _rows(client, accession, diff)
    answer_table(rows, columns, as_json=as_json)
    if diff is not None and not rows:
        say(f"versions {diff[0]} and {diff[1]} of {accession} are the same")


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the attributes whose values differ, in the order of the later record."""
    names = dict.fromkeys([*after, *before])
    return [
        {"attribute": name, "before": before.get(name), "after": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    ]


def _rows(
    client: Client, accession: str, diff: tuple[str, str] | None
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    found = find_record(client, accession)
    if found is None:
        if diff is not None:
            raise QueryError("--diff compares versions of a record, not of a data file")
        return _chain(client, accession), CHAIN_COLUMNS
    records = resource(client, found[0])
    if diff is not None:
        before, after = (records.version(accession, version) for version in diff)
        return difference(before, after), DIFF_COLUMNS
    rows = [
        {
            "version": version.get("version"),
            "time": iso(version.get("timestamp")),
            "author": version.get("author"),
            "message": version.get("message"),
        }
        for version in records.versions(accession)
    ]
    return rows, METADATA_COLUMNS


def _chain(client: Client, accession: str) -> list[dict[str, Any]]:
    try:
        group = client.expressions.group(accession)
    except (NotFound, BadRequest) as exc:
        raise OdmError(f"{accession} is no record and no data file that you may see") from exc
    metadata = group.get("metadata") or {}
    chain = metadata.get(CHAIN)
    if chain is None:
        return [{"version": None, "accession": accession, "active": None, "chain": None}]
    rows = [
        {
            "version": inner.get(NUMBER),
            "accession": member.get("itemId"),
            "active": inner.get(ACTIVE),
            "chain": chain,
        }
        for member in client.expressions.groups(versions="*").to_list()
        if (inner := member.get("metadata", member)).get(CHAIN) == chain
    ]
    return sorted(rows, key=lambda row: row["version"] or 0, reverse=True)


def register(app: typer.Typer) -> None:
    """Add this command to `app`."""
    app.command(
        epilog=examples(
            "odm-shiny versions GSF000021",
            "odm-shiny versions GSF000021 --diff 1 3",
            "odm-shiny versions GSF000030 --json",
        )
    )(versions)
