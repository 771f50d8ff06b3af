"""R hosts Python: reticulate starts it once, and R's own closure answers from then on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.r

ATTACH = """
mailbox <- new.env(parent = emptyenv())
options(odmshiny.mailbox = mailbox)
invisible(reticulate::py_run_string(paste(sep = "\\n",
  "import time, odm_shiny.rbridge.functions as functions",
  "def sleep():",
  "    time.sleep(60)",
  "table = dict(functions.table())",
  "functions.table = lambda: {**table, 'sleep': sleep, 'echo': lambda x: x}",
  "from odm_shiny.rbridge import attach",
  "attach.into_option('odmshiny.mailbox')"), local = FALSE, convert = FALSE))
# What reticulate has returned goes now: its finalizers do not ask for Python's lock.
invisible(gc())
odm <- function(name, ...) {
  mailbox$.name <- name
  mailbox$.args <- list(...)
  if (!mailbox$.call() && identical(mailbox$.value$class, "interrupt")) Sys.sleep(0.01)
  mailbox$.value
}
"""


def start(tmp_path: Path, code: str) -> subprocess.Popen[str]:
    rscript = shutil.which("Rscript")
    assert rscript is not None
    script = tmp_path / "script.R"
    script.write_text(ATTACH + code, encoding="utf-8")
    return subprocess.Popen(
        [rscript, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=os.environ | {"RETICULATE_PYTHON": sys.executable},
    )


def run(tmp_path: Path, code: str) -> tuple[str, str, int]:
    started = start(tmp_path, code)
    out, err = started.communicate(timeout=100)
    return out, err, started.returncode


def test_r_that_hosts_python_gets_native_values(tmp_path: Path) -> None:
    code = """
    x <- data.frame(t = c('\\u00e9', NA), n = c(1.5, NA), i = c(1L, NA), f = factor(c('a', NA)))
    cat(identical(odm('echo', x), x), identical(odm('echo', list(a = 1:3)), list(a = 1:3)), '\\n')
    cat(odm('nope')$class, '\\n')
    cat(interactive(), 'reticulate' %in% loadedNamespaces(), '\\n')
    """
    out, err, status = run(tmp_path, code)
    assert (out, status) == ("TRUE TRUE \nodm_query_error odm_error \nFALSE TRUE \n", 0), err
    assert err == ""


def test_150_calls_while_r_collects_its_garbage_all_the_time(tmp_path: Path) -> None:
    code = """
    x <- data.frame(t = c('\\u00e9', NA), n = c(1.5, NA)); x$l <- list(1:3, NULL)
    invisible(gctorture2(200))
    for (i in 1:150) if (i %% 3) stopifnot(identical(odm('echo', x), x)) else odm('nope')
    invisible(gctorture2(0))
    cat(i)
    """
    out, err, status = run(tmp_path, code)
    assert (out, status) == ("150", 0), err


def test_a_fork_is_told_and_the_parent_goes_on(tmp_path: Path) -> None:
    code = """
    found <- parallel::mclapply(1:2, function(i) odm('echo', i)$class[1], mc.cores = 2)
    cat(unlist(found), odm('echo', 'parent'))
    """
    out, err, status = run(tmp_path, code)
    assert (out, status) == ("odm_fork_error odm_fork_error parent", 0), err


@pytest.mark.parametrize("wait", ["odm('sleep')", "Sys.sleep(60)"], ids=["Python", "R"])
def test_ctrl_c_stops_python_and_r(tmp_path: Path, wait: str) -> None:
    code = f"""
    tryCatch({{ cat('ready\\n'); {wait}; Sys.sleep(60) }},
      interrupt = function(e) cat('caught\\n'))
    cat(odm('echo', 'goes on'))
    """
    started = start(tmp_path, code)
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=20)
    assert (out, started.returncode) == ("caught\ngoes on", 0), err


def test_plots_temporary_files_and_quit_are_left_to_r(tmp_path: Path) -> None:
    code = (
        f"setwd('{tmp_path}'); plot(1); writeLines('x', f <- tempfile()); cat(f); quit(status = 3)"
    )
    out, err, status = run(tmp_path, code)
    assert status == 3, err
    assert not Path(out).exists()
    assert (tmp_path / "Rplots.pdf").read_bytes().rstrip().endswith(b"%%EOF")


def test_python_without_r_says_how_to_get_it(tmp_path: Path) -> None:
    code = "from odm_shiny.rbridge import attach; attach.into_option()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "BridgeError: no R runs in this process: use odm-shiny r SCRIPT" in done.stderr
