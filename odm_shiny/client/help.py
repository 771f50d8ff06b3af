"""What a form needs to know before anybody asks: values, genes, fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from odm_shiny.client import decode
from odm_shiny.client.decode import Record
from odm_shiny.client.extensions import ask_extension
from odm_shiny.client.funnel import ACCESSION
from odm_shiny.client.links import LinkMethods
from odm_shiny.client.paging import MANY, all_rows
from odm_shiny.client.queries import QueryMethods, omics_parameters
from odm_shiny.client.results import Listing
from odm_shiny.client.session import fill
from odm_shiny.client.steps import Steps
from odm_shiny.client.twins import steps_method
from odm_shiny.errors import QueryError
from odm_shiny.frames.columns import text_form
from odm_shiny.frames.names import did_you_mean
from odm_shiny.query.nodes import Compare, any_of
from odm_shiny.query.query import Query

if TYPE_CHECKING:
    import pandas as pd

MOST_RECORDS = 20_000
"""Records that are looked through where the server does not count."""

_KINDS = {
    "studies": "study",
    "samples": "sample",
    "libraries": "library",
    "preparations": "preparation",
    "expression": "sample",
    "expression_groups": "sample",
}


@dataclass(frozen=True, slots=True)
class Facet:
    """How often each value of an attribute occurs.

    Attributes
    ----------
    values
        (text, number of records), most frequent first, then by text.
    n_values
        Number of distinct values, those not listed included.
    n_unset
        Records without a value.
    """

    values: tuple[tuple[str, int], ...]
    n_values: int
    n_unset: int

    def __str__(self) -> str:
        listed = [f"{text} ({count:,})" for text, count in self.values]
        hidden = self.n_values - len(self.values)
        more = [f"{hidden:,} more values"] if hidden else []
        unset = [f"not set ({self.n_unset:,})"] if self.n_unset else []
        return ", ".join([*listed, *more, *unset]) or "no value"


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts of several attributes among the records that match.

    Attributes
    ----------
    kind
        ``"sample"``, ``"study"``, ``"library"`` or ``"preparation"``.
    total
        Number of records that match.
    facets
        Attribute -> counts, in the order asked.
    exact
        ``False``: only the first 20,000 records were looked through.
    """

    kind: str
    total: int
    facets: dict[str, Facet]
    exact: bool = True

    def __getitem__(self, attribute: str) -> Facet:
        if attribute not in self.facets:
            hint = did_you_mean(attribute, self.facets) or f"there are {', '.join(self.facets)}"
            raise QueryError(f"{attribute!r} was not counted: {hint}")
        return self.facets[attribute]

    def __iter__(self) -> Iterator[str]:
        return iter(self.facets)

    def __len__(self) -> int:
        return len(self.facets)

    def to_pandas(self) -> pd.DataFrame:
        """Return one row a value: ``attribute``, ``value``, ``count``; unset is ``None``."""
        from odm_shiny.frames.columns import from_records
        from odm_shiny.frames.to_pandas import to_pandas

        rows = [
            {"attribute": name, "value": text, "count": count}
            for name, facet in self.facets.items()
            for text, count in (*facet.values, *([(None, facet.n_unset)] * bool(facet.n_unset)))
        ]
        return to_pandas(from_records(rows))

    def __repr__(self) -> str:
        lines = [f"{name}: {facet}" for name, facet in self.facets.items()]
        return "\n".join([self._caption(), *(f"  {line}" for line in lines)])

    def _repr_html_(self) -> str:
        rows = [(name, str(facet)) for name, facet in self.facets.items()]
        return _html(self._caption(), ("attribute", "values"), rows)

    def _caption(self) -> str:
        return f"values of {'' if self.exact else 'the first '}{self.total:,} records ({self.kind})"


@dataclass(frozen=True, slots=True)
class TemplateField:
    """One attribute of a template.

    Attributes
    ----------
    name
        The attribute.
    data_type
        Which records have it: ``"study"``, ``"genestack:sampleObject"`` ...
    value_type
        ``"string"``, ``"integer"``, ``"decimal"``, ``"boolean"``, ``"date"`` or ``"link"``;
        ``None`` where the ODM does not tell.
    is_required, is_read_only
        ``None`` where the ODM does not tell.
    dictionary
        Dictionary of its values.
    """

    name: str
    data_type: str
    value_type: str | None = None
    is_required: bool | None = None
    is_read_only: bool | None = None
    dictionary: str | None = None

    def told(self) -> str:
        """Say what is known beyond the name."""
        said = [self.value_type, "required" if self.is_required else None]
        said += ["read-only" if self.is_read_only else None]
        said += [f"of {self.dictionary}" if self.dictionary else None]
        return ", ".join(part for part in said if part)


