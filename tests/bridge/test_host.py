"""``odm-shiny r``: as Rscript in every way, with the mailbox there before the script begins."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.r

CALL = """
odm <- local({
  mailbox <- getOption("odmshiny.mailbox")
  function(name, ...) {
    mailbox$.name <- name
    mailbox$.args <- list(...)
    if (!mailbox$.call() && identical(mailbox$.value$class, "interrupt")) Sys.sleep(0.01)
    mailbox$.value
  }
})
"""


def command(script: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "odm_shiny.cli.main", "r", str(script), *arguments]


def run(
    tmp_path: Path, code: str, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    script = tmp_path / "sçript.R"
    script.write_text(code, encoding="utf-8")
    return subprocess.run(
        command(script, *arguments),
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        env=os.environ | environment,
        timeout=100,
    )


LIKE_RSCRIPT = {
    "values print at top level": "x <- 1:3\nx\ninvisible(2)\n'é'\nfunction(a) a\nNULL",
    "streams": "cat('out')\nmessage('err')\nprint(warnings())\nwrite('β', stderr())",
    "warnings": "f <- function() warning('hm'); f(); g <- 1",
    "an error": "f <- function() stop('b\u00f6se')\ncat('before\\n')\nf()\ncat('after\\n')",
    "a syntax error": "cat('before\\n')\nx <- )\n",
    "quit with a status": "cat('a'); quit(status = 3); cat('b')",
    "q in a tryCatch": "f <- function() tryCatch(q('no', 4), finally = cat('f'))\nf()",
    "the error option": "options(error = quote(cat('handled\\n'))); stop('x')",
    ".Last": ".Last <- function() cat('last\\n'); cat('end\\n')",
    ".Last that fails": ".Last <- function() stop('x'); cat('end\\n')",
    "no .Last": ".Last <- function() cat('last\\n'); quit(runLast = FALSE)",
    "finalizers": "r <- reg.finalizer(new.env(), function(x) cat('gone\\n'), onexit = TRUE)",
    "arguments": "commandArgs(TRUE); interactive()",
    "exit handlers": "local({ on.exit(cat('bye\\n')); stop('x') })",
    "deep recursion": "f <- function(n) f(n + 1) + 1\ntryCatch(f(1), error = function(e) 'deep')",
    "a missing package": "library(nosuchpackage)",
    "an environment variable": "Sys.getenv('ODM_TEST_TEXT'); nchar(Sys.getenv('ODM_TEST_TEXT'))",
}


@pytest.mark.parametrize("kind", LIKE_RSCRIPT)
def test_a_script_runs_as_with_rscript(tmp_path: Path, kind: str) -> None:
    arguments = ["αβ", "--x=1", "-h", "a b", ""]
    ours = run(tmp_path, LIKE_RSCRIPT[kind], *arguments, ODM_TEST_TEXT="ü")
    rscript = shutil.which("Rscript")
    assert rscript is not None
    theirs = subprocess.run(
        [rscript, str(tmp_path / "sçript.R"), *arguments],
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        env=os.environ | {"ODM_TEST_TEXT": "ü"},
        timeout=100,
    )
    assert ours.stdout == theirs.stdout
    assert ours.returncode == theirs.returncode
    if kind != ".Last that fails":
        assert ours.stderr == theirs.stderr


def test_a_call_of_python_needs_no_set_up(tmp_path: Path) -> None:
    done = run(tmp_path, CALL + "odm('nope')$message")
    assert done.stderr == ""
    assert done.stdout == "[1] \"there is no function 'nope'\"\n"
    assert done.returncode == 0


def test_plots_go_to_files_and_are_whole(tmp_path: Path) -> None:
    code = "plot(1:3)\npng('named.png'); plot(1); dev.off()\npdf('open.pdf'); plot(1)"
    done = run(tmp_path, code)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "named.png").read_bytes().endswith(b"IEND\xaeB`\x82")
    for name in ("Rplots.pdf", "open.pdf"):
        assert (tmp_path / name).read_bytes().rstrip().endswith(b"%%EOF")


def test_utf_8_is_read_in_any_locale(tmp_path: Path) -> None:
    done = run(tmp_path, "nchar('βé'); cat('βé', commandArgs(TRUE))", "ü", LC_ALL="C", LANG="C")
    assert done.stdout == "[1] 2\nβé ü"


def test_the_temporary_folder_of_r_is_removed(tmp_path: Path) -> None:
    done = run(tmp_path, "cat(tempdir())", TMPDIR=str(tmp_path))
    assert Path(done.stdout).parent == tmp_path
    assert not Path(done.stdout).exists()


def test_a_script_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    done = subprocess.run(command(tmp_path / "no.R"), capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "no.R" in done.stderr


WAITS = {
    "a loop of R": "while (TRUE) 1",
    "a sleep of R": "Sys.sleep(60)",
    "Python": "odm('sleep')",
}
# A function that sleeps in Python, added before the script runs.
SLEEPER = """
import sys, time
from pathlib import Path
import odm_shiny.rbridge.functions as functions
table = dict(functions.table())
def sleep():
    time.sleep(60)
functions.table = lambda: {**table, "sleep": sleep}
from odm_shiny.rbridge import host
host.run(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("what", WAITS)
@pytest.mark.parametrize("caught", [True, False], ids=["caught", "not caught"])
def test_ctrl_c_stops_r_and_python(tmp_path: Path, what: str, caught: bool) -> None:
    wait = f"{{ cat('ready\\n'); {WAITS[what]}; Sys.sleep(60) }}"
    if caught:
        wait = f"tryCatch({wait}, interrupt = function(e) cat('caught\\n'))\ncat('goes on\\n')"
    script = tmp_path / "wait.R"
    script.write_text(CALL + wait + "\ncat(odm('nope')$class[1])\n")
    started = subprocess.Popen(
        [sys.executable, "-c", SLEEPER, str(script)], stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    started.send_signal(signal.SIGINT)
    out, _ = started.communicate(timeout=20)
    assert out == ("caught\ngoes on\nodm_query_error" if caught else "")
    assert started.returncode == (0 if caught else 130)
