"""R's memory: allocate, lay numpy over it, attributes, variables. Every private call of rpy2.

The rest of the bridge handles ``RObject`` and the functions of this file. An R error raised by a C
function of R would jump over Python's frames and end the process, so what can fail is done by an R
function under ``R_tryEval`` (`call`), and what is called directly is called with values for which
it cannot fail.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from odm_shiny.errors import BridgeError
from odm_shiny.rbridge.interrupts import signals_kept
from odm_shiny.rbridge.pair import import_rinterface

rinterface: Any = import_rinterface()

from rpy2.rinterface_lib import (  # noqa: E402 - only once the pair is known to work
    _rinterface_capi,
    callbacks,
    conversion,
    embedded,
    memorymanagement,
    openrlib,
)

_ffi: Any = openrlib.ffi
_lib: Any = openrlib.rlib
_conversion: Any = conversion
# Memory that R keeps pointers into.
_kept: list[Any] = []

RObject = Any
"""A value in R's memory (an ``rpy2`` ``Sexp``), kept from R's garbage collector while it lives."""

NA_INTEGER: Final = -(2**31)
NA_INTEGER64: Final = -(2**63)
# R's NA_real_ is the NaN with 1954 in its lower word.
NA_REAL_BITS: Final = 0x7FF00000000007A2
NA_REAL: Final[float] = struct.unpack("<d", struct.pack("<Q", NA_REAL_BITS))[0]
NA_REAL_LOW_WORD: Final = 1954

_NUMPY: dict[str, type[np.generic]] = {
    "double": np.float64,
    "integer": np.int32,
    "logical": np.int32,
    "raw": np.uint8,
}
_NUMPY |= {"complex": np.complex128}
_RTYPE = {
    "double": _lib.REALSXP,
    "integer": _lib.INTSXP,
    "logical": _lib.LGLSXP,
    "raw": _lib.RAWSXP,
    "complex": _lib.CPLXSXP,
    "character": _lib.STRSXP,
    "list": _lib.VECSXP,
}
_KIND = {number: kind for kind, number in _RTYPE.items()}
_KIND |= {
    _lib.NILSXP: "NULL",
    _lib.S4SXP: "S4",
    _lib.ENVSXP: "environment",
    _lib.CLOSXP: "function",
    _lib.BUILTINSXP: "function",
    _lib.SPECIALSXP: "function",
    _lib.LANGSXP: "language",
    _lib.SYMSXP: "symbol",
    _lib.PROMSXP: "promise",
    _lib.EXPRSXP: "expression",
    _lib.EXTPTRSXP: "external pointer",
    _lib.LISTSXP: "pairlist",
}
_POINTER = {
    "double": _lib.REAL,
    "integer": _lib.INTEGER,
    "logical": _lib.LOGICAL,
    "raw": _lib.RAW,
    "complex": _lib.COMPLEX,
}
# R would evaluate these when they stand in a call.
_EVALUATES = frozenset({"language", "symbol", "promise"})

# Below this many bytes R's own allocator does not ask the system for memory and does not fail.
_SMALL_BYTES = 1 << 16


def null() -> RObject:
    """R's ``NULL``."""
    return rinterface.NULL


def kind_of(value: RObject) -> str:
    """R's ``typeof``, with one word for every kind of function."""
    number = value.__sexp__._cdata.sxpinfo.type
    return _KIND.get(number, f"R type {number}")


def length(value: RObject) -> int:
    """Return the number of elements of a vector."""
    return int(_lib.Rf_xlength(value.__sexp__._cdata))


def allocate(kind: str, n: int) -> tuple[RObject, NDArray[Any]]:
    """Make a vector in R's memory and lay an array over it, so that filling one fills the other.

    Parameters
    ----------
    kind
        ``"double"``, ``"integer"``, ``"logical"`` (both int32), ``"raw"`` (uint8) or
        ``"complex"``.
    n
        Number of elements; what they hold is undefined.

    Returns
    -------
    The vector, and an array of shape (n,). The array is valid only while the vector lives.
    """
    vector = _vector(kind, n)
    return vector, view(vector)


def allocate_list(n: int) -> RObject:
    """Make a list of `n` times ``NULL``."""
    return _vector("list", n)


