"""The functions that R may call, by the names that it calls them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

_IN: Mapping[str, tuple[str, ...]] = {
    "connections": ("connect", "close", "demo", "about", "release"),
    "questions": ("describe", "code"),
    "answers": ("collect", "total", "explain", "facets", "record"),
    "matrices": ("matrix",),
    "versions": ("versions",),
    "curation": ("template", "validate", "plan_import", "import", "link", "patch", "job"),
}
_OTHER_NAMES = {"import": "import_files"}


@cache
def table() -> Mapping[str, Callable[..., Any]]:
    """Return the functions by name.

    Arguments come as R gives them: a vector of one value may be the value or a list of it, ``NULL``
    is not passed at all. Values are what `odm_shiny.rbridge.to_r` takes.
    """
    found: dict[str, Callable[..., Any]] = {}
    for module_name, names in _IN.items():
        module = import_module(f"odm_shiny.rbridge.functions.{module_name}")
        for name in names:
            found[name] = getattr(module, _OTHER_NAMES.get(name, name))
    return found
