"""The doctor says what does not work, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from odm_shiny.cli.doctor import (
    look_at_browser,
    look_at_extras,
    look_at_login,
    look_at_r,
    look_at_store,
)


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
