"""The doctor on R: what is missing, and the command that mends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from odm_shiny.cli.doctor_r import (
    judge_library,
    judge_mode,
    judge_packages,
    judge_rpy2,
    look_at_r,
)


def test_new_rpy2_with_old_r_is_named_without_importing_it() -> None:
    found = judge_rpy2("3.6.7", (4, 2, 2), lambda: pytest.fail("imported"))
    assert found.state == "broken"
    assert 'pip install "rpy2-rinterface<3.6.6"' in found.detail
    assert "R 4.2.2" in found.detail


@pytest.mark.parametrize(
    ("rpy2", "r"),
    [("3.6.5", (4, 2, 2)), ("3.6.7", (4, 5, 0)), ("3.10.1", (4, 10, 0))],
    ids=["old with old", "new with new", "two digits"],
)
def test_a_pair_that_starts_is_ok(rpy2: str, r: tuple[int, ...]) -> None:
    assert judge_rpy2(rpy2, r, lambda: None).state == "ok"


def test_a_pair_that_does_not_start_shows_its_last_line_and_how_to_build_it_anew() -> None:
    found = judge_rpy2("3.6.5", (4, 2, 2), lambda: "undefined symbol: R_getVar")
    assert found.state == "broken"
    assert "undefined symbol: R_getVar; " in found.detail
    assert "--force-reinstall" in found.detail


def test_an_rpy2_that_was_not_compiled_needs_the_build_tools() -> None:
    assert judge_mode(True).state == "ok"
    assert "apt-get install r-base-dev" in judge_mode(False).detail


def test_a_python_without_its_library_cannot_be_loaded_by_r() -> None:
    assert judge_library(True).state == "ok"
    assert "apt-get install libpython3" in judge_library(False).detail


def test_packages_that_are_missing_come_with_both_ways_to_get_them() -> None:
    installed = {"odmshiny", "reticulate", "Matrix", "tibble", "SummarizedExperiment"}
    own, cran, bioconductor = judge_packages(installed)
    assert own.state == "ok"
    assert 'install.packages(c("bit64")) in R, or apt-get install r-cran-bit64' in cran.detail
    assert 'BiocManager::install(c("SingleCellExperiment", "MultiA' in bioconductor.detail
    assert "r-bioc-multiassayexperiment" in bioconductor.detail


def test_without_r_the_cure_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("R_HOME", raising=False)
    (found,) = look_at_r()
    assert found.state == "missing"
    assert "apt-get install r-base-core" in found.detail


@pytest.mark.r
def test_the_r_of_the_tests_is_whole() -> None:
    findings = {found.what: found for found in look_at_r()}
    assert findings["rpy2"].state == findings["rpy2 build"].state == "ok"
    assert findings["R: CRAN"].state == findings["R: Bioconductor"].state == "ok"
