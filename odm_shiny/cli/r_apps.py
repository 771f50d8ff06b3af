"""Run an R Shiny app: an R of its own, told where the ODM is and which Python holds odm-shiny."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from odm_shiny.cli.output import answer
from odm_shiny.cli.serving import address, answers, listen, listen_near
from odm_shiny.errors import MissingDependency, OdmError

# The folder, host and port come as arguments, never as code.
_RUN = (
    "said <- commandArgs(TRUE);"
    "shiny::runApp(said[1], as.integer(said[3]), FALSE, said[2], quiet = TRUE)"
)
_MISSING = (
    "wanted <- commandArgs(TRUE);"
    "found <- vapply(wanted, requireNamespace, NA, quietly = TRUE);"
    "cat(wanted[!found], sep = '\\n')"
)
_INSTALL_R = "apt-get install r-base-core"
_GRACE_S = 10


def run_r_app(
    path: Path,
    *,
    host: str,
    port: int | None,
    first_port: int,
    when_ready: Callable[[str], None] | None = None,
) -> None:
    """Run the app of an ``app.R`` until a signal comes.

    Parameters
    ----------
    path
        The ``app.R``; a ``DESCRIPTION`` beside it names the packages that it needs.
    port
        Port to listen on, 0 for any; ``None`` for the first free one from `first_port`.
    when_ready
        Called with the URL once the app answers.

    Raises
    ------
    MissingDependency
        R, or one of those packages, is not installed.
    OdmError
        The port is taken, or the app ended by itself.
    """
    program = shutil.which("Rscript")
    if program is None:
        raise MissingDependency(f"R is not installed, or not on the PATH: {_INSTALL_R}")
    environment = {**os.environ, "ODM_SHINY_PYTHON": sys.executable}
    _need_packages(program, ["shiny", *packages_of(path.parent)], environment)
    with listen_near(host, first_port) if port is None else listen(host, port) as sock:
        url, number = address(sock), sock.getsockname()[1]
    with _stopped_by_signals() as was_asked:
        process = subprocess.Popen(  # noqa: S603 - R, as found on the PATH
            [program, "-e", _RUN, str(path.parent), host, str(number)], env=environment
        )
        try:
            if _wait_until_ready(process, url):
                answer(f"App ready at {url}")
                if when_ready is not None:
                    when_ready(url)
            status = process.wait()
        finally:
            _end(process)
    if not was_asked():
        raise OdmError(f"{path}: the app ended by itself, with status {status}")


def packages_of(folder: Path) -> list[str]:
    """Name the packages that the ``DESCRIPTION`` of a folder imports; none without such a file.

    A ``DESCRIPTION`` is what R packages have: fields of several lines, ``Imports: a, b (>= 1.0)``.
    """
    path = folder / "DESCRIPTION"
    if not path.is_file():
        return []
    text = re.sub(r"\n[ \t]+", " ", path.read_text(encoding="utf-8"))
    found = re.search(r"^Imports:(.*)$", text, re.MULTILINE)
    return re.findall(r"(?:^|,)\s*([A-Za-z][\w.]*)", found.group(1)) if found else []


def _need_packages(program: str, wanted: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603 - as above
        [program, "-e", _MISSING, *wanted],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise OdmError(f"R does not run: {done.stderr.strip()}")
    missing = done.stdout.split()
    if missing == ["odmshiny"]:
        raise MissingDependency("R's package odmshiny is not installed: odm-shiny r install")
    if missing:
        others = [name for name in missing if name != "odmshiny"]
        quoted = ", ".join(f'"{name}"' for name in others)
        debian = " ".join(f"r-cran-{name.lower()}" for name in others)
        raise MissingDependency(
            f"R's packages {', '.join(missing)} are not installed: in R "
            f"install.packages(c({quoted})), on Debian apt-get install {debian}"
            + ("; then odm-shiny r install" if "odmshiny" in missing else "")
        )


def _wait_until_ready(process: subprocess.Popen[bytes], url: str) -> bool:
    """Wait for the app's first reply; false if it ended before."""
    host, _, number = url.removeprefix("http://").rpartition(":")
    while process.poll() is None:
        if answers(host.strip("[]"), int(number)):
            return True
        time.sleep(0.05)
    return False


@contextmanager
def _stopped_by_signals() -> Iterator[Callable[[], bool]]:
    """Let SIGTERM and SIGINT end the wait for the app; tells whether one came."""
    came: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        came.append(number)
        raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield lambda: bool(came)
    except KeyboardInterrupt:
        if not came:
            raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        # R takes SIGTERM as an end without further ado; SIGINT only while it evaluates.
        process.terminate()
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
