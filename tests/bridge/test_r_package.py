"""The R package odmshiny: tested in both hosts, and compared with Python."""

from __future__ import annotations

import importlib.util
import io
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odm_shiny.connect import connect
from odm_shiny.demo.load import load_study
from odm_shiny.demo.studies import demo_studies
from odm_shiny.errors import BridgeError
from odm_shiny.query.code import to_python
from odm_shiny.query.code_r import to_r
from odm_shiny.query.expr import feature, field
from odm_shiny.query.filter_text import render_filter
from odm_shiny.query.nodes import Expr
from odm_shiny.query.query import Query
from odm_shiny.rbridge.install import install, package_source

pytestmark = [pytest.mark.r, pytest.mark.peer, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]
N_QUERIES = 120

RunR = Callable[..., subprocess.CompletedProcess[str]]

QUESTION = (
    Query()
    .where(study=field("Study Source ID") == "ALL")
    .where(sample=(field("Age") < 20) & field("Cell Type").is_in(["B cell", "T cell"]))
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """R's library with the package in it, put there as users do."""
    folder = tmp_path_factory.mktemp("library")
    install(folder)
    return folder


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded ODM with the demo studies."""
    folder = tmp_path_factory.mktemp("demo") / "store"
    with connect(store=folder) as client:
        for study in demo_studies():
            load_study(client, study)
    return folder


@pytest.fixture(scope="module")
def variables(library: Path, demo: Path) -> dict[str, str]:
    return {
        **os.environ,
        "R_LIBS": str(library),
        "ODM_SHINY_PYTHON": sys.executable,
        "ODM_SHINY_DEMO": str(demo),
        "ODM_SHINY_STORE": str(demo),
        "LC_ALL": "C.UTF-8",
    }


@pytest.fixture
def run_r(variables: dict[str, str], tmp_path: Path) -> RunR:
    """Give a function that runs an R script in plain Rscript, or in ``odm-shiny r``."""

    def run(code: str, host: str = "r", **others: str) -> subprocess.CompletedProcess[str]:
        script = tmp_path / "script.R"
        script.write_text(code, encoding="utf-8")
        python = [sys.executable, "-m", "odm_shiny.cli.main", "r"]
        command = [*(["Rscript", "--no-init-file"] if host == "r" else python), str(script)]
        return subprocess.run(
            command,
            env=variables | others,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=600,
            check=False,
        )

    return run


def said(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# ---- its own tests ----------------------------------------------------------------------


@pytest.mark.parametrize("host", ["r", "python"])
def test_testthat_passes_in_both_hosts(run_r: RunR, host: str) -> None:
    tests = package_source() / "tests" / "testthat"
    code = f"""
    library(testthat)
    library(odmshiny)
    found <- as.data.frame(test_dir("{tests}", package = "odmshiny", load_package = "installed",
      reporter = "check", stop_on_failure = FALSE))
    cat("\\nfailed", sum(found$failed) + sum(found$error), "skipped", sum(found$skipped),
      "warned", sum(found$warning), "passed", sum(found$passed), "\\n")
    """
    out = said(run_r(code, host, NOT_CRAN="true", TESTTHAT_EDITION="3"))
    counts = re.search(r"failed (\d+) skipped (\d+) warned (\d+) passed (\d+)", out)
    assert counts is not None, out
    assert counts.groups()[:3] == ("0", "0", "0"), out
    assert int(counts[4]) > 200


def test_the_command_installs_the_package(tmp_path: Path) -> None:
    # The path is relative and new: it is made, and printed in full.
    command = [sys.executable, "-m", "odm_shiny.cli.main", "r", "install", "packages"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said(done).strip() == str(tmp_path / "packages" / "odmshiny")
    assert (tmp_path / "packages" / "odmshiny" / "DESCRIPTION").is_file()


def test_what_r_says_is_told_when_it_cannot_install(tmp_path: Path) -> None:
    # A lock that another installation left is R's own reason to refuse.
    (tmp_path / "00LOCK-r").mkdir()
    with pytest.raises(BridgeError, match="00LOCK-r"):
        install(tmp_path)


# ---- the same as Python ----------------------------------------------------------------

WRITE_FRAME = """
write <- function(frame) {
  plain <- frame[!vapply(frame, is.list, NA)]
  numbers <- vapply(plain, is.numeric, NA)
  plain[numbers] <- lapply(plain[numbers], function(x) ifelse(is.na(x), NA, sprintf("%.17g", x)))
  utils::write.csv(plain, row.names = FALSE, na = "")
}
"""


@pytest.mark.parametrize("host", ["r", "python"])
def test_a_query_gives_the_same_records_and_numbers(run_r: RunR, demo: Path, host: str) -> None:
    code = f"""
    library(odmshiny)
    {WRITE_FRAME}
    types <- c("B cell", "T cell")
    question <- odm_query(odm_connect()) |>
      odm_where(study = `Study Source ID` == "ALL") |>
      odm_where(sample = Age < 20 & `Cell Type` %in% types)
    write(odm_collect(question))
    cat("----\\n")
    write(as.data.frame(odm_collect(question, "matrix")))
    cat("----\\n")
    write(odm_collect(odm_expression(question, feature("gene") == "CD19", versions = "v1")))
    """
    records, matrix, values = map(read_csv, said(run_r(code, host)).split("----\n"))
    with connect(store=demo) as odm:
        compare(records, odm.run(QUESTION).to_pandas())
        found = odm.matrix(QUESTION)
        assert list(matrix.columns) == list(found.obs.index)
        np.testing.assert_array_equal(matrix.to_numpy(float), found.X.T)
        probes = QUESTION.expression().data(feature("gene") == "CD19").versions("v1")
        compare(values, odm.run(probes).to_pandas())


def test_the_r_code_of_a_query_gives_its_numbers(run_r: RunR, demo: Path) -> None:
    asked = QUESTION.expression().genes("CD19", "CD3D").at_least(8)
    code = to_r(asked, run=True)
    with connect(store=demo) as odm:
        expected = odm.run(asked).to_pandas()
    compare(read_csv(said(run_r(f"{code}\n{WRITE_FRAME}\nwrite(result)\n"))), expected)


def read_csv(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


def compare(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Compare columns exactly: numbers as numbers, everything else as text."""
    plain = [
        name for name in expected if not expected[name].map(lambda x: isinstance(x, list)).any()
    ]
    assert list(found.columns) == plain
    for name in plain:
        column = expected[name]
        if pd.api.types.is_bool_dtype(column):
            texts = [str(one).upper() for one in column]
            assert list(found[name]) == texts, name
        elif pd.api.types.is_numeric_dtype(column):
            numbers = [float(text or "nan") for text in found[name]]
            np.testing.assert_array_equal(numbers, column.to_numpy(float), err_msg=name)
        else:
            assert list(found[name]) == ["" if one is None else str(one) for one in column], name


def generated_queries() -> list[Query]:
    """Give queries with everything that a text language can trip over, the same every time."""
    path = ROOT / "tests" / "query" / "conftest.py"
    spec = importlib.util.spec_from_file_location("query_conftest", path)
    assert spec is not None
    assert spec.loader is not None
    strategies = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(strategies)
    found: list[Query] = []

    @settings(
        max_examples=N_QUERIES,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        sample=strategies.nested(strategies.compares()),
        data=st.none() | strategies.nested(strategies.data_compares()),
    )
    def collect(sample: Expr, data: Expr | None) -> None:
        query = Query().where(sample=sample)
        found.append(query if data is None else query.data(data))

    collect()
    return list(dict.fromkeys(found))


# Lists of values of one attribute, which chance does not make.
LISTS = [
    field("A").is_in(["x", None, "y"]),
    field("A b").not_in([None, "ä", "y"]),
    ~field("A").is_in(["x", "y"]) & (field("B") == "null"),
    field("A").is_null() | field("A").not_null(),
]


def test_r_reads_conditions_as_python_writes_them(run_r: RunR, tmp_path: Path) -> None:
    queries = [*generated_queries(), *(Query().where(sample=one) for one in LISTS)]
    for number, query in enumerate(queries):
        (tmp_path / f"{number}.R").write_text(to_r(query), encoding="utf-8")
    code = f"""
    for (number in 0:{len(queries) - 1}) {{
      source(file.path("{tmp_path}", paste0(number, ".R")), encoding = "UTF-8", local = TRUE)
      code <- file.path("{tmp_path}", paste0(number, ".py"))
      writeLines(odm_code(query, "Python"), code, useBytes = TRUE)
      tree <- .subset2(query, "steps")[[2]]$arguments$sample
      text <- format(structure(list(tree = tree, language = "filter"), class = "odm_filter"))
      writeBin(charToRaw(enc2utf8(text)), file.path("{tmp_path}", paste0(number, ".txt")))
    }}
    """
    said(run_r(code, "python"))
    for number, query in enumerate(queries):
        assert query.sample_filter is not None
        written = (tmp_path / f"{number}.py").read_text(encoding="utf-8")
        assert written.rstrip("\n") == to_python(query).rstrip("\n"), to_r(query)
        text = (tmp_path / f"{number}.txt").read_bytes().decode()
        assert text == render_filter(query.sample_filter), to_r(query)


@pytest.mark.parametrize("page", ["docs/r.md", "r/README.md"])
def test_the_code_of_the_pages_gives_what_they_show(run_r: RunR, page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"^```r\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    shown = re.findall(r"^```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    shown += ["".join(f"{line}\n" for line in re.findall(r"^#> ?(.*)$", code, re.MULTILINE))]
    assert any(shown)
    out = said(run_r(f"suppressMessages({{ library(SummarizedExperiment) }})\n{code}"))
    for one in shown:
        assert one in out


# ---- starting, and what goes wrong -----------------------------------------------------


def test_loading_the_package_starts_nothing(run_r: RunR) -> None:
    code = """
    library(odmshiny)
    filter <- odm_filter(Age > 3)
    cat("reticulate" %in% loadedNamespaces())
    """
    assert said(run_r(code, ODM_SHINY_PYTHON="/not/there")) == "FALSE"


def test_python_that_is_wrong_is_told_and_the_session_goes_on(run_r: RunR) -> None:
    code = f"""
    library(odmshiny)
    told <- tryCatch(odm_demo(), odm_python_error = function(error) conditionMessage(error))
    cat(told, "\\n")
    cat(odm_available(), "\\n")
    Sys.setenv(ODM_SHINY_PYTHON = "{sys.executable}")
    cat(odm_available(), nrow(odm_collect(odm_studies(odm_demo()))))
    """
    told, *_, before, after = said(run_r(code, ODM_SHINY_PYTHON="/not/there")).splitlines()
    assert told == "ODM_SHINY_PYTHON names /not/there, and there is no such file"
    assert before.strip() == "FALSE"
    assert after == "TRUE 3"


def test_reticulate_is_never_loaded_where_python_hosts_r(run_r: RunR) -> None:
    code = """
    library(odmshiny)
    n <- nrow(odm_collect(odm_studies(odm_demo())))
    cat(n, "reticulate" %in% loadedNamespaces(), odm_sitrep()$host)
    """
    assert said(run_r(code, "python")).splitlines()[-1] == "3 FALSE python"


@pytest.mark.parametrize("host", ["r", "python"])
def test_a_fork_is_told_and_the_parent_goes_on(run_r: RunR, host: str) -> None:
    code = """
    library(odmshiny)
    con <- odm_demo()
    count <- function() nrow(odm_collect(odm_studies(con)))
    ask <- function(i) tryCatch(count(), odm_fork_error = function(e) "fork")
    cat(unlist(parallel::mclapply(1:2, ask, mc.cores = 2)), ask(3))
    """
    assert said(run_r(code, host)) == "fork fork 3"


def test_a_call_can_be_interrupted_and_the_session_goes_on(
    variables: dict[str, str], tmp_path: Path, silent_server: tuple[str, threading.Event]
) -> None:
    url, asked = silent_server
    script = tmp_path / "script.R"
    script.write_text(
        f"""
        library(odmshiny)
        con <- odm_connect("{url}", "token", extensions = FALSE)
        tryCatch(odm_collect(odm_samples(con)), interrupt = function(e) cat("stopped "))
        cat(nrow(odm_collect(odm_studies(odm_demo()))))
        """
    )
    with subprocess.Popen(
        ["Rscript", str(script)],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert asked.wait(120)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=120)
    assert out == "stopped 3", errors


@pytest.fixture
def silent_server() -> Iterator[tuple[str, threading.Event]]:
    """Listen to requests and answer none; the event tells that one has come."""
    asked = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []

        def listen() -> None:
            connection, _ = server.accept()
            kept.append(connection)
            connection.recv(1)
            asked.set()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked
        for connection in kept:
            connection.close()
    thread.join(10)


def test_a_saved_query_is_told_and_gives_its_code_in_another_session(
    run_r: RunR, tmp_path: Path
) -> None:
    code = """
    library(odmshiny)
    saveRDS(odm_samples(odm_demo(), Age < 20), "query.rds")
    """
    said(run_r(code))
    code = """
    library(odmshiny)
    query <- readRDS("query.rds")
    print(query)
    cat(tryCatch(head(query), odm_closed_error = function(e) "ended"), "\\n")
    cat(nrow(eval(parse(text = odm_code(query)))))
    """
    printed = said(run_r(code))
    assert ", closed\n" in printed
    assert "ended" in printed
    assert printed.endswith("32")


def test_many_calls_survive_a_busy_garbage_collector(run_r: RunR) -> None:
    # What reticulate left behind would be collected in the middle of a call.
    code = """
    library(odmshiny)
    query <- odm_query(odm_demo())
    invisible(gctorture2(200))
    for (i in 1:20) code <- odm_code(odm_genes(odm_where(query, sample = Age < i), "CD19"))
    invisible(gctorture2(0))
    cat(code)
    """
    assert "odm_where(sample = Age < 20)" in said(run_r(code))
