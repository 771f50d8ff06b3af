"""Results: nothing is fetched before it is looked at, and nothing is fetched twice."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Concatenate, NoReturn, ParamSpec, overload

from odm_shiny.client.decode import Record, new_items
from odm_shiny.client.paging import MANY, WIDTH, AnyPage, Pager
from odm_shiny.client.steps import Steps, blocking
from odm_shiny.client.twins import Async, Sync, lazy_method, steps_method
from odm_shiny.errors import QueryError
from odm_shiny.frames.columns import Table
from odm_shiny.frames.items import Items
from odm_shiny.frames.names import did_you_mean
from odm_shiny.frames.records import RecordRows

if TYPE_CHECKING:
    import anndata
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from odm_shiny.frames.matrix import ExpressionMatrix

P = ParamSpec("P")
_SHOWN_ROWS, _SHOWN_COLUMNS = 10, 12
_DATAFRAME = {
    name: f", which has .{name}"
    for name in (
        *("loc", "iloc", "at", "iat", "values", "index", "dtypes", "info", "describe", "tail"),
        *("groupby", "query", "sort_values", "merge", "join", "plot", "value_counts", "apply"),
        *("to_csv", "to_excel", "to_parquet", "to_dict", "to_json", "to_numpy", "drop", "T"),
        *("isna", "notna", "dropna", "fillna", "filter", "sample", "set_index", "keys"),
    )
}


@dataclass(frozen=True, slots=True)
class Listing:
    """What a method that lists returns: how to fetch, and what to call it.

    Attributes
    ----------
    flat
        Makes a row of a table from a record.
    when_empty
        What to do, once, when it turns out that there are no rows.
    """

    pager: Pager
    what: str
    flat: Callable[[Record], Record] | None = None
    when_empty: Callable[[], Steps[None]] | None = None


class _Result(ABC):
    """A result and how much of it is here.

    One result belongs to one thread at a time; the client it came from may be shared.
    """

    def __init__(self, listing: Listing, driver: Any) -> None:
        self.driver = driver
        self._pager = listing.pager
        self._what = listing.what
        self._when_empty = listing.when_empty

    @abstractmethod
    def _keep(self, found: AnyPage) -> None:
        """Take a page in."""

    @abstractmethod
    def _n_kept(self) -> int:
        """Return how many rows are here."""

    @abstractmethod
    def _rows(self, start: int, stop: int) -> list[Record]:
        """Return rows that are here, as dicts."""

    @abstractmethod
    def _table(self) -> Table:
        """Return the rows that are here, as columns."""

    def _more(self, *, ahead: int) -> Steps[None]:
        for found in (yield from self._pager.batch(ahead=ahead)):
            self._keep(found)
        if self._when_empty is not None and self._pager.done:
            look, self._when_empty = self._when_empty, None
            if not self._n_kept():
                yield from look()

    def _all(self) -> Steps[None]:
        while not self._pager.done:
            yield from self._more(ahead=MANY)

    def _at_least(self, n: int) -> Steps[None]:
        while not self._pager.done and self._n_kept() < n:
            yield from self._more(ahead=1)

    @steps_method
    def total(self) -> Steps[int]:
        """Return how many rows there are: as the server says, else by reading all of them."""
        if self._pager.total is None and not self._pager.done:
            yield from self._more(ahead=1)
        if self._pager.total is None:
            yield from self._all()
        return self._pager.total if self._pager.total is not None else self._n_kept()

    @steps_method
    def to_arrow(self) -> Steps[pa.Table]:
        """Return all rows as an Arrow table; types as `odm_shiny.frames.columns` tells."""
        from odm_shiny.frames.to_arrow import to_arrow

        yield from self._all()
        return (yield from blocking(lambda: to_arrow(self._table())))

    @steps_method
    def to_pandas(self) -> Steps[pd.DataFrame]:
        """Return all rows as a pandas DataFrame."""
        from odm_shiny.frames.to_pandas import to_pandas

        yield from self._all()
        return (yield from blocking(lambda: to_pandas(self._table())))

    @steps_method
    def to_polars(self) -> Steps[pl.DataFrame]:
        """Return all rows as a polars DataFrame."""
        from odm_shiny.frames.to_polars import to_polars

        yield from self._all()
        return (yield from blocking(lambda: to_polars(self._table())))

    @steps_method
    def to_list(self) -> Steps[list[Record]]:
        """Return all rows as dicts."""
        yield from self._all()
        return self._rows(0, self._n_kept())

    @property
    def log(self) -> list[str]:
        """What the server wrote about the search so far, one line each."""
        return list(self._pager.log)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"{type(self).__name__} has no {name!r}: it is fetched when it is looked at; "
            f".to_pandas() gives a DataFrame{_DATAFRAME.get(name, '')}"
        )

    def __repr__(self) -> str:
        known = self._pager.total
        count = "not asked yet" if known is None and not self._n_kept() else f"{known} rows"
        if known is None and self._n_kept():
            count = f"at least {self._n_kept()} rows"
        return f"<{type(self).__name__}: {self._what}, {count}>"


class _SyncResult(_Result, Sync):
    def __iter__(self) -> Iterator[Record]:
        position = 0
        while True:
            for row in self._rows(position, self._n_kept()):
                position += 1
                yield row
            if self._pager.done:
                return
            self.driver.run(self._more(ahead=WIDTH if position else 1))

    def __len__(self) -> int:
        return self.total()

    def __bool__(self) -> bool:
        self.driver.run(self._at_least(1))
        return self._n_kept() > 0

    @overload
    def __getitem__(self, index: int) -> Record: ...

    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...

    @overload
    def __getitem__(self, index: str) -> pd.Series[Any]: ...

    @overload
    def __getitem__(self, index: list[str]) -> pd.DataFrame: ...

    def __getitem__(self, index: int | slice | str | list[str]) -> Any:
        """Return a record, a list of them, a column as pandas has it, or a frame of columns.

        Raises
        ------
        IndexError
            There are not so many rows.
        QueryError
            There is no such column.
        """
        if isinstance(index, slice):
            return self._slice(index)
        if isinstance(index, str):
            return self._frame([index])[index]
        if isinstance(index, list):
            return self._frame(index)
        return self._row(index)

    def head(self, n: int = 5) -> pd.DataFrame:
        """Return the first rows as a pandas DataFrame; later pages are not fetched."""
        from odm_shiny.frames.to_pandas import to_pandas

        self.driver.run(self._at_least(n))
        return to_pandas(self._table()).head(n)

    @property
    def columns(self) -> list[str]:
        """Names of the columns; all rows are fetched, for any may have an attribute of its own."""
        self.driver.run(self._all())
        return self._table().names

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of columns."""
        columns = self.columns
        return self._n_kept(), len(columns)

    def _row(self, index: int) -> Record:
        index = operator.index(index)
        if index < 0:
            index += len(self)
        self.driver.run(self._at_least(index + 1))
        if not 0 <= index < self._n_kept():
            raise IndexError(f"row {index} of {self._n_kept()}")
        return self._rows(index, index + 1)[0]

    def _slice(self, index: slice) -> list[Record]:
        stop = index.stop
        if stop is not None and stop >= 0 and (index.start or 0) >= 0:
            self.driver.run(self._at_least(stop))
        else:
            self.driver.run(self._all())
        return self._rows(0, self._n_kept())[index]

    def _frame(self, names: list[str]) -> pd.DataFrame:
        frame = self.to_pandas()
        for name in names:
            if name not in frame.columns:
                hint = did_you_mean(str(name), map(str, frame.columns))
                raise QueryError(
                    f"{self._what}: no row has {name!r}: {hint or '.columns has what there is'}"
                )
        return frame[names]

    def _repr_html_(self) -> str:
        self.driver.run(self._at_least(1))
        return html_table(self._rows(0, _SHOWN_ROWS), self._pager.total, self._what)


