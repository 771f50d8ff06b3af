"""Tests with R inside Python, each file in a process of its own.

R can be started once in a process and never stopped, has one thread, and would take Python with it
if it crashed. So a test that asks for the fixture `r` runs in a child: a pytest that has collected
the same file, takes the ids of tests and sends their reports back.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

# In the child: the descriptors of the ids and of the reports. Its standard input is pytest's.
PIPES = "ODM_SHINY_TEST_PIPES"
CRASHED = "the process that runs R ended with {status}:\n{output}"


@pytest.fixture(scope="session")
def r() -> Callable[[str], Any]:
    """Start R in this process; gives a function that evaluates R code to an R value."""
    from odm_shiny.rbridge import r_memory, session

    session.start()
    return r_memory.evaluate


@pytest.fixture
def ask(r: Callable[[str], Any]) -> Callable[..., Any]:
    """Give a function: R code of a function, Python arguments; the result is Python's again."""
    from odm_shiny.rbridge import session
    from odm_shiny.rbridge.from_r import from_r
    from odm_shiny.rbridge.to_r import to_r

    def ask(code: str, *arguments: Any) -> Any:
        return from_r(session.apply(r(code), *(to_r(argument) for argument in arguments)))

    return ask


class Child:
    """A pytest for one file, which runs the tests that it is told."""

    def __init__(self, path: Path, config: pytest.Config) -> None:
        for_child, ids = os.pipe()
        reports, from_child = os.pipe()
        self._ids = os.fdopen(ids, "w", encoding="utf-8")
        self._reports = os.fdopen(reports, encoding="utf-8")
        self._output: IO[str] = tempfile.TemporaryFile(  # noqa: SIM115 - closed by `stop`
            "w+", encoding="utf-8", errors="replace"
        )
        command = [sys.executable, "-m", "pytest", "-p", "no:xdist", "-q", str(path)]
        self._process = subprocess.Popen(
            command,
            cwd=config.rootpath,
            env=os.environ | {PIPES: f"{for_child} {from_child}"},
            pass_fds=[for_child, from_child],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )
        os.close(for_child)
        os.close(from_child)

    def run(self, item: pytest.Item) -> Iterator[pytest.TestReport]:
        """Run a test; gives its reports, the last of which ends it."""
        try:
            self._ids.write(f"{item.nodeid}\n")
            self._ids.flush()
            for line in self._reports:
                report = item.config.hook.pytest_report_from_serializable(
                    config=item.config, data=json.loads(line)
                )
                yield report
                if report.when == "teardown":
                    return
        except BrokenPipeError:
            pass
        yield self._crash(item)

    def stop(self, *, kill: bool = False) -> None:
        """End the process."""
        if kill:
            self._process.kill()
        with contextlib.suppress(BrokenPipeError):
            self._ids.close()
        self._process.wait(60)
        self._reports.close()
        self._output.close()

    def _crash(self, item: pytest.Item) -> pytest.TestReport:
        status = self._process.wait(60)
        self._output.seek(0)
        text = CRASHED.format(status=status, output=self._output.read()[-4000:])
        return pytest.TestReport(item.nodeid, item.location, {}, "failed", text, "call")


_child: dict[Path, Child] = {}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Hand a test that needs R to the child of its file."""
    if PIPES in os.environ or not _needs_r(item):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    child = _child.get(item.path)
    if child is None:
        stop_all()  # a file whose last test is without R leaves its child behind
        child = _child[item.path] = Child(item.path, item.config)
    reports: list[pytest.TestReport] = []
    try:
        reports += child.run(item)
    except pytest.fail.Exception as error:  # the time limit of a test
        reports.append(
            pytest.TestReport(item.nodeid, item.location, {}, "failed", str(error), "call")
        )
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    ended = not reports or reports[-1].when != "teardown"
    if ended or nextitem is None or nextitem.path != item.path:
        _child.pop(item.path).stop(kill=ended)
    # What tests without R have set up here is taken down when their file ends with this one.
    item.session._setupstate.teardown_exact(nextitem)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def stop_all() -> None:
    """End the processes of all files."""
    while _child:
        _child.popitem()[1].stop()


def pytest_sessionfinish() -> None:
    stop_all()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """In the child: run the tests whose ids come in, until there are no more."""
    if PIPES not in os.environ:
        return None
    items = {item.nodeid: item for item in session.items}
    for line in os.fdopen(_pipe(0), encoding="utf-8"):
        item = items[line.rstrip("\n")]
        # What the next test needs of the fixtures is kept: any other test of the file will do.
        following = next((other for other in items.values() if other is not item), None)
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    return True


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    # In the child: send the report to the parent.
    if PIPES in os.environ:
        data = _config[0].hook.pytest_report_to_serializable(config=_config[0], report=report)
        os.write(_pipe(1), (json.dumps(data, default=str) + "\n").encode())


def _needs_r(item: pytest.Item) -> bool:
    here = item.path.is_relative_to(Path(__file__).parent)
    return here and "r" in getattr(item, "fixturenames", ())


def _pipe(which: int) -> int:
    return int(os.environ[PIPES].split()[which])


_config: list[pytest.Config] = []


def pytest_collection_finish(session: pytest.Session) -> None:
    _config[:] = [session.config]
