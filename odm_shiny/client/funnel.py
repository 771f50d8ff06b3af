"""What each condition of a query leaves: the value that is shown, and how it is counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape

from odm_shiny.client import decode
from odm_shiny.client.decode import Record
from odm_shiny.client.links import LinkMethods
from odm_shiny.client.paging import all_rows
from odm_shiny.client.record_pages import page_of_samples
from odm_shiny.client.resource import Resource
from odm_shiny.client.steps import Steps
from odm_shiny.query.nodes import Compare, any_of

MOST_COUNTED = 20_000
"""Samples that are counted one by one, where a server gives no total."""

MOST_FILES = 500
"""Files whose links are followed when samples with data are counted."""

LABELS = {
    "studies": "studies match",
    "samplesInStudies": "samples in these studies",
    "samplesMatching": "of them match",
    "samplesWithData": "of them have expression data",
    "samplesWithMatchingData": "of them have matching values",
}
_ON_DATA = ("exQuery", "exFilter", "useVersions")
ACCESSION = "genestack:accession"


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """How many are left after one condition.

    Attributes
    ----------
    name
        ``studies``, ``samplesInStudies``, ``samplesMatching``, ``samplesWithData`` or
        ``samplesWithMatchingData``.
    count
        How many.
    exact
        ``False``: at least that many; counting stopped.
    """

    name: str
    count: int
    exact: bool = True

    @property
    def label(self) -> str:
        """What is counted, for people."""
        if self.name == "studies" and self.count == 1:
            return "study matches"
        return LABELS.get(self.name, self.name)

    def __str__(self) -> str:
        return f"{'' if self.exact else 'at least '}{self.count:,}"


@dataclass(frozen=True, slots=True)
class Funnel:
    """What each condition of a query leaves, from studies to samples with matching values.

    Attributes
    ----------
    steps
        From the widest to the narrowest.
    notes
        Sentences about conditions that can leave nothing, such as one on a misspelt attribute.
    """

    steps: tuple[FunnelStep, ...]
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> int:
        return next(step.count for step in self.steps if step.name == name)

    def __iter__(self) -> Iterator[FunnelStep]:
        return iter(self.steps)

    def __str__(self) -> str:
        width = max((len(str(step)) for step in self.steps), default=0)
        lines = [f"{step!s:>{width}} {step.label}" for step in self.steps]
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td style='text-align:right'>{step}</td><td>{escape(step.label)}</td></tr>"
            for step in self.steps
        )
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return f"<table>{rows}</table>{notes}"


def funnel_of(answer: Record) -> Funnel:
    """Read the answer of this project's own server."""
    steps = [FunnelStep(str(one["name"]), int(one["count"])) for one in answer.get("steps") or ()]
    return Funnel(tuple(steps))


def count_funnel(resource: Resource, conditions: Mapping[str, str]) -> Steps[Funnel]:
    """Count with what every ODM has: totals, pages of samples, and links.

    Parameters
    ----------
    conditions
        Of the query, as parameters of ``/omics/*``.
    """
    in_studies = {name: text for name, text in conditions.items() if name.startswith("study")}
    matching = {name: text for name, text in conditions.items() if name not in _ON_DATA}
    samples, exact = yield from _accessions(resource, matching)
    linked, all_files = yield from _with_data(resource, conditions)
    with_data = FunnelStep("samplesWithData", len(samples & linked), exact and all_files)
    last = FunnelStep("samplesWithMatchingData", with_data.count, with_data.exact)
    if "exQuery" in conditions:
        found, exact_data = yield from _accessions(resource, conditions)
        last = FunnelStep("samplesWithMatchingData", len(found), exact_data)
    return Funnel(
        (
            (yield from _studies(resource, in_studies)),
            (yield from _samples_in(resource, in_studies)),
            FunnelStep("samplesMatching", len(samples), exact),
            with_data,
            last,
        )
    )


def _studies(resource: Resource, conditions: Mapping[str, str]) -> Steps[FunnelStep]:
    asked = {
        "filter": conditions.get("studyFilter"),
        "query": conditions.get("studyQuery"),
        "pageLimit": 0,
    }
    found = yield from resource.session.get("/studies", decode.page, parameters=asked)
    total = found.pagination.total
    return FunnelStep("studies", total or 0, total is not None)


def _samples_in(resource: Resource, conditions: Mapping[str, str]) -> Steps[FunnelStep]:
    if not conditions:
        asked = {"pageLimit": 0}
        page = yield from resource.session.get("/samples", decode.page, parameters=asked)
        if page.pagination.total is not None:
            return FunnelStep("samplesInStudies", page.pagination.total)
    found, exact = yield from _accessions(resource, conditions)
    return FunnelStep("samplesInStudies", len(found), exact)


def _accessions(resource: Resource, conditions: Mapping[str, str]) -> Steps[tuple[set[str], bool]]:
    """Return the accessions of matching samples, and whether these are all."""
    asked = {**conditions, "returnedMetadataFields": resource.session.detail("default")}
    pager = resource.by_cursor(
        "/omics/samples", asked, limit=MOST_COUNTED, decode_page=page_of_samples
    )
    records = yield from all_rows(pager)
    found = {str(record.get(ACCESSION)) for record in records}
    return found, len(records) < MOST_COUNTED


def _with_data(resource: Resource, conditions: Mapping[str, str]) -> Steps[tuple[set[str], bool]]:
    """Return the samples that a file which fits is linked to, and whether all files were seen."""
    asked = {name: text for name, text in conditions.items() if name != "exQuery"}
    asked["returnedMetadataFields"] = resource.session.detail("default")
    groups = yield from all_rows(
        resource.by_cursor("/omics/expression/group", asked, limit=MOST_FILES)
    )
    linking = LinkMethods(resource.session, resource.driver)
    found: set[str] = set()
    for group in groups:
        accession = str(group.get("itemId"))
        found |= yield from _paired(linking, "sample", accession)
        for kind in ("library", "preparation"):
            between = yield from _paired(linking, kind, accession)
            if between:
                condition = any_of(Compare(ACCESSION, "=", one) for one in sorted(between))
                listing = LinkMethods.matching.describe(linking, "sample", kind, condition)
                samples = yield from all_rows(listing.pager)
                found |= {str(record.get(ACCESSION)) for record in samples}
    return found, len(groups) < MOST_FILES


def _paired(linking: LinkMethods, kind: str, group: str) -> Steps[set[str]]:
    listing = LinkMethods.pairs.describe(linking, "expression", kind, group)
    pairs = yield from all_rows(listing.pager)
    return {str(pair[f"{kind}Id"]) for pair in pairs if pair.get(f"{kind}Id") is not None}
