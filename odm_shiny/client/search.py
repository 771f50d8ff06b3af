"""Full-text search for studies, with facets to narrow it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from odm_shiny.client import decode
from odm_shiny.client.decode import Record
from odm_shiny.client.exchange import Call, exchange
from odm_shiny.client.resource import Resource
from odm_shiny.client.session import json_bytes
from odm_shiny.client.steps import Steps
from odm_shiny.client.twins import Async, Sync, steps_method
from odm_shiny.errors import QueryError


@dataclass(frozen=True, slots=True)
class FacetOption:
    """One value of a facet.

    Attributes
    ----------
    id
        Give it back in ``options`` to narrow the search; nothing is to be read into it.
    name
        The value.
    count
        Studies that have it.
    """

    id: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class StudyFacet:
    """Values of one attribute among the studies found.

    Attributes
    ----------
    id
        The server's name of the facet, ``METADATA_Study_Source``.
    options
        Most frequent first; the server gives five.
    has_more
        There are more values than these.
    """

    id: str
    options: tuple[FacetOption, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class StudyPage:
    """Studies found.

    Attributes
    ----------
    studies
        ``accession``, ``name``, ``owner``, ``size``, ``summary`` ... as the server gives them.
    total
        How many match.
    facets
        What they can be narrowed by.
    """

    studies: tuple[Record, ...]
    total: int
    facets: tuple[StudyFacet, ...]

    def __iter__(self) -> Iterator[Record]:
        return iter(self.studies)

    def __len__(self) -> int:
        return len(self.studies)


class SearchMethods(Resource):
    """Search studies by words."""

    @steps_method
    def studies(
        self,
        text: str | None = None,
        *,
        narrower_terms: bool = False,
        options: Iterable[str] = (),
        offset: int = 0,
        limit: int = 20,
    ) -> Steps[StudyPage]:
        """Find studies by words in their own metadata and in that of everything in them.

        Parameters
        ----------
        text
            Words; none: every study.
        narrower_terms
            Also look for the narrower terms of the dictionaries.
        options
            Ids of facet options of an earlier answer: of one facet any, of several facets all.
        """
        if not 0 <= limit <= 1000 or offset < 0:
            raise QueryError(f"limit={limit}, offset={offset}: 0 to 1000 studies from 0 on")
        filters: list[dict[str, str]] = []
        if text and text.strip():
            mode = "USE_NARROWER_TERMS" if narrower_terms else "STRICT"
            filters.append({"type": "FULL_TEXT", "match": text, "mode": mode})
        filters += [{"type": "SELECT", "filterOptionId": option} for option in options]
        body = {"filters": filters, "page": {"offset": offset, "limit": limit}}
        call = Call(
            "POST",
            self.session.read_path("/integration/fulltext/search/studies"),
            decode.record,
            body=json_bytes(body),
            content_type="application/json",
        )
        return _study_page((yield from exchange(self.session.wire, call)))


class Search(SearchMethods, Sync):
    """``client.search``."""


class AsyncSearch(SearchMethods, Async):
    """``client.search`` of an async client."""


def _study_page(answer: Record) -> StudyPage:
    page = answer.get("objectsPage") or {}
    facets = [
        StudyFacet(
            str(group.get("filterId")),
            tuple(
                FacetOption(str(one.get("id")), str(one.get("name")), int(one.get("count") or 0))
                for one in group.get("options") or ()
            ),
            bool(group.get("hasMoreOptions")),
        )
        for group in _dicts(answer.get("filterOptionGroups"))
    ]
    studies = tuple(_dicts(page.get("content")))
    return StudyPage(studies, int(page.get("filteredCount") or 0), tuple(facets))


def _dicts(value: Any) -> list[Record]:
    return [item for item in value or () if isinstance(item, dict)]