@dataclass(frozen=True, slots=True)
class Template:
    """What a study's metadata should hold.

    Attributes
    ----------
    fields
        In the template's order.
    accession, name
        ``None`` where the ODM does not tell: the fields are then those that its records show.
    """

    fields: tuple[TemplateField, ...]
    accession: str | None = None
    name: str | None = None

    def __len__(self) -> int:
        return len(self.fields)

    def __iter__(self) -> Iterator[TemplateField]:
        return iter(self.fields)

    def __repr__(self) -> str:
        width = max((len(one.name) for one in self.fields), default=0)
        kinds = dict.fromkeys(one.data_type for one in self.fields)
        lines = [self._caption()]
        for kind in kinds:
            lines.append(f"{kind}:")
            of_kind = [one for one in self.fields if one.data_type == kind]
            lines += [f"  {one.name:<{width}}  {one.told()}".rstrip() for one in of_kind]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = [(one.data_type, one.name, one.told()) for one in self.fields]
        return _html(self._caption(), ("of", "attribute", ""), rows)

    def _caption(self) -> str:
        called = " ".join(part for part in (self.name, self.accession) if part)
        return f"template {called or 'as its records show it'}, {len(self.fields)} attributes"

    def names(self, data_type: str) -> list[str]:
        """Return the attributes of one kind of record."""
        return [one.name for one in self.fields if one.data_type == data_type]


class HelpMethods(QueryMethods):
    """Find out what can be asked."""

    @steps_method
    def facets(
        self, query: Query, attributes: Iterable[str] | None = None, *, limit: int = 20
    ) -> Steps[Facets]:
        """Count the values of attributes among the records that a query finds.

        Parameters
        ----------
        query
            Samples by default; ``query.studies()`` counts studies.
        attributes
            Which; none said, all that occur.
        limit
            Most values of each that are listed.
        """
        kind = _KINDS[query.kind]
        names = list(attributes) if attributes is not None else None
        asked = {**omics_parameters(query), "kind": kind, "attribute": names, "limit": limit}
        answer = yield from ask_extension(self.session, "/facets", asked)
        if answer is not None:
            return _facets_of(answer)
        plural = "samples" if query.kind.startswith("expression") else query.kind
        wanted = Query(**{**_conditions(query), "kind": plural, "limit": MOST_RECORDS})
        records = yield from self._records(wanted, kind)
        found = count_values(records, names, limit)
        return Facets(kind, len(records), found, exact=len(records) < MOST_RECORDS)

    @steps_method
    def suggest_features(
        self,
        groups: str | Sequence[str],
        prefix: str = "",
        *,
        column: str | None = None,
        limit: int = 20,
    ) -> Steps[list[str]]:
        """List features whose name begins with `prefix`, then those that hold it; case is ignored.

        Parameters
        ----------
        groups
            Accessions of files.
        column
            Feature column; none said, the first.
        """
        wanted = [groups] if isinstance(groups, str) else list(groups)
        asked = {"groupAccession": wanted, "prefix": prefix, "column": column, "limit": limit}
        answer = yield from ask_extension(self.session, "/features", asked)
        if answer is not None:
            return [str(name) for name in answer.get("features") or ()]
        names: dict[str, None] = {}
        for group in wanted:
            names.update(dict.fromkeys((yield from self._features(group, column))))
        return closest(names, prefix, limit)

    @steps_method
    def template_of(self, study: str) -> Steps[Template]:
        """Return the template applied to a study.

        An ODM has no operation for that; on another than this project's own the fields are those
        that the study and one of its samples show, without their types.
        """
        answer = yield from ask_extension(self.session, fill("/templates/by/study/{}", study), {})
        if answer is not None:
            return _template_of(answer)
        detail = {"returnedMetadataFields": self.session.detail("template")}
        record = yield from self.session.get("/studies/{}", decode.record, study, parameters=detail)
        path = self.session.read_path("/integration/link/samples/by/study/{}", study)
        page = yield from self.session.get_at(
            path, decode.page, parameters={**detail, "pageLimit": 1}
        )
        fields = [TemplateField(name, "study") for name in record]
        shown = [name for sample in page.data[:1] for name in sample if name != "groupId"]
        fields += [TemplateField(name, "genestack:sampleObject") for name in shown]
        return Template(tuple(fields))

    @steps_method
    def whoami(self) -> Steps[Record | None]:
        """Return who the token belongs to; ``None`` on an ODM that has no operation for it."""
        return (yield from ask_extension(self.session, "/whoami", {}))

    def _records(self, query: Query, kind: str) -> Steps[list[Record]]:
        try:
            listing = self.listing(query)
        except QueryError:
            if kind == "sample":
                raise
            return (yield from self._records_of_samples(query, kind))
        assert isinstance(listing, Listing)
        return (yield from all_rows(listing.pager))

    def _records_of_samples(self, query: Query, kind: str) -> Steps[list[Record]]:
        """Find records by samples, where no single request takes all conditions."""
        samples = yield from self._records(query.samples(), "sample")
        if not samples:
            return []
        chosen = any_of(Compare(ACCESSION, "=", str(one[ACCESSION])) for one in samples)
        linking = LinkMethods(self.session, self.driver)
        listing = LinkMethods.matching.describe(linking, kind, "sample", chosen, limit=MOST_RECORDS)
        return (yield from all_rows(listing.pager))

    def _features(self, group: str, column: str | None) -> Steps[list[str]]:
        """List the features of a file by the items of its first run."""
        path = self.session.read_path("/expressions/runs/by/group/{}", group)
        runs = yield from self.session.get_at(path, decode.page, parameters={"pageLimit": 1})
        if not runs.data:
            return []
        run = (runs.data[0].get("itemOrigin") or {}).get("runId")
        # The file may be a version that is not the active one.
        asked = {"runFilter": run, "useVersions": "*"}
        pager = self.by_cursor("/expressions", asked, items=True)
        items = decode.new_items()
        while not pager.done:
            for page in (yield from pager.batch(ahead=MANY)):
                page.add_to(items)
        if column is None:  # the feature's accession ends the id of its item
            return [str(name).partition("-")[2] for name in items.ids]
        part = items.parts["feature"]
        texts = [text_form(value) for value in part.values(column)]
        return [text for code in part.all_codes() if (text := texts[code]) is not None]


