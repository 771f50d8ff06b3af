"""Links: who belongs to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from odm_shiny.client import decode
from odm_shiny.client.conditions import Condition
from odm_shiny.client.decode import Page, Record
from odm_shiny.client.exchange import Call, exchange
from odm_shiny.client.paging import OffsetPager
from odm_shiny.client.resource import PAGE_LIMIT, Resource, check_limits, flat_group
from odm_shiny.client.results import Listing, records_method
from odm_shiny.client.session import curator_path, json_bytes
from odm_shiny.client.steps import Steps
from odm_shiny.client.twins import Async, Sync, steps_method
from odm_shiny.errors import QueryError

_DATA = ("expression", "variant", "flow-cytometry")
_PARENTS = {
    "sample": ("study",),
    "library": ("sample",),
    "preparation": ("sample",),
    "expression": ("sample", "library", "preparation", "cell"),
    "variant": ("sample",),
    "flow-cytometry": ("sample",),
    "cell": ("sample", "library", "preparation"),
}
_PLURAL = {
    "study": "studies",
    "sample": "samples",
    "library": "libraries",
    "preparation": "preparations",
    "file": "files",
}
# (what is read, what it is linked to) -> path; these answer with a bare array or a single record.
_ARRAYS = {
    ("library", "sample"): "/integration/link/library/by/sample/{}",
    ("preparation", "sample"): "/integration/link/preparation/by/sample/{}",
    ("file", "study"): "/integration/link/files/by/study/{}",
}
_SINGLE = {
    ("study", "sample"): "/integration/link/study/by/sample/{}",
    ("study", "file"): "/integration/link/study/by/file/{}",
}
_PAGED = {
    ("sample", "study"): "/integration/link/samples/by/study/{}",
    **{("expression", by): f"/integration/link/expression/by/{by}/{{}}" for by in _PARENTS["cell"]},
    ("variant", "sample"): "/integration/link/variant/by/sample/{}",
    ("flow-cytometry", "sample"): "/integration/link/flow-cytometry/by/sample/{}",
}
_MATCHING = {
    *(("study", by) for by in ("sample", "library", "preparation", "file")),
    *(("sample", by) for by in ("library", "preparation")),
    *((kind, "sample") for kind in ("library", "preparation")),
}
_PAIRS = {
    **{
        (kind, to): f"/integration/link/{kind}/run-to-{_PLURAL[to]}/by/group/{{}}"
        for kind in _DATA
        for to in _PARENTS[kind]
        if to in _PLURAL
    },
    ("library", "sample"): "/integration/link/library/libraries-to-samples/by/group/{}",
    ("preparation", "sample"): "/integration/link/preparation/preparations-to-samples/by/group/{}",
}


_Names: TypeAlias = list[str]  # inside the class `list` is the method
_Pairs: TypeAlias = list[Record]


@dataclass(frozen=True, slots=True)
class LinkResult:
    """What linking two groups did.

    Attributes
    ----------
    complete
        Every object of the source found a partner; otherwise only some did.
    """

    complete: bool


class LinkMethods(Resource):
    """Make, remove and read links. The source is what belongs, the target what it belongs to."""

    @steps_method
    def create(self, source_kind: str, source: str, target_kind: str, target: str) -> Steps[None]:
        """Link one object to another: ``create("sample", "GSF21", "study", "GSF10")``.

        A run (``"expression"``, its run id) has one parent: linking again replaces it.
        """
        path = _pair_path(source_kind, target_kind, source, target, group=False)
        yield from self.session.send("POST", path, decode.status, accept=())

    @steps_method
    def create_groups(
        self,
        source_kind: str,
        source: str,
        target_kind: str,
        target: str,
        *,
        linking_attribute: str | None = None,
    ) -> Steps[LinkResult]:
        """Link the objects of one group to those of another by their ids.

        Parameters
        ----------
        source_kind, target_kind
            Kinds of the objects, such as ``"expression"`` and ``"sample"``; samples are linked to a
            ``"study"``.
        linking_attribute
            Attribute of the samples that the data's column names are compared with; ODM's default
            is ``Sample Source ID``. Only for data linked to samples.
        """
        path = _pair_path(source_kind, target_kind, source, target, group=True)
        if linking_attribute is not None and not (source_kind in _DATA and target_kind == "sample"):
            raise QueryError("linking_attribute is for data that is linked to samples")
        status = yield from self.session.send(
            "POST",
            path,
            decode.status,
            parameters={"linkingAttribute": linking_attribute},
            accept=(),
        )
        return LinkResult(complete=status == 204)

    @steps_method
    def delete(self, source_kind: str, source: str, target_kind: str, target: str) -> Steps[None]:
        """Remove the link between two objects."""
        path = _pair_path(source_kind, target_kind, source, target, group=False)
        yield from self.session.send("DELETE", path, decode.status, accept=())

    @steps_method
    def delete_groups(
        self, source_kind: str, source: str, target_kind: str, target: str
    ) -> Steps[None]:
        """Remove the links between the objects of two groups."""
        path = _pair_path(source_kind, target_kind, source, target, group=True)
        yield from self.session.send("DELETE", path, decode.status, accept=())

    @records_method
    def linked(
        self,
        kind: str,
        by: str,
        accession: str,
        *,
        versions: str | None = None,
        metadata: str | None = None,
        page_limit: int = PAGE_LIMIT,
        limit: int | None = None,
    ) -> Listing:
        """List what is linked to one object.

        Parameters
        ----------
        kind
            What to read: ``linked("sample", "study", "GSF10")`` are the samples of that study,
            ``linked("expression", "sample", "GSF21")`` the runs of that sample,
            ``linked("study", "sample", "GSF21")`` the one study it belongs to.
        """
        pair = (kind, by)
        what = f"{kind} of {by} {accession}"
        detail = {"returnedMetadataFields": self.session.detail(metadata), "useVersions": versions}
        if kind not in _DATA:
            del detail["useVersions"]
        if pair in _ARRAYS:
            if kind == "file":
                detail = {}
            path = self.session.read_path(_ARRAYS[pair], accession)
            return self._whole(path, detail, what)
        if pair in _SINGLE:
            return self._single(self.session.read_path(_SINGLE[pair], accession), detail, what)
        path = self.session.read_path(_known(_PAGED, pair, "read"), accession)
        pager = self.by_offset(path, detail, page_limit=page_limit, limit=limit)
        return Listing(pager, what, flat_group)

    @records_method
    def matching(
        self,
        kind: str,
        by: str,
        filter: Condition | None = None,  # noqa: A002 - the API's word
        *,
        query: Condition | None = None,
        search_specific_terms: bool | None = None,
        metadata: str | None = None,
        page_limit: int = PAGE_LIMIT,
        limit: int | None = None,
    ) -> Listing:
        """List records of one kind whose linked records of another kind match.

        ``matching("study", "sample", field("Tissue") == "liver")`` are the studies with a liver
        sample: `filter` and `query` speak about `by`.
        """
        if (kind, by) not in _MATCHING:
            raise QueryError(_unknown_pair((kind, by), _MATCHING, "search"))
        parameters = {
            "filter": filter,
            "query": query,
            "searchSpecificTerms": search_specific_terms if by != "file" else None,
            "returnedMetadataFields": self.session.detail(metadata),
        }
        path = self.session.read_path(f"/integration/link/{_PLURAL[kind]}/by/{_PLURAL[by]}")
        pager = self.by_offset(path, parameters, page_limit=page_limit, limit=limit)
        return Listing(pager, f"{_PLURAL[kind]} by {_PLURAL[by]}")

    @records_method
    def groups_of_study(
        self,
        kind: str,
        study: str,
        *,
        versions: str | None = None,
        metadata: str | None = None,
    ) -> Listing:
        """List the groups (files) of one kind in a study: ``itemId`` and ``metadata``."""
        kinds = ("library", "preparation", *_DATA)
        if kind not in kinds:
            raise QueryError(f"groups of a study are of kind {', '.join(kinds)}, not {kind!r}")
        detail: dict[str, Any] = {}
        if kind in _DATA:
            detail = {
                "useVersions": versions,
                "returnedMetadataFields": self.session.detail(metadata),
            }
        path = self.session.read_path(f"/integration/link/{kind}/group/by/study/{{}}", study)
        return self._whole(path, detail, f"{kind} groups of study {study}")

    @records_method
    def pairs(
        self,
        kind: str,
        to: str,
        group: str,
        *,
        page_limit: int = PAGE_LIMIT,
        limit: int | None = None,
    ) -> Listing:
        """List which object of a group is linked to which: ``pairs("expression", "sample", ...)``.

        Several links of one object are several rows, and a page counts objects, not rows.
        """
        path = self.session.read_path(_known(_PAIRS, (kind, to), "list pairs"), group)
        check_limits(page_limit, limit)

        def fetch(offset: int, size: int) -> Steps[Page]:
            asked = {"pageLimit": size, "pageOffset": offset}
            found = yield from self.session.get_at(path, decode.page, parameters=asked)
            return found

        return Listing(
            _PairPager(fetch, page_limit=page_limit, limit=limit), f"{kind} to {to} of {group}"
        )

    @records_method
    def list(
        self,
        first_id: str,
        *,
        first_type: str | None = None,
        second_id: str | None = None,
        second_type: str | None = None,
        page_limit: int = 1000,
        limit: int | None = None,
    ) -> Listing:
        """List the links of one object in ODM's generic form, whichever way round they are."""
        parameters = {
            "firstId": first_id,
            "firstType": first_type,
            "secondId": second_id,
            "secondType": second_type,
        }
        pager = self.by_offset(
            self.session.read_path("/links"),
            parameters,
            page_limit=page_limit,
            limit=limit,
            names=("limit", "offset"),
        )
        return Listing(pager, f"links of {first_id}")

    @records_method
    def get_batch(
        self,
        first_type: str,
        first_ids: Iterable[str],
        *,
        page_limit: int = 1000,
        limit: int | None = None,
    ) -> Listing:
        """List the links of several objects of one type."""
        check_limits(page_limit, limit)
        path = self.session.read_path("/links/get-batch")
        asked = {"firstType": first_type, "firstIds": [*first_ids]}

        def fetch(offset: int, size: int) -> Steps[Page]:
            body = json_bytes({**asked, "offset": offset, "limit": size})
            call = Call("POST", path, decode.page, body=body, content_type="application/json")
            return exchange(self.session.wire, call)

        return Listing(OffsetPager(fetch, page_limit=page_limit, limit=limit), "links")

    @steps_method
    def create_generic(self, links: Iterable[Mapping[str, str]]) -> Steps[bool]:
        """Make links in ODM's generic form.

        Parameters
        ----------
        links
            Each with ``firstId``, ``secondId`` and, if the accession does not tell, ``firstType``
            and ``secondType``.

        Returns
        -------
        Whether at least one link is new.
        """
        body = [dict(link) for link in links]
        status = yield from self.session.send(
            "POST", curator_path("/links"), decode.status, body=body, accept=()
        )
        return status == 201

    @steps_method
    def delete_generic(
        self,
        first_id: str,
        second_id: str,
        *,
        first_type: str | None = None,
        second_type: str | None = None,
    ) -> Steps[None]:
        """Remove a link given in ODM's generic form."""
        parameters = {
            "firstId": first_id,
            "secondId": second_id,
            "firstType": first_type,
            "secondType": second_type,
        }
        yield from self.session.send(
            "DELETE", curator_path("/links"), decode.status, parameters=parameters, accept=()
        )

    @steps_method
    def data_types(self) -> Steps[_Names]:
        """Return the names of the types that generic links are made between."""
        return (yield from self.session.get("/data-types", decode.texts))

    @steps_method
    def data_type_links(self, type: str | None = None) -> Steps[_Pairs]:  # noqa: A002
        """Return the pairs of types that can be linked."""
        return (
            yield from self.session.get(
                "/data-types/links", decode.records, parameters={"type": type}
            )
        )

    def _single(self, path: str, parameters: Mapping[str, Any], what: str) -> Listing:
        def fetch(offset: int, size: int) -> Steps[Page]:
            found = yield from self.session.get_at(path, decode.record, parameters=parameters)
            return Page(data=[found])

        return Listing(OffsetPager(fetch, page_limit=1 << 40), what)


