"""The R of the process: started once, used from one thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from odm_shiny.errors import BridgeError

pytestmark = pytest.mark.r


def test_starting_r_twice_is_starting_it_once(r: Callable[[str], Any]) -> None:
    from odm_shiny.rbridge import session

    r("odm_mark <- 1")
    session.start()
    assert r("odm_mark")[0] == 1


def test_r_that_python_hosts_is_not_interactive(ask: Callable[..., Any]) -> None:
    from odm_shiny.rbridge import session

    assert session.host() == "python"
    assert ask("function() interactive()") is False


def test_another_thread_is_refused_in_words_and_r_goes_on(ask: Callable[..., Any]) -> None:
    from odm_shiny.rbridge.to_r import to_r

    seen: list[BaseException] = []

    def work() -> None:
        try:
            to_r(1)
        except BridgeError as error:
            seen.append(error)

    thread = threading.Thread(target=work, name="worker")
    thread.start()
    thread.join()
    assert "another thread than 'worker'" in str(seen[0])
    assert seen[0].r_class == ("odm_thread_error",)
    assert ask("function(x) x + 1", 1) == 2


def test_an_error_of_r_carries_its_message_class_and_call(ask: Callable[..., Any]) -> None:
    with pytest.raises(BridgeError, match=r"^böse$") as caught:
        ask("function() { f <- function(x) stop('b\\u00f6se'); f(1) }")
    assert caught.value.r_class == ("simpleError", "error", "condition")
    assert caught.value.r_call == "f(1)"


def test_a_vector_larger_than_memory_is_an_error_and_no_crash(ask: Callable[..., Any]) -> None:
    from odm_shiny.rbridge import r_memory

    with pytest.raises(BridgeError, match=r"cannot allocate|too large"):
        r_memory.allocate("double", 2**45)
    assert ask("function() 1L") == 1


def test_endless_recursion_in_r_is_an_error_and_no_crash(ask: Callable[..., Any]) -> None:
    with pytest.raises(BridgeError, match=r"nested too deeply|C stack"):
        ask("function() { f <- function(n) f(n + 1) + 1; f(1) }")
    assert ask("function() 1L") == 1


def test_ctrl_c_keeps_its_handler_when_r_starts(r: Callable[[str], Any]) -> None:
    import signal

    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_programs_started_later_do_not_get_the_libraries_of_r(
    r: Callable[[str], Any],
) -> None:
    import os
    import subprocess
    import sys

    assert "/R/lib" not in os.environ.get("LD_LIBRARY_PATH", "")
    assert subprocess.run([sys.executable, "-c", "import ssl"], check=False).returncode == 0
    assert r("dirname(system.file(package = 'stats'))")[0]
