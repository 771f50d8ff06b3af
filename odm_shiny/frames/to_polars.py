"""Tables as polars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odm_shiny.errors import MissingDependency
from odm_shiny.frames.columns import Table
from odm_shiny.frames.to_arrow import to_arrow

if TYPE_CHECKING:
    import polars as pl


def to_polars(table: Table) -> pl.DataFrame:
    """Return a table as a polars DataFrame; types as for Arrow.

    Raises
    ------
    MissingDependency
        polars is not installed.
    """
    try:
        import polars as pl
    except ImportError as exc:
        raise MissingDependency('polars is not installed: pip install "odm-shiny[polars]"') from exc
    frame = pl.from_arrow(to_arrow(table))
    assert isinstance(frame, pl.DataFrame)
    return frame
