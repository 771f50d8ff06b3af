"""Compile a function with numba, once for all processes where a cache can be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile `function` on its first call; it then runs without the interpreter's lock.

    The machine code is kept beside the module, or in the user's cache folder where the package is
    read-only. Where neither can be written the function is compiled anew in each process.
    """
    try:
        fast = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # "no locator available": there is nowhere to write a cache
        fast = numba.njit(nogil=True)(function)
    return cast(Function, fast)
