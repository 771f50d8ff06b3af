"""The R examples run in both hosts, without a word of warning, and print what stands below them."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytestmark = [pytest.mark.r, pytest.mark.timeout(400)]

FOLDER = Path(__file__).parents[2] / "examples" / "r"
APP = FOLDER / "gene_app.R"
EXAMPLES = sorted(set(FOLDER.glob("*.R")) - {APP})
HOSTS = {
    "R hosts Python": ["Rscript"],
    "Python hosts R": [sys.executable, "-m", "odm_shiny.cli.main", "r"],
}


@pytest.fixture(params=HOSTS.values(), ids=HOSTS.keys())
def host(request: pytest.FixtureRequest) -> list[str]:
    return list(request.param)


def said(example: Path) -> list[str]:
    return re.findall(r"^#> ?(.*)$", example.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example_prints_what_it_says(example, host, r_environment, tmp_path):
    done = subprocess.run(
        [*host, str(example)], cwd=tmp_path, env=r_environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.rstrip() for line in done.stdout.splitlines()] == said(example)
    assert len(said(example)) > 5


def test_the_app_answers(host, r_environment, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        [*host, str(APP), str(port)],
        cwd=tmp_path,
        env=r_environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if "Listening on" in line:
                    break
            assert "<title>A gene</title>" in page(port)
        finally:
            process.terminate()


def page(port: int) -> str:
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as reply:
                return str(reply.read().decode())
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError("nobody answers")


def test_the_test_of_the_template_passes_where_it_is_copied(r_environment, tmp_path):
    copy = tmp_path / "my app"
    shutil.copytree(FOLDER.parents[1] / "apps" / "r-expression", copy)
    done = subprocess.run(
        ["Rscript", "-e", "testthat::test_file('test_app.R', stop_on_failure = TRUE)"],
        cwd=copy,
        env=r_environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"FAIL 0 \| WARN 0 \| SKIP 0 \| PASS [1-9]", done.stdout), done.stdout


def test_every_example_is_listed_for_its_readers():
    text = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"\]\(r/(\w+\.R)\)", text)
    assert sorted(listed) == sorted(path.name for path in FOLDER.glob("*.R"))
