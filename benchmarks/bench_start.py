"""What it costs to begin: importing the package, asking the command line for help."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

from benchmarks.case import Case


def python(code: str) -> Callable[[], object]:
    """Run code in a new Python."""
    return lambda: subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def cases(large: bool) -> Iterator[Case]:
    """Compare with the official client."""
    repeats = 20 if large else 5
    yield Case(
        "import the package",
        python("import odm_shiny"),
        python("import odm_api"),
        peer_name="import odm_api",
        target="<= 0.1x",
        repeats=repeats,
        cpu=True,
    )
    yield Case(
        "import what a query needs",
        python("from odm_shiny import Query, connect, feature, field, value"),
        python("import odm_api"),
        peer_name="import odm_api",
        repeats=repeats,
        cpu=True,
    )
    yield Case(
        "print the help of the command line",
        python("import sys; sys.argv[1:] = ['--help']; import odm_shiny.cli.main as m; m.main()"),
        repeats=repeats,
        cpu=True,
    )