def view(vector: RObject) -> NDArray[Any]:
    """Lay an array over a vector of numbers, truth values or bytes.

    The array is valid only while `vector` lives, and shows what R does to the vector: copy it
    before anything else happens.
    """
    kind, n = kind_of(vector), length(vector)
    dtype = np.dtype(_NUMPY[kind])
    if n == 0:
        return np.empty(0, dtype)
    pointer = _POINTER[kind](vector.__sexp__._cdata)
    return np.frombuffer(_ffi.buffer(pointer, n * dtype.itemsize), dtype=dtype)


def set_element(vector: RObject, position: int, value: RObject) -> None:
    """Put a value into a list, at a 0-based position that it has."""
    _lib.SET_VECTOR_ELT(vector.__sexp__._cdata, position, value.__sexp__._cdata)


def element(vector: RObject, position: int) -> RObject:
    """Return the element of a list at a 0-based position that it has."""
    return _wrap(_lib.VECTOR_ELT(vector.__sexp__._cdata, position))


def elements(vector: RObject) -> list[RObject]:
    """Return all elements of a list."""
    return [element(vector, position) for position in range(length(vector))]


def few_strings(values: Sequence[str | None]) -> RObject:
    """Make a character vector, one element at a time; ``None`` is ``NA_character_``.

    Raises
    ------
    ValueError
        A value holds an embedded NUL, which R's strings cannot.
    UnicodeEncodeError
        A value is no valid Unicode: half of a surrogate pair.
    """
    encoded = [None if value is None else value.encode() for value in values]
    if any(b"\0" in one for one in encoded if one is not None):
        raise ValueError("embedded NUL")
    vector = _vector("character", len(encoded))
    cdata = vector.__sexp__._cdata
    for position, one in enumerate(encoded):
        text = _lib.R_NaString if one is None else _char(one)
        _lib.SET_STRING_ELT(cdata, position, text)
    return vector


def few_bytes(vector: RObject) -> list[bytes | None]:
    """Return the bytes of a character vector's elements, as they lie in memory; NA is ``None``."""
    cdata = vector.__sexp__._cdata
    found = (_lib.STRING_ELT(cdata, position) for position in range(length(vector)))
    return [None if one == _lib.R_NaString else _ffi.string(_lib.R_CHAR(one)) for one in found]


def attribute(value: RObject, name: str) -> RObject:
    """Return an attribute; ``NULL`` where there is none."""
    return _wrap(_lib.Rf_getAttrib(value.__sexp__._cdata, _symbol(name)))


def set_attribute(value: RObject, name: str, content: RObject) -> None:
    """Set an attribute. `content` must fit: R's check of it would end the process."""
    _lib.Rf_setAttrib(value.__sexp__._cdata, _symbol(name), content.__sexp__._cdata)


def attribute_names(value: RObject) -> list[str]:
    """Return the names of the attributes of a value."""
    found, names = _lib.ATTRIB(value.__sexp__._cdata), []
    while found != _lib.R_NilValue:
        names.append(_ffi.string(_lib.R_CHAR(_lib.PRINTNAME(_lib.TAG(found)))).decode())
        found = _lib.CDR(found)
    return names


def variable(environment: RObject, name: str) -> RObject | None:
    """Return what a variable of an environment holds; ``None`` if there is no such variable."""
    try:
        return environment[name]
    except KeyError:
        return None


def set_variable(environment: RObject, name: str, value: RObject) -> None:
    """Set a variable of an unlocked environment. Unlike rpy2's, this does not copy the value."""
    cdata = environment.__sexp__._cdata
    _lib.Rf_defineVar(_symbol(name), value.__sexp__._cdata, cdata)


def call(function: RObject, *arguments: RObject) -> RObject:
    """Call an R function.

    Raises
    ------
    BridgeError
        R raised an error that was not caught. R has then printed it; `guard` in ``helpers.R``
        exists to catch it first.
    """
    if any(kind_of(argument) in _EVALUATES for argument in arguments):
        raise BridgeError("R code is no value: it would be evaluated")
    try:
        return function(*arguments)
    except embedded.RRuntimeError as error:
        raise BridgeError(str(error).strip()) from error


def evaluate(code: str) -> RObject:
    """Evaluate R code of our own; never text that came from elsewhere."""
    return rinterface.evalr(code)


def closure(function: Any) -> RObject:
    """Make an R function of a Python function.

    `function` takes no argument, returns an R value that is not ``NULL``, and raises nothing: an
    exception would reach R as ``NULL`` or end the process.
    """
    return rinterface.rternalize(function, signature=False)


