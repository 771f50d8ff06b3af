"""The samples that runs are measured on, as columns beside a matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from odm_shiny.client.decode import Record
from odm_shiny.client.funnel import ACCESSION
from odm_shiny.client.links import LinkMethods
from odm_shiny.client.paging import all_rows
from odm_shiny.client.resource import PAGE_LIMIT, Resource
from odm_shiny.client.steps import Steps
from odm_shiny.frames.columns import from_records
from odm_shiny.query.nodes import Compare, any_of

if TYPE_CHECKING:
    import pandas as pd

_BETWEEN = {"library": "libraries", "preparation": "preparations"}


def sample_columns(
    resource: Resource, obs: pd.DataFrame, known: Iterable[Record], metadata: str
) -> Steps[pd.DataFrame]:
    """Return the attributes of the sample of each run.

    Parameters
    ----------
    obs
        One row a run; ``sample``, ``library`` or ``preparation`` is what it is linked to.
    known
        Records of samples that are here already; others are fetched.
    metadata
        Which attributes those show.

    Returns
    -------
    ``sample`` and one column an attribute, in the order of `obs`. A run of several samples, as of
    a pooled library, has their accessions joined by ``|`` and the values that all of them share.
    """
    samples = yield from _samples_of(resource, obs)
    records = {str(record[ACCESSION]): record for record in known}
    missing = sorted({one for found in samples for one in found if one not in records})
    for record in (yield from _records(resource, "samples", missing, metadata)):
        records[str(record[ACCESSION])] = record
    rows = [_shared([records[one] for one in found if one in records]) for found in samples]
    return _frame(rows, samples)


def _samples_of(resource: Resource, obs: pd.DataFrame) -> Steps[list[list[str]]]:
    """Return the accessions of the samples of each run."""
    found: list[list[str]] = [[] for _ in range(len(obs))]
    if "sample" in obs:
        found = [[str(one)] if isinstance(one, str) else [] for one in obs["sample"]]
    for kind in _BETWEEN:
        if kind not in obs:
            continue
        linked = [one if isinstance(one, str) else None for one in obs[kind]]
        above = yield from _samples_above(resource, kind, {one for one in linked if one})
        for own, one in zip(found, linked, strict=True):
            own += above.get(one, []) if one else []
    return found


def _samples_above(
    resource: Resource, kind: str, accessions: set[str]
) -> Steps[Mapping[str, list[str]]]:
    """Return library or preparation -> its samples."""
    records = yield from _records(resource, _BETWEEN[kind], sorted(accessions), "default")
    linking = LinkMethods(resource.session, resource.driver)
    found: dict[str, list[str]] = {}
    for group in sorted({str(one["groupId"]) for one in records if one.get("groupId")}):
        pairs = LinkMethods.pairs.describe(linking, kind, "sample", group)
        for pair in (yield from all_rows(pairs.pager)):
            if pair.get("sampleId") is not None:
                found.setdefault(str(pair.get(f"{kind}Id")), []).append(str(pair["sampleId"]))
    return found


def _records(
    resource: Resource, plural: str, accessions: list[str], metadata: str
) -> Steps[list[Record]]:
    if not accessions:
        return []
    asked = {
        "filter": any_of(Compare(ACCESSION, "=", one) for one in accessions),
        "returnedMetadataFields": resource.session.detail(metadata),
    }
    path = resource.session.read_path(f"/{plural}")
    pager = resource.by_offset(path, asked, page_limit=PAGE_LIMIT, limit=None)
    return (yield from all_rows(pager))


def _shared(records: list[Record]) -> Record:
    """Return the attributes that records have in common."""
    if not records:
        return {}
    first, *others = records
    return {
        name: value
        for name, value in first.items()
        if all(_same(one, name, value) for one in others)
    }


def _same(record: Record, name: str, value: Any) -> bool:
    return bool(record.get(name) == value)


def _frame(rows: list[Record], samples: list[list[str]]) -> pd.DataFrame:
    from odm_shiny.frames.to_pandas import to_pandas

    for row in rows:
        row.pop(ACCESSION, None)
    told = [
        {"sample": "|".join(found) or None, **row} for found, row in zip(samples, rows, strict=True)
    ]
    return to_pandas(from_records(told))
