"""What studies, samples, libraries and preparations have in common: nearly everything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from odm_shiny.client import decode
from odm_shiny.client.conditions import Condition
from odm_shiny.client.decode import Record
from odm_shiny.client.resource import PAGE_LIMIT, Resource
from odm_shiny.client.results import Listing, records_method
from odm_shiny.client.session import curator_path
from odm_shiny.client.spelling import PLURAL, warn_if_unknown
from odm_shiny.client.steps import Steps
from odm_shiny.client.twins import steps_method

SORTS = ("id", "creation", "last_update", "name")


class EntityMethods(Resource):
    """Records of one kind."""

    plural: ClassVar[str]

    @records_method
    def find(
        self,
        filter: Condition | None = None,  # noqa: A002 - the API's word
        *,
        query: Condition | None = None,
        search_specific_terms: bool | None = None,
        metadata: str | None = None,
        response_format: str | None = None,
        sort: str | None = None,
        page_limit: int = PAGE_LIMIT,
        limit: int | None = None,
    ) -> Listing:
        """Find records.

        Parameters
        ----------
        filter
            ``field("Tissue") == "liver"``, or ODM's filter text. One that is longer than 8 kB and
            lists alternatives is sent in parts; the result is the same.
        query
            Words to look for in all attributes; synonyms of dictionaries are looked for too.
        search_specific_terms
            Look for narrower terms as well.
        metadata
            ``"all"``, ``"template"`` or ``"default"``: which attributes; the client's default is
            what ``connect(metadata=...)`` said.
        response_format
            ``"term_id"``: give the ids of dictionary terms too.
        sort
            ``id`` (the default), ``creation``, ``last_update`` or ``name``; ``-name`` descends.
        page_limit
            Most records a request, at most 2000.
        limit
            Most records in all.
        """
        parameters = {
            "filter": filter,
            "query": query,
            "searchSpecificTerms": search_specific_terms,
            "responseFormat": response_format,
            "returnedMetadataFields": self.session.detail(metadata),
            "sort": sort,
        }
        pager = self.by_offset(
            self.session.read_path(f"/{self.plural}"),
            parameters,
            page_limit=page_limit,
            limit=limit,
            in_order=sort in (None, "id", "+id"),
        )
        kind = next(one for one, plural in PLURAL.items() if plural == self.plural)
        look = warn_if_unknown(self, {kind: filter})
        return Listing(pager, self.plural, when_empty=look)

    @steps_method
    def get(
        self, accession: str, *, metadata: str | None = None, response_format: str | None = None
    ) -> Steps[Record]:
        """Return one record.

        Raises
        ------
        NotFound
            There is none, or none that this user may see.
        """
        parameters = {
            "responseFormat": response_format,
            "returnedMetadataFields": self.session.detail(metadata),
        }
        return (
            yield from self.session.get(
                f"/{self.plural}/{{}}", decode.record, accession, parameters=parameters
            )
        )

    @steps_method
    def versions(self, accession: str) -> Steps[list[Record]]:
        """Return the versions of a record's metadata, as the server orders them.

        Each has ``version``, ``author``, ``message`` and ``timestamp`` (ms since 1970). Samples,
        libraries and preparations also take the accession of a group.
        """
        template = f"/{self.plural}/{{}}/versions"
        return (yield from self.session.get(template, decode.records, accession))

    @steps_method
    def version(
        self, accession: str, version: str, *, metadata: str | None = None
    ) -> Steps[Record]:
        """Return a record as it was in one version."""
        parameters = {"returnedMetadataFields": self.session.detail(metadata)}
        template = f"/{self.plural}/{{}}/versions/{{}}"
        return (
            yield from self.session.get(
                template, decode.record, accession, version, parameters=parameters
            )
        )

    @steps_method
    def patch(self, accession: str, changes: Mapping[str, Any]) -> Steps[Record]:
        """Change attributes of a record; makes one new version of its metadata.

        Parameters
        ----------
        changes
            Attribute -> new value; a list sets several values, ``None`` removes the attribute. The
            server turns text into numbers where the template says so.

        Returns
        -------
        What the server answers; this project's own gives the whole changed record.

        Raises
        ------
        Forbidden
            Not a member of the Curator group.
        """
        path = curator_path(f"/{self.plural}/{{}}", accession)
        return (
            yield from self.session.send(
                "PATCH", path, decode.record_or_nothing, body=dict(changes), accept=()
            )
        )


class GroupedMethods(EntityMethods):
    """Records that are imported as a group."""

    @records_method
    def by_group(
        self,
        group: str,
        *,
        metadata: str | None = None,
        page_limit: int = PAGE_LIMIT,
        limit: int | None = None,
    ) -> Listing:
        """List the records of one group (one imported file)."""
        pager = self.by_offset(
            self.session.read_path(f"/{self.plural}/by/group/{{}}", group),
            {"returnedMetadataFields": self.session.detail(metadata)},
            page_limit=page_limit,
            limit=limit,
        )
        return Listing(pager, f"{self.plural} of group {group}")
