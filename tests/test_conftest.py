"""In CI a test that is left out fails the run; elsewhere it does not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LEFT_OUT = {
    "a skip": "import pytest\ndef test_it(): pytest.skip('no R here')",
    "a skipped file": "import pytest\npytest.skip('all of it', allow_module_level=True)",
    "an expected failure": "import pytest\n@pytest.mark.xfail\ndef test_it(): assert False",
    "an unexpected pass": "import pytest\n@pytest.mark.xfail\ndef test_it(): pass",
    "a mark": "import pytest\n@pytest.mark.skipif(True, reason='x')\ndef test_it(): pass",
}


def run(folder: Path, code: str, *options: str, no_skips: str = "1") -> tuple[int, str]:
    shutil.copy(Path(__file__).with_name("conftest.py"), folder)
    (folder / "test_it.py").write_text(code)
    (folder / "test_other.py").write_text("def test_other(): pass\n")
    (folder / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={
            **os.environ,
            "ODM_SHINY_NO_SKIPS": no_skips,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # they take seconds to load
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("code", LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_test_left_out_fails_the_run_and_is_named(tmp_path: Path, code: str) -> None:
    status, output = run(tmp_path, code)
    assert status == 1
    assert "left out, and CI runs every test" in output
    assert "test_it.py" in output.partition("CI runs every test")[2]


def test_it_holds_with_several_workers_too(tmp_path: Path) -> None:
    status, output = run(tmp_path, LEFT_OUT["a skip"], "-p", "xdist", "-n", "2")
    assert status == 1
    assert "test_it.py::test_it: skipped" in output


def test_elsewhere_a_skip_is_a_skip(tmp_path: Path) -> None:
    status, output = run(tmp_path, LEFT_OUT["a skip"], no_skips="")
    assert status == 0
    assert "CI runs every test" not in output


def test_a_run_without_any_is_as_it_was(tmp_path: Path) -> None:
    status, output = run(tmp_path, "")
    assert status == 0
    assert output.splitlines()[-1].startswith("1 passed")
