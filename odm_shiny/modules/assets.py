"""The style and scripts of the modules: served from the package, nothing from another host."""

from __future__ import annotations

from pathlib import Path

from htmltools import HTMLDependency

from odm_shiny import __version__

_FOLDER = Path(__file__).parent / "www"


def page_assets() -> HTMLDependency:
    """Return the style of every module; Shiny puts it into the page once."""
    return HTMLDependency(
        "odm-shiny",
        __version__,
        source={"subdir": str(_FOLDER)},
        stylesheet={"href": "odm.css"},
    )


def script(name: str) -> HTMLDependency:
    """Return one script of the package, such as ``odm-facets.js``."""
    return HTMLDependency(
        name.removesuffix(".js"),
        __version__,
        source={"subdir": str(_FOLDER)},
        script={"src": name},
    )
