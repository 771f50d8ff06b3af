"""The R of this process: started or joined once, used from one thread, never after a fork."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from odm_shiny.errors import BridgeError
from odm_shiny.rbridge import r_memory
from odm_shiny.rbridge.interrupts import leave_to, signals_kept
from odm_shiny.rbridge.r_memory import RObject

Host = Literal["python", "r"]


@dataclass(slots=True)
class _Session:
    host: Host
    pid: int
    thread: int
    functions: dict[str, RObject]


_session: _Session | None = None


def start() -> None:
    """Start R inside this Python, on the calling thread, without its own reading of the console.

    Does nothing if R runs already. All later work with R is bound to this thread.

    Raises
    ------
    MissingDependency
        rpy2 or R is missing, or they do not fit each other.
    """
    if _session is None:
        _open("r" if r_memory.is_running() else "python")


def start_for_script(arguments: Sequence[str]) -> None:
    """Start R inside this Python to run a script; see `r_memory.start_for_script`.

    Raises
    ------
    BridgeError
        R runs already, or this is not the main thread.
    """
    if _session is not None or r_memory.is_running():
        raise bridge_error("R runs in this process already")
    if threading.current_thread() is not threading.main_thread():
        raise bridge_error("a script runs on the main thread only")
    with _quiet_rpy2():
        r_memory.start_for_script(arguments)
    _remember("python")


def host() -> Host:
    """Say which of the two languages started the process."""
    return _current().host


def function(name: str) -> RObject:
    """Return an R function of ``helpers.R``."""
    return _current().functions[name]


def run(name: str, *arguments: RObject) -> RObject:
    """Call an R function of ``helpers.R``; see `apply`."""
    return apply(function(name), *arguments)


def apply(r_function: RObject, *arguments: RObject) -> RObject:
    """Call an R function and return its value.

    Raises
    ------
    BridgeError
        R signalled an error. ``.r_class`` holds the condition's classes, ``.r_call`` the call that
        failed, as text.
    KeyboardInterrupt
        The user interrupted R.
    """
    answer = r_memory.call(function("guard"), r_function, *arguments)
    outcome, *rest = r_memory.elements(answer)
    match text_of(outcome):
        case ["value"]:
            return rest[0]
        case ["interrupt"]:
            raise KeyboardInterrupt
    message, classes, call = (text_of(one) for one in rest)
    raise bridge_error(message[0] or "R failed", r_class=tuple(classes), r_call=call[0])


def text_of(value: RObject) -> list[str]:
    """Return a character vector that is ours or R's own message, undecodable bytes replaced."""
    return [(one or b"").decode(errors="replace") for one in r_memory.few_bytes(value)]


def bridge_error(message: str, *, r_class: tuple[str, ...] = (), r_call: str = "") -> BridgeError:
    """Make a `BridgeError` that carries an R condition's classes and call."""
    error = BridgeError(message)
    error.r_class = r_class  # type: ignore[attr-defined]
    error.r_call = r_call  # type: ignore[attr-defined]
    return error


def require() -> None:
    """Refuse work with R where it would crash.

    Raises
    ------
    BridgeError
        R is not started, or this is another thread than R's, or a fork of its process.
    """
    _current()


def _current() -> _Session:
    if _session is None:
        raise bridge_error("R is not started: call odm_shiny.rbridge.session.start()")
    if os.getpid() != _session.pid:
        message = (
            "this process is a fork of the one that runs R and Python, and connections, locks and "
            "threads do not survive a fork: load the data before parallel::mclapply(), or use "
            "parallel::makeCluster() and connect in each worker"
        )
        raise bridge_error(message, r_class=("odm_fork_error",))
    if threading.get_ident() != _session.thread:
        message = (
            f"R belongs to another thread than {threading.current_thread().name!r}: fetch data in "
            "threads as you like, and convert them on the thread that started R"
        )
        raise bridge_error(message, r_class=("odm_thread_error",))
    return _session


def _open(host: Host) -> None:
    on_main_thread = threading.current_thread() is threading.main_thread()
    with _quiet_rpy2(), signals_kept(), _library_path_kept():
        # R measures its stack from the start of the main thread: elsewhere the check must be off.
        limit = 0 if on_main_thread else -1
        r_memory.start(interactive=False, stack_limit=limit, environment_is_set=host == "r")
    if host == "r":
        # rpy2 would end an R that it has not started.
        atexit.unregister(r_memory.rinterface.endr)
        leave_to(r_memory.set_pending_interrupt)
    _remember(host)


@contextmanager
def _library_path_kept() -> Iterator[None]:
    """Take back R's search path for libraries, which this process no longer reads.

    Programs that it starts would: another Python would find the system's libpython before its own.
    """
    before = os.environ.get("LD_LIBRARY_PATH")
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("LD_LIBRARY_PATH", None)
        else:
            os.environ["LD_LIBRARY_PATH"] = before


def _remember(host: Host) -> None:
    global _session
    code = files("odm_shiny.rbridge").joinpath("helpers.R").read_text(encoding="utf-8")
    helpers = r_memory.evaluate(code)
    names = r_memory.few_bytes(r_memory.attribute(helpers, "names"))
    functions = dict(
        zip((name.decode() for name in names if name), r_memory.elements(helpers), strict=True)
    )
    _session = _Session(host, os.getpid(), threading.get_ident(), functions)


@contextmanager
def _quiet_rpy2() -> Iterator[None]:
    # "R was initialized outside of rpy2" and "R is not initialized by the main thread": both meant.
    logger = logging.getLogger("rpy2")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
