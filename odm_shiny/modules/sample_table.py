"""The metadata of samples as a table: whole up to 2,000 rows, in pages beyond."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from htmltools import Tag, tags
from shiny import Inputs, Outputs, Session, module, reactive, render, ui

from odm_shiny.analysis.profile import value_text
from odm_shiny.modules.asked import why_of
from odm_shiny.modules.asking import Samples
from odm_shiny.modules.assets import page_assets, script
from odm_shiny.modules.bookmarks import keep, value_of
from odm_shiny.modules.csv_export import csv_text
from odm_shiny.modules.reactives import as_reactive
from odm_shiny.modules.sample_records import sample_records
from odm_shiny.modules.states import state_server, state_ui
from odm_shiny.modules.work import Latest
from odm_shiny.query.query import Query

if TYPE_CHECKING:
    import pandas as pd

    from odm_shiny.client.client import Client

MAX_GRID_ROWS = 2_000
"""A grid gets all its rows at once: 10,000 of 15 attributes are over a megabyte and 2 s to draw."""
PAGE_ROWS = 1_000
_CSV_ROWS = 5_000


def shown_table(samples: pd.DataFrame, *, with_empty: bool) -> pd.DataFrame:
    """Return samples as a grid shows them: lists as text, on demand without empty attributes."""
    import pandas as pd

    columns = {
        name: column.map(value_text) if column.dtype == object else column
        for name, column in samples.items()
    }
    kept = {name: column for name, column in columns.items() if with_empty or column.notna().any()}
    return pd.DataFrame(kept, index=samples.index)


def page_of(samples: pd.DataFrame, page: int) -> tuple[pd.DataFrame, int, int]:
    """Return the rows of one page, its number and the number of pages, from 1.

    Up to `MAX_GRID_ROWS` rows are one page; beyond that a page has `PAGE_ROWS`.
    """
    if len(samples) <= MAX_GRID_ROWS:
        return samples, 1, 1
    n_pages = -(-len(samples) // PAGE_ROWS)
    number = min(max(page, 1), n_pages)
    return samples.iloc[(number - 1) * PAGE_ROWS : number * PAGE_ROWS], number, n_pages


def csv_lines(samples: pd.DataFrame) -> Iterator[str]:
    """Write samples as CSV for a spreadsheet, some thousand rows at a time."""
    names = [str(name) for name in samples.columns]
    columns = [column.tolist() for _, column in samples.items()]
    yield csv_text(names, [])
    for start in range(0, len(samples), _CSV_ROWS):
        block = [column[start : start + _CSV_ROWS] for column in columns]
        yield csv_text(names, zip(*block, strict=True)).split("\r\n", 1)[1]


@module.ui
def sample_table_ui() -> Tag:
    """Place for the table and its controls."""
    return tags.div(
        page_assets(),
        script("odm-grid.js"),
        tags.div(
            ui.output_text("said", inline=True),
            ui.input_switch("with_empty", "Show empty attributes", value=False),
            ui.download_button("download", "Samples (CSV)", class_="btn-sm"),
            class_="odm-controls",
        ),
        ui.output_ui("pages"),
        state_ui("state"),
        ui.output_data_frame("grid"),
        class_="odm-samples",
    )


@module.server
def sample_table_server(
    input: Inputs,
    output: Outputs,
    session: Session,
    client: Client | Callable[[], Client],
    query: Callable[[], Query],
    *,
    samples: Latest[Samples] | None = None,
    height: str = "480px",
) -> Latest[Samples]:
    """Show the samples that `query` finds.

    Parameters
    ----------
    samples
        Their metadata, if they are read already (`sample_records`).

    Returns
    -------
    The samples.
    """
    records = samples if samples is not None else sample_records(as_reactive(client), query)
    keep(session)

    @reactive.calc
    def page() -> tuple[pd.DataFrame, int, int]:
        wanted = value_of(session, "page", 1)
        return page_of(records.result().frame, wanted if isinstance(wanted, int) else 1)

    @reactive.calc
    def table() -> pd.DataFrame:
        with_empty = bool(value_of(session, "with_empty", False))
        return shown_table(page()[0], with_empty=with_empty)

    @render.text
    def said() -> str:
        samples = records.result()
        return f"{len(samples):,} samples, {table().shape[1]} attributes"

    @render.ui
    def pages() -> Tag | None:
        n_rows = len(records.result())
        if n_rows <= MAX_GRID_ROWS:
            return None
        n_pages = -(-n_rows // PAGE_ROWS)
        label = f"Page of {PAGE_ROWS:,} samples (1 to {n_pages:,}); sorting is within a page"
        return ui.input_numeric("page", label, 1, min=1, max=n_pages, width="100%")

    @render.data_frame
    def grid() -> render.DataGrid[Any]:
        return render.DataGrid(table(), width="100%", height=height, filters=True)

    @render.download_button(label="Samples (CSV)", filename="samples.csv")
    def download() -> Iterator[str]:
        yield from csv_lines(records.result().frame)

    state_server(
        "state",
        records,
        loading="Reading samples",
        waiting=lambda: why_of(query),
        empty=lambda found: "" if len(found) else "No samples match these filters.",
        whole=True,
    )
    return records