class _PairPager(OffsetPager):
    """Pages that count objects while their rows are pairs: the offset follows the limit."""

    def _first(self, found: Page) -> None:
        n_objects = found.pagination.count
        if n_objects is None:
            n_objects = min(self._step, len(found.data))
        self._taken += len(found.data)
        self._offset += n_objects
        self._end = None
        total = found.pagination.total
        ended = self._offset >= total if total is not None else n_objects < self._step
        full = self._limit is not None and self._taken >= self._limit
        if full:
            del found.data[len(found.data) - (self._taken - (self._limit or 0)) :]
        self.done = ended or full or not found.data
        if self.done:
            self.total = min(self._taken, self._limit) if self._limit is not None else self._taken


def _pair_path(source_kind: str, target_kind: str, source: str, target: str, *, group: bool) -> str:
    if target_kind not in _PARENTS.get(source_kind, ()):
        known = "; ".join(f"{kind} to {', '.join(to)}" for kind, to in _PARENTS.items())
        raise QueryError(f"{source_kind} is not linked to {target_kind}; there are: {known}")
    to = f"/group/{{}}/to/{target_kind}/group/{{}}" if group else f"/{{}}/to/{target_kind}/{{}}"
    if group and target_kind == "study":
        to = "/group/{}/to/study/{}"
    return curator_path(f"/integration/link/{source_kind}{to}", source, target)


def _known(paths: Mapping[tuple[str, str], str], pair: tuple[str, str], verb: str) -> str:
    if pair not in paths:
        raise QueryError(_unknown_pair(pair, {*_ARRAYS, *_SINGLE, *paths}, verb))
    return paths[pair]


def _unknown_pair(pair: tuple[str, str], known: Iterable[tuple[str, str]], verb: str) -> str:
    listed = ", ".join(f"{kind} of {by}" for kind, by in sorted(known))
    return f"ODM cannot {verb} {pair[0]} by {pair[1]}; there are: {listed}"


class Links(LinkMethods, Sync):
    """``client.links``."""


class AsyncLinks(LinkMethods, Async):
    """``client.links`` of an async client."""