def _html(caption: str, names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><caption>{escape(caption)}</caption><tr>{head}</tr>{body}</table>"


def count_values(
    records: Sequence[Record], attributes: Sequence[str] | None, limit: int
) -> dict[str, Facet]:
    """Count values; a record with several counts once for each distinct one."""
    names = attributes
    if names is None:
        names = list(dict.fromkeys(name for record in records for name in record))
    return {name: _count(records, name, limit) for name in names}


def closest(names: Iterable[str], prefix: str, limit: int) -> list[str]:
    """Return the names that begin with a text, then those that hold it, each part sorted."""
    wanted = prefix.lower()
    beginning = sorted(name for name in names if name.lower().startswith(wanted))
    if not wanted or len(beginning) >= limit:
        return beginning[:limit]
    inside = sorted(
        name for name in names if wanted in name.lower() and not name.lower().startswith(wanted)
    )
    return (beginning + inside)[:limit]


def _count(records: Sequence[Record], name: str, limit: int) -> Facet:
    counts: Counter[str] = Counter()
    n_unset = 0
    for record in records:
        value = record.get(name)
        texts = {
            text
            for one in (value if isinstance(value, list) else [value])
            if (text := text_form(one)) is not None
        }
        counts.update(texts)
        n_unset += not texts
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return Facet(tuple(ranked[:limit]), len(counts), n_unset)


def _facets_of(answer: Record) -> Facets:
    facets = {
        str(name): Facet(
            tuple((str(one["value"]), int(one["count"])) for one in facet["values"]),
            int(facet["nValues"]),
            int(facet["nUnset"]),
        )
        for name, facet in answer["facets"].items()
    }
    return Facets(str(answer["kind"]), int(answer["total"]), facets)


_VALUE_TYPES = {
    "StringValue": "string",
    "IntegerValue": "integer",
    "DecimalValue": "decimal",
    "BooleanValue": "boolean",
    "DateTimeValue": "date",
    "ExternalLink": "link",
}


def _template_of(answer: Record) -> Template:
    fields = [
        TemplateField(
            str(one["name"]),
            str(one["dataType"]),
            _VALUE_TYPES.get(str(one.get("metainfoType")).rpartition(".")[2]),
            bool(one.get("isRequired", False)),
            bool(one.get("isReadOnly", False)),
            one.get("dictionaryName"),
        )
        for one in answer.get("attributes") or ()
    ]
    return Template(tuple(fields), answer.get("accession"), answer.get("name"))


def _conditions(query: Query) -> dict[str, Any]:
    kept = ("_filter", "_text", "data_query", "use_versions", "search_specific_terms")
    return {name: value for name, value in vars(query).items() if name.endswith(kept)}
