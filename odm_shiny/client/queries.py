"""Queries answered: which requests, and what comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from odm_shiny.client import decode
from odm_shiny.client.decode import Page
from odm_shiny.client.extensions import ask_extension
from odm_shiny.client.funnel import Funnel, count_funnel, funnel_of
from odm_shiny.client.paging import CursorPager, JoinedPager, OffsetPager, Pager
from odm_shiny.client.record_pages import page_of_samples
from odm_shiny.client.resource import (
    PAGE_LIMIT,
    Resource,
    fetch_items,
    flat_group,
)
from odm_shiny.client.results import Listing
from odm_shiny.client.spelling import unknown_attributes, warn_if_unknown
from odm_shiny.client.steps import Steps
from odm_shiny.client.streams import StreamRequest
from odm_shiny.client.twins import steps_method
from odm_shiny.errors import QueryError
from odm_shiny.query.data_query import render_data_query
from odm_shiny.query.filter_text import render_filter
from odm_shiny.query.nodes import Expr
from odm_shiny.query.plan import RECORD_KINDS, Plan
from odm_shiny.query.query import Query


class QueryMethods(Resource):
    """Answer queries."""

    @steps_method
    def explain_query(self, query: Query) -> Steps[Funnel]:
        """Say how many studies and samples each condition of a query leaves.

        This project's own server counts by itself. Another ODM is asked for totals, and samples
        are counted page by page up to 20,000, which then is marked as a lower bound. A condition
        on an attribute that no record of its kind has is named in `Funnel.notes`.
        """
        conditions = omics_parameters(query)
        answer = yield from ask_extension(self.session, "/funnel", conditions)
        if answer is not None:
            funnel = funnel_of(answer)
        else:
            funnel = yield from count_funnel(self, conditions)
        return replace(funnel, notes=tuple((yield from unknown_attributes(self, _filters(query)))))

    explain = explain_query

    def listing(self, query: Query, page_limit: int = PAGE_LIMIT) -> Listing | StreamRequest:
        """Say how a query is answered, without asking anything.

        Raises
        ------
        QueryError
            It is no query, or no request of ODM carries its conditions.
        """
        if not isinstance(query, Query):
            raise QueryError(
                "a query must stand here, such as odm.query().where(sample='Tissue=liver'), not "
                f"{query!r}; records by accession are odm.samples.get(...), a file's values "
                "odm.matrix(...)"
            )
        plans = query.requests(self.session.role)
        first = plans[0]
        if first.paging == "stream":
            assert query.group is not None
            return StreamRequest(self.session, query.group, dict(first.parameters), "error")
        pagers = [self._pager(plan, query, page_limit) for plan in plans]
        pager: Pager = pagers[0]
        if len(pagers) > 1:
            in_order = first.paging == "offset" and query.sort in (None, "id")
            pager = JoinedPager(pagers, limit=query.limit, in_order=in_order)
        flat = flat_group if query.kind == "expression_groups" else None
        look = warn_if_unknown(self, _filters(query))
        return Listing(pager, query.kind.replace("_", " "), flat, look)

    def _pager(self, plan: Plan, query: Query, page_limit: int) -> Pager:
        parameters = dict(plan.parameters)
        if plan.paging == "offset":

            def by_offset(offset: int, size: int) -> Steps[Page]:
                asked = {**parameters, "pageLimit": size, "pageOffset": offset}
                return self.session.get_at(plan.path, decode.page, parameters=asked)

            return OffsetPager(by_offset, page_limit=page_limit, limit=plan.limit)
        items = query.kind == "expression"

        def by_cursor(cursor: str | None, size: int) -> Steps[Any]:
            asked = {**parameters, "pageLimit": size, "cursor": cursor}
            if items:
                return (yield from fetch_items(self.session, plan.path, asked))
            decode_page = page_of_samples if query.kind == "samples" else decode.page
            return (yield from self.session.get_at(plan.path, decode_page, parameters=asked))

        return CursorPager(by_cursor, page_limit=page_limit, limit=plan.limit)


def _filters(query: Query) -> dict[str, Expr | None]:
    return {kind: getattr(query, f"{kind}_filter") for kind in RECORD_KINDS}


def omics_parameters(query: Query) -> dict[str, str]:
    """Return the conditions of a query as the parameters of ``/omics/*``."""
    parameters: dict[str, str] = {}
    for kind in RECORD_KINDS:
        condition = getattr(query, f"{kind}_filter")
        if condition is not None:
            parameters[f"{kind}Filter"] = render_filter(condition)
        text = getattr(query, f"{kind}_text")
        if text is not None:
            parameters[f"{kind}Query"] = text
    if query.search_specific_terms:
        parameters["searchSpecificTerms"] = "true"
    if query.expression_filter is not None:
        parameters["exFilter"] = render_filter(query.expression_filter)
    if query.data_query is not None:
        parameters["exQuery"] = render_data_query(query.data_query)
    if query.use_versions is not None:
        parameters["useVersions"] = query.use_versions
    return parameters