class _AsyncResult(_Result, Async):
    def __getitem__(self, index: object) -> NoReturn:
        raise TypeError(self._awaited("(await found.to_list())[0], (await found.to_pandas())[...]"))

    def __len__(self) -> NoReturn:
        raise TypeError(self._awaited("await found.total()"))

    def __bool__(self) -> bool:
        return True  # whether there are rows is not known without asking

    def __iter__(self) -> NoReturn:
        raise TypeError(self._awaited("async for row in found, await found.to_list()"))

    def _awaited(self, call: str) -> str:
        return f"{type(self).__name__} is awaited: {call}"

    async def __aiter__(self) -> AsyncIterator[Record]:
        position = 0
        while True:
            for row in self._rows(position, self._n_kept()):
                position += 1
                yield row
            if self._pager.done:
                return
            await self.driver.run(self._more(ahead=WIDTH if position else 1))


class RecordMethods(_Result):
    """Records: samples, studies, groups, runs, links."""

    def __init__(self, listing: Listing, driver: Any) -> None:
        super().__init__(listing, driver)
        self._flat = listing.flat
        self._kept = RecordRows()

    def _keep(self, found: AnyPage) -> None:
        found.add_to(self._kept)

    def _n_kept(self) -> int:
        return len(self._kept)

    def _rows(self, start: int, stop: int) -> list[Record]:
        return self._kept.rows(start, stop)

    def _table(self) -> Table:
        return self._kept.table(self._flat)


