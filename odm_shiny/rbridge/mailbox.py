"""R's calls and Python's answers, by native values in one R environment.

The same in both hosts. R puts the name of a function into ``.name`` and a list of its arguments
into ``.args``, and calls ``.call()``; that returns

- ``TRUE``: ``.value`` holds the result,
- ``FALSE``: ``.value`` holds the description of a condition, as `conditions.condition` gives it,
  for R to signal. After Ctrl-C its class is ``interrupt`` alone and R's own interrupt is pending:
  ``Sys.sleep(0.01)`` lets R signal it.

``.warnings`` holds what Python warned of, a character vector. If R has put a function ``.notify``
there, `notify` calls it with a kind and a text while Python works. Nothing but these values
crosses: no Python exception, no code, and nothing of reticulate.
"""

from __future__ import annotations

import inspect
import threading
import traceback
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from odm_shiny.errors import BridgeError, QueryError
from odm_shiny.rbridge import handles, r_memory, session, strings
from odm_shiny.rbridge.conditions import condition
from odm_shiny.rbridge.from_r import from_r
from odm_shiny.rbridge.interrupts import interruptible
from odm_shiny.rbridge.options import Conversion
from odm_shiny.rbridge.r_memory import RObject
from odm_shiny.rbridge.to_r import to_r

Function = Callable[..., Any]


class Mailbox:
    """One environment of R, and the functions that R may call through it.

    Parameters
    ----------
    environment
        An R environment, whose fields R and Python fill in turns.
    functions
        Name to function. Arguments reach it as `from_r` converts them, by position or by name;
        its result goes back by `to_r`.
    """

    def __init__(self, environment: RObject, functions: Mapping[str, Function]) -> None:
        self._environment = environment
        self._functions = functions
        self._closure: RObject | None = None

    def install(self) -> None:
        """Put the R function ``.call`` into the environment."""
        session.require()
        yes, no = (to_r(True), to_r(False))

        def call() -> RObject:
            return yes if self.answer() else no

        # rpy2 asks for the signature at every call.
        call.__signature__ = inspect.Signature()  # type: ignore[attr-defined]
        self._closure = r_memory.closure(call)
        r_memory.set_variable(self._environment, ".call", self._closure)

    def answer(self) -> bool:
        """Do what ``.name`` and ``.args`` ask for; ``.value`` holds the result or a condition.

        Never raises: an exception that reaches R's C code ends the process.
        """
        try:
            with r_memory.interrupts_held(), interruptible():
                self._put(".warnings", [])
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("default")
                    value = to_r(self._call())
                self._put(".warnings", [str(one.message) for one in caught])
            r_memory.set_variable(self._environment, ".value", value)
        except BaseException as error:
            return self._fail(error)
        return True

    def notify(self, kind: str, text: str) -> None:
        """Tell R something while Python works, e.g. ``"progress"``; nothing if R does not listen.

        Raises
        ------
        KeyboardInterrupt
            The user interrupted R meanwhile.
        BridgeError
            R's function failed.
        """
        listener = r_memory.variable(self._environment, ".notify")
        if listener is not None and r_memory.kind_of(listener) == "function":
            session.apply(listener, to_r(kind), to_r(text))

    def _call(self) -> Any:
        name = from_r(self._get(".name"), where=".name")
        function = self._functions.get(name) if isinstance(name, str) else None
        if function is None:
            raise QueryError(f"there is no function {name!r}")
        positional, named = self._arguments()
        try:
            inspect.signature(function).bind(*positional, **named)
        except TypeError as error:
            raise TypeError(f"{name}: {error}") from None
        return function(*positional, **named)

    def _arguments(self) -> tuple[list[Any], dict[str, Any]]:
        arguments = self._get(".args")
        if r_memory.kind_of(arguments) == "NULL":
            return [], {}
        if r_memory.kind_of(arguments) != "list":
            raise BridgeError(".args is no list")
        n = r_memory.length(arguments)
        names = strings.names(arguments, Conversion(where="arguments")) or [""] * n
        positional: list[Any] = []
        named: dict[str, Any] = {}
        for position, name in enumerate(names):
            where = f"argument `{name}`" if name else f"argument {position + 1}"
            if name in named:
                raise TypeError(f"{where} is given twice")
            value = from_r(r_memory.element(arguments, position), where=where)
            if name:
                named[name] = value
            else:
                positional.append(value)
        return positional, named

    def _fail(self, error: BaseException) -> bool:
        try:
            r_memory.set_variable(self._environment, ".value", describe(error))
        finally:
            # R's values in the frames are let go here, on R's thread, and not by a later
            # collection on another one.
            traceback.clear_frames(error.__traceback__)
            if isinstance(error, KeyboardInterrupt):
                r_memory.set_pending_interrupt()
            return False  # noqa: B012 - see `answer`

    def _get(self, name: str) -> RObject:
        found = r_memory.variable(self._environment, name)
        if found is None:
            raise BridgeError(f"the mailbox holds no {name}")
        return found

    def _put(self, name: str, texts: list[str]) -> None:
        value = strings.texts(texts, Conversion(where=name))
        r_memory.set_variable(self._environment, name, value)


def describe(error: BaseException) -> RObject:
    """Make the R list of `conditions.condition`; works where `session.require` refuses.

    After a fork, or on the wrong thread of R's own making, R's memory is still R's to write.
    """
    found = condition(error)
    result = r_memory.allocate_list(len(found))
    for position, value in enumerate(found.values()):
        if isinstance(value, int):
            one, memory = r_memory.allocate("integer", 1)
            memory[:] = value
        elif value is None:
            one = r_memory.null()
        else:
            one = r_memory.few_strings(value if isinstance(value, list) else [value])
        r_memory.set_element(result, position, one)
    r_memory.set_attribute(result, "names", r_memory.few_strings(list(found)))
    return result


_open: list[Mailbox] = []
_lock = threading.Lock()


def install(environment: RObject, functions: Mapping[str, Function]) -> Mailbox:
    """Open a mailbox in an R environment and keep it for the life of the process.

    Besides `functions`, R may call ``release`` with the numbers of handles that it has dropped.
    """
    mailbox = Mailbox(environment, {"release": _release, **functions})
    mailbox.install()
    with _lock:
        _open.append(mailbox)
    return mailbox


def _release(numbers: Any) -> int:
    found = np.atleast_1d(np.asarray([] if numbers is None else numbers, np.float64))
    handles.release(int(number) for number in found)
    return len(found)


def current() -> Mailbox | None:
    """Return the mailbox that was opened last."""
    return _open[-1] if _open else None


def notify(kind: str, text: str) -> None:
    """Tell R something while Python works for it; see `Mailbox.notify`."""
    mailbox = current()
    if mailbox is not None:
        mailbox.notify(kind, text)
