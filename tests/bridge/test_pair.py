"""An rpy2 and an R that do not fit are told apart before either is loaded."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from odm_shiny.errors import MissingDependency
from odm_shiny.rbridge import pair


@pytest.fixture
def old_r(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "R"
    program.write_text("#!/bin/sh\necho 'R version 4.2.2 Patched (2022-11-10 r83330)'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("R_HOME", raising=False)


@pytest.mark.usefixtures("old_r")
def test_the_version_of_r_is_read_from_its_own_words() -> None:
    assert pair.r_version() == (4, 2, 2)


@pytest.mark.usefixtures("old_r")
def test_a_new_rpy2_with_an_old_r_is_refused_in_plain_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pair, "rpy2_version", lambda: "3.6.7")
    with pytest.raises(MissingDependency) as caught:
        pair.import_rinterface()
    assert str(caught.value) == (
        "rpy2-rinterface 3.6.7 needs R 4.5, and this is R 4.2.2: "
        'pip install "rpy2-rinterface<3.6.6"'
    )


def test_without_rpy2_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair, "rpy2_version", lambda: None)
    assert pair.what_is_wrong() == 'rpy2 is not installed: pip install "odm-shiny[r]"'


def test_without_r_the_command_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("R_HOME", raising=False)
    assert "apt-get install r-base-core r-base-dev" in str(pair.what_is_wrong())


def test_on_windows_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert "wsl --install" in str(pair.what_is_wrong())
    assert "container" in str(pair.what_is_wrong())
