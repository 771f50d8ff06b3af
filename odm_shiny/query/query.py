"""The query: one frozen value that says what is wanted, and that everything else is made from.

It runs, explains itself, prints itself as Python, R and curl, travels in a URL, and compares equal
to another that asks the same. What is not said means "any".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from inspect import isawaitable, iscoroutinefunction
from types import EllipsisType
from typing import Any, Never, Protocol, Self, TypeAlias

from odm_shiny.errors import QueryError
from odm_shiny.query.checks import (
    both,
    both_texts,
    check_accession,
    check_is_text,
    check_language,
    check_limit,
    checked_text,
    flattened,
    parsed,
    put_in_place,
    refuse_misplaced,
    refuse_unknown,
)
from odm_shiny.query.code import to_curl, to_python
from odm_shiny.query.code_r import to_r
from odm_shiny.query.data_query import parse_data_query
from odm_shiny.query.display import html_table, one_line
from odm_shiny.query.expr import feature, value
from odm_shiny.query.filter_text import parse_filter
from odm_shiny.query.nodes import DATA, FILTER, Expr
from odm_shiny.query.plan import (
    KINDS,
    MAX_QUERY_BYTES,
    METADATA_FIELDS,
    RECORD_KINDS,
    Plan,
    plan_request,
    plan_requests,
)
from odm_shiny.query.url import read_url, write_url
from odm_shiny.query.versions import parse_versions, render_versions
from odm_shiny.query.words import check_word

SORT_KEYS = ("id", "creation", "last_update", "name")

Condition: TypeAlias = Expr | str | None
"""A condition, or its text; ``None`` is no condition."""


class Runner(Protocol):
    """What a query is bound to: a client, or anything else that can answer it."""

    def run_query(self, query: Query, **options: Any) -> Any:
        """Answer the query; an asynchronous runner gives an awaitable."""

    def explain_query(self, query: Query) -> Any:
        """Say how many studies, samples and files are left after each condition."""


@dataclass(frozen=True, repr=False)
class Query:
    """A question to ODM. Every method gives a new query; the old one stays as it is.

    Attributes
    ----------
    kind
        What is found: ``"studies"``, ``"samples"``, ``"libraries"``, ``"preparations"``,
        ``"expression"`` (values of features) or ``"expression_groups"`` (files of data).
    study_filter, sample_filter, library_filter, preparation_filter
        Conditions on attributes of these records.
    study_text, sample_text, library_text, preparation_text
        Full-text queries over all their attributes.
    expression_filter
        Conditions on attributes of the data file (``exFilter``).
    data_query
        Conditions on features and values (``exQuery``).
    use_versions
        Versions of data files; ``None`` = the active ones.
    metadata_level
        How many attributes records show: ``"all"``, ``"template"`` (those of the study's template)
        or ``"default"`` (those of the default template).
    search_specific_terms
        Whether text terms stand for their narrower terms in the dictionaries too.
    response_terms
        Whether values come with their term identifiers.
    sort
        ``id``, ``creation``, ``last_update`` or ``name``; with ``-`` in front, descending.
    group
        Accession of the data file that is read as a matrix.
    limit
        Most rows that are wanted.
    runner
        What `run` asks; no part of the question: it is neither compared nor printed nor pickled.

    Raises
    ------
    QueryError
        A word is not known, a condition belongs to another language, or a text does not parse.

    Examples
    --------
    >>> from odm_shiny.query.expr import field
    >>> query = Query().where(sample=field("Tissue") == "liver").genes("TP53").at_least(4)
    >>> query
    <Query samples: sample Tissue=liver; data feature=TP53 AND value>=4>
    >>> query.request().url()[:68]
    '/api/v1/as-user/omics/samples?sampleFilter=Tissue%3Dliver&exQuery=fe'
    >>> Query.from_url(query.to_url()) == query
    True
    """

    kind: str = "samples"
    study_filter: Expr | None = None
    study_text: str | None = None
    sample_filter: Expr | None = None
    sample_text: str | None = None
    library_filter: Expr | None = None
    library_text: str | None = None
    preparation_filter: Expr | None = None
    preparation_text: str | None = None
    expression_filter: Expr | None = None
    data_query: Expr | None = None
    use_versions: str | None = None
    metadata_level: str = "all"
    search_specific_terms: bool = False
    response_terms: bool = False
    sort: str | None = None
    group: str | None = None
    limit: int | None = None
    runner: Runner | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        check_word("kind of result", self.kind, KINDS)
        check_word("level of metadata", self.metadata_level, METADATA_FIELDS)
        for name in (*RECORD_KINDS, "expression"):
            check_language(f"{name}_filter", getattr(self, f"{name}_filter"), FILTER)
        check_language("data_query", self.data_query, DATA)
        for name in RECORD_KINDS:
            self._set(f"{name}_text", checked_text(getattr(self, f"{name}_text")))
        if self.use_versions is not None:
            check_is_text("versions", self.use_versions)
            self._set("use_versions", render_versions(parse_versions(self.use_versions)))
        if self.sort is not None:
            check_is_text("an order", self.sort)
            self._set("sort", self.sort.strip().removeprefix("+"))
            check_word("order", self.sort.removeprefix("-"), SORT_KEYS)
        if self.group is not None:
            check_accession(self.group)
        check_limit(self.limit)
        for name in ("search_specific_terms", "response_terms"):
            if not isinstance(getattr(self, name), bool):
                raise QueryError(f"{name} is True or False, not {getattr(self, name)!r}")

    # ---- what is found ----------------------------------------------------------------------

    def studies(self) -> Query:
        """Find studies."""
        return replace(self, kind="studies")

    def samples(self) -> Query:
        """Find samples."""
        return replace(self, kind="samples")

    def libraries(self) -> Query:
        """Find libraries."""
        return replace(self, kind="libraries")

    def preparations(self) -> Query:
        """Find preparations."""
        return replace(self, kind="preparations")

    def expression(self) -> Query:
        """Find values of features, one row for each feature and run."""
        return replace(self, kind="expression")

    def expression_groups(self) -> Query:
        """Find files of data."""
        return replace(self, kind="expression_groups")

    def matrix(self, accession: str) -> Query:
        """Read one file of data as a matrix, all of it or what the conditions leave."""
        return replace(self, kind="expression", group=accession)

    # ---- conditions -------------------------------------------------------------------------

    def where(
        self,
        *misplaced: Never,
        study: Condition | EllipsisType = ...,
        sample: Condition | EllipsisType = ...,
        library: Condition | EllipsisType = ...,
        preparation: Condition | EllipsisType = ...,
        expression: Condition | EllipsisType = ...,
        replace: bool = False,
        **unknown: object,
    ) -> Self:
        """Add conditions on attributes.

        Parameters
        ----------
        study, sample, library, preparation
            ``field("Tissue") == "liver"`` or ODM's filter text.
        expression
            The same for the files of data.
        replace
            Put these conditions in place of those that were there, instead of joining them with
            AND; ``None`` or blank text then removes a condition.

        Raises
        ------
        QueryError
            No such kind, a text that does not parse, a condition on rows of data.
        """
        given = {
            "study": study,
            "sample": sample,
            "library": library,
            "preparation": preparation,
            "expression": expression,
        }
        refuse_misplaced(misplaced, "where", "conditions", given)
        refuse_unknown(unknown, "kind in where()", given)
        changes: dict[str, Any] = {}
        for kind, condition in given.items():
            if not isinstance(condition, EllipsisType):
                old = None if replace else getattr(self, f"{kind}_filter")
                new = parsed(condition, parse_filter)
                check_language(kind, new, FILTER)
                changes[f"{kind}_filter"] = both(old, new)
        return self._with(**changes)

    def text(
        self,
        *misplaced: Never,
        study: str | EllipsisType | None = ...,
        sample: str | EllipsisType | None = ...,
        library: str | EllipsisType | None = ...,
        preparation: str | EllipsisType | None = ...,
        replace: bool = False,
        **unknown: object,
    ) -> Self:
        """Add full-text conditions, such as ``text(study='"single cell" AND liver')``.

        Parameters
        ----------
        study, sample, library, preparation
            ODM's full-text language: words side by side are alternatives.
        replace
            Put these texts in place of those that were there, instead of joining them with AND;
            ``None`` or blank text then removes one.
        """
        given = {"study": study, "sample": sample, "library": library, "preparation": preparation}
        refuse_misplaced(misplaced, "text", "words", given)
        refuse_unknown(unknown, "kind in text()", given)
        changes: dict[str, Any] = {}
        for kind, text in given.items():
            if not isinstance(text, EllipsisType):
                old = None if replace else getattr(self, f"{kind}_text")
                changes[f"{kind}_text"] = both_texts(old, checked_text(text))
        return self._with(**changes)

    def genes(self, *names: str | Iterable[str]) -> Self:
        """Ask for features by accession: any of `names`, in place of the names asked before."""
        listed = feature().is_in(flattened(names))
        return self._with(data_query=put_in_place(self.data_query, listed, first=True))

    def at_least(self, threshold: float) -> Self:
        """Ask for values of at least `threshold`, in place of the one asked before."""
        return self._with(
            data_query=put_in_place(self.data_query, value() >= threshold, first=False)
        )

    def data(self, condition: Condition, *, replace: bool = False) -> Self:
        """Add conditions on rows of data.

        Parameters
        ----------
        condition
            ``(feature() == "TP53") & (value() >= 4)`` or ODM's data query text.
        replace
            Put it in place of what was there, instead of joining both with AND.
        """
        new = parsed(condition, parse_data_query)
        return self._with(data_query=both(None if replace else self.data_query, new))

    def versions(self, text: str | None) -> Self:
        """Choose versions of data files, such as ``"v1,v0"`` or ``"*"``; ``None`` = active."""
        return self._with(use_versions=text)

    def without(self, *names: str) -> Self:
        """Take conditions back, by the names of their attributes, such as ``"sample_filter"``."""
        defaults = {one.name: one.default for one in fields(self) if one.name != "runner"}
        for name in names:
            check_word("part of a query", name, defaults)
        return self._with(**{name: defaults[name] for name in names})

    # ---- how it is answered -----------------------------------------------------------------

    def metadata(self, level: str) -> Self:
        """Choose how many attributes records show: all, template or default."""
        return self._with(metadata_level=level)

    def specific_terms(self, on: bool = True) -> Self:
        """Let text terms stand for their narrower terms too."""
        return self._with(search_specific_terms=on)

    def terms(self, on: bool = True) -> Self:
        """Ask for the identifiers of dictionary terms."""
        return self._with(response_terms=on)

    def sorted_by(self, key: str, *, descending: bool = False) -> Self:
        """Order records by id, creation, last_update or name."""
        return self._with(sort=f"-{key.removeprefix('-')}" if descending else key)

    def limited_to(self, n: int | None) -> Self:
        """Stop after `n` rows; ``None`` = all."""
        return self._with(limit=n)

    # ---- what is sent -----------------------------------------------------------------------

    def request(self, role: str = "user") -> Plan:
        """Give the one request that answers the query, however long it is.

        Raises
        ------
        QueryError
            No single request of ODM carries all conditions.
        """
        return plan_request(self, role)

    def requests(self, role: str = "user", max_bytes: int = MAX_QUERY_BYTES) -> tuple[Plan, ...]:
        """Give the requests that answer the query, long lists of alternatives split.

        Raises
        ------
        QueryError
            No single request of ODM carries all conditions.
        """
        return plan_requests(self, role, max_bytes)

    def to_url(self) -> str:
        """Write the query as a URL query string, without ``?``; `from_url` reads it."""
        return write_url(self, _DEFAULTS)

    @classmethod
    def from_url(cls, text: str) -> Query:
        """Read what `to_url` wrote, alone or as part of a URL.

        Raises
        ------
        QueryError
            An unknown or repeated key, a newer format, or a text that does not parse.
        """
        return cls(**read_url(text))

    def to_python(self, *, url: str | None = None) -> str:
        """Write Python that makes this query and, with `url`, runs it there."""
        return to_python(self, url=url)

    def to_r(self, *, url: str | None = None) -> str:
        """Write R that makes this query with the package odmshiny and, with `url`, runs it."""
        return to_r(self, url=url)

    def to_curl(self, base_url: str, role: str = "user") -> str:
        """Write curl lines; the token is read from the variable ``ODM_TOKEN``."""
        return to_curl(self, base_url, role)

    # ---- who answers ------------------------------------------------------------------------

    def bind(self, runner: Runner | None) -> Query:
        """Give the same query with something to run it."""
        return replace(self, runner=runner)

    def run(self, **options: Any) -> Any:
        """Ask; the answer and the options are those of the client.

        Raises
        ------
        QueryError
            The query is not bound to a client, or to an asynchronous one.
        """
        runner = self._bound("run(query)")
        if iscoroutinefunction(runner.run_query):
            raise QueryError("this query is bound to an asynchronous client: await query.arun()")
        return runner.run_query(self, **options)

    async def arun(self, **options: Any) -> Any:
        """Ask without blocking the event loop; a synchronous client answers in a thread."""
        runner = self._bound("run(query)")
        if iscoroutinefunction(runner.run_query):
            return await runner.run_query(self, **options)
        import asyncio  # a third of the time that importing the query takes

        answer = await asyncio.to_thread(runner.run_query, self, **options)
        return await answer if isawaitable(answer) else answer

    def explain(self) -> Any:
        """Say how many studies, samples and files are left after each condition."""
        return self._bound("explain(query)").explain_query(self)

    def __repr__(self) -> str:
        return one_line(self, _DEFAULTS)

    def _repr_html_(self) -> str:
        return html_table(self, _DEFAULTS)

    def __getstate__(self) -> dict[str, Any]:
        # A client holds a connection and a token: neither belongs into a pickle.
        return {**self.__dict__, "runner": None}

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def _bound(self, call: str) -> Runner:
        if self.runner is None:
            raise QueryError(f"this query is not bound to a client: use client.{call}")
        return self.runner

    def _with(self, **changes: Any) -> Self:
        return replace(self, **changes)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


_DEFAULTS = Query()
