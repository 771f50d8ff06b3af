"""Versions: what a record was before, and the chain of a data file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odm_shiny.errors import BadRequest, NotFound
from odm_shiny.rbridge.functions.answers import RECORD_KINDS, unknown
from odm_shiny.rbridge.functions.arguments import client_of, text

if TYPE_CHECKING:
    import pandas as pd

    from odm_shiny.client.client import Client

CHAIN = "genestack:chain"
NUMBER = "genestack:versionInChain"
ACTIVE = "genestack:activeInChain"


def versions(connection: Any, accession: Any) -> pd.DataFrame:
    """List the versions of a record, newest first, or the files of a data file's chain.

    Returns
    -------
    ``version, time, author, message`` of a record; ``version, accession, active, chain`` of a file.

    Raises
    ------
    NotFound
        There is neither, or none that this user may see.
    """
    import pandas as pd

    client, name = client_of(connection), text(accession)
    for kind in RECORD_KINDS:
        try:
            getattr(client, kind).get(name)
        except (NotFound, BadRequest):
            continue
        rows = [
            (
                str(one.get("version")),
                one.get("timestamp"),
                one.get("author"),
                one.get("message"),
            )
            for one in getattr(client, kind).versions(name)
        ]
        frame = pd.DataFrame(rows, columns=["version", "time", "author", "message"], dtype=object)
        return frame.assign(time=pd.to_datetime(frame["time"].astype("Int64"), unit="ms", utc=True))
    return _chain(client, name)


def _chain(client: Client, name: str) -> pd.DataFrame:
    import pandas as pd

    try:
        group = client.expressions.group(name)
    except (NotFound, BadRequest) as exc:
        raise unknown(name, exc) from exc
    chain = (group.get("metadata") or {}).get(CHAIN)
    rows: list[tuple[Any, ...]] = [(None, name, None, None)]
    if chain is not None:
        members = [
            (one.get("metadata") or {}, one.get("itemId"))
            for one in client.expressions.groups(versions="*").to_list()
        ]
        rows = [
            (about.get(NUMBER), accession, about.get(ACTIVE), chain)
            for about, accession in members
            if about.get(CHAIN) == chain
        ]
    rows.sort(key=lambda row: row[0] or 0, reverse=True)
    frame = pd.DataFrame(rows, columns=["version", "accession", "active", "chain"], dtype=object)
    return frame.astype({"version": "Int64", "active": "boolean"})