def start(*, interactive: bool, stack_limit: int, environment_is_set: bool) -> None:
    """Start R, or join the R that runs.

    Parameters
    ----------
    interactive
        What R's ``interactive()`` returns.
    stack_limit
        0 for R's own limit of its stack, -1 for no check.
    environment_is_set
        R's own variables are in the environment; rpy2 would start another R to learn them.
    """
    if environment_is_set:
        rinterface._setrenvvars = lambda actions: None
    embedded._options = ("R", "--quiet", "--no-save", "--no-restore")
    rinterface.initr(interactive=interactive, _c_stack_limit=stack_limit)
    # R's messages and warnings; rpy2 would log them one piece at a time.
    callbacks.consolewrite_warnerror = _to_stderr


def start_for_script(arguments: Sequence[str]) -> None:
    """Start R as ``Rscript`` does: its own console, its own signals; `run_script` runs the script.

    rpy2's way would take R's signals and console away, and its arguments are ASCII only.

    Parameters
    ----------
    arguments
        R's command line, ``--file=`` and ``--args`` included.
    """
    os.environ["R_HOME"] = str(openrlib.R_HOME)
    rinterface._setrenvvars(rinterface._ENVVAR_ACTION_MAP)
    encoded = [_ffi.new("char[]", os.fsencode(one)) for one in arguments]
    _kept.extend(encoded)
    _lib.R_SignalHandlers = 1
    _lib.Rf_initialize_R(len(encoded), encoded)
    _lib.R_Interactive = False
    _lib.setup_Rmainloop()
    embedded._setinitialized()
    _rinterface_capi._register_external_symbols()
    with signals_kept():
        rinterface._post_initr_setup()


def run_script(at_end: Callable[[int, bool], None]) -> None:
    """Run the script to its end, which is in `at_end`: this does not return.

    Parameters
    ----------
    at_end
        Gets the exit status, and whether ``.Last`` is to be run. It ends the process.
    """

    def cleanup(save: int, status: int, run_last: int) -> None:
        at_end(int(status), bool(run_last))

    callbacks.cleanup = cleanup
    compiled = openrlib.cffi_mode.value == "API"
    embedded._setcallback(_lib, "ptr_R_CleanUp", _lib if compiled else callbacks, "_cleanup")
    _lib.run_Rmainloop()


def close_devices() -> None:
    """Run R's finalizers, close its devices, which completes their files, and remove its folder."""
    _lib.R_RunExitFinalizers()
    _lib.Rf_KillAllDevices()
    _lib.R_CleanTempDir()
    ctypes.CDLL(None).fflush(None)


def set_pending_interrupt() -> None:
    """Let R notice an interrupt at its next check."""
    _lib.R_interrupts_pending = 1


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Keep R from acting on an interrupt inside: it would end a call of R in the middle.

    Raises
    ------
    KeyboardInterrupt
        One is pending already; it stays so, and R acts on it later.
    """
    flag = ctypes.c_int.in_dll(_libr(), "R_interrupts_suspended")
    before, flag.value = flag.value, 1
    try:
        if _lib.R_interrupts_pending:
            raise KeyboardInterrupt
        yield
    finally:
        flag.value = before


def is_running() -> bool:
    """Tell whether R runs in this process, whoever started it."""
    return embedded.isinitialized() or _lib.R_NilValue != _ffi.NULL


@cache
def _libr() -> ctypes.CDLL:
    name = "libR.dylib" if sys.platform == "darwin" else "libR.so"
    return ctypes.CDLL(os.path.join(str(openrlib.R_HOME), "lib", name))


def _to_stderr(s: str) -> None:
    sys.stderr.write(s)


def _vector(kind: str, n: int) -> RObject:
    if n * 8 > _SMALL_BYTES:
        # "cannot allocate vector of size" must not jump over Python's frames.
        return call(rinterface.baseenv["vector"], few_strings([kind]), _double(n))
    with memorymanagement.rmemory() as protected:
        return _wrap(protected.protect(_lib.Rf_allocVector(_RTYPE[kind], n)))


def _double(value: float) -> RObject:
    with memorymanagement.rmemory() as protected:
        return _wrap(protected.protect(_lib.Rf_ScalarReal(value)))


def _char(text: bytes) -> Any:
    return _lib.Rf_mkCharLenCE(text, len(text), _lib.CE_UTF8)


def _symbol(name: str) -> Any:
    return _conversion._str_to_symsxp(name, "utf-8")


def _wrap(cdata: Any) -> RObject:
    return _conversion._cdata_to_rinterface(cdata)
