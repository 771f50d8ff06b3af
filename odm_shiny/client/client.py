"""The client: one object with everything in it, and its twin for event loops."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self, cast, overload

from odm_shiny.client.cache import ReplyCache
from odm_shiny.client.clock import Clock, SystemClock
from odm_shiny.client.closed import AsyncClosedTransport, ClosedTransport
from odm_shiny.client.edits import EditMethods
from odm_shiny.client.exchange import Wire
from odm_shiny.client.expressions import AsyncExpressions, Expressions
from odm_shiny.client.folder_import import FolderImportMethods
from odm_shiny.client.help import HelpMethods
from odm_shiny.client.imports import AsyncImports, Imports
from odm_shiny.client.jobs import AsyncJobs, Jobs
from odm_shiny.client.libraries import AsyncLibraries, Libraries
from odm_shiny.client.links import AsyncLinks, Links
from odm_shiny.client.matrices import MatrixMethods
from odm_shiny.client.omics import AsyncOmics, Omics
from odm_shiny.client.preparations import AsyncPreparations, Preparations
from odm_shiny.client.resource import PAGE_LIMIT
from odm_shiny.client.results import (
    AsyncExpressionTable,
    AsyncRecords,
    ExpressionTable,
    Records,
)
from odm_shiny.client.retry import RetryPolicy
from odm_shiny.client.samples import AsyncSamples, Samples
from odm_shiny.client.search import AsyncSearch, Search
from odm_shiny.client.session import Session, checked_metadata, checked_role
from odm_shiny.client.steps import AsyncDriver, Driver
from odm_shiny.client.streams import AsyncMatrixStream, MatrixStream, StreamRequest
from odm_shiny.client.studies import AsyncStudies, Studies
from odm_shiny.client.transport import AsyncTransport, Transport
from odm_shiny.client.twins import Async, Sync
from odm_shiny.client.typed import (
    AsyncMatrixQuery,
    AsyncRecordsQuery,
    AsyncValuesQuery,
    MatrixQuery,
    RecordsQuery,
    ValuesQuery,
)
from odm_shiny.client.validation import AsyncValidation, Validation
from odm_shiny.query.query import Query


def new_session(
    transport: Transport | AsyncTransport,
    clock: Clock,
    *,
    role: str = "user",
    metadata: str = "all",
    timeout_s: float = 60.0,
    deadline_s: float = 300.0,
    retries: int = 2,
    extensions: bool = True,
    cache: ReplyCache | None = None,
) -> Session:
    """Put a client's choices together; see ``connect`` for what they mean."""
    wire = Wire(
        origin=transport.origin,
        url=transport.where,
        encodings=transport.encodings,
        clock=clock,
        policy=RetryPolicy(retries),
        timeout_s=timeout_s,
        deadline_s=deadline_s,
    )
    return Session(
        wire,
        role=checked_role(role),
        metadata=checked_metadata(metadata),
        extensions=extensions,
        local=transport.local,
        cache=cache,
    )


class _ClientMethods(MatrixMethods, HelpMethods, EditMethods, FolderImportMethods):
    """What a client does itself."""


