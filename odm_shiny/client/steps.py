"""What the client does, written once: generators that yield steps.

A function of the client is a generator. It yields a `Step` wherever it has to touch the world
(open a request, read a chunk, sleep, do several things at once) and gets the outcome back. It
never performs I/O itself. Two small loops carry the steps out: `Driver.run` in a thread,
`AsyncDriver.run` in an event loop. Retries, deadlines, paging and decoding are therefore the same
code for both, and neither can drift from the other.

::

    def get(self, accession):                      # Steps[Record]
        reply = yield from exchange(self.session, Call("GET", ...))
        return decode.record(reply)
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from odm_shiny.client.clock import Clock
    from odm_shiny.client.transport import AsyncTransport, Limits, Opened, Transport
    from odm_shiny.contract.messages import Request

T = TypeVar("T")


class Step:
    """Something only a driver can do."""

    __slots__ = ()


Steps = Generator[Step, Any, T]
"""A function of the client: yields steps, returns ``T``."""


@dataclass(frozen=True, slots=True)
class Open(Step):
    """Send a request and wait for the head of the reply; gives an `Opened`."""

    request: Request
    limits: Limits


@dataclass(frozen=True, slots=True)
class Read(Step):
    """Read the next chunk of a body, as it came over the wire; gives bytes, empty at the end."""

    opened: Opened
    limits: Limits


@dataclass(frozen=True, slots=True)
class Close(Step):
    """Give a reply back, whether or not it was read to its end."""

    opened: Opened


@dataclass(frozen=True, slots=True)
class Sleep(Step):
    """Wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Together(Step):
    """Do several things at once, at most `width` at a time; gives their results in order."""

    jobs: Sequence[Callable[[], Steps[Any]]]
    width: int


@dataclass(frozen=True, slots=True)
class Start(Step):
    """Begin something beside the present work; gives a handle for `Join`."""

    job: Callable[[], Steps[Any]]


@dataclass(frozen=True, slots=True)
class Join(Step):
    """Wait for what `Start` began; gives its result or raises its error."""

    running: Any


@dataclass(frozen=True, slots=True)
class Blocking(Step):
    """Call a function that takes long without the network: disk, key store, parsing."""

    function: Callable[[], Any]


def blocking(function: Callable[[], T]) -> Steps[T]:
    """Call a function that takes long without the network; see `Blocking`."""
    result: T = yield Blocking(function)
    return result


class Driver:
    """Carries steps out in the calling thread."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self.transport = transport
        self.clock = clock

    def run(self, steps: Steps[T]) -> T:
        """Carry `steps` out and return their result."""
        resume: Callable[[], Step] = lambda: next(steps)  # noqa: E731
        while True:
            try:
                step = resume()
            except StopIteration as stop:
                result: T = stop.value
                return result
            try:
                outcome = self._do(step)
            except BaseException as exc:
                resume = _thrower(steps, exc)
            else:
                resume = _sender(steps, outcome)

    def _do(self, step: Step) -> Any:
        if isinstance(step, Read):
            return self.transport.read(step.opened, step.limits)
        if isinstance(step, Open):
            return self.transport.open(step.request, step.limits)
        if isinstance(step, Close):
            return self.transport.close(step.opened)
        if isinstance(step, Sleep):
            return self.clock.sleep(step.seconds)
        if isinstance(step, Blocking):
            return step.function()
        if isinstance(step, Together):
            return self._together(step)
        if isinstance(step, Start):
            return self._start(step)
        if isinstance(step, Join):
            return step.running.result()
        raise TypeError(f"not a step: {step!r}")

    def _together(self, step: Together) -> list[Any]:
        if step.width == 1 or len(step.jobs) < 2:
            return [self.run(job()) for job in step.jobs]
        pool = ThreadPoolExecutor(min(step.width, len(step.jobs)), "odm-shiny")
        try:
            futures = [pool.submit(self._begin, job) for job in step.jobs]
            return [future.result() for future in futures]
        finally:
            # After an error or Ctrl-C nothing new begins; what runs ends at its own deadline.
            pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, job: Callable[[], Steps[Any]]) -> Any:
        return self.run(job())

    def _start(self, step: Start) -> Future[Any]:
        future: Future[Any] = Future()

        def work() -> None:
            try:
                future.set_result(self.run(step.job()))
            except BaseException as exc:
                future.set_exception(exc)

        threading.Thread(target=work, name="odm-shiny-ahead", daemon=True).start()
        return future


class AsyncDriver:
    """Carries steps out in an event loop."""

    def __init__(self, transport: AsyncTransport, clock: Clock) -> None:
        self.transport = transport
        self.clock = clock

    async def run(self, steps: Steps[T]) -> T:
        """Carry `steps` out and return their result."""
        resume: Callable[[], Step] = lambda: next(steps)  # noqa: E731
        while True:
            try:
                step = resume()
            except StopIteration as stop:
                result: T = stop.value
                return result
            try:
                outcome = await self._do(step)
            except BaseException as exc:
                resume = _thrower(steps, exc)
            else:
                resume = _sender(steps, outcome)

    async def _do(self, step: Step) -> Any:
        if isinstance(step, Read):
            return await self.transport.read(step.opened, step.limits)
        if isinstance(step, Open):
            return await self.transport.open(step.request, step.limits)
        if isinstance(step, Close):
            return await self.transport.close(step.opened)
        if isinstance(step, Sleep):
            return await self.clock.asleep(step.seconds)
        if isinstance(step, Blocking):
            return await asyncio.to_thread(step.function)
        if isinstance(step, Together):
            return await self._together(step)
        if isinstance(step, Start):
            return asyncio.ensure_future(self.run(step.job()))
        if isinstance(step, Join):
            return await step.running
        raise TypeError(f"not a step: {step!r}")

    async def _together(self, step: Together) -> list[Any]:
        gate = asyncio.Semaphore(step.width)

        async def one(job: Callable[[], Steps[Any]]) -> Any:
            async with gate:
                return await self.run(job())

        tasks = [asyncio.ensure_future(one(job)) for job in step.jobs]
        try:
            return list(await asyncio.gather(*tasks))
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise


def _sender(steps: Steps[Any], outcome: Any) -> Callable[[], Step]:
    return lambda: steps.send(outcome)


def _thrower(steps: Steps[Any], exc: BaseException) -> Callable[[], Step]:
    return lambda: steps.throw(exc)
