"""Queries over the whole chain: study, sample, library or preparation, data."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, TypedDict, Unpack

from odm_shiny.client.conditions import Condition
from odm_shiny.client.record_pages import page_of_samples
from odm_shiny.client.resource import PAGE_LIMIT, Resource, flat_group
from odm_shiny.client.results import Listing, items_method, records_method
from odm_shiny.client.twins import Async, Sync
from odm_shiny.errors import QueryError


class OmicsConditions(TypedDict, total=False):
    """Conditions of a query; all that are given must hold together, joined by the links.

    ``*_filter`` take ``field("Tissue") == "liver"`` or filter text, ``*_query`` words. ``ex_query``
    takes ``(feature() == "TP53") & (value() >= 4)`` or ODM's text for it: both parts must hold for
    the same feature in the same run. ``ex_filter``, ``vx_filter`` and ``fx_filter`` look at the
    metadata of expression, variant and flow cytometry files; ``vx_query`` and ``fx_query`` at their
    content, as ODM's text. ``versions`` picks versions of files: ``*``, ``v1``, ``CHAIN:v3``.
    """

    study_filter: Condition | None
    study_query: Condition | None
    sample_filter: Condition | None
    sample_query: Condition | None
    library_filter: Condition | None
    library_query: Condition | None
    preparation_filter: Condition | None
    preparation_query: Condition | None
    search_specific_terms: bool | None
    ex_query: Condition | None
    ex_filter: Condition | None
    vx_query: str | None
    vx_filter: Condition | None
    fx_query: str | None
    fx_filter: Condition | None
    versions: str | None


_WIRE = {
    name: name.split("_")[0] + "".join(part.title() for part in name.split("_")[1:])
    for name in OmicsConditions.__annotations__
} | {"versions": "useVersions"}


def wire_names(conditions: OmicsConditions) -> dict[str, Any]:
    """Return conditions under the names they have on the wire.

    Raises
    ------
    QueryError
        There is no condition of that name.
    """
    parameters = {}
    for name, value in conditions.items():
        if name not in _WIRE:
            near = get_close_matches(name, _WIRE, 1)
            hint = f": did you mean {near[0]}?" if near else f"; there are {', '.join(_WIRE)}"
            raise QueryError(f"there is no condition called {name}{hint}")
        parameters[_WIRE[name]] = value
    return parameters


class OmicsMethods(Resource):
    """Search samples and data by everything that is linked to them."""

    @records_method
    def samples(
        self,
        *,
        metadata: str | None = None,
        response_format: str | None = None,
        page_limit: int = PAGE_LIMIT,
        limit: int | None = None,
        **conditions: Unpack[OmicsConditions],
    ) -> Listing:
        """Find samples; see `OmicsConditions`.

        Returns
        -------
        Records of samples. Their order is the server's; nothing may be read into it.
        """
        pager = self.by_cursor(
            "/omics/samples",
            self._parameters(conditions, metadata, response_format),
            page_limit=page_limit,
            limit=limit,
            decode_page=page_of_samples,
        )
        return Listing(pager, "samples")

    @items_method
    def expression(
        self,
        *,
        metadata: str | None = None,
        response_format: str | None = None,
        page_limit: int = PAGE_LIMIT,
        limit: int | None = None,
        **conditions: Unpack[OmicsConditions],
    ) -> Listing:
        """Find values; ``ex_query`` must be given. See `OmicsConditions`."""
        if conditions.get("ex_query") in (None, ""):
            raise QueryError(
                'omics.expression needs ex_query, such as feature() == "TP53"; for whole matrices '
                "there is expressions.stream(group)"
            )
        pager = self.by_cursor(
            "/omics/expression/data",
            self._parameters(conditions, metadata, response_format),
            page_limit=page_limit,
            limit=limit,
            items=True,
        )
        return Listing(pager, "expression")

    @records_method
    def expression_groups(
        self,
        *,
        metadata: str | None = None,
        response_format: str | None = None,
        page_limit: int = PAGE_LIMIT,
        limit: int | None = None,
        **conditions: Unpack[OmicsConditions],
    ) -> Listing:
        """Find expression files with at least one run linked to what matches."""
        pager = self.by_cursor(
            "/omics/expression/group",
            self._parameters(conditions, metadata, response_format),
            page_limit=page_limit,
            limit=limit,
        )
        return Listing(pager, "expression groups", flat_group)

    def _parameters(
        self, conditions: OmicsConditions, metadata: str | None, response_format: str | None
    ) -> dict[str, Any]:
        return {
            **wire_names(conditions),
            "responseFormat": response_format,
            "returnedMetadataFields": self.session.detail(metadata),
        }


class Omics(OmicsMethods, Sync):
    """``client.omics``."""


class AsyncOmics(OmicsMethods, Async):
    """``client.omics`` of an async client."""