class Client(_ClientMethods, Sync):
    """An ODM, remote or embedded. Made by ``odm_shiny.connect``; safe for threads.

    Attributes
    ----------
    studies, samples, libraries, preparations
        Records.
    expressions
        Files of data, their runs and items, and streams of whole matrices.
    omics
        Searches over the whole chain from study to value.
    links, jobs, imports, search, validation
        The rest.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        clock: Clock | None = None,
        on_close: Any = None,
        **options: Any,
    ) -> None:
        used = clock or SystemClock()
        driver = Driver(transport, used)
        session = new_session(transport, used, **options)
        super().__init__(session, driver)
        self._on_close = on_close
        self.studies = Studies(session, driver)
        self.samples = Samples(session, driver)
        self.libraries = Libraries(session, driver)
        self.preparations = Preparations(session, driver)
        self.expressions = Expressions(session, driver)
        self.omics = Omics(session, driver)
        self.links = Links(session, driver)
        self.jobs = Jobs(session, driver)
        self.imports = Imports(session, driver)
        self.search = Search(session, driver)
        self.validation = Validation(session, driver)

    @overload
    def run(self, query: RecordsQuery, *, page_limit: int = PAGE_LIMIT) -> Records: ...

    @overload
    def run(self, query: ValuesQuery, *, page_limit: int = PAGE_LIMIT) -> ExpressionTable: ...

    @overload
    def run(self, query: MatrixQuery, *, page_limit: int = PAGE_LIMIT) -> MatrixStream: ...

    @overload
    def run(self, query: Query, *, page_limit: int = PAGE_LIMIT) -> Any: ...

    def run(self, query: Query, *, page_limit: int = PAGE_LIMIT) -> Any:
        """Answer a query: records, values of features, or the stream of a matrix.

        Nothing is asked before the result is looked at. Type checkers know which of them it is
        where the query began with `query` of this client.
        """
        listing = self.listing(query, page_limit)
        if isinstance(listing, StreamRequest):
            return MatrixStream(listing, self.driver)
        kind = ExpressionTable if query.kind == "expression" else Records
        return kind(listing, self.driver)

    def run_query(self, query: Query, **options: Any) -> Any:
        """Do what `run` does; a query bound to this client calls it."""
        return self.run(query, **options)

    def query(self) -> RecordsQuery:
        """Return an empty query that this client runs."""
        return cast("RecordsQuery", Query(runner=self))

    def close(self) -> None:
        """Close the connections, and the embedded store if this client opened it."""
        self.driver.transport.shut()
        self.driver.transport = ClosedTransport(self.driver.transport)
        if self._on_close is not None:
            self._on_close()
            self._on_close = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncClient(_ClientMethods, Async):
    """The same for event loops: what fetches is awaited. Made by ``odm_shiny.aconnect``."""

    def __init__(
        self,
        transport: AsyncTransport,
        *,
        clock: Clock | None = None,
        on_close: Any = None,
        **options: Any,
    ) -> None:
        used = clock or SystemClock()
        driver = AsyncDriver(transport, used)
        session = new_session(transport, used, **options)
        super().__init__(session, driver)
        self._on_close = on_close
        self.studies = AsyncStudies(session, driver)
        self.samples = AsyncSamples(session, driver)
        self.libraries = AsyncLibraries(session, driver)
        self.preparations = AsyncPreparations(session, driver)
        self.expressions = AsyncExpressions(session, driver)
        self.omics = AsyncOmics(session, driver)
        self.links = AsyncLinks(session, driver)
        self.jobs = AsyncJobs(session, driver)
        self.imports = AsyncImports(session, driver)
        self.search = AsyncSearch(session, driver)
        self.validation = AsyncValidation(session, driver)

    @overload
    async def arun(
        self, query: AsyncRecordsQuery, *, page_limit: int = PAGE_LIMIT
    ) -> AsyncRecords: ...

    @overload
    async def arun(
        self, query: AsyncValuesQuery, *, page_limit: int = PAGE_LIMIT
    ) -> AsyncExpressionTable: ...

    @overload
    async def arun(
        self, query: AsyncMatrixQuery, *, page_limit: int = PAGE_LIMIT
    ) -> AsyncMatrixStream: ...

    @overload
    async def arun(self, query: Query, *, page_limit: int = PAGE_LIMIT) -> Any: ...

    async def arun(self, query: Query, *, page_limit: int = PAGE_LIMIT) -> Any:
        """Answer a query; what is returned fetches when it is iterated or its methods awaited."""
        listing = self.listing(query, page_limit)
        if isinstance(listing, StreamRequest):
            return AsyncMatrixStream(listing, self.driver)
        kind = AsyncExpressionTable if query.kind == "expression" else AsyncRecords
        return kind(listing, self.driver)

    run = arun

    async def run_query(self, query: Query, **options: Any) -> Any:
        """Do what `run` does; a query bound to this client calls it."""
        return await self.run(query, **options)

    def query(self) -> AsyncRecordsQuery:
        """Return an empty query that this client runs."""
        return cast("AsyncRecordsQuery", Query(runner=self))

    async def close(self) -> None:
        """Close the connections, and the embedded store if this client opened it."""
        await self.driver.transport.shut()
        self.driver.transport = AsyncClosedTransport(self.driver.transport)
        if self._on_close is not None:
            self._on_close()
            self._on_close = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
