"""The doctor says what does not work, and what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from odm_shiny.cli.doctor import (
    judge_rpy2,
    look_at_browser,
    look_at_extras,
    look_at_login,
    look_at_r,
    look_at_store,
    r_version,
)


def program(folder: Path, name: str, prints: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(0o755)


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


def test_a_pair_that_does_not_start_shows_its_last_line() -> None:
    found = judge_rpy2("3.6.5", (4, 2, 2), lambda: "undefined symbol: R_getVar")
    assert found.state == "broken"
    assert found.detail.endswith("undefined symbol: R_getVar")


def test_the_version_of_r_is_read_from_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "R", "R version 4.12.3 (2030-01-01)")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert r_version() == (4, 12, 3)


def test_without_r_and_browser_the_cure_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (r,) = look_at_r()
    (browser,) = look_at_browser()
    assert (r.state, browser.state) == ("missing", "missing")
    assert "apt-get install r-base-core" in r.detail
    assert "apt-get install chromium" in browser.detail


def test_installed_extras_are_ok() -> None:
    states = {found.what: found.state for found in look_at_extras()}
    assert states["extra server"] == "ok"
    assert states["extra shiny"] == "ok"


def test_the_token_of_the_environment_is_mentioned_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ODM_URL", "https://odm.example.org")
    monkeypatch.setenv("ODM_TOKEN", "canary-4711")
    findings = list(look_at_login())
    assert "with ODM_TOKEN" in findings[0].detail
    assert "canary-4711" not in repr(findings)


def test_a_store_that_is_not_there_is_no_fault(tmp_path: Path) -> None:
    found = look_at_store(str(tmp_path / "nowhere"))
    assert found.state == "missing"
    assert "odm-shiny demo" in found.detail
    assert not (tmp_path / "nowhere").exists()
