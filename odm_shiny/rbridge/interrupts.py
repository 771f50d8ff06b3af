"""Ctrl-C: Python's while Python works, R's while R works."""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# Larger than ``struct sigaction`` on any system; its content is nobody's business here.
_SIGACTION_BYTES = 512


@contextmanager
def signals_kept() -> Iterator[None]:
    """Put the handler of SIGINT back afterwards, be it Python's or another.

    R's own handler is one that Python knows nothing of: ``signal.signal`` cannot restore it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    by_python = signal.getsignal(signal.SIGINT)
    by_system = _get_action()
    try:
        yield
    finally:
        if by_python is not None:
            signal.signal(signal.SIGINT, by_python)
        _set_action(by_system)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt inside, whatever it does outside."""
    with signals_kept():
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.default_int_handler)
        yield


def leave_to(notice: Callable[[], None]) -> None:
    """Let Ctrl-C do what the system's handler does, and call `notice` where Python sees it first.

    reticulate puts a handler into Python that raises wherever Python happens to be, and that may be
    where an exception has nowhere to go.
    """
    if threading.current_thread() is threading.main_thread():
        action = _get_action()
        signal.signal(signal.SIGINT, lambda number, frame: notice())
        _set_action(action)


def _get_action() -> ctypes.Array[Any]:
    action = ctypes.create_string_buffer(_SIGACTION_BYTES)
    _sigaction(signal.SIGINT, None, action)
    return action


def _set_action(action: ctypes.Array[Any]) -> None:
    _sigaction(signal.SIGINT, action, None)


_sigaction = ctypes.CDLL(None).sigaction
