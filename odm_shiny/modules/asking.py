"""The questions that modules ask a client: plain functions, run in threads by `work.latest`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from odm_shiny.analysis.profile import MAX_FACET_VALUES, Attribute, profile
from odm_shiny.query.expr import field
from odm_shiny.query.nodes import Expr, all_of
from odm_shiny.query.query import Query

if TYPE_CHECKING:
    import pandas as pd

    from odm_shiny.client.client import Client
    from odm_shiny.client.help import Facets

ACCESSION = "genestack:accession"
MAX_DESCRIBED = 2_000
"""Samples that are read to learn which attributes there are; ODM's longest page."""

PAGE_LIMIT, LOCAL_PAGE = 2_000, 20_000
"""Rows a request: ODM's longest page, and what suits an ODM in this process."""

Chosen = Mapping[str, Sequence[str | None]]
"""Attribute to the values that were chosen; ``None`` among them is "not set"."""


@dataclass(frozen=True)
class Counts:
    """How many samples have which value.

    Attributes
    ----------
    total
        Samples that meet all conditions.
    of
        Attribute to its values and how many samples have them, frequent first; ``None`` = not set.
    exact
        ``False``: not all samples were looked at, so that there may be more.
    """

    total: int
    of: Mapping[str, Sequence[tuple[str | None, int]]]
    exact: bool = True


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples that were read.

    Attributes
    ----------
    query
        The query that ran.
    frame
        One row a sample, one column an attribute.
    attributes
        What the columns hold.
    """

    query: Query
    frame: pd.DataFrame
    attributes: tuple[Attribute, ...]

    def __len__(self) -> int:
        return len(self.frame)


def read_samples(client: Client, query: Query) -> Samples:
    """Read all samples that a query finds."""
    found = client.run(query, page_limit=page_limit(client, query)).to_pandas()
    return Samples(query, found, profile(found))


def page_limit(client: Client, query: Query) -> int:
    """Choose how much a request asks for: a page costs in this process, the way nothing."""
    by_cursor = query.request().paging == "cursor"
    return LOCAL_PAGE if client.session.local and by_cursor else PAGE_LIMIT


def describe_samples(client: Client, query: Query) -> tuple[Attribute, ...]:
    """Learn the attributes of samples from the first `MAX_DESCRIBED` of them."""
    return read_samples(client, query.samples().limited_to(MAX_DESCRIBED)).attributes


def condition_of(chosen: Chosen, *, but: str | None = None) -> Expr | None:
    """Return the condition that chosen values make: any of an attribute's, all attributes."""
    parts = [field(name).is_in(values) for name, values in chosen.items() if values and name != but]
    return all_of(parts) if parts else None


def count_values(client: Client, query: Query, chosen: Chosen, names: Sequence[str]) -> Counts:
    """Count samples by the values of attributes.

    Parameters
    ----------
    query
        Everything but the chosen values.
    names
        Attributes to count. The values of an attribute are counted as if nothing of it were chosen,
        so that one sees what another choice would give.
    """
    free = [name for name in names if not chosen.get(name)]
    asked: dict[str | None, list[str]] = {None: free}
    asked |= {name: [name] for name in names if chosen.get(name)}
    counts: dict[str, list[tuple[str | None, int]]] = {}
    total, exact = 0, True
    for but, wanted in asked.items():
        narrowed = query.where(sample=condition_of(chosen, but=but))
        # Without a name every attribute would be counted.
        facets = client.facets(narrowed, wanted or [ACCESSION], limit=MAX_FACET_VALUES)
        if but is None:
            total, exact = facets.total, facets.exact
        for name in wanted:
            counts[name] = _pairs(facets, name)
    return Counts(total, {name: counts[name] for name in names}, exact)


def _pairs(facets: Facets, name: str) -> list[tuple[str | None, int]]:
    facet = facets[name]
    pairs: list[tuple[str | None, int]] = list(facet.values)
    return [*pairs, (None, facet.n_unset)] if facet.n_unset else pairs
