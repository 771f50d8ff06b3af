"""What it costs to begin: importing the package, opening a store, printing the command's help.

Every round is a new Python with its bytecode at hand, as after an installation: the round that is
not measured writes it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.bench_server import fill
from benchmarks.case import Case
from odm_shiny.store.store import Store


def python(code: str, bytecode: str) -> Callable[[], object]:
    """Run code in a new Python, which keeps its bytecode in a folder."""
    env = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", code]
    return lambda: subprocess.run(command, check=True, capture_output=True, env=env)


def cases(large: bool) -> Iterator[Case]:
    """Compare with the official client."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "store"
        with Store.open(place) as store:
            fill(store, 20, 100)
        yield from cases_with(place, str(Path(folder) / "bytecode"), 20 if large else 5)


def cases_with(store: Path, bytecode: str, repeats: int) -> Iterator[Case]:
    """Give the cases, with a store that is there already."""
    official = python("import odm_api", bytecode)
    yield Case(
        "import the package",
        python("import odm_shiny", bytecode),
        official,
        peer_name="import odm_api",
        target="<= 0.1x",
        repeats=repeats,
        cpu=True,
    )
    yield Case(
        "import what a query needs",
        python("from odm_shiny import Query, connect, feature, field, value", bytecode),
        official,
        peer_name="import odm_api",
        repeats=repeats,
        cpu=True,
    )
    ask = (
        "from odm_shiny import connect\n"
        f"connect(store={str(store)!r}).samples.find(page_limit=200)[0]"
    )
    yield Case(
        "connect to a store that is there, to a page of 200 samples",
        python(ask, bytecode),
        target="<= 600 ms CPU",
        repeats=repeats,
        cpu=True,
    )
    yield Case(
        "print the help of the command line",
        python(
            "import sys; sys.argv[1:] = ['--help']; import odm_shiny.cli.main as m; m.main()",
            bytecode,
        ),
        repeats=repeats,
        cpu=True,
    )
