"""What an app can do before its first visitor comes."""

from __future__ import annotations

import gc
import importlib
import sys
from importlib.util import find_spec
from typing import Final

_NEEDED: Final = ("pandas", "pyarrow", "scipy.stats")
_TRACING: Final = "opentelemetry.sdk"


def warm_up() -> None:
    """Load what the first answer needs, and spare each later one two searches for nothing.

    Call it once, behind the making of the app: it concerns the whole process.

    Notes
    -----
    Shiny tries to import OpenTelemetry's SDK with each output and effect; where it is not
    installed, that searches every folder of ``sys.path`` a hundred times for one change of a gene.
    A ``None`` in ``sys.modules`` says at once that it is not there. The garbage collector leaves
    alone what is loaded by now: reading the metadata of 20,000 samples makes so many objects that
    it looks through everything again and again, and libraries were a fifth of that time.
    """
    for name in _NEEDED:
        importlib.import_module(name)
    if _TRACING not in sys.modules and not _is_installed(_TRACING):
        sys.modules[_TRACING] = None  # type: ignore[assignment]
    gc.collect()
    gc.freeze()


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # not even the package that it would be in
        return False
