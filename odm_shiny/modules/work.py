"""Slow work beside the page: in a thread, the newest only, with states that can be drawn.

Shiny's extended task queues what it is asked while it runs; here a newer call takes the place of
an older one. A thread cannot be stopped, so its late answer is dropped, and of one piece of work
at most `MAX_THREADS` run at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, Literal, TypeVar, cast
from weakref import WeakKeyDictionary

from shiny import reactive, req
from shiny.session import Session, get_current_session
from shiny.types import SilentException, SilentOperationInProgressException

from odm_shiny.errors import NotAuthenticated, OdmError
from odm_shiny.modules.reactives import NEXT

T = TypeVar("T")
Status = Literal["idle", "running", "done", "failed", "cancelled"]

MAX_THREADS = 2
_STOPPED: tuple[Status, ...] = ("failed", "cancelled")

_log = logging.getLogger(__name__)
_refused: WeakKeyDictionary[Session, reactive.Value[int]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class _State(Generic[T]):
    """How a piece of work stands, and the call that this is about."""

    status: Status = "idle"
    call: partial[T] | None = None
    answer: T | None = None
    error: Exception | None = None


class Latest(Generic[T]):
    """One piece of slow work, as it stands; made by `latest`.

    Its methods read reactives, all but `retry` and `cancel`.
    """

    def __init__(self, after: Sequence[Latest[Any]] = ()) -> None:
        # Shiny guesses the name of a value from the call stack, which takes milliseconds.
        self._shown: reactive.Value[_State[T]] = reactive.Value(_State(), name="shown")
        self._call: reactive.Value[partial[T] | None] = reactive.Value(None, name="call")
        self._state: _State[T] = _State()
        self._waits = False
        self._asked_again: reactive.Value[int] = reactive.Value(0, name="asked_again")
        self._after = tuple(after)
        self._task: asyncio.Task[None] | None = None
        self._threads = asyncio.Semaphore(MAX_THREADS)

    def status(self) -> Status:
        """How it stands, or how what it needs first stands; ``"idle"``: there is nothing to ask."""
        status = self.own_status()
        if status == "idle":
            found = {earlier.status() for earlier in self._after}
            return next((one for one in _STOPPED if one in found), "idle")
        return status

    def own_status(self) -> Status:
        """How it stands, whatever it needs first; ``"idle"``: there is nothing to ask yet."""
        return self._shown().status

    def result(self) -> T:
        """Return the answer; stop the reader quietly while there is none.

        Outputs keep what they show while the work runs, and go blank where it failed: the state
        beside them tells why (`odm_shiny.modules.states`).
        """
        status = self.status()
        if status == "running":
            req(False, cancel_output="progress")
        req(status == "done")
        return cast("T", self._shown().answer)

    def error(self) -> Exception | None:
        """Return what went wrong here, or in what this work needs first."""
        state = self._shown()
        if state.status != "idle":
            return state.error
        errors = (earlier.error() for earlier in self._after)
        return next((error for error in errors if error is not None), None)

    def call(self) -> partial[T] | None:
        """Return what was asked last: a function and its arguments."""
        return self._call()

    def retry(self) -> None:
        """Ask once more, and before that what this work needs first and what failed."""
        with reactive.isolate():
            for earlier in self._after:
                if earlier.status() in _STOPPED:
                    earlier.retry()
            self._asked_again.set(self._asked_again() + 1)

    def cancel(self) -> None:
        """Stop waiting for the answer."""
        if self._task is not None:
            self._task.cancel()

    def _follow(self, plan: Callable[[], partial[T] | None], *, again: bool) -> None:
        state: _State[T] = _State()
        try:
            state = _State(call=plan())
        except SilentOperationInProgressException:
            self._show(self._state, waits=True)
            return
        except SilentException:
            pass
        except Exception as exc:
            _log_unless_expected(exc, plan)
            state = _State("failed", error=exc)
        if state.call is not None and not again and same_call(state.call, self._state.call):
            self._show(self._state)
            return
        self._drop_task()
        call = state.call
        if call is not None:
            state = _State("running", call)
            self._task = asyncio.create_task(self._run(call))
        self._show(state)

    def _show(self, state: _State[T], *, waits: bool = False) -> None:
        """Keep a state, and tell readers if they would see something new.

        To wait for what is needed first and then to run is all the same to them: whatever is drawn
        from this would be asked anew between the two, only to find that it must wait on.
        """
        self._state, self._waits = state, waits
        self._call.set(state.call)
        seen: _State[T] = _State("running") if waits else replace(state, call=None)
        with reactive.isolate():
            now = self._shown()
        if (seen.status, seen.answer is now.answer, seen.error is now.error) != (
            now.status,
            True,
            True,
        ):
            self._shown.set(seen)

    def _drop_task(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    async def _run(self, call: partial[T]) -> None:
        state: _State[T]
        try:
            await self._threads.acquire()
            answer: T = await in_thread(call, self._threads.release)
            state = _State("done", call, answer)
        except asyncio.CancelledError:
            state = _State("cancelled", call)
        except Exception as exc:
            if isinstance(exc, NotAuthenticated):
                _count_refusal()
            state = _State("failed", call, error=exc)
        async with reactive.lock():
            if self._task is asyncio.current_task():  # nothing newer has taken its place
                self._task = None
                self._show(state, waits=self._waits)
                await reactive.flush()


def latest(
    plan: Callable[[], partial[T] | None], *, after: Sequence[Latest[Any]] = ()
) -> Latest[T]:
    """Keep the answer of a slow call up to date.

    Parameters
    ----------
    plan
        Reads reactives and returns the call to make, ``partial(function, *arguments)``, or ``None``
        if there is nothing to ask. The call runs in a thread and must not read reactives. The same
        call is not made twice in a row, so its arguments must compare by value.
    after
        Work whose result `plan` reads: its errors are shown here too, and a retry asks it again.
    """
    work: Latest[T] = Latest(after)
    asked_before = 0

    @reactive.effect(priority=NEXT)
    def _follow() -> None:
        nonlocal asked_before
        asked = work._asked_again()
        again, asked_before = asked > asked_before, asked
        work._follow(plan, again=again)

    session = get_current_session()
    if session is not None:
        session.on_ended(work._drop_task)
    return work


class Together:
    """Several pieces of work, all of which a result needs; has the methods of `Latest`."""

    def __init__(self, *works: Latest[Any]) -> None:
        self._works = works

    def status(self) -> Status:
        """The status that matters most: failed, cancelled, running, idle, done."""
        found = {work.status() for work in self._works}
        order: tuple[Status, ...] = ("failed", "cancelled", "running", "idle")
        return next((status for status in order if status in found), "done")

    own_status = status

    def result(self) -> tuple[Any, ...]:
        """Return all answers."""
        return tuple(work.result() for work in self._works)

    def error(self) -> BaseException | None:
        """Return the first error."""
        return next((error for work in self._works if (error := work.error()) is not None), None)

    def retry(self) -> None:
        """Ask those again that failed or were cancelled."""
        with reactive.isolate():
            stopped = [one for one in self._works if one.status() in _STOPPED]
        for work in stopped:
            work.retry()

    def cancel(self) -> None:
        """Stop waiting for all answers."""
        for work in self._works:
            work.cancel()


def same_call(first: partial[Any], second: partial[Any] | None) -> bool:
    """Tell whether two calls would do the same."""
    return second is not None and (first.func, first.args, first.keywords) == (
        second.func,
        second.args,
        second.keywords,
    )


def refusals(session: Session) -> reactive.Value[int]:
    """Count how often a call of this session was answered with 401, as a reactive value."""
    root = session.root_scope()
    if root not in _refused:
        _refused[root] = reactive.Value(0, name="refusals")
    return _refused[root]


async def in_thread(function: partial[T], release: Callable[[], None] = lambda: None) -> T:
    """Call a function in a thread of its own and wait; `release` is called when it has ended.

    Who stops waiting does not stop the thread.
    """
    # Daemon threads: a server that stays silent must not keep the program from ending.
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def tell(set_outcome: Callable[[Any], None], outcome: Any) -> None:
        release()
        if not answer.done():
            set_outcome(outcome)

    def work() -> None:
        try:
            told = partial(tell, answer.set_result, function())
        except Exception as exc:
            _log_unless_expected(exc, function.func)
            told = partial(tell, answer.set_exception, exc)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(told)

    threading.Thread(target=work, name="odm-shiny-work", daemon=True).start()
    return await answer


def _count_refusal() -> None:
    session = get_current_session()
    if session is not None:
        count = refusals(session)
        with reactive.isolate():
            count.set(count() + 1)


def _log_unless_expected(error: Exception, what: object) -> None:
    if not isinstance(error, OdmError):
        _log.error("%s failed", getattr(what, "__qualname__", what), exc_info=error)
