"""An output for plotly figures that sends the figure and nothing else.

The plotting library is served once, from plotly's own package; a new figure is drawn into the
old one. (shinywidgets sends its 5 MB bundle again with every figure.)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import plotly
from htmltools import HTMLDependency, Tag, tags
from shiny.module import resolve_id
from shiny.render.renderer import Renderer

from odm_shiny import __version__

Figure = dict[str, Any]

_PLOTLY = HTMLDependency(
    "plotly",
    plotly.__version__,
    source={"package": "plotly", "subdir": "package_data"},
    script={"src": "plotly.min.js"},
)
_BINDING = HTMLDependency(
    "odm-plotly",
    __version__,
    source={"subdir": str(Path(__file__).parent / "www")},
    script={"src": "odm-plotly.js"},
)


def output_figure(id: str, *, height: str = "420px") -> Tag:
    """Place for a figure drawn by `render_figure`.

    Parameters
    ----------
    id
        Output id.
    height
        CSS height.
    """
    return tags.div(
        _PLOTLY,
        _BINDING,
        id=resolve_id(id),
        class_="odm-plotly",
        style=f"height:{height};width:100%",
        role="img",
        aria_label="Plot",
    )


class render_figure(Renderer[Figure]):  # noqa: N801 - Shiny's renderers are lower case
    """Render a figure: plotly's JSON form, with a ``description`` for screen readers.

    The function returns a dict with ``data`` and ``layout`` as in plotly's JSON schema, or
    ``None`` for an empty place.
    """

    def auto_output_ui(self) -> Tag:
        """Place the output where the renderer stands in an Express app."""
        return output_figure(self.output_id)

    async def transform(self, value: Figure) -> Any:
        """Send the figure as it is."""
        return value
