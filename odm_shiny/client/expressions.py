"""Expression and other tabular data: items, runs, groups and the streamed matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from odm_shiny.client import decode
from odm_shiny.client.conditions import Condition
from odm_shiny.client.decode import Record
from odm_shiny.client.resource import PAGE_LIMIT, Resource, flat_group
from odm_shiny.client.results import Listing, items_method, records_method
from odm_shiny.client.session import curator_path, fill
from odm_shiny.client.steps import Steps
from odm_shiny.client.streams import StreamRequest, stream_method
from odm_shiny.client.twins import Async, Sync, steps_method
from odm_shiny.query.plan import ROUND_DIGITS


class ExpressionMethods(Resource):
    """Find, read and change tabular data. A group is a file, a run one sample's column of it."""

    @items_method
    def find(
        self,
        filter: Condition | None = None,  # noqa: A002 - the API's word
        *,
        query: Condition | None = None,
        search_specific_terms: bool | None = None,
        run_filter: str | Sequence[str] | None = None,
        run_source_filter: str | Sequence[str] | None = None,
        min_expression_level: float | None = None,
        features: str | Sequence[str] | None = None,
        versions: str | None = None,
        metadata: str | None = None,
        response_format: str | None = None,
        page_limit: int = PAGE_LIMIT,
        limit: int | None = None,
    ) -> Listing:
        """Find items by their own file, without looking at samples; see ``client.omics`` for that.

        Parameters
        ----------
        filter, query
            Conditions and words on the metadata of the group or run.
        run_filter, run_source_filter
            Ids of runs; names of their columns in the file. One, or any of several.
        min_expression_level
            Smallest value.
        features
            Values of the first feature column.
        versions
            Which versions of files: ``*``, ``v1``, ``v2,v0``, ``CHAIN:v3``; none said, the active
            ones.
        """
        parameters = {
            "filter": filter,
            "query": query,
            "searchSpecificTerms": search_specific_terms,
            "runFilter": listed(run_filter),
            "runSourceFilter": listed(run_source_filter),
            "minExpressionLevel": min_expression_level,
            "featureList": listed(features),
            "useVersions": versions,
            "responseFormat": response_format,
            "returnedMetadataFields": self.session.detail(metadata),
        }
        pager = self.by_cursor(
            "/expressions",
            parameters,
            page_limit=page_limit,
            limit=limit,
            items=True,
        )
        return Listing(pager, "expressions")

    @steps_method
    def get(self, item: str, *, metadata: str | None = None) -> Steps[Record]:
        """Return one item by its id, ``<run id>-<feature>``."""
        parameters = {"returnedMetadataFields": self.session.detail(metadata)}
        return (
            yield from self.session.get(
                "/expressions/{}", decode.record, item, parameters=parameters
            )
        )

    @records_method
    def groups(
        self,
        filter: Condition | None = None,  # noqa: A002 - the API's word
        *,
        query: Condition | None = None,
        search_specific_terms: bool | None = None,
        versions: str | None = None,
        metadata: str | None = None,
        page_limit: int = PAGE_LIMIT,
        limit: int | None = None,
    ) -> Listing:
        """List groups (files): ``itemId`` is the accession, ``metadata`` what is known of it."""
        parameters = {
            "filter": filter,
            "query": query,
            "searchSpecificTerms": search_specific_terms,
            "useVersions": versions,
            "returnedMetadataFields": self.session.detail(metadata),
        }
        pager = self.by_offset(
            self.session.read_path("/expressions/group"),
            parameters,
            page_limit=page_limit,
            limit=limit,
        )
        return Listing(pager, "expression groups", flat_group)

    @steps_method
    def group(self, accession: str, *, metadata: str | None = None) -> Steps[Record]:
        """Return one group: ``itemId`` and ``metadata``."""
        parameters = {"returnedMetadataFields": self.session.detail(metadata)}
        return (
            yield from self.session.get(
                "/expressions/group/{}", decode.record, accession, parameters=parameters
            )
        )

    @steps_method
    def group_by_run(self, run: str, *, metadata: str | None = None) -> Steps[Record]:
        """Return the group that a run belongs to."""
        parameters = {"returnedMetadataFields": self.session.detail(metadata)}
        return (
            yield from self.session.get(
                "/expressions/group/by/run/{}", decode.record, run, parameters=parameters
            )
        )

    @records_method
    def runs(
        self, group: str, *, page_limit: int = PAGE_LIMIT, limit: int | None = None
    ) -> Listing:
        """List the runs of a group: ``itemOrigin`` and ``metadata``."""
        pager = self.by_cursor(
            fill("/expressions/runs/by/group/{}", group),
            {},
            page_limit=page_limit,
            limit=limit,
        )
        return Listing(pager, f"runs of group {group}", flat_group)

    @steps_method
    def versions(self, run: str) -> Steps[list[Record]]:
        """Return the versions of a run's metadata."""
        return (yield from self.session.get("/expressions/{}/versions", decode.records, run))

    @steps_method
    def version(self, run: str, version: str, *, metadata: str | None = None) -> Steps[Record]:
        """Return a run's metadata as it was in one version."""
        parameters = {"returnedMetadataFields": self.session.detail(metadata)}
        template = "/expressions/{}/versions/{}"
        return (
            yield from self.session.get(
                template, decode.record, run, version, parameters=parameters
            )
        )

    @steps_method
    def patch(self, run: str, changes: Mapping[str, Any]) -> Steps[Record]:
        """Change attributes of a run; as for samples."""
        path = curator_path("/expressions/{}", run)
        return (
            yield from self.session.send(
                "PATCH", path, decode.record_or_nothing, body=dict(changes), accept=()
            )
        )

    @stream_method
    def stream(
        self,
        group: str,
        *,
        sample_filter: Condition | None = None,
        sample_query: Condition | None = None,
        library_filter: Condition | None = None,
        library_query: Condition | None = None,
        preparation_filter: Condition | None = None,
        preparation_query: Condition | None = None,
        search_specific_terms: bool | None = None,
        ex_query: Condition | None = None,
        features: str | Sequence[str] | None = None,
        round_digits: int = ROUND_DIGITS,
        partial: str = "error",
    ) -> StreamRequest:
        """Stream the matrix of one group, features by runs, as fast as it can be had.

        Parameters
        ----------
        group
            Accession of the group.
        sample_filter, sample_query, library_filter, ...
            Choose runs by what they are linked to. Without any of them all runs come, linked or
            not.
        ex_query
            Chooses features.
        features
            Values of the first feature column; an older form of `ex_query`.
        round_digits
            Digits after the point. ODM's own default is 4; here nothing of ordinary data is lost.
            Very small values, such as p-values, need more.
        partial
            ``"keep"``: what came of a stream that broke is given; otherwise that is an error.

        Returns
        -------
        Nothing is asked until one of ``to_pandas()``, ``to_arrow()``, ``to_matrix()`` or
        ``save(path)`` is called.
        """
        parameters = {
            "groupAccession": group,
            "sampleFilter": sample_filter,
            "sampleQuery": sample_query,
            "libraryFilter": library_filter,
            "libraryQuery": library_query,
            "preparationFilter": preparation_filter,
            "preparationQuery": preparation_query,
            "searchSpecificTerms": search_specific_terms,
            "exQuery": ex_query,
            "featureList": listed(features),
            "roundDigits": round_digits,
        }
        return StreamRequest(self.session, group, parameters, partial)


def listed(names: str | Sequence[str] | None) -> list[str] | None:
    """Return one name or several as a list."""
    if names is None:
        return None
    return [names] if isinstance(names, str) else list(names)


class Expressions(ExpressionMethods, Sync):
    """``client.expressions``."""


class AsyncExpressions(ExpressionMethods, Async):
    """``client.expressions`` of an async client."""
