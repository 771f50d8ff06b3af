"""Apps in R are started, announced and stopped; what they lack is named."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from odm_shiny.cli.r_apps import packages_of

APP = """
library(shiny)
ui <- fluidPage(Sys.getenv("ODM_SHINY_STORE"), Sys.getenv("ODM_SHINY_PYTHON"))
shinyApp(ui, function(input, output) NULL)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An app whose folder R could not read as code."""
    made = tmp_path / 'it\'s "mine" ß'
    made.mkdir()
    (made / "app.R").write_text(APP)
    return made


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "odm_shiny.cli.main", "run", *map(str, words), "--no-browser"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Title: x\nImports:\n    shiny,\n    DT (>= 0.2),\n\tdata.table\n", 3, id="3"),
        pytest.param("Imports: shiny, DT, bslib\nSuggests: limma\n", 3, id="one line"),
        pytest.param("Suggests: limma\n", 0, id="none"),
        pytest.param(None, 0, id="no file"),
    ],
)
def test_the_packages_of_an_app_stand_in_its_description(tmp_path, text, expected):
    if text is not None:
        (tmp_path / "DESCRIPTION").write_text(text)
    found = packages_of(tmp_path)
    assert len(found) == expected
    assert found[:2] == ["shiny", "DT"][:expected]


@pytest.mark.r
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_an_app_runs_until_it_is_asked_to_stop(folder, tmp_path, number):
    store = tmp_path / "store"
    words = command(folder, "--port", 0, "--store", store)
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("App ready at http://127.0.0.1:")
        with urllib.request.urlopen(line.split()[-1]) as reply:
            page = reply.read().decode()
        assert str(store) in page
        assert sys.executable in page
        process.send_signal(number)
        assert process.wait(30) == 0
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(line.split()[-1])


@pytest.mark.r
@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            ("app.R", "stop('broken on purpose')"), "the app ended by itself", id="broken app"
        ),
        pytest.param(
            ("DESCRIPTION", "Imports: shiny, nosuchpackage, odmshiny"),
            "R's packages nosuchpackage, odmshiny are not installed: in R "
            'install.packages(c("nosuchpackage")), on Debian apt-get install '
            "r-cran-nosuchpackage; then odm-shiny r install",
            id="packages",
        ),
        pytest.param(
            ("DESCRIPTION", "Imports: odmshiny"),
            "R's package odmshiny is not installed: odm-shiny r install",
            id="odmshiny",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_line(folder, tmp_path, change, message):
    name, text = change
    (folder / name).write_text(text)
    done = subprocess.run(
        command(folder, "--port", 0),
        env={**os.environ, "R_LIBS": "", "R_LIBS_USER": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert message in done.stderr.splitlines()[-1]


def test_without_r_the_line_that_installs_it_is_named(folder):
    done = subprocess.run(
        command(folder), env={**os.environ, "PATH": "/nowhere"}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "R is not installed, or not on the PATH: apt-get install r-base-core" in done.stderr
