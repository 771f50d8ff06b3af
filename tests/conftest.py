"""Settings that hold for every test."""

from __future__ import annotations

import os

import hypothesis
import pytest

# No test asserts a time, and a shared machine is slow at any moment: examples have no deadline.
# In CI they are the same at every run, so that a change fails for what it changes.
hypothesis.settings.register_profile("local", deadline=None, database=None)
hypothesis.settings.register_profile("ci", deadline=None, database=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")

LEFT_OUT = ("skipped", "xfailed", "xpassed")


@pytest.fixture(autouse=True)
def no_settings_of_the_person(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Keep the person's own ODM, token and data folder out of every test."""
    for name in ("ODM_URL", "ODM_TOKEN", "ODM_SHINY_STORE", "ODM_SHINY_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path_factory.getbasetemp() / "home"
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home / name))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files with a browser test last.

    Playwright keeps an event loop running in the process from its first test on, and a test that
    runs a loop of its own could not follow.
    """
    last = {item.path for item in items if item.get_closest_marker("browser")}
    items.sort(key=lambda item: item.path in last)


def tests_left_out(config: pytest.Config) -> list[str]:
    """Name every test that did not run to its end, with the reason given for it."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return []
    return [
        f"{report.nodeid}: {kind}" for kind in LEFT_OUT for report in reporter.stats.get(kind, [])
    ]


def must_run_all(config: pytest.Config) -> bool:
    """Tell whether a test left out fails the session: in CI, in the process that reports."""
    return os.environ.get("ODM_SHINY_NO_SKIPS") == "1" and not hasattr(config, "workerinput")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if must_run_all(session.config) and tests_left_out(session.config) and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    left_out = tests_left_out(config) if must_run_all(config) else []
    if left_out:
        terminalreporter.section("left out, and CI runs every test", red=True)
        for line in left_out:
            terminalreporter.line(line)
