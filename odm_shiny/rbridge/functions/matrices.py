"""Matrices as R has them: features in rows, runs in columns, and what is known of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odm_shiny.query.expr import field
from odm_shiny.rbridge.functions.arguments import client_of, single, text
from odm_shiny.rbridge.functions.questions import build

if TYPE_CHECKING:
    import pandas as pd

    from odm_shiny.client.client import Client

ACCESSION = "genestack:accession"
_BETWEEN = {"library": "libraries", "preparation": "preparations"}


def matrix(
    connection: Any, steps: Any, measurement: Any = None, attributes: Any = True
) -> dict[str, Any]:
    """Return the expression that a question finds.

    Parameters
    ----------
    measurement
        Which value, where files hold several.
    attributes
        Fetch the attributes of what runs are linked to.

    Returns
    -------
    ``values`` (n_features, n_runs) float64, ``features`` and ``runs`` their names, ``row_data`` and
    ``col_data`` frames with one row each, ``assay`` the name of the values, ``notes`` where they
    come from.
    """
    client, query = client_of(connection), build(steps)
    chosen = None if measurement is None else text(measurement)
    found = client.matrix(query, measurement=chosen)
    runs = [str(name) for name in found.obs.index]
    about_runs = found.obs.reset_index(drop=True)
    if bool(single(attributes)):
        about_runs = with_attributes(client, about_runs, query.metadata_level)
    return {
        "values": found.X.T,
        "features": [str(name) for name in found.var.index],
        "runs": runs,
        "row_data": found.var.reset_index(drop=True),
        "col_data": about_runs,
        "assay": chosen or "value",
        "notes": {"query": query.to_url(), "odm": client.samples.session.wire.url},
    }


def with_attributes(client: Client, runs: pd.DataFrame, metadata: str) -> pd.DataFrame:
    """Join the attributes of libraries, preparations and samples to the runs linked to them.

    Runs that are linked to a library or a preparation get the sample of it, too. An attribute whose
    name is taken comes with its kind in front, ``library.Name``.
    """
    for kind, plural in _BETWEEN.items():
        if kind in runs:
            runs = _joined(client, runs, kind, plural, metadata)
            runs = _with_sample(client, runs, kind)
    return _joined(client, runs, "sample", "samples", metadata) if "sample" in runs else runs


def _joined(
    client: Client, runs: pd.DataFrame, kind: str, plural: str, metadata: str
) -> pd.DataFrame:
    accessions = list(dict.fromkeys(runs[kind].dropna()))
    if not accessions:
        return runs
    listing = getattr(client, plural).find(field(ACCESSION).is_in(accessions), metadata=metadata)
    records = listing.to_pandas().drop_duplicates(ACCESSION).set_index(ACCESSION)
    records = records.drop(columns="groupId", errors="ignore")
    taken = {name: f"{kind}.{name}" for name in records.columns if name in runs.columns}
    return runs.join(records.rename(columns=taken), on=kind)


def _with_sample(client: Client, runs: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Tell the sample of each library or preparation."""
    plural = _BETWEEN[kind]
    accessions = list(dict.fromkeys(runs[kind].dropna()))
    if not accessions:
        return runs
    found = getattr(client, plural).find(field(ACCESSION).is_in(accessions)).to_list()
    groups = dict.fromkeys(one["groupId"] for one in found if one.get("groupId"))
    sample_of: dict[Any, Any] = {}
    for group in groups:
        for pair in client.links.pairs(kind, "sample", str(group)):
            sample_of.setdefault(pair.get(f"{kind}Id"), pair.get("sampleId"))
    samples = runs[kind].map(sample_of)
    old = runs.get("sample")
    return runs.assign(sample=samples if old is None else old.where(old.notna(), samples))
