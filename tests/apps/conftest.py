"""Apps in a real browser: Debian's Chromium, which may reach this machine and nothing else."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from odm_shiny.cli.demo import prepare

LOCAL = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:", "about:")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
WAIT_MS = 60_000

expect.set_options(timeout=WAIT_MS)

StartApp = Callable[..., str]


@pytest.fixture(scope="session")
def demo_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a store with the demo studies, made once however many processes the tests use."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent  # that of the process which started the workers
    folder = root / "demo-studies"
    with (root / "demo-studies.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            prepare(folder)
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=[*ARGUMENTS]
        )
        yield opened
        opened.close()


@contextmanager
def guarded_page(browser: Browser, **options: object) -> Iterator[Page]:
    """A page that may ask this machine only, and whose scripts must not fail."""
    context = browser.new_context(**{"viewport": {"width": 1400, "height": 1200}, **options})
    outside: list[str] = []
    errors: list[str] = []

    def check(route: Route) -> None:
        if route.request.url.startswith(LOCAL):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    context.route("**/*", check)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("dialog", lambda dialog: (errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    yield page
    context.close()
    assert not outside
    assert not errors


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with guarded_page(browser) as opened:
        yield opened


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    size = {"width": 390, "height": 844}
    with guarded_page(browser, viewport=size, has_touch=True, is_mobile=True) as opened:
        yield opened


@pytest.fixture(scope="session")
def start_app() -> Iterator[StartApp]:
    """Start an app as a person does; gives its address, and ends it with the tests."""
    started: list[subprocess.Popen[str]] = []

    def start(what: str, *words: str, **environment: str) -> str:
        settings = {k: v for k, v in os.environ.items() if not k.startswith("ODM_")}
        process = subprocess.Popen(
            [sys.executable, "-m", "odm_shiny.cli.main", *what.split(), *words],
            stdout=subprocess.PIPE,
            text=True,
            env={**settings, **environment},
        )
        started.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert " ready at " in line, line
        return line.split()[-1]

    yield start
    for process in started:
        process.terminate()
    for process in started:
        process.communicate()


@pytest.fixture(scope="session")
def demo_app(start_app: StartApp, demo_store: Path) -> str:
    """Address of the expression app on the demo studies."""
    return start_app("run odm-expression --port 0 --no-browser", ODM_SHINY_STORE=str(demo_store))
