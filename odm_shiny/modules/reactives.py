"""Small helpers between plain values and reactive ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from shiny import reactive
from shiny.types import SilentException

T = TypeVar("T")

FIRST = 10
"""Priority of effects whose outcome others read: before work starts and before outputs.

An output that is drawn, and then in the same round made to wait, is an error in the page.
"""
NEXT = 5
"""Priority of effects that start work or change what outputs read."""


def as_reactive(value: T | Callable[[], T]) -> Callable[[], T]:
    """Return something that is called for its value, whether `value` is plain or reactive."""
    return value if callable(value) else lambda: value


def changed(compute: Callable[[], T]) -> Callable[[], T]:
    """Follow `compute`, and tell its readers only when its value differs from the one before.

    A ``reactive.calc`` tells them of every new computation, so that whatever is drawn from it is
    drawn again for nothing. Where `compute` stops quietly (no value yet, or work that is under
    way), its readers stop the same way.
    """
    outcome: reactive.Value[Any] = reactive.Value(SilentException(), name="outcome")
    known: list[Any] = []

    # Before ordinary effects and outputs: none of them sees a value that is out of date.
    @reactive.effect(priority=FIRST)
    def _follow() -> None:
        try:
            value: Any = compute()
        except SilentException as exc:
            value = exc
        if not known or not _same(known[0], value):
            known[:] = [value]
            outcome.set(value)

    def read() -> T:
        value = outcome()
        if isinstance(value, SilentException):
            raise type(value)
        kept: T = value
        return kept

    return read


def settled(compute: Callable[[], T], seconds: float) -> Callable[[], T]:
    """Follow `compute` once it has stayed the same for `seconds`; the first value at once."""
    kept: reactive.Value[T] = reactive.Value(name="kept")
    seen: list[Any] = []
    due = 0.0

    @reactive.effect(priority=FIRST)
    def _follow() -> None:
        nonlocal due
        value = compute()
        if not seen:
            seen.append(value)
            kept.set(value)
            return
        if seen[0] != value:
            seen[0] = value
            due = time.monotonic() + seconds
        left = due - time.monotonic()
        if left > 0:
            reactive.invalidate_later(left)
        else:
            kept.set(value)

    return kept.get


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, SilentException) or isinstance(second, SilentException):
        return type(first) is type(second)
    return bool(first == second)