class Records(RecordMethods, _SyncResult):
    """Records, fetched page by page when they are looked at.

    Iterating gives dicts in the server's order, ``len()`` the total, `to_pandas`, `to_arrow` and
    `to_polars` a table with one column an attribute.
    """


class AsyncRecords(RecordMethods, _AsyncResult):
    """Records for ``async for``; `total`, `to_pandas`, `to_list` ... are awaited."""


class ExpressionMethods(_Result):
    """Items of expression: one value (or several measurements) of one feature in one run."""

    def __init__(self, listing: Listing, driver: Any) -> None:
        super().__init__(listing, driver)
        self.items: Items = new_items()

    def _keep(self, found: AnyPage) -> None:
        found.add_to(self.items)

    def _n_kept(self) -> int:
        return len(self.items)

    def _rows(self, start: int, stop: int) -> list[Record]:
        return self.items.rows(start, stop)

    def _table(self) -> Table:
        return self.items.table()

    @steps_method
    def to_matrix(self, measurement: str | None = None) -> Steps[ExpressionMatrix]:
        """Return runs by features.

        Parameters
        ----------
        measurement
            Which value, where the files hold several.

        Raises
        ------
        FrameError
            A run has two items for one feature, or several measurements and none was chosen.
        """
        from odm_shiny.frames.matrix import matrix_of

        yield from self._all()
        return (yield from blocking(lambda: matrix_of(self.items, measurement)))

    @steps_method
    def to_anndata(self, measurement: str | None = None) -> Steps[anndata.AnnData]:
        """Return runs by features as AnnData."""
        from odm_shiny.frames.matrix import matrix_of

        yield from self._all()
        return (yield from blocking(lambda: matrix_of(self.items, measurement).to_anndata()))


class ExpressionTable(ExpressionMethods, _SyncResult):
    """Expression in the long form, one row an item, fetched when it is looked at.

    Columns: ``itemId``, the run (``runId``, ``runSourceId``, ``groupId``), the feature columns, the
    measurements (float64, NaN is missing), the linked object, the run's metadata.
    """


class AsyncExpressionTable(ExpressionMethods, _AsyncResult):
    """The same for ``async for``; `total`, `to_pandas`, `to_matrix` ... are awaited."""


def records_method(
    function: Callable[Concatenate[Any, P], Listing],
) -> lazy_method[P, Records, AsyncRecords]:
    """Decorator: a method that gives `Records`, or `AsyncRecords` on an async client."""
    return lazy_method(function, Records, AsyncRecords)


def items_method(
    function: Callable[Concatenate[Any, P], Listing],
) -> lazy_method[P, ExpressionTable, AsyncExpressionTable]:
    """Decorator: a method that gives an `ExpressionTable`, or its async twin."""
    return lazy_method(function, ExpressionTable, AsyncExpressionTable)


def html_table(rows: list[Record], total: int | None, what: str) -> str:
    """Return a short table for a notebook: the first rows, every value as text."""
    flat = [_one_level(row) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    shown = names[:_SHOWN_COLUMNS]
    head = "".join(f"<th>{escape(name)}</th>" for name in shown)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(row.get(name)))}</td>" for name in shown) + "</tr>"
        for row in flat
    )
    hidden = f", {len(names) - len(shown)} more columns" if len(names) > len(shown) else ""
    count = "rows, total unknown" if total is None else f"of {total} rows"
    caption = f"{escape(what)}: {len(rows)} {count}{hidden}"
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>{body}</table>"


def _one_level(row: Record) -> Record:
    flat: Record = {}
    for name, value in row.items():
        flat.update(value if isinstance(value, dict) else {name: value})
    return flat


def _cell(value: Any) -> str:
    text = "" if value is None else "; ".join(map(str, value)) if isinstance(value, list) else value
    return str(text)[:80]
