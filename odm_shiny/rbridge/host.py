"""Python hosts R: run an R script as ``Rscript`` does, with odm-shiny at hand."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from odm_shiny.rbridge import mailbox, r_memory, session
from odm_shiny.rbridge.from_r import from_r
from odm_shiny.rbridge.mailbox import Function
from odm_shiny.rbridge.to_r import to_r

OPTION = "odmshiny.mailbox"
"""R's option with the mailbox: there before the script begins, ``.call`` included."""

EXIT_INTERRUPTED = 130


def run(script: Path, arguments: Sequence[str] = ()) -> NoReturn:
    """Run an R script in this process and end the process with the script's exit status.

    Everything is as with ``Rscript``: values print at top level, an error that is not caught ends
    the script with status 1, ``quit(status = 3)`` with 3, ``commandArgs(TRUE)`` are the
    `arguments`, plots go to ``Rplots.pdf`` unless the script opens a device. Ctrl-C ends it with
    130.

    Parameters
    ----------
    script
        Path of the file, in UTF-8.
    arguments
        What the script gets.

    Raises
    ------
    OSError
        The script cannot be read.
    MissingDependency
        R or rpy2 is missing, or they do not fit each other.
    """
    from odm_shiny.rbridge.functions import table

    _speak_utf8()
    script.open("rb").close()  # R would end the process
    _note_interrupts()
    command = ["R", "--no-echo", "--no-restore", f"--file={script}"]
    session.start_for_script([*command, *(["--args", *arguments] if arguments else [])])
    _open_mailbox(table())
    sys.stdout.flush()
    r_memory.run_script(_end)
    raise AssertionError("R's main loop returned")


def _open_mailbox(functions: Mapping[str, Function]) -> None:
    environment = session.run("new_mailbox", r_memory.few_strings([OPTION]))
    mailbox.install(environment, functions)


def _note_interrupts() -> None:
    if own := os.environ.get("R_PROFILE"):
        os.environ["ODM_SHINY_R_PROFILE"] = own
    os.environ["R_PROFILE"] = str(Path(__file__).with_name("site_profile.R"))


def _speak_utf8() -> None:
    # The script is UTF-8. In the locale "C" R would read its letters as single bytes.
    locale = next((os.environ[name] for name in _LOCALE if os.environ.get(name)), "C")
    if "utf" not in locale.lower():
        if os.environ.get("LC_ALL"):
            del os.environ["LC_ALL"]
        os.environ["LC_CTYPE"] = "C.UTF-8"


def _end(status: int, run_last: bool) -> NoReturn:
    # Called by R, deep inside of it: nothing may leave this function but the process.
    interrupted = False
    try:
        interrupted = status == 1 and bool(from_r(session.run("option", to_r(_INTERRUPTED))))
        if run_last and not _ending:
            _ending.append(True)
            if not _report_failure_of(lambda: session.run("last")):
                status = status or 1
        _report_failure_of(r_memory.close_devices)
        _report_failure_of(atexit._run_exitfuncs)
        sys.stdout.flush()
    finally:
        os._exit(EXIT_INTERRUPTED if interrupted else status)


def _report_failure_of(work: Callable[[], object]) -> bool:
    try:
        work()
        return True
    except (Exception, KeyboardInterrupt) as error:
        print(f"odm-shiny: at the end of R: {error}", file=sys.stderr)  # noqa: T201
        return False


_LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")

# Set by ``site_profile.R`` when an interrupt was not caught.
_INTERRUPTED = "odmshiny.interrupted"

_ending: list[bool] = []
