"""Reading a matrix the right way: few features item by item, many as a stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from odm_shiny.client import decode
from odm_shiny.client.decode import Record
from odm_shiny.client.links import LinkMethods
from odm_shiny.client.paging import MANY, all_rows
from odm_shiny.client.queries import QueryMethods, omics_parameters
from odm_shiny.client.results import Listing
from odm_shiny.client.run_samples import sample_columns
from odm_shiny.client.steps import Steps, blocking
from odm_shiny.client.streams import MatrixStreamMethods, StreamRequest
from odm_shiny.client.twins import steps_method
from odm_shiny.errors import QueryError
from odm_shiny.query.plan import ROUND_DIGITS
from odm_shiny.query.query import Query
from odm_shiny.query.shape import fields_of, required_features

if TYPE_CHECKING:
    import anndata

    from odm_shiny.frames.matrix import ExpressionMatrix

FEW_FEATURES = 200
"""Most features that are read item by item."""

_STREAMED = ("sample", "library", "preparation", "searchSpecificTerms", "exQuery")
_ID_NAMES = {"sample": "sampleId", "library": "libraryId", "preparation": "preparationId"}


class MatrixMethods(QueryMethods):
    """Answer queries with matrices."""

    @steps_method
    def matrix(
        self, query: Query | str, *, measurement: str | None = None, samples: bool = False
    ) -> Steps[ExpressionMatrix]:
        """Return the expression that a query finds as runs by features.

        Parameters
        ----------
        query
            Conditions on studies, samples, libraries, preparations, files, features and values.
            Without any on features all of them come. Or the accession of a file: the whole of it.
        measurement
            Which value, where the files hold several.
        samples
            Put the attributes of the sample that each run is linked to into `obs`, also where a
            library or a preparation lies between.

        Returns
        -------
        One row a run that is linked to what matches, whichever file it is from. `obs` tells what
        it is linked to. Features of several files with one accession are one column, NaN where a
        file does not have the feature. A value that a condition on values excludes is NaN.
        `source` tells query, versions, files, time and code.

        Notes
        -----
        Up to 200 features, and conditions on values, are read item by item; more features as a
        stream, file by file.
        """
        return (yield from self._whole_matrix(query, measurement, samples=samples))

    @steps_method
    def to_anndata(
        self, query: Query | str, *, measurement: str | None = None, samples: bool = True
    ) -> Steps[anndata.AnnData]:
        """Return the expression that a query finds as AnnData; arguments as for `matrix`.

        Returns
        -------
        ``X`` is runs by features, ``obs`` what is known of the runs and their samples, ``var`` the
        feature columns, ``uns["odm"]`` where it is from: ``query`` (for ``Query.from_url``),
        ``versions``, ``files`` (accessions), ``time`` (UTC), ``code`` (Python), ``odm`` (address).

        Raises
        ------
        MissingDependency
            anndata is not installed.
        """
        found = yield from self._whole_matrix(query, measurement, samples=samples)
        return (yield from blocking(found.to_anndata))

    def _whole_matrix(
        self, query: Query | str, measurement: str | None, *, samples: bool
    ) -> Steps[ExpressionMatrix]:
        asked = query_of_file(query)
        found = yield from self._matrix(asked, measurement)
        if samples and found.n_obs:
            known: list[Record] = []
            if asked.group is None:
                listing = self.listing(asked.samples().limited_to(None))
                assert isinstance(listing, Listing)
                known = yield from all_rows(listing.pager)
            level = asked.metadata_level
            columns = yield from sample_columns(self, found.obs, known, level)
            found = found.with_obs(columns)
        return replace(found, source=self._source(asked, found))

    def _source(self, query: Query, found: ExpressionMatrix) -> dict[str, Any]:
        wire = self.session.wire
        files = found.obs["groupId"].unique().tolist() if "groupId" in found.obs else []
        return {
            "odm": wire.url,
            "query": query.to_url(),
            "versions": query.use_versions or "active",
            "files": [str(one) for one in files],
            "time": f"{datetime.fromtimestamp(wire.clock.now(), UTC):%Y-%m-%dT%H:%M:%SZ}",
            "code": query.to_python(url=None if self.session.local else wire.url),
        }

    def _matrix(self, query: Query, measurement: str | None) -> Steps[ExpressionMatrix]:
        if not reads_as_stream(query):
            return (yield from self._matrix_of_items(query, measurement))
        groups = [query.group] if query.group else (yield from self._groups(query))
        parts: list[ExpressionMatrix] = []
        for group in groups:
            parts += [(yield from self._streamed(query, str(group), measurement))]
        from odm_shiny.frames.matrix import stack

        return (yield from blocking(lambda: stack(parts)))

    def _matrix_of_items(self, query: Query, measurement: str | None) -> Steps[ExpressionMatrix]:
        from odm_shiny.frames.matrix import matrix_of

        items = decode.new_items()
        listing = self.listing(query.expression())
        assert isinstance(listing, Listing)
        while not listing.pager.done:
            for page in (yield from listing.pager.batch(ahead=MANY)):
                page.add_to(items)
        return (yield from blocking(lambda: matrix_of(items, measurement)))

    def _groups(self, query: Query) -> Steps[list[str]]:
        listing = self.listing(query.expression_groups().limited_to(None))
        assert isinstance(listing, Listing)
        return [str(group["itemId"]) for group in (yield from all_rows(listing.pager))]

    def _streamed(
        self, query: Query, group: str, measurement: str | None
    ) -> Steps[ExpressionMatrix]:
        conditions = omics_parameters(query)
        parameters = {
            "groupAccession": group,
            **{name: text for name, text in conditions.items() if name.startswith(_STREAMED)},
            "roundDigits": ROUND_DIGITS,
        }
        request = StreamRequest(self.session, group, parameters, "error")
        found = yield from MatrixStreamMethods(request, self.driver).matrix_steps(measurement)
        linked = yield from self._linked(group)
        return (yield from blocking(lambda: _annotated(found, group, linked)))

    def _linked(self, group: str) -> Steps[dict[str, tuple[str, str]]]:
        """Return run source id -> kind and accession of what the run is linked to."""
        linking = LinkMethods(self.session, self.driver)
        found: dict[str, tuple[str, str]] = {}
        for kind, name in _ID_NAMES.items():
            listing = LinkMethods.pairs.describe(linking, "expression", kind, group)
            for pair in (yield from all_rows(listing.pager)):
                source, accession = pair.get("runSourceId"), pair.get(name)
                if source is not None and accession is not None:
                    found[str(source)] = (kind, str(accession))
        return found


def query_of_file(query: Query | str) -> Query:
    """Return a query, or the one for the whole of a file by its accession.

    Raises
    ------
    QueryError
        It is neither.
    """
    if isinstance(query, str):
        return Query().matrix(query)
    if not isinstance(query, Query):
        raise QueryError(
            "a matrix is of a query, odm.query().where(...), or of a file, by its accession; not "
            f"of {type(query).__name__}"
        )
    return query


def reads_as_stream(query: Query) -> bool:
    """Tell whether a matrix is better read as a stream.

    Conditions on values are not: a stream keeps all values of a feature that has one that matches,
    items are the values that match.
    """
    if query.data_query is None or query.group is not None:
        return True
    if any(name.startswith("value") for name in fields_of(query.data_query)):
        return False
    features = required_features(query.data_query)
    return features is None or len(features) > FEW_FEATURES


def _annotated(
    matrix: ExpressionMatrix, group: str, linked: Mapping[str, tuple[str, str]]
) -> ExpressionMatrix:
    """Keep the runs that are linked, and tell to what."""
    from odm_shiny.frames.matrix import ExpressionMatrix

    obs: Any = matrix.obs.assign(groupId=group)
    values = matrix.X
    if linked:
        keep = obs["runSourceId"].isin(list(linked)).to_numpy()
        if not keep.all():
            obs, values = obs[keep], values[keep]
        for kind in dict.fromkeys(kind for kind, _ in linked.values()):
            obs = obs.assign(
                **{
                    kind: [
                        linked[name][1] if linked[name][0] == kind else None
                        for name in obs["runSourceId"]
                    ]
                }
            )
    return ExpressionMatrix(values, obs, matrix.var)
